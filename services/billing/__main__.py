"""``python -m services.billing``."""

from chassis.process import run
from chassis.service import ServiceSettings
from services.billing.app import BILLING, main

run(main, ServiceSettings, name=BILLING.name)
