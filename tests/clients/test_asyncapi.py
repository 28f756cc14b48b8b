"""The description of our bus is AsyncAPI, as its authors define it."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.freeze import ASYNCAPI
from tests import clients


async def test_our_document_is_valid() -> None:
    assert await clients.faults_of_asyncapi(ASYNCAPI) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"operations": {"book": {"action": "hear", "channel": {"$ref": "#/channels/x"}}}},
        {"channels": {"booking": {"address": 5}}},
        {"info": {"title": "without a version"}},
    ],
)
async def test_a_wrong_one_is_not(wrong: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "asyncapi.json"
    file.write_text(json.dumps(json.loads(ASYNCAPI.read_text()) | wrong))

    assert await clients.faults_of_asyncapi(file)
