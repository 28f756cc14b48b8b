"""``python -m gateway``."""

from chassis.process import run
from gateway.app import main
from gateway.settings import Settings

if __name__ == "__main__":
    run(main, Settings, name="gateway")
