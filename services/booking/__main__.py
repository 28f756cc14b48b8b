"""``python -m services.booking``."""

from chassis.process import run
from services.booking.app import BookingSettings, main

run(main, BookingSettings, name="booking")
