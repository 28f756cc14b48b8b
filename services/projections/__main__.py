"""``python -m services.projections``."""

from chassis.process import run
from services.projections.app import Settings, main

if __name__ == "__main__":
    run(main, Settings, name="projections")
