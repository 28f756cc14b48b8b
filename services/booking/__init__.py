"""Booking: who has which seat, who waits for one, and what pays for it.

Owns      class sessions with their reservations, waitlist and attendance; one ledger a client,
          and what their late cancels and no-shows came to;
          the timetable: programs, class types, policies, weekly series, rooms' calendars
Hears     ``members.client_registered`` (opens the ledger), ``members.personal_data_erased`` (they
          book no more), the gym's currency, locations, rooms and staff (what commands name must
          be there), closures of locations (their classes are called off),
          ``access.access_granted`` (checks in who has a seat just then); asks members what it has
          not heard of yet
Emits     ``booking.*`` events on EVT_BOOKING
Promises  never overbooked but by the desk, who says so; the line is served in order among the
          eligible, and an offered seat is taken; no eligible client waits beside a free seat until
          seats are there to be claimed; seat and credit change together; one command key, one
          effect

From a command to the streams it concerns, that is what is looked at, in which order, and recorded:
``sessions`` puts them on and calls them off, ``timetable_commands`` changes them and the catalogue,
``reinstating`` brings one back, ``schedules`` and ``closures`` concern many; reservations are in
``bookings``, those who wait in ``waitlists``, attendance in ``attendances`` and ``arrivals``,
grants, waivers and bans in ``ledgers``, fees in ``penalties``, what members told in ``hearings``.
Every command's function is a rule for ``EventStore.carry_out``: run on fresh states, again if
another was faster, all or nothing. What is allowed is decided in ``domain``.
"""
