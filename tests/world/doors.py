"""What journeys ask of doors, as apps and readers would write it."""

from typing import Any

from tests.world.documents import ERRORS
from tests.world.people import Person
from tests.world.waiting import until

LONG = 60.0  # seconds until a journey gives up waiting

ADD_DOOR = f"""mutation ($input: AddDoorInput!) {{
  addDoor(input: $input) {{ door {{ id name }} position {ERRORS} }} }}"""
SCHEDULE_DOOR = f"""mutation ($input: SetDoorScheduleInput!) {{
  setDoorSchedule(input: $input) {{ doorId position {ERRORS} }} }}"""
ENTER = f"""mutation ($input: RequestEntryInput!) {{
  requestEntry(input: $input) {{
    entry {{ id result reason clientId sessionId withCredential }}
    comesBackAt position {ERRORS} }} }}"""
ISSUE = f"""mutation ($input: IssueCredentialInput!) {{
  issueCredential(input: $input) {{ credential {{ id status }} token position {ERRORS} }} }}"""
LOCK = f"""mutation ($input: StartLockdownInput!) {{
  startLockdown(input: $input) {{ reason position {ERRORS} }} }}"""
UNLOCK = f"mutation ($input: EndLockdownInput!) {{ endLockdown(input: $input) {{ {ERRORS} }} }}"
GRANT_ENTRY = f"""mutation ($input: GrantEntryInput!) {{
  grantEntry(input: $input) {{ entryGrantId position {ERRORS} }} }}"""
END_ENTRY_GRANT = f"""mutation ($input: EndEntryGrantInput!) {{
  endEntryGrant(input: $input) {{ entryGrantId position {ERRORS} }} }}"""
IMPEDE = f"""mutation ($input: SetImpedimentInput!) {{
  setImpediment(input: $input) {{ clientId position {ERRORS} }} }}"""
_ACCESS = """{ entryGrants { id version validFrom validUntil locationIds timeZone
  hours { weekday opens closes } } impediments bannedUntil }"""
ACCESS = f"""query ($clientId: ID, $atLeast: Position) {{
  access(clientId: $clientId, atLeast: $atLeast) {_ACCESS} }}"""
ACCESS_CHANGED = f"""subscription ($clientId: ID) {{
  accessChanged(clientId: $clientId) {{ position access {_ACCESS} }} }}"""
DOORS = """query ($atLeast: Position) { doors(atLeast: $atLeast) {
  id name lockdown hours { weekday opens closes } } }"""
CREDENTIALS = """query ($clientId: ID, $atLeast: Position) {
  credentials(clientId: $clientId, atLeast: $atLeast) { id kind status } }"""
FACTS = """facts { credential nextGrantFrom lastGrantUntil lockdown bannedUntil
  closedUntil closedFor }"""
MY_ENTRIES = f"""query ($first: Int!, $after: String, $atLeast: Position) {{
  myEntries(first: $first, after: $after, atLeast: $atLeast) {{
    nodes {{ id result reason clientId at {FACTS} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
WHY_SHUT = f"""query ($atLeast: Position) {{ entries(first: 9, atLeast: $atLeast) {{
  nodes {{ reason clientName {FACTS} }} }} }}"""
DOORS_CHANGED = """subscription { doorsChanged { position doors { name lockdown } } }"""
ENTRIES = """query ($first: Int!, $after: String, $doorId: ID, $atLeast: Position) {
  entries(first: $first, after: $after, doorId: $doorId, atLeast: $atLeast) {
    nodes { id result reason clientId clientName at } pageInfo { hasNextPage endCursor } } }"""
WATCH = """subscription ($doorId: ID) { entriesChanged(doorId: $doorId) {
  position entries { result reason clientName sessionId } } }"""
STEPS = {
    step: f"""mutation ($input: {step.title()}CredentialInput!) {{
      {step}Credential(input: $input) {{ credentialId status position {ERRORS} }} }}"""
    for step in ("activate", "suspend", "reinstate", "revoke")
}


async def known(desk: Person, client: str) -> None:
    """Until access has heard of the client."""
    asked: dict[str, Any] = {"clientId": client, "impediment": "PAST_DUE", "present": False}

    async def is_known() -> bool:
        return not (await desk.do(IMPEDE, **asked))["userErrors"]

    await until(is_known, LONG)
