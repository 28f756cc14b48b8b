"""What a service hears and what it carries out because of that belong together."""

from importlib import import_module
from inspect import isclass

import pytest

from contracts.envelope import Command


@pytest.mark.parametrize("service", ["booking", "billing", "access"])
def test_every_command_an_event_asks_has_a_rule_and_every_such_rule_an_event(service: str) -> None:
    named = vars(import_module(f"services.{service}.reactions")).values()
    asked = {one for one in named if isclass(one) and issubclass(one, Command)} - {Command}

    assert asked == set(import_module(f"services.{service}.api").CAUSED)
