"""Booking's language: class sessions, reservations, the waitlist and what a client may spend.

Instants are UTC; ``time_zone`` is the location's IANA zone; capacity counts people.
"""

from contracts.booking.attendance import *
from contracts.booking.bans_and_waivers import *
from contracts.booking.codes import *
from contracts.booking.entitlements import *
from contracts.booking.holds import *
from contracts.booking.penalties import *
from contracts.booking.policy import *
from contracts.booking.reservations import *
from contracts.booking.sessions import *
from contracts.booking.waitlist import *
