"""What the journeys ask, as apps would write it."""

ERRORS = "userErrors { code field message details }"

SIGN_IN = f"""mutation ($input: SignInInput!) {{
  signIn(input: $input) {{ tokens {{ accessToken refreshToken }} {ERRORS} }} }}"""
REFRESH = f"""mutation ($input: RefreshTokensInput!) {{
  refreshTokens(input: $input) {{ tokens {{ accessToken refreshToken }} {ERRORS} }} }}"""
SIGN_OUT = f"mutation ($input: SignOutInput!) {{ signOut(input: $input) {{ {ERRORS} }} }}"
CHANGE_ROLES = f"""mutation ($input: ChangeStaffRolesInput!) {{
  changeStaffRoles(input: $input) {{ {ERRORS} }} }}"""
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
CHANGE_GRANT = f"""mutation ($input: ChangeEntitlementInput!) {{
  changeEntitlement(input: $input) {{ clientId position {ERRORS} }} }}"""
GRANT = f"""mutation ($input: GrantCreditsInput!) {{
  grantCredits(input: $input) {{ grant {{ id validFrom expiresAt }} position {ERRORS} }} }}"""
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
  session { reserved waiting } reservations { clientId clientName status }
  waitlist { clientId place } } }"""
CALENDAR = """query ($from: DateTime!, $to: DateTime!, $first: Int!, $after: String) {
  calendar(from: $from, to: $to, first: $first, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } } }"""
MINE = """query ($atLeast: Position) { myBookings(first: 10, atLeast: $atLeast) {
  nodes { session { id } reservation { status } waitlistEntry { place } } } }"""
LEDGER = """query ($clientId: ID, $atLeast: Position) {
  ledger(clientId: $clientId, atLeast: $atLeast) {
    available grants { held consumed forfeited } } }"""
COVERED = """query ($clientId: ID, $atLeast: Position) {
  ledger(clientId: $clientId, atLeast: $atLeast) { grants { id coverage {
    everything programIds locationIds hours { weekdays fromTime untilTime } } } } }"""
CLIENT = """query ($id: ID!, $atLeast: Position) {
  client(id: $id, atLeast: $atLeast) { name email status } }"""
OWN_PROFILE = """query ($id: ID!, $atLeast: Position) { client(id: $id, atLeast: $atLeast) {
  id version name email phone tags alerts { text } notes { text } assignedStaffId } }"""
OWN_PROFILE_CHANGED = """subscription ($id: ID!) { clientChanged(clientId: $id) {
  client { name phone tags } } }"""
CHANGE_CONTACT = f"""mutation ($input: ChangeClientContactInput!) {{
  changeClientContact(input: $input) {{ client {{ name }} position {ERRORS} }} }}"""
CLIENTS = """query ($search: String) { clients(first: 10, search: $search) { nodes { name } } }"""

ROSTER_CHANGED = """subscription ($id: ID!, $after: Position) {
  rosterChanged(sessionId: $id, after: $after) { position roster {
  reservations { clientId clientName status } waitlist { clientId place } } } }"""
MINE_CHANGED = """subscription { myBookingsChanged { position bookings {
  session { id } reservation { status } waitlistEntry { place } } } }"""
CALENDAR_CHANGED = """subscription ($from: DateTime!, $to: DateTime!) {
  calendarChanged(from: $from, to: $to) { position
    sessions { id reserved status programName classTypeName } } }"""
SESSION_CHANGED = """subscription ($id: ID!) {
  sessionChanged(sessionId: $id) { position session { programName classTypeName } } }"""

DEFINE_PROGRAM = f"""mutation ($input: DefineProgramInput!) {{
  defineProgram(input: $input) {{ programId program {{ name }} position {ERRORS} }} }}"""
CHANGE_PROGRAM = f"""mutation ($input: ChangeProgramInput!) {{
  changeProgram(input: $input) {{ program {{ name }} position {ERRORS} }} }}"""
CHANGE_CLASS_TYPE = f"""mutation ($input: ChangeClassTypeInput!) {{
  changeClassType(input: $input) {{ classType {{ name }} position {ERRORS} }} }}"""
DEFINE_CLASS_TYPE = f"""mutation ($input: DefineClassTypeInput!) {{
  defineClassType(input: $input) {{ classTypeId classType {{ name }} position {ERRORS} }} }}"""
PUBLISH_POLICY = f"""mutation ($input: PublishBookingPolicyInput!) {{
  publishBookingPolicy(input: $input) {{ position {ERRORS} }} }}"""
CREATE_SCHEDULE = f"""mutation ($input: CreateScheduleInput!) {{
  createSchedule(input: $input) {{
    scheduleId placedSessionIds leftOut {{ date reason }} position {ERRORS} }} }}"""
CHANGE_SCHEDULE = f"""mutation ($input: ChangeScheduleFromInput!) {{
  changeScheduleFrom(input: $input) {{
    schedule {{ pattern {{ startsAt }} }} cancelledSessionIds placedSessionIds
    kept {{ sessionId parts }} position {ERRORS} }} }}"""
END_SCHEDULE = f"""mutation ($input: EndScheduleInput!) {{
  endSchedule(input: $input) {{ cancelledSessionIds position {ERRORS} }} }}"""
ADD_CLOSURE = f"""mutation ($input: AddClosureInput!) {{
  addClosure(input: $input) {{ closureId cancelledSessionIds position {ERRORS} }} }}"""
REMOVE_CLOSURE = f"""mutation ($input: RemoveClosureInput!) {{
  removeClosure(input: $input) {{ closureId position {ERRORS} }} }}"""
CLOSURES = "query ($atLeast: Position) { closures(atLeast: $atLeast) { id reason } }"
UNASSIGN = f"""mutation ($input: UnassignInstructorInput!) {{
  unassignInstructor(input: $input) {{
    session {{ instructorId originalInstructorId }} position {ERRORS} }} }}"""
RESCHEDULE = f"""mutation ($input: RescheduleSessionInput!) {{
  rescheduleSession(input: $input) {{
    session {{ startsAt freeCancelUntil }} overlappingClientIds position {ERRORS} }} }}"""
SUBSTITUTE = f"""mutation ($input: SubstituteInstructorInput!) {{
  substituteInstructor(input: $input) {{
    session {{ instructorId originalInstructorId }} position {ERRORS} }} }}"""
ASSIGN_ROOM = f"""mutation ($input: AssignRoomInput!) {{
  assignRoom(input: $input) {{ session {{ roomId }} position {ERRORS} }} }}"""
REINSTATE = f"""mutation ($input: ReinstateSessionInput!) {{
  reinstateSession(input: $input) {{ session {{ status }} position {ERRORS} }} }}"""
CHANGE_SESSION = f"""mutation ($input: ChangeSessionInput!) {{
  changeSession(input: $input) {{
    session {{ title onlineCapacity spots waiverRequired }} position {ERRORS} }} }}"""
FURNISHED = """query ($id: ID!, $atLeast: Position) { session(id: $id, atLeast: $atLeast) {
  title capacity onlineCapacity spots waiverRequired } }"""
PLANNED = """query ($id: ID!, $atLeast: Position) { session(id: $id, atLeast: $atLeast) {
  title startsAt status cancelReason capacity roomId programName classTypeName scheduleId } }"""
OPENING = """query ($id: ID!, $atLeast: Position) { session(id: $id, atLeast: $atLeast) {
  startsAt bookingOpensAt } }"""
DRAFT = f"""mutation ($input: DraftSessionInput!) {{
  draftSession(input: $input) {{ sessionId position {ERRORS} }} }}"""
PUBLISH_DRAFT = f"""mutation ($input: PublishDraftInput!) {{
  publishDraft(input: $input) {{ session {{ title status }} position {ERRORS} }} }}"""
DISCARD_DRAFT = f"""mutation ($input: DiscardDraftInput!) {{
  discardDraft(input: $input) {{ sessionId position {ERRORS} }} }}"""
DRAFTS_CHANGED = """subscription { sessionDraftsChanged { position
  drafts { id title capacity } } }"""
POLICY = """query ($atLeast: Position) { bookingPolicy(atLeast: $atLeast) {
  preset policy { version lateCancelMinutes } } }"""

KPIS = """query ($atLeast: Position) { kpis(atLeast: $atLeast) { position
  classesToday { total done { sessionIds } running { sessionIds } toCome { sessionIds }
    cancelled { count } booked { count reservationIds } capacity { people } changesAt }
  attendanceRate { rate attended { reservationIds } noShows { reservationIds }
    notRecorded { sessionIds } } } }"""
KPIS_CHANGED = """subscription { kpisChanged { position
  classesToday { toCome { sessionIds } cancelled { count } booked { count } }
  attendanceRate { rate } } }"""
RECEIPTS = """query ($id: ID!, $clientId: ID, $atLeast: Position) {
  receipts(sessionId: $id, clientId: $clientId, atLeast: $atLeast) {
    receipts { decision decidedBy policyVersion facts text } } }"""
RECEIPTS_CHANGED = """subscription ($id: ID, $clientId: ID, $after: Position) {
  receiptsChanged(sessionId: $id, clientId: $clientId, after: $after) {
    position sessionId receipts { decision text } } }"""
LEDGER_CHANGED = """subscription ($clientId: ID) { ledgerChanged(clientId: $clientId) {
  position clientId ledger { available banReason } } }"""
ADD_TAG = f"""mutation ($input: AddTagInput!) {{
  addTag(input: $input) {{ tag position {ERRORS} }} }}"""
ADD_NOTE = f"""mutation ($input: AddNoteInput!) {{
  addNote(input: $input) {{ note {{ id text authorId }} position {ERRORS} }} }}"""
SET_ALERT = f"""mutation ($input: SetAlertInput!) {{
  setAlert(input: $input) {{ alert {{ level text }} position {ERRORS} }} }}"""
CLEAR_ALERT = f"""mutation ($input: ClearAlertInput!) {{
  clearAlert(input: $input) {{ clearedLevel position {ERRORS} }} }}"""
PROFILE = """query ($id: ID!, $atLeast: Position) { client(id: $id, atLeast: $atLeast) {
  tags alerts { level text } notes { text authorId } } }"""
CLIENT_CHANGED = """subscription ($id: ID!) { clientChanged(clientId: $id) { position
  client { name tags alerts { level text } notes { text } } } }"""
FIND = """query ($search: String, $tag: String) {
  clients(first: 10, search: $search, tag: $tag) { nodes { id name tags } } }"""
SET_HOURS = f"""mutation ($input: SetOpeningHoursInput!) {{
  setOpeningHours(input: $input) {{ locationId position {ERRORS} }} }}"""
OPEN_LOCATION_AGAIN = f"""mutation ($input: RemoveLocationClosureInput!) {{
  removeLocationClosure(input: $input) {{ closureId position {ERRORS} }} }}"""
CLOSE_LOCATION = f"""mutation ($input: AddLocationClosureInput!) {{
  addLocationClosure(input: $input) {{ closure {{ id }} position {ERRORS} }} }}"""
PLACES = """query ($atLeast: Position) { gym(atLeast: $atLeast) { locations { id
  openingHours { weekday opens closes } closures { fromDate untilDate reason } } } }"""
QUALIFY = f"""mutation ($input: SetStaffQualificationsInput!) {{
  setStaffQualifications(input: $input) {{ staffId position {ERRORS} }} }}"""
STAFF = """query ($atLeast: Position) { staff(first: 50, atLeast: $atLeast) {
  nodes { id name qualifications { classTypeId label expiresOn } } } }"""

CLAIM = f"""mutation ($input: ClaimSpotInput!) {{
  claimSpot(input: $input) {{ reservation {{ status spot }} position {ERRORS} }} }}"""
JOIN = f"""mutation ($input: JoinWaitlistInput!) {{
  joinWaitlist(input: $input) {{ waitlistEntry {{ place }} position {ERRORS} }} }}"""
DECLINE = f"""mutation ($input: DeclineOfferInput!) {{
  declineOffer(input: $input) {{ waitlistEntry {{ place }} leftEntryId position {ERRORS} }} }}"""
CHANGE_SPOT = f"""mutation ($input: ChangeSpotInput!) {{
  changeSpot(input: $input) {{ reservation {{ spot }} position {ERRORS} }} }}"""
CORRECT = f"""mutation ($input: CorrectAttendanceInput!) {{
  correctAttendance(input: $input) {{ reservation {{ status }} position {ERRORS} }} }}"""
WALK_IN = f"""mutation ($input: AddWalkInInput!) {{
  addWalkIn(input: $input) {{ reservation {{ status spot }} position {ERRORS} }} }}"""
UNDO_CANCEL = f"""mutation ($input: UndoCancelInput!) {{
  undoCancel(input: $input) {{ reservation {{ status }} position {ERRORS} }} }}"""
BAN = f"""mutation ($input: ImposeBookingBanInput!) {{
  imposeBookingBan(input: $input) {{ ledger {{ banReason }} position {ERRORS} }} }}"""
LIFT_BAN = f"""mutation ($input: LiftBookingBanInput!) {{
  liftBookingBan(input: $input) {{ ledger {{ banReason }} position {ERRORS} }} }}"""
SIGN_WAIVER = f"""mutation ($input: SignWaiverInput!) {{
  signWaiver(input: $input) {{ ledger {{ waivers }} position {ERRORS} }} }}"""
SUSPEND = f"""mutation ($input: SuspendEntitlementInput!) {{
  suspendEntitlement(input: $input) {{ ledger {{ available grants {{ status }} }} {ERRORS} }} }}"""
RESUME = f"""mutation ($input: ResumeEntitlementInput!) {{
  resumeEntitlement(input: $input) {{ position {ERRORS} }} }}"""
END = f"""mutation ($input: EndEntitlementInput!) {{
  endEntitlement(input: $input) {{ position {ERRORS} }} }}"""
GRANTS_CHANGED = """subscription ($clientId: ID) { ledgerChanged(clientId: $clientId) {
  ledger { grants { status } } } }"""
WHERE = """query ($id: ID!, $atLeast: Position) { roster(sessionId: $id, atLeast: $atLeast) {
  spots waiverRequired reservations { clientId status spot source checkInSource overbooked }
  waitlist { clientId place offeredUntil } } }"""
OFFERED = """subscription { myBookingsChanged { position bookings {
  reservation { status spot } waitlistEntry { place offeredUntil } } } }"""
IMPORT = f"""mutation ($input: ImportTimetableInput!) {{
  importTimetable(input: $input) {{
    imported {{ line uid scheduleId sessionId }} rejected {{ line uid reason }}
    position {ERRORS} }} }}"""

SCHEDULES_CHANGED = """subscription { schedulesChanged { position schedules {
  id pattern { startsAt } } } }"""
