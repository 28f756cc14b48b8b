"""Ids, cursors, positions, tokens, callers and calendars: anything else than ours is refused."""

import asyncio
import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chassis.auth import OwnIssuer, Principal, Unauthenticated, Verifier
from chassis.bus.signature import Forged, sign, verified
from chassis.claims import checked
from chassis.clock import FixedClock
from chassis.decider import Refused
from chassis.issuers import ExternalIssuer
from chassis.keysets import Fetch
from contracts.envelope import Caller
from contracts.ids import MalformedId, new_id, read, show
from gateway import ids
from gateway.faults import BadInput
from gateway.positions import MalformedPosition, Position, decode, encode
from gateway.scalars import DATE_TIME
from services.booking.ical import parse
from services.booking.ical_rows import Parsed
from services.members.sign_ins import RefreshToken

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SECRET = "a shared secret of more than thirty-two bytes"
KEY = bytes(range(32))
ANYTHING = st.text() | st.binary().map(lambda raw: raw.decode("latin-1"))
ENCODED = st.binary(max_size=120).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
CURSORS = st.builds(
    lambda kind, key, rest: base64.urlsafe_b64encode(
        f"{kind}\n{key}\n{rest}".encode("utf-8", "replace")
    ).decode(),
    st.sampled_from(["clients", "calendar", ""]),
    st.uuids().map(lambda one: one.hex) | st.text(max_size=40),
    st.integers().map(str) | st.text(max_size=40),
)
CLAIMS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9),
    st.lists(st.text(max_size=9), max_size=3), st.dictionaries(st.text(max_size=3), st.none()),
)  # fmt: skip


@given(ANYTHING | ENCODED | CURSORS)
@example(base64.urlsafe_b64encode(b"calendar\n" + b"0" * 32 + b"\n" + b"9" * 5_000).decode())
@example(base64.urlsafe_b64encode(b"calendar\n" + b"0" * 32 + b"\n-62135596800000001").decode())
def test_any_text_is_a_cursor_or_bad_input(text: str) -> None:
    for keyset in (ids.text_keyset, ids.time_keyset):
        try:
            found = keyset("calendar", text)
        except BadInput:
            continue
        assert found is not None
        assert isinstance(found[1], UUID)


@given(ANYTHING | ENCODED)
def test_any_text_is_a_position_or_malformed(text: str) -> None:
    try:
        found = decode(text)
    except MalformedPosition:
        return
    assert found == decode(encode(found)) or found != Position(())


@given(ANYTHING | st.uuids().map(lambda one: f"ses_{one.hex}") | st.uuids().map(str))
def test_any_text_is_an_id_or_malformed(text: str) -> None:
    with suppress(MalformedId):
        assert text == show("ses", read("ses", text))
    with suppress(BadInput):
        assert text == ids.shown("ses", ids.session(text))


@given(ANYTHING | st.datetimes().map(datetime.isoformat) | CLAIMS)
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
def test_anything_is_an_instant_or_a_wrong_value(given_: Any) -> None:
    try:
        at = DATE_TIME.parse_value(given_)  # type: ignore[misc]
    except ValueError:
        return
    assert at.utcoffset() is not None


@given(ANYTHING | ENCODED)
def test_any_text_is_a_refresh_token_or_none(text: str) -> None:
    found = RefreshToken.read(text)

    assert found is None or RefreshToken.read(found.text) == found


@given(st.none() | ANYTHING | st.tuples(ENCODED, ENCODED).map(".".join))
def test_any_header_is_forged(header: str | None) -> None:
    try:
        verified(header, "cmd.x", b"{}", KEY)
    except Forged:
        return
    raise AssertionError("a caller nobody signed")


