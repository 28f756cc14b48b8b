"""Credentials from issue to revocation: every state, every step, and every step that is refused."""

import pytest

from contracts.access import (
    AccessCode,
    ActivateCredential,
    ClientHeard,
    CredentialActivated,
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    HearClient,
    HolderEquipped,
    IssueCredential,
    ReinstateCredential,
    RevokeCredential,
    SuspendCredential,
    TokenBound,
)
from contracts.envelope import Command, Event
from contracts.ids import CredentialId, new_id
from tests.domain.access.language import (
    ANN,
    CARD,
    DIGEST,
    NOON,
    TOM,
    carries_card,
    given,
    known,
    works,
)
from tests.scenario import fact

ISSUE = IssueCredential(credential_id=CARD, client_id=ANN, token_digest=DIGEST)
STEPS: dict[str, tuple[Command, type[Event]]] = {
    "activate": (ActivateCredential(credential_id=CARD), CredentialActivated),
    "suspend": (SuspendCredential(credential_id=CARD), CredentialSuspended),
    "reinstate": (ReinstateCredential(credential_id=CARD), CredentialReinstated),
    "revoke": (RevokeCredential(credential_id=CARD), CredentialRevoked),
}
PENDING = carries_card()[:1]
ACTIVE = carries_card()
SUSPENDED = (*ACTIVE, CredentialSuspended(credential_id=CARD, reason=""))
REVOKED = (*ACTIVE, CredentialRevoked(credential_id=CARD, reason=""))
MAY = {
    "absent": ((), set(), AccessCode.CREDENTIAL_NOT_FOUND),
    "pending": (PENDING, {"activate", "revoke"}, None),
    "active": (ACTIVE, {"suspend", "revoke"}, None),
    "suspended": (SUSPENDED, {"reinstate", "revoke"}, None),
    "revoked": (REVOKED, set(), AccessCode.CREDENTIAL_REVOKED),
}
OTHERWISE = {
    "activate": AccessCode.CREDENTIAL_NOT_PENDING,
    "suspend": AccessCode.CREDENTIAL_NOT_ACTIVE,
    "reinstate": AccessCode.CREDENTIAL_NOT_SUSPENDED,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", MAY)
def test_a_credential_goes_from_state_to_state(state: str, step: str) -> None:
    past, may, code = MAY[state]
    command, event = STEPS[step]
    scenario = given(known(ANN), *past).when(command, NOON)
    if step in may:
        scenario.then(fact(event, credential_id=CARD))
    else:
        scenario.then_refused(code or OTHERWISE[step], field="credential_id")


def test_a_credential_opens_doors_at_once_unless_it_is_still_on_its_way() -> None:
    given(known(ANN)).when(ISSUE, NOON).then(
        fact(CredentialIssued, client_id=ANN), fact(CredentialActivated), fact(TokenBound),
        fact(HolderEquipped, credential_id=CARD),
    )  # fmt: skip
    posted = ISSUE.model_copy(update={"activate": False})
    given(known(ANN)).when(posted, NOON).then(
        fact(CredentialIssued), fact(TokenBound), fact(HolderEquipped)
    )


def test_staff_have_credentials_too() -> None:
    staff = ISSUE.model_copy(update={"client_id": None, "staff_id": TOM})
    given(works()).when(staff, NOON).then(
        fact(CredentialIssued, staff_id=TOM), fact(CredentialActivated), fact(TokenBound),
        fact(HolderEquipped, staff_id=TOM),
    )  # fmt: skip
    given().when(staff, NOON).then_refused(AccessCode.STAFF_NOT_FOUND, field="staff_id")


def test_a_credential_is_issued_once_to_one_person_the_gym_knows() -> None:
    given().when(ISSUE, NOON).then_refused(AccessCode.CLIENT_NOT_FOUND, field="client_id")
    staff_as_client = ISSUE.model_copy(update={"client_id": TOM})
    given(works()).when(staff_as_client, NOON).then_refused(AccessCode.CLIENT_NOT_FOUND)
    both = ISSUE.model_copy(update={"staff_id": TOM})
    given(known(ANN)).when(both, NOON).then_refused(AccessCode.WHO_IS_UNCLEAR)
    nobody = ISSUE.model_copy(update={"client_id": None})
    given(known(ANN)).when(nobody, NOON).then_refused(AccessCode.WHO_IS_UNCLEAR)
    again = ISSUE.model_copy(update={"token_digest": "cd" * 32})
    given(known(ANN), carries_card()).when(again, NOON).then_refused(AccessCode.ALREADY_ISSUED)


@pytest.mark.parametrize("past", [PENDING, ACTIVE, SUSPENDED], ids=["pending", "active", "lost"])
def test_erasing_a_client_revokes_what_they_hold_for_good(past: tuple[Event, ...]) -> None:
    equipped = HolderEquipped(client_id=ANN, staff_id=None, credential_id=CARD)
    held = past if equipped in past else (*past, equipped)
    erase = HearClient(client_id=ANN, erased=True)
    given(known(ANN), held).when(erase, NOON).then(
        fact(ClientHeard, erased=True), fact(CredentialRevoked, reason="erased")
    ).when(erase, NOON).then_nothing()
    given(known(ANN), REVOKED).when(erase, NOON).then(fact(ClientHeard))


def test_a_token_is_one_credentials_for_ever() -> None:
    other = ISSUE.model_copy(update={"credential_id": CredentialId(new_id())})
    given(known(ANN), REVOKED).when(other, NOON).then_refused(
        AccessCode.ALREADY_ISSUED, field="token_digest"
    )
