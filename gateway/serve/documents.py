"""Documents: parsed, limited, validated and planned once, then found again by their text."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from gateway.serve.faults import BadRequest, Fault, Invalid, TooComplex, UnknownDocument
from gateway.serve.limits import Cost, Limits, measure
from gateway.serve.operation import Operation

SHA256 = "sha256:"


class Rejected(Invalid):
    """Parsing or validation failed; ``errors`` in the order graphql-core found them."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document and its operations by name."""

    key: str
    """sha256 of the text in hex: its id among trusted documents, and in the logs."""
    operations: Mapping[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation to run. Raises ``BadRequest`` when that is not clear."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise BadRequest("Must provide operation name if query contains multiple operations.")
        found = self.operations.get(name)
        if found is None:
            raise BadRequest(f'Unknown operation named "{name}".')
        return found


@dataclass
class Documents:
    """The registry of one schema; safe for hostile texts, bounded in memory."""

    schema: GraphQLSchema
    limits: Limits = field(default_factory=Limits)
    introspection: bool = False
    suggestions: bool = False
    """Whether error messages may name what the schema has ("did you mean")."""
    trusted: Mapping[str, str] = field(default_factory=dict)
    """sha256 in hex -> text: the documents our own apps were built with."""
    only_trusted: bool = False
    remembered: int = 1_000
    """How many other texts are kept, refused ones too."""
    _known: OrderedDict[str, Document | Fault] = field(default_factory=OrderedDict)
    _trusted: dict[str, Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare every trusted document. Raises ``ValueError`` naming one that does not fit."""
        for key, text in self.trusted.items():
            if _digest(text) != key:
                raise ValueError(f"trusted document {key} has another sha256")
            try:
                document = self._prepare(text)
            except Fault as refused:
                raise ValueError(f"trusted document {key}: {refused.message}") from refused
            self._trusted[key] = self._trusted[text] = document

    def find(self, text: str | None, document_id: str | None) -> Document:
        """By text or id. Raises ``Rejected``, ``TooComplex`` or ``UnknownDocument``."""
        if document_id is not None:
            found = self._trusted.get(document_id.removeprefix(SHA256))
            if found is None:
                raise UnknownDocument("No document is registered under this id.")
            return found
        if text is None:
            raise BadRequest("Must provide query string.")
        found = self._trusted.get(text)
        if found is not None:
            return found
        if self.only_trusted:
            raise UnknownDocument("Only registered documents are served here.")
        return self._remember(text)

    def knows(self, text: str) -> bool:
        """Whether finding ``text`` costs next to nothing."""
        return text in self._trusted or text in self._known or self.only_trusted

    def _remember(self, text: str) -> Document:
        known = self._known.get(text)
        if known is None:
            try:
                known = self._prepare(text)
            except Fault as refused:
                known = refused
            if len(text) <= self.limits.characters:
                self._known[text] = known
            if len(self._known) > self.remembered:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(text)
        if isinstance(known, Fault):
            raise known.with_traceback(None)
        return known

    def _prepare(self, text: str) -> Document:
        ast = _parse(text, self.limits)
        costs = measure(ast, self.schema, self.limits, introspection=self.introspection)
        rules = [*specified_rules]
        if not self.introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        errors = validate(
            self.schema, ast, rules, max_errors=20, hide_suggestions=not self.suggestions
        )
        if errors:
            raise Rejected(errors)
        return Document(_digest(text), self._operations(ast, costs))

    def _operations(
        self, ast: DocumentNode, costs: Mapping[str | None, Cost]
    ) -> dict[str | None, Operation]:
        found: dict[str | None, Operation] = {}
        for node in ast.definitions:
            if isinstance(node, OperationDefinitionNode):
                name = node.name.value if node.name else None
                found[name] = Operation(
                    self.schema, ast, node, costs[name], self.limits, not self.suggestions
                )
        return found


def _parse(text: str, limits: Limits) -> DocumentNode:
    options: dict[str, Any] = {
        "max_lexical_tokens": limits.tokens,
        "max_comments": limits.tokens,
        "allow_empty_selection_sets": False,
    }
    if len(text) > limits.characters:
        raise TooComplex("characters", limits.characters, len(text))
    try:
        return parse(text, **options)
    except GraphQLSyntaxError as error:
        if "tokens" in error.description and "aborted" in error.description:
            raise TooComplex("tokens", limits.tokens) from None
        if "nested too deeply" in error.description:
            raise TooComplex("depth", limits.depth) from None
        raise Rejected([error]) from None


def read_manifest(path: Path) -> dict[str, str]:
    """Trusted documents from a JSON file: id (sha256 in hex, prefix or not) -> text.

    Raises ``ValueError`` when it is anything else.
    """
    given = orjson.loads(path.read_bytes())
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise ValueError(f"{path} is not a manifest of documents")
    return {key.removeprefix(SHA256): text for key, text in given.items()}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
