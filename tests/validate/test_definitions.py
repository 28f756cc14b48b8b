"""Custom resources against definitions: strict, with defaults, with rules."""

from pathlib import Path

import pytest

from deploy.validate import cel, crds
from deploy.validate.objects import Objects
from deploy.validate.programs import CannotCheck

RANGE = {
    "type": "object",
    "x-kubernetes-validations": [
        {"rule": "self.least <= self.most", "message": "least is more than most"}
    ],
    "properties": {
        "least": {"type": "integer", "default": 1},
        "most": {"type": "integer"},
        "name": {"type": "string", "nullable": True},
        "wild": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]},
    },
}
SCHEMAS = {
    ("x.example/v1", "Range"): {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": RANGE,
        },
    }
}


def found(api: str = "x.example/v1", **spec: object) -> list[str]:
    each = {"apiVersion": api, "kind": "Range", "metadata": {"name": "r"}, "spec": spec}
    return [fault.text for fault in crds.faults(Objects([each]), SCHEMAS)]


def test_what_fits_passes() -> None:
    assert found(most=3, name=None, wild={"any": ["thing"]}, port=80) == []


def test_a_field_nobody_declared_is_refused() -> None:
    assert "'mots' was unexpected" in found(most=3, mots=4)[0]


def test_a_rule_is_asked_with_defaults_filled_in() -> None:
    assert found(most=0) == ["spec: least is more than most"]


def test_a_rule_that_cannot_be_evaluated_is_not_passed_over() -> None:
    with pytest.raises(CannotCheck, match="CEL rule"):
        list(cel.refusals({"a": 1}, {"x-kubernetes-validations": [{"rule": "self.b.c == 2"}]}))


def test_where_backups_go_is_checked_without_a_definition_of_its_operator() -> None:
    secret = {"name": "bucket", "key": "ID"}
    store = {
        "apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore", "metadata": {"name": "b"},
        "spec": {"retentionPolicy": "30d", "configuration": {
            "destinationPath": "s3://bucket/", "s3Credentials": {"accessKeyId": secret},
            "wal": {"compression": "gzip"},
        }},
    }  # fmt: skip
    assert list(crds.faults(Objects([store]), {})) == []

    del secret["key"]
    store["spec"]["configuration"]["wal"]["compression"] = "zip"  # type: ignore[index]
    texts = " ".join(fault.text for fault in crds.faults(Objects([store]), {}))
    assert "'key' is a required property" in texts
    assert "'zip' is not one of" in texts


def test_a_kind_without_a_definition_is_a_fault() -> None:
    assert found("x.example/v2", most=1) == ["no definition of Range x.example/v2 to check against"]


def test_a_folder_without_definitions_is_no_check(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match="no definitions"):
        crds.definitions(tmp_path)
