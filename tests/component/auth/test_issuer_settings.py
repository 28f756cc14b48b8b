"""Settings of external issuers that would believe too much."""

from typing import Any

import pytest
from pydantic import ValidationError

from chassis.issuers import ExternalIssuer, each_once
from tests.component.auth.believing import SECRET
from tests.component.auth.issuer import JWKS_URL

GOOD = {"issuer": "i", "audiences": ["a"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithms": ["HS256"], "hs256_secret": "too short"},
        {"algorithms": ["HS256"], "jwks_url": JWKS_URL},
        {"algorithms": ["ES256"], "hs256_secret": SECRET},
        {"algorithms": ["ES256", "HS256"], "jwks_url": JWKS_URL, "hs256_secret": SECRET},
        {"algorithms": ["ES256"]},
        {"algorithms": ["none"], "jwks_url": JWKS_URL},
        {"algorithms": [], "jwks_url": JWKS_URL},
        {"algorithms": ["ES256"], "jwks_url": "http://id.example/keys"},
        {"algorithms": ["ES256"], "jwks_url": JWKS_URL, "audiences": []},
    ],
    ids=str,
)
def test_settings_that_would_believe_too_much_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        ExternalIssuer.model_validate(GOOD | wrong)
    assert SECRET not in str(refusal.value)


def test_an_issuer_is_configured_once() -> None:
    told = GOOD | {"algorithms": ["ES256"], "jwks_url": JWKS_URL}
    one = ExternalIssuer.model_validate(told)
    with pytest.raises(ValueError, match="twice"):
        each_once((one, one))
