"""``python -m services.booking``."""

from chassis.process import run
from chassis.service import ServiceSettings
from services.booking.app import BOOKING, main

run(main, ServiceSettings, name=BOOKING.name)
