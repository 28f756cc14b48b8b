"""``python -m services.projections``."""

from chassis.process import run
from services.projections.app import Settings, main

run(main, Settings, name="projections")
