"""What schemathesis holds against an answer of the gateway: anything but data or a typed refusal.

Loaded by schemathesis, which lives in an environment of its own.
"""

import os
from typing import Any

import schemathesis

EXPECTED = {200, 400, 401, 403, 413, 429, 503}
FAULTS_OF_OURS = {"INTERNAL", None}


@schemathesis.check
def data_or_a_typed_refusal(_context: Any, response: Any, case: Any) -> None:
    """Every error has a code, and none says that something of ours broke."""
    with open(os.environ["FUZZ_ASKED"], "a") as asked:
        asked.write(f"{case.operation.label}\n")
    assert response.status_code in EXPECTED, f"HTTP {response.status_code}"
    for error in response.json().get("errors") or ():
        code = (error.get("extensions") or {}).get("code")
        assert code not in FAULTS_OF_OURS, f"{code}: {error['message']}"
