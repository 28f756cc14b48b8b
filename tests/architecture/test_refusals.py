"""Every way to refuse is asserted by some test: a code that no test expects nobody looked at."""

from enum import StrEnum

import pytest
from graphql import GraphQLEnumType

from contracts.access import AccessCode
from contracts.billing import BillingCode
from contracts.booking import BookingCode
from contracts.members import MembersCode
from contracts.timetable import TimetableCode
from gateway import schema
from tests.architecture.expecting import TESTS, expected

CODES: dict[type[StrEnum], str] = {
    AccessCode: "access", BillingCode: "billing", BookingCode: "booking", MembersCode: "members",
    TimetableCode: "booking",
}  # fmt: skip
"""What a service refuses with -> the service."""

SAID_BY_NONE = {"OTHER"}
"""Of the schema: what an app is told when a service is newer than the gateway."""


@pytest.mark.parametrize("codes", CODES, ids=lambda codes: codes.__name__)
def test_every_code_of_a_service_is_expected_by_a_test(
    codes: type[StrEnum],
) -> None:
    """Its own rules' tests, or those of the whole: another service may have a code of that name."""
    others = {*CODES.values()} - {CODES[codes]}
    own = [
        words for path, words in expected().items() if not others & {*path.relative_to(TESTS).parts}
    ]
    named = set[str]().union(*own)

    assert [
        code for code in codes if not {str(code), f"{codes.__name__}.{code.name}"} & named
    ] == []


def test_every_code_of_the_schema_is_expected_by_a_test() -> None:
    named = {word.rpartition(".")[2] for words in expected().values() for word in words}
    kinds = schema.build()._schema.type_map.values()
    errors = [one for one in kinds if isinstance(one, GraphQLEnumType)]

    told = {
        code for one in errors if one.name.endswith("ErrorCode") for code in one.values
    } - SAID_BY_NONE
    assert sorted(told - named) == []
