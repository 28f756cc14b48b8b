"""``python -m services.billing``."""

from chassis.process import run
from services.billing.app import BillingSettings, main

run(main, BillingSettings, name="billing")
