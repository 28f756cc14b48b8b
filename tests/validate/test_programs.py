"""A program that is missing: the check fails, and says where to have it from."""

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
