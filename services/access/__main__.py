"""``python -m services.access``."""

from chassis.process import run
from chassis.service import ServiceSettings
from services.access.app import ACCESS, main

run(main, ServiceSettings, name=ACCESS.name)
