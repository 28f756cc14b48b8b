"""Of whoever was erased nothing is left that can be read (I13b): no key, and no row that says more.

What events say of them is sealed, and stays; without the key it says nothing. Names that were
opened while there was a key are in the read models alone.
"""

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from contracts.ids import GymId
from contracts.members import PersonalDataErased
from deploy.check.verdict import Moment, Verdict
from services.projections.people import ERASED, Keys
from services.projections.profiles import Person

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

AT_ONCE = 1000  # persons a question
_TEXTS = ("client_words", "client_tags", "client_notes", "client_alerts")
_OF = "SELECT gym_id, client_id FROM unnest($1::uuid[], $2::uuid[]) p (gym_id, client_id)"
_TOLD = f"""
SELECT 'clients' AS what, c.gym_id, c.client_id FROM views.clients c
  JOIN ({_OF}) p USING (gym_id, client_id)
 WHERE (c.name, c.email, c.phone, c.phone_key) IS DISTINCT FROM ($3, NULL, NULL, NULL)
""" + "".join(
    f"UNION SELECT '{one}', t.gym_id, t.client_id FROM views.{one} t"
    f"  JOIN ({_OF}) p USING (gym_id, client_id)\n"
    for one in _TEXTS
)
_POSITION = "SELECT coalesce(max(position), 0) FROM views.checkpoints WHERE name = 'people'"


class Erased:
    """Everybody who was erased, in any gym; ``views`` is a session of the auditor's."""

    def __init__(self, views: "_Db", keys: Keys) -> None:
        self._views, self._keys = views, keys
        self._persons: dict[Person, int] = {}
        """Who -> where their erasure is in members' store."""
        self._new: dict[Person, datetime] = {}
        """Whose key was not asked for yet -> when the erasure was recorded."""
        self._kept: set[Person] = set()
        """Whose key is still there."""
        self.begin()

    def begin(self) -> None:
        """Another look: what was found before is found again, if it is still so."""
        self._verdict = Verdict("I13b", "who was erased can be read nowhere", "erased")

    def hear(self, context: str, row: asyncpg.Record) -> None:
        """Take note of an erasure."""
        if context == "members" and row["type"] == PersonalDataErased.event_type:
            person: Person = (GymId(row["gym_id"]), row["stream_id"])
            self._persons[person] = max(row["pos"], self._persons.get(person, 0))
            self._new[person] = row["recorded_at"]

    is_full = False
    """Few ever are, and they are kept anyway."""

    async def look(self, moment: Moment) -> None:
        """Ask for the keys of the new ones, and for the rows of all. Raises ``NotYet``."""
        self._verdict.looked_at = len(self._persons)
        await self._look_for_keys(moment)
        for gym, person in self._kept:
            self._verdict.accuse(f"gym {gym} has the key of {person}")
        reached = int(await self._views.fetchval(_POSITION))
        shown = [person for person, position in self._persons.items() if position <= reached]
        for n in range(0, len(shown), AT_ONCE):
            gyms, clients = zip(*shown[n : n + AT_ONCE], strict=True)
            # nosemgrep: sql-from-strings
            for what, gym, client in await self._views.fetch(_TOLD, gyms, clients, ERASED):
                self._verdict.accuse(f"{what}: gym {gym} is told of {client}")

    async def _look_for_keys(self, moment: Moment) -> None:
        settled = {who for who, at in self._new.items() if at < moment.settled_before}
        asked = settled | self._kept
        found = await self._keys.of(asked) if asked else {}
        self._kept = {who for who in asked if found.get(who)}
        self._new = {who: at for who, at in self._new.items() if who not in settled}

    def verdicts(self) -> list[Verdict]:
        return [self._verdict]
