"""``python -m deploy.check``."""

from chassis.process import run
from deploy.check.app import Settings, main

if __name__ == "__main__":
    run(main, Settings, name="auditor")
