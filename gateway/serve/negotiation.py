"""What a client accepts and sends, read from HTTP headers."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.serve.faults import Fault

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"
PREFLIGHTED = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
"""Headers a page of another origin cannot send without asking first."""


class NotAcceptable(Fault):
    """We have no media type the client accepts for this operation."""

    status = 406


class UnsupportedMedia(Fault):
    """Requests are sent as JSON, which also keeps simple cross-site forms out."""

    status = 415


class TooLarge(Fault):
    """The body is larger than any request of ours."""

    code = "PAYLOAD_TOO_LARGE"
    status = 413


class NotAllowed(Fault):
    """The method is not served here; ``allow`` says which are."""

    code = "METHOD_NOT_ALLOWED"
    status = 405

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


@dataclass(frozen=True, slots=True)
class Accepts:
    """Which of our media types a client takes."""

    json: str | None
    """The JSON media type to answer with; None: it takes none."""
    events: bool
    html: bool

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Accepts":
        named = set()
        for part in headers.get("accept", "*/*").lower().split(","):
            media, _, parameters = part.partition(";")
            if parameters.replace(" ", "") not in {"q=0", "q=0.0"}:
                named.add(media.strip())
        anything = "*/*" in named
        json = None
        if RESPONSE_JSON in named:
            json = RESPONSE_JSON
        elif anything or named & {JSON, "application/*"}:
            json = JSON
        events = anything or bool(named & {EVENT_STREAM, "text/*"})
        return cls(json, events, HTML in named)


def must_be_json(headers: Mapping[str, str]) -> None:
    """Raises ``UnsupportedMedia`` unless the body is JSON in UTF-8."""
    media, _, parameters = headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").removeprefix("charset=").strip('"')
    if media.strip() != JSON or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMedia(f"Send the request as {JSON} in UTF-8.")


def must_not_be_cross_site(headers: Mapping[str, str]) -> None:
    """Raises ``UnsupportedMedia`` for a GET another site's page can make without asking."""
    foreign = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
    if foreign and not any(name in headers for name in PREFLIGHTED):
        raise UnsupportedMedia(f"A cross-site GET needs one of the headers {PREFLIGHTED}.")


def is_known_origin(headers: Mapping[str, str], allowed: frozenset[str]) -> bool:
    """Whether a page of this origin may open a socket; who is no browser names none."""
    origin = headers.get("origin")
    if origin is None or "*" in allowed or origin in allowed:
        return True
    return origin.partition("://")[2] == headers.get("host")
