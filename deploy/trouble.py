"""Trouble a person can do something about."""


class Trouble(RuntimeError):
    """Expected: shown as one line, without a stack. The text says what is wrong and what to do."""
