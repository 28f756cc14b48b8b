"""A program, or its folder, that is missing: the check fails, and says what to do or look at."""

from pathlib import Path

import pytest

from deploy.validate.programs import PACKAGES, CannotCheck, ran


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.parametrize(("program", "package"), PACKAGES.items())
def test_one_of_debians_is_named_with_its_package(program: str, package: str) -> None:
    with pytest.raises(CannotCheck, match=rf"{program} is not installed: .*package {package} "):
        ran([program, "--version"])


def test_one_of_our_own_locks_comes_with_them() -> None:
    with pytest.raises(CannotCheck, match="no-such-program is not installed: our locks have it"):
        ran(["no-such-program"])


def test_a_folder_that_is_missing_is_not_taken_for_the_program(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match=r"no-such-program was to run in .*absent, which is not"):
        ran(["no-such-program"], folder=tmp_path / "absent")
