"""The demo's seed: which one a life is made from."""

import pytest
from typer.testing import CliRunner

from deploy.commands import seed as seeds
from deploy.demo.seeding import Size


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
    if setting is not None:
        monkeypatch.setenv("B2B_DEMO_SEED", setting)
    told = CliRunner().invoke(seeds.cli, list(words))
    assert told.exit_code == 0, told.output
    assert [one.seed for one in made] == [seed]