@given(st.integers(0, 2_000), st.integers(1, 255))
def test_a_signed_caller_with_one_byte_changed_is_forged(at: int, by: int) -> None:
    one = new_id()
    caller = Caller(
        gym_id=one, actor="staff:x", roles=("owner",), command_id=one, correlation_id=one,
        causation_id=one, deadline=NOW,
    )  # fmt: skip
    header = bytearray(sign(caller, "cmd.x", b"{}", KEY).encode())
    header[at % len(header)] ^= by
    changed = header.decode("latin-1")
    with suppress(Forged):  # base64 has spare bits: other spellings of the same bytes are the same
        assert verified(changed, "cmd.x", b"{}", KEY) == caller


@settings(deadline=None)
@given(st.one_of(
    ANYTHING,
    st.tuples(ENCODED, ENCODED, ENCODED).map(".".join),
    st.builds(
        lambda header, claims: ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in (header, claims, "x")
        ),
        CLAIMS | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ"]), CLAIMS),
        CLAIMS | st.dictionaries(st.sampled_from(["iss", "exp", "iat", "sub"]), CLAIMS),
    ),
))  # fmt: skip
def test_any_token_nobody_signed_is_nobodys(token: str) -> None:
    assert asyncio.run(_principal(token)) is None


@settings(deadline=None)
@given(st.dictionaries(
    st.sampled_from(["exp", "iat", "nbf", "aud", "sub", "role", "is_anonymous", "gym", "sid"]),
    CLAIMS,
))  # fmt: skip
def test_any_signed_claims_are_a_person_or_refused(claims: dict[str, Any]) -> None:
    token = jwt.encode({**claims, "iss": None} | {"iss": "old"}, SECRET, "HS256")

    assert asyncio.run(_principal(token)) is None, "nobody is known here"


@given(st.dictionaries(st.sampled_from(["exp", "iat", "nbf", "aud", "sub"]), CLAIMS))
def test_any_claims_are_checked_or_refused(claims: dict[str, Any]) -> None:
    try:
        good = checked(claims, frozenset({"a"}), NOW)
    except Unauthenticated:
        return
    assert good.subject


@settings(max_examples=150, deadline=None)
@given(st.one_of(
    ANYTHING,
    st.lists(st.sampled_from([
        "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "UID:1", "SUMMARY:Yoga",
        "DTSTART:99991231T235959Z", "DTSTART:00010101T000000", "DTSTART;TZID=No/Where:20270101T1",
        "DTSTART;VALUE=DATE:20270101", "DTSTART:20270101T100000", "DTEND:20270101T110000",
        "DTEND:00010101T000000Z", "DURATION:PT1H", "DURATION:-P99999999999D", "RRULE:FREQ=WEEKLY",
        "RRULE:FREQ=WEEKLY;UNTIL=99991231", "RRULE:FREQ=SECONDLY", "RRULE:FREQ=WEEKLY;BYDAY=XX",
        "RRULE:FREQ=WEEKLY;INTERVAL=0", "EXDATE:1", "RECURRENCE-ID:20270101T100000", "\0", "X:\x85",
    ]), max_size=14).map("\r\n".join),
))  # fmt: skip
def test_any_file_is_read_and_what_is_wrong_in_it_rejected(ics: str) -> None:
    with suppress(Refused):
        assert isinstance(parse(ics, "Europe/Berlin"), Parsed)


async def _principal(token: str) -> Principal | None:
    """Who ``token`` is at an installation with no keys and one issuer with a secret."""

    async def no_keys() -> dict[str, Any]:
        return {"keys": []}

    async def nobody(*_: str) -> None:
        return None

    old = ExternalIssuer.model_validate({
        "issuer": "old", "audiences": ["a"], "algorithms": ["HS256"], "hs256_secret": SECRET,
    })  # fmt: skip

    def fetch_from(_: str) -> Fetch:
        raise AssertionError("the issuer has a secret, no keys")

    verifier = Verifier(
        OwnIssuer("back2back", "back2back", no_keys), (old,), identify=nobody,
        fetch_from=fetch_from, clock=FixedClock(NOW),
    )  # fmt: skip
    try:
        return await verifier.principal(token, "gym")
    except Unauthenticated:
        return None
