"""``python -m gateway``."""

from chassis.process import run
from gateway.app import Settings, main

if __name__ == "__main__":
    run(main, Settings, name="gateway")
