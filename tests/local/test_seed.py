"""The demo's seed: what is made unless somebody says otherwise, what is told, how it ends."""

import asyncio
import os
import signal
from datetime import date

import pytest
from typer.testing import CliRunner

from deploy.commands import seed as seeds
from deploy.demo.guide import guide
from deploy.demo.gyms import GYMS, PASSWORD
from deploy.demo.seeding import Size
from deploy.operator import Operator
from deploy.trouble import Trouble


@pytest.mark.parametrize(
    ("words", "setting", "seed"),
    [((), None, "back2back"), ((), "7", "7"), (("--seed", "9"), "7", "9")],
)  # fmt: skip
def test_the_seed_is_said_by_option_or_setting(
    words: tuple[str, ...], setting: str | None, seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Size] = []

    async def make(size: Size, *, ahead: bool) -> None:
        made.append(size)

    monkeypatch.setattr(seeds, "_made", make)
    for name in ("DAYS", "CLIENTS", "SEED"):
        monkeypatch.delenv(f"B2B_DEMO_{name}", raising=False)
    if setting is not None:
        monkeypatch.setenv("B2B_DEMO_SEED", setting)
    told = CliRunner().invoke(seeds.cli, list(words))
    assert told.exit_code == 0, told.output
    assert made == [Size(days=90, clients=300, seed=seed)]


def test_somebody_of_every_role_in_both_gyms_is_told_how_to_sign_in() -> None:
    told = "\n".join(guide(date(2027, 3, 3)))
    assert PASSWORD in told
    for gym in GYMS:
        roles = {one.role.value: one.email for one in reversed(gym.staff)}
        assert sorted(roles) == ["admin", "front_desk", "owner", "trainer"]
        assert f"{gym.slug} ({gym.name}, {gym.zone})" in told
        assert [one for one in roles.items() if " ".join(one) not in told] == []
        assert gym.email(gym.members[0]) in told


def test_who_is_told_to_end_gives_the_clock_back_and_says_what_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given_back: list[bool] = []

    async def making(*_: object, ahead: bool) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            given_back.append(True)

    monkeypatch.setattr(seeds, "go_on", making)
    monkeypatch.setattr(Operator, "local", None)

    ended = CliRunner().invoke(seeds.cli, [])

    assert isinstance(ended.exception, Trouble)
    assert "`b2b seed` goes on with them" in str(ended.exception)
    assert given_back == [True]
