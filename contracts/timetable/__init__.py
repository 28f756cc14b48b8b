"""Booking's language of the timetable: programs, policies, weekly series, rooms and closures.

The second half of booking's context; reservations and everything about people are in ``booking``.
Dates and wall-clock times are local to the location's IANA zone, instants are UTC, capacity counts
people, weekdays are those of ISO 8601 (1 is Monday).
"""

from contracts.timetable.catalogue import *
from contracts.timetable.closures import *
from contracts.timetable.codes import *
from contracts.timetable.drafts import *
from contracts.timetable.hearsay import *
from contracts.timetable.importing import *
from contracts.timetable.policies import *
from contracts.timetable.schedules import *
from contracts.timetable.session_changes import *
from contracts.timetable.session_edits import *
from contracts.timetable.words import *
