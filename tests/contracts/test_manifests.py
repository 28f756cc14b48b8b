"""Manifests that follow from code are what the code says; ``make manifests`` writes them."""

import re
from pathlib import Path

import pytest

from deploy.cluster import manifests, secrets
from deploy.cluster.scaling import durables
from deploy.local.access import AUDITOR, PROCESSES
from deploy.local.rights import DEVELOPER, HEARS, local_users, users
from deploy.schema import ROOT


@pytest.mark.parametrize("file", manifests.generated(), ids=str)
def test_a_generated_manifest_is_what_the_code_says(file: Path) -> None:
    assert file not in manifests.stale(), "run `make manifests`"


def test_a_changed_right_makes_the_manifest_stale(tmp_path: Path) -> None:
    manifests.write(tmp_path)
    assert manifests.stale(tmp_path) == []
    file = tmp_path / manifests.KUBERNETES / "base/nats/accounts.conf"
    file.write_text(file.read_text().replace('"evt.*.booking.>"', '"evt.>"'))
    assert manifests.stale(tmp_path) == [file.relative_to(tmp_path)]


def test_containers_finish_a_release_when_every_new_process_is_well() -> None:
    text = (ROOT / "deploy/image/compose.yaml").read_text()
    prepare, finish = (_service(text, name) for name in ("prepare", "finish"))
    assert "command: [b2b, migrate, --phase, pre]\n" in prepare
    assert "command: [b2b, migrate, --phase, post]\n" in finish
    waited_for = set(re.findall(r"(\w+): \{condition: service_healthy\}", finish))
    assert waited_for == {*PROCESSES, AUDITOR}


def _service(compose: str, name: str) -> str:
    """What ``compose`` says of it."""
    found = re.search(rf"^  {name}:.*\n((?:    .*\n)+)", compose, re.MULTILINE)
    assert found is not None, name
    return found[1]


def test_autoscalers_measure_every_durable_consumer() -> None:
    told = manifests.scaled_objects()
    consumers = durables()
    assert {each.service for each in consumers} == {"booking", "billing", "access"}
    for each in consumers:
        assert f"stream: {each.stream}\n        consumer: {each.name}\n" in told


def test_the_bus_knows_every_durable_consumer_by_name() -> None:
    known = {
        (stream, durable, service)
        for service, heard in HEARS.items()
        for stream, names in heard.items()
        for durable in names
    }
    assert known == set(durables()), "put it into HEARS of deploy/local/rights.py"


def test_every_user_of_the_bus_has_a_password_and_every_address_a_role() -> None:
    values = dict.fromkeys(secrets.RANDOM, "x")
    filled = {each.name: secrets.filled(each, values) for each in secrets.wanted()}
    for name in users():
        assert f'{name.upper()}_PASSWORD: "x"' in filled["nats-passwords"]["passwords.conf"]
    for process in ("members", "booking", "billing", "access"):
        assert f"//{process}_relay:x@" in filled[process]["RELAY_DATABASE_URL"]


def test_who_may_do_everything_is_on_one_machine_only() -> None:
    everything = {name for name, may in local_users().items() if ">" in may.publish}
    assert everything == {DEVELOPER}
    assert DEVELOPER not in users()
    assert DEVELOPER not in manifests.accounts()


def test_invented_secrets_are_random_and_fit_into_addresses() -> None:
    values = secrets.invented()
    passwords = [text for each, text in values.items() if each.shelf != "keys"]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(r"[\w-]{32}", text) for text in passwords)
