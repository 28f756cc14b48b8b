"""What must be the same afterwards, and what must hold."""

from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from chassis.streams import CONTEXTS
from deploy.backup.fingerprint import Fingerprint, differing, fingerprint
from deploy.drill.running import Running
from deploy.drill.steps import Failed
from deploy.schema import database_url

LASTING = ("es.events", "es.claims", "es.deadlines", "vault.person_keys", "vault.secrets", "views.")
"""Tables that using a restored installation does not change; sign-ins and answers come and go."""
_SHOWN = 20  # differences told one by one
_HISTORY = "SELECT pos, md5((e.*)::text) FROM es.events e ORDER BY pos"

History = dict[str, list[tuple[int, str]]]
"""Context -> position and sum of each event, in order."""


class Held(NamedTuple):
    """What an installation holds, as a figure."""

    tables: int
    rows: int
    events: int

    @classmethod
    def of(cls, found: Fingerprint) -> "Held":
        events = sum(one.rows for table, one in found.items() if table.endswith(" es.events"))
        return cls(len(found), sum(one.rows for one in found.values()), events)

    def __str__(self) -> str:
        return f"{self.tables} tables, {self.rows:,} rows, {self.events:,} of them events"


async def taken(running: Running) -> Fingerprint:
    """Every table of every database."""
    return await fingerprint(running.installation.admin_dsn)


async def must_be_same(running: Running, before: Fingerprint, *, lasting: bool = False) -> Held:
    """What is held now, which is what was held ``before``. Raises ``Failed``.

    ``lasting``: of the tables that use does not change.
    """
    now = await taken(running)
    if lasting:
        now, before = _lasting(now), _lasting(before)
    must_be_equal(differing(before, now), "tables differ")
    return Held.of(now)


def must_be_equal(differences: list[str], what: str) -> None:
    """Raises ``Failed`` when there are any."""
    if differences:
        told = "; ".join(differences[:_SHOWN])
        raise Failed(f"{len(differences)} {what}: {told}")


async def history(running: Running) -> History:
    """Every event there is."""
    found: History = {}
    for context in CONTEXTS:
        dsn = database_url(running.installation.admin_dsn, f"b2b_{context}")
        db = await asyncpg.connect(dsn, timeout=10)
        try:
            found[context] = [(row[0], row[1]) for row in await db.fetch(_HISTORY)]
        finally:
            await db.close()
    return found


def must_be_what_was(whole: History, restored: History, complete: Mapping[str, int]) -> int:
    """How many events came after the backup; all others are there, and none that never was.

    ``complete``: context -> up to where none may be missing. Raises ``Failed``.
    """
    later = 0
    for context, events in whole.items():
        kept, there = set(restored[context]), dict(restored[context])
        missing = [position for position, _ in events if position not in there]
        if lost := [position for position in missing if position <= complete[context]]:
            raise Failed(f"{context} has lost {len(lost)} events, the first at {lost[0]}")
        if made_up := kept - set(events):
            raise Failed(f"{context} holds {len(made_up)} events that never were")
        later += len(missing)
    return later


def _lasting(found: Fingerprint) -> Fingerprint:
    return {
        table: held for table, held in found.items() if table.partition(" ")[2].startswith(LASTING)
    }


async def invariants_hold(running: Running) -> int:
    """How many: all of them. Raises ``Failed`` with who offends."""
    said = await running.b2b("check", "--on-its-way", "0")
    return said.count(" yes")


async def forget_answers(running: Running) -> int:
    """How many there were. A week does so: reactions hear all again, and only rules say "done"."""
    forgotten = 0
    for context in CONTEXTS:
        dsn = database_url(running.installation.admin_dsn, f"b2b_{context}")
        db = await asyncpg.connect(dsn, timeout=10)
        try:
            told = await db.execute("DELETE FROM es.answers")
            forgotten += int(told.split()[1])
        finally:
            await db.close()
    return forgotten
