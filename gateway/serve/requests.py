"""A GraphQL request as clients send it: its parameters, checked for shape only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from gateway.serve.documents import Document, Documents
from gateway.serve.faults import BadRequest

SHAPES: dict[str, tuple[type, str]] = {
    "query": (str, "a string"),
    "documentId": (str, "a string"),
    "operationName": (str, "a string"),
    "variables": (dict, "an object"),
    "extensions": (dict, "an object"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What GraphQL over HTTP and graphql-transport-ws both carry."""

    query: str | None
    document_id: str | None
    operation_name: str | None
    variables: Mapping[str, Any]

    @classmethod
    def of(cls, given: object) -> Self:
        """Raises ``BadRequest`` naming the parameter that has the wrong shape."""
        if not isinstance(given, dict):
            raise BadRequest("A GraphQL request is one JSON object.")
        for name, (shape, called) in SHAPES.items():
            value = given.get(name)
            if value is not None and not isinstance(value, shape):
                raise BadRequest(f"'{name}' must be {called}.")
        return cls(
            given.get("query"),
            given.get("documentId"),
            given.get("operationName"),
            given.get("variables") or {},
        )

    @classmethod
    def of_url(cls, parameters: Mapping[str, str]) -> Self:
        """From a query string, where objects are written as JSON. Raises ``BadRequest``."""
        given: dict[str, Any] = dict(parameters)
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = json_from(given[name], f"'{name}' must be an object in JSON.")
        return cls.of(given)

    def find(self, documents: Documents) -> Document:
        """Raises what ``Documents.find`` does."""
        return documents.find(self.query, self.document_id)


def json_from(text: str | bytes, otherwise: str) -> object:
    """Decoded JSON. Raises ``BadRequest(otherwise)``."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(otherwise) from error
