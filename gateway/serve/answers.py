"""What goes back to the client: data and errors as JSON, internal failures masked."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult, GraphQLError
from opentelemetry import trace

from gateway.serve.documents import Rejected
from gateway.serve.faults import BadRequest, Fault
from gateway.serve.operation import InvalidVariables

log = structlog.get_logger(__name__)

Json = dict[str, Any]


def encoded(answer: object) -> bytes:
    """JSON in UTF-8. Raises ``TypeError`` for a value no scalar made fit for it."""
    return orjson.dumps(answer)


def answer(result: ExecutionResult, extensions: Mapping[str, Any] | None = None) -> Json:
    """The body of a completed operation."""
    body: Json = {"data": result.data}
    if result.errors:
        body["errors"] = [shown(error) for error in result.errors]
    if extensions:
        body["extensions"] = dict(extensions)
    return body


def body_of(result: ExecutionResult, extensions: Mapping[str, Any] | None = None) -> bytes:
    """The encoded answer; one that cannot be encoded becomes an internal error."""
    try:
        return encoded(answer(result, extensions))
    except TypeError as error:
        return encoded({"data": None, "errors": [masked(error)]})


def refusal(error: Exception) -> list[Json]:
    """The errors of a request that was not executed."""
    if isinstance(error, Rejected):
        return [{**each.formatted, "extensions": {"code": error.code}} for each in error.errors]
    if isinstance(error, InvalidVariables):
        code = BadRequest.code
        return [{**each.formatted, "extensions": {"code": code}} for each in error.errors]
    if isinstance(error, Fault):
        return [{"message": error.message, "extensions": error.extensions}]
    return [masked(error)]


def status_of(error: Exception) -> int:
    """The HTTP status of a request that failed as a whole."""
    if isinstance(error, InvalidVariables):
        return 400
    return error.status if isinstance(error, Fault) else 500


def outcome_of(*errors: Exception) -> str:
    """``done`` without errors, ``refused`` for what the caller did, ``failed`` for what we did."""
    if not errors:
        return "done"
    return "failed" if any(_is_ours(error) for error in errors) else "refused"


def _is_ours(error: Exception) -> bool:
    if not isinstance(error, GraphQLError):
        return status_of(error) >= 500  # noqa: PLR2004
    if error.original_error is None:
        return error.path is not None  # without: graphql-core's own words on the request
    return status_of(error.original_error) >= 500  # noqa: PLR2004


def shown(error: GraphQLError) -> Json:
    """A field's error: a fault as it is, anything else masked."""
    cause = error.original_error
    code = (error.extensions or {}).get("code")
    if isinstance(cause, Fault) or code is not None:
        return dict(error.formatted)
    if error.path is None:  # graphql-core's own words on the request, not on our data
        return {**error.formatted, "extensions": {"code": BadRequest.code}}
    where = {key: value for key, value in error.formatted.items() if key in {"locations", "path"}}
    return {**masked(cause or error, error.path), **where}


def masked(error: Exception, path: Sequence[str | int] = ()) -> Json:
    """Nothing of ``error`` but a trace id, under which the log tells the rest."""
    span = trace.get_current_span().get_span_context()
    trace_id = f"{span.trace_id:032x}" if span.is_valid else secrets.token_hex(16)
    log.error("graphql_internal_error", trace_id=trace_id, path=list(path), exc_info=error)
    return {
        "message": "Something went wrong on our side.",
        "extensions": {"code": "INTERNAL", "traceId": trace_id},
    }
