"""What keeps gyms and processes apart, asked of real servers by the tests that know how."""

from deploy.security.found import Found, Verdict, last, ours

WALLS = ("tests/component/test_catalogue.py", "tests/architecture/test_tenancy.py")
USERS = ("tests/component/messaging/test_rights.py",)
PARSERS = ("tests/fuzz/test_texts.py", "tests/fuzz/test_documents.py")
EDGE = ("tests/fuzz/test_frames.py", "tests/fuzz/test_bytes.py")


def walls_stand() -> Found:
    """Row security on every table of gyms, in every database, as Postgres's catalogue tells."""
    return _tested(*WALLS)


def users_are_kept_apart() -> Found:
    """Each user of the bus tries what it may and what it may not, on a real server."""
    return _tested(*USERS)


def parsers_refuse_by_type() -> Found:
    """Whatever is read from outside is answered or refused by a type, for any text."""
    return _tested(*PARSERS)


def edge_withstands_any_bytes() -> Found:
    """Any frames and any requests against production's gateway: no fault, nothing left open."""
    return _tested(*EDGE)


def _tested(*paths: str) -> Found:
    done = ours("pytest", "-q", *paths)
    verdict = Verdict.FAILED if done.returncode else Verdict.PASSED
    return Found(verdict, last(done.stdout, 30 if done.returncode else 1))
