"""What a run had measured when it was cut short is not measured again, unless the code changed."""

import subprocess
from pathlib import Path

import pytest

from bench.figures import Figure
from bench.sittings import Sitting, committed
from bench.sizes import Sizes, quick
from tests.world.programs import must_have

HOT = Figure([4.0, 5.0], "2 to 1")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with something to measure."""
    must_have("git")
    (tmp_path / "bench").mkdir()
    for file in ("bench/hot.py", "bench/RESULTS.md", "README.md"):
        (tmp_path / file).write_text("1\n")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "Begin")):
        git(tmp_path, *words)
    return tmp_path


def git(clone: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@x.test")
    subprocess.run(("git", "-C", str(clone), *who, *words), check=True)


def test_the_next_sitting_has_what_the_last_one_measured(tmp_path: Path) -> None:
    file = tmp_path / "sitting.json"
    Sitting(file, {"code": ["a"]}).keep("hot", HOT)

    later = Sitting(file, {"code": ["a"]})

    assert later.figures == {"hot": HOT}
    assert later.earlier == {"hot"}
    later.end()
    assert Sitting(file, {"code": ["a"]}).figures == {}


def test_other_code_is_measured_anew(tmp_path: Path) -> None:
    file = tmp_path / "sitting.json"
    Sitting(file, {"code": ["a"]}).keep("hot", HOT)

    assert Sitting(file, {"code": ["b"]}).figures == {}
    assert Sitting(file, None).figures == {}


def test_what_has_no_name_is_not_kept(tmp_path: Path) -> None:
    Sitting(tmp_path / "sitting.json", None).keep("hot", HOT)

    assert not (tmp_path / "sitting.json").exists()


def test_results_and_words_change_nothing_of_what_is_measured(clone: Path) -> None:
    before = committed(clone, Sizes())
    for file in ("bench/RESULTS.md", "README.md"):
        (clone / file).write_text("2\n")
    assert committed(clone, Sizes()) == before
    git(clone, "commit", "-qam", "Write")

    assert before is not None
    assert committed(clone, Sizes()) == before
    assert committed(clone, quick()) != before


def test_code_that_was_changed_is_something_else_and_has_no_name_until_it_is_committed(
    clone: Path,
) -> None:
    before = committed(clone, Sizes())
    (clone / "bench/hot.py").write_text("2\n")
    assert committed(clone, Sizes()) is None
    git(clone, "commit", "-qam", "Change")

    assert committed(clone, Sizes()) not in (None, before)


def test_a_folder_without_git_has_no_name(tmp_path: Path) -> None:
    assert committed(tmp_path, Sizes()) is None
