"""What the journeys ask, as apps would write it."""

ERRORS = "userErrors { code field message details }"

SIGN_IN = f"""mutation ($input: SignInInput!) {{
  signIn(input: $input) {{ tokens {{ accessToken refreshToken }} {ERRORS} }} }}"""
REFRESH = f"""mutation ($input: RefreshTokensInput!) {{
  refreshTokens(input: $input) {{ tokens {{ accessToken refreshToken }} {ERRORS} }} }}"""
SIGN_OUT = f"mutation ($input: SignOutInput!) {{ signOut(input: $input) {{ {ERRORS} }} }}"
HIRE = f"""mutation ($input: HireStaffInput!) {{
  hireStaff(input: $input) {{ staffMember {{ id }} {ERRORS} }} }}"""
OPEN = f"""mutation ($input: OpenLocationInput!) {{
  openLocation(input: $input) {{ location {{ id }} {ERRORS} }} }}"""
ADD_ROOM = f"""mutation ($input: AddRoomInput!) {{
  addRoom(input: $input) {{ room {{ id }} {ERRORS} }} }}"""
REGISTER = f"""mutation ($input: RegisterClientInput!) {{
  registerClient(input: $input) {{ client {{ id name }} position {ERRORS} }} }}"""
ERASE = f"""mutation ($input: EraseClientInput!) {{
  eraseClient(input: $input) {{ erasedClientId position {ERRORS} }} }}"""
GRANT = f"""mutation ($input: GrantCreditsInput!) {{
  grantCredits(input: $input) {{ grant {{ id }} position {ERRORS} }} }}"""
SCHEDULE = f"""mutation ($input: ScheduleSessionInput!) {{
  scheduleSession(input: $input) {{
    sessionId session {{ id title status reserved }} position {ERRORS} }} }}"""
CANCEL_SESSION = f"""mutation ($input: CancelSessionInput!) {{
  cancelSession(input: $input) {{ session {{ status }} position {ERRORS} }} }}"""
BOOK = f"""mutation ($input: BookClassInput!) {{
  bookClass(input: $input) {{
    reservation {{ id status freeUntil }} waitlistEntry {{ id place }} position {ERRORS} }} }}"""
CANCEL = f"""mutation ($input: CancelReservationInput!) {{
  cancelReservation(input: $input) {{ reservation {{ id status }} position {ERRORS} }} }}"""
CHECK_IN = f"""mutation ($input: CheckInInput!) {{
  checkIn(input: $input) {{ reservation {{ id status }} position {ERRORS} }} }}"""
FINALIZE = f"""mutation ($input: FinalizeAttendanceInput!) {{
  finalizeAttendance(input: $input) {{ session {{ status }} position {ERRORS} }} }}"""

SESSION = """query ($id: ID!, $atLeast: Position) {
  session(id: $id, atLeast: $atLeast) { id title reserved waiting capacity status } }"""
ROSTER = """query ($id: ID!, $atLeast: Position) { roster(sessionId: $id, atLeast: $atLeast) {
  session { reserved } reservations { clientId clientName status }
  waitlist { clientId place } } }"""
CALENDAR = """query ($from: DateTime!, $to: DateTime!, $first: Int!, $after: String) {
  calendar(from: $from, to: $to, first: $first, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } } }"""
MINE = """query ($atLeast: Position) { myBookings(first: 10, atLeast: $atLeast) {
  nodes { session { id } reservation { status } waitlistEntry { place } } } }"""
LEDGER = """query ($clientId: ID, $atLeast: Position) {
  ledger(clientId: $clientId, atLeast: $atLeast) {
    available grants { held consumed forfeited } } }"""
CLIENT = """query ($id: ID!, $atLeast: Position) {
  client(id: $id, atLeast: $atLeast) { name email status } }"""
CLIENTS = """query ($search: String) { clients(first: 10, search: $search) { nodes { name } } }"""

ROSTER_CHANGED = """subscription ($id: ID!, $after: Position) {
  rosterChanged(sessionId: $id, after: $after) { position roster {
  reservations { clientId clientName status } waitlist { clientId place } } } }"""
MINE_CHANGED = """subscription { myBookingsChanged { position bookings {
  session { id } reservation { status } waitlistEntry { place } } } }"""
CALENDAR_CHANGED = """subscription ($from: DateTime!, $to: DateTime!) {
  calendarChanged(from: $from, to: $to) { position sessions { id reserved status } } }"""
