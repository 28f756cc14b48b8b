"""How commands talk to a terminal."""

import sys


def say(line: str) -> None:
    """One plain line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
