"""Long walks of a state machine: denser than what hypothesis draws, and the same each time.

What they come to is what the machine's laws speak of: a law says nothing of what never happens.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from inspect import signature
from random import Random
from typing import Any

from hypothesis.stateful import INVARIANT_MARKER, RULE_MARKER, RuleBasedStateMachine


def marked(machine: type[RuleBasedStateMachine], marker: str) -> list[str]:
    """The names of its rules, or of its laws."""
    return [name for name in dir(machine) if hasattr(getattr(machine, name), marker)]


def walk(
    machine: Any, dice: Random, draw: Callable[[Random], dict[str, Any]], *, steps: int
) -> None:
    """Carry out so many of its rules with what is drawn for them; after each its laws hold.

    The machine has a ``gym``, and counts in ``reached`` what it comes to.
    """
    rules, laws = marked(type(machine), RULE_MARKER), marked(type(machine), INVARIANT_MARKER)
    for _ in range(steps):
        name, known = dice.choice(rules), len(machine.gym.log)
        rule, drawn = getattr(machine, name), draw(dice)
        if not all(may(machine) for may in getattr(rule, RULE_MARKER).preconditions):
            continue
        rule(**{one: drawn[one] for one in signature(rule).parameters})
        if len(machine.gym.log) > known:
            machine.reached[f"changed by {name}"] += 1
        for law in laws:
            getattr(machine, law)()


def missing(
    machine: type[RuleBasedStateMachine], needed: Iterable[str], walks: Iterable[Counter[str]]
) -> list[str]:
    """What no walk came to: situations that are needed, and rules that changed nothing."""
    rules = (f"changed by {name}" for name in marked(machine, RULE_MARKER))
    return sorted({*needed, *rules} - set[str]().union(*walks))
