"""What keeps out, apart and hidden, asked of real servers by the tests that know how.

Every test that the threat model names belongs to a part.
"""

from deploy.security.found import Found, Verdict, last, ours

TESTS: dict[str, tuple[str, ...]] = {
    "walls": (
        "tests/component/test_catalogue.py",
        "tests/architecture/test_tenancy.py",
        "tests/component/eventstore/test_postgres.py",
    ),
    "users": (
        "tests/component/messaging/test_rights.py",
        "tests/component/messaging/test_tls.py",
        "tests/component/test_postgres_tls.py",
        "tests/component/bus/test_callers.py",
    ),
    "trust": (
        "tests/component/auth/test_tokens.py",
        "tests/component/auth/test_keys.py",
        "tests/component/auth/test_issuer_settings.py",
        "tests/component/test_production_settings.py",
        "tests/component/members/test_staying_signed_in.py",
        "tests/gateway/test_standings.py",
        "tests/gateway_serve/test_ws.py",
        "tests/gateway_serve/test_sse.py",
        "tests/system/test_sign_out_journeys.py",
    ),
    "permissions": (
        "tests/gateway/test_diagnosis.py",
        "tests/system/test_permissions.py",
        "tests/system/test_services_check.py",
        "tests/system/test_whose_gym_journeys.py",
    ),
    "privacy": ("tests/component/members/test_vault.py", "tests/system/test_privacy.py"),
    "limits": (
        "tests/component/test_heads.py",
        "tests/component/test_untaken.py",
        "tests/component/members/test_sign_in.py",
        "tests/gateway/test_front.py",
        "tests/gateway/test_rates.py",
        "tests/gateway_serve/test_bodies.py",
        "tests/gateway_serve/test_documents.py",
        "tests/system/test_edge.py",
        "tests/system/test_hostile_requests.py",
    ),
    "parsers": (
        "tests/contracts/test_times.py",
        "tests/fuzz/test_texts.py",
        "tests/fuzz/test_documents.py",
    ),
    "edge": ("tests/fuzz/test_frames.py", "tests/fuzz/test_bytes.py"),
}


def walls_stand() -> Found:
    """Row security on every table of gyms, in every database, and a history nobody changes."""
    return _tested("walls")


def users_are_kept_apart() -> Found:
    """Each user of the bus tries what it may and what it may not, on a real server."""
    return _tested("users")


def nobody_is_trusted_for_longer() -> Found:
    """Tokens, roles and secrets: refused when forged, over, lost within a minute, or guessable."""
    return _tested("trust")


def roles_are_kept() -> Found:
    """Everybody tries what their role may and may not, in their gym and in another."""
    return _tested("permissions")


def persons_are_hidden() -> Found:
    """Personal fields are sealed where they lie, named in no log, and gone once erased."""
    return _tested("privacy")


def limits_hold() -> Found:
    """How much and how often anybody may ask or guess, from where, and what is kept to itself."""
    return _tested("limits")


def parsers_refuse_by_type() -> Found:
    """Whatever is read from outside is answered or refused by a type, for any text."""
    return _tested("parsers")


def edge_withstands_any_bytes() -> Found:
    """Any frames and any requests against production's gateway: no fault, nothing left open."""
    return _tested("edge")


def _tested(part: str) -> Found:
    """By the tests of ``part``; one that was left out was not looked at."""
    done = ours("pytest", "-q", *TESTS[part])
    if done.returncode:
        return Found(Verdict.FAILED, last(done.stdout, 30))
    summary = last(done.stdout, 1)
    if "skipped" in " ".join(summary):
        left_out = (line for line in done.stdout.splitlines() if line.startswith("SKIPPED"))
        return Found(Verdict.NOT_DONE, (*left_out, *summary))
    return Found(Verdict.PASSED, summary)
