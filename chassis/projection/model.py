"""What a read model is: the tables it owns and how events change them.

How to write one, so that it can also be rebuilt beside itself:

* Its tables live in schema ``views`` and are made by a migration there, with their policies and
  grants: ``views_projector`` selects, inserts, updates and deletes all rows (``USING (true)``),
  ``views_reader`` selects its gym's. No triggers, foreign keys or column grants.
* ``apply`` names its own tables **unqualified** (``INSERT INTO roster ...``). The connection's
  ``search_path`` says which copy is meant: ``views`` every day, ``views_next`` during a rebuild.
  Everything else (functions, types) is written qualified, ``views.some_function(...)``. Tables of
  other read models are out of reach.
* ``apply`` runs in READ COMMITTED inside the transaction that moves the checkpoint, so each event
  is applied exactly once. It opens no transaction, keeps no state between calls, has no effect
  outside ``db``, and does not read the clock: the same events give the same rows.
* Read functions for screens name tables qualified (``views.roster``): they see the live copy.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from chassis.tenancy import Db, Pool, open_pool
from contracts.envelope import Envelope
from contracts.ids import GymId

LIVE = "views"
NEXT = "views_next"

Change = tuple[GymId, str]
"""A gym, and the key of what changed for it: a token of the subject ``live.<gym>.<view>.<key>``."""


class ReadModel(Protocol):
    """Tables folded from one stream."""

    @property
    def name(self) -> str:
        """``roster``. Names the checkpoint, the metrics and the live hints. Never renamed."""

    @property
    def source(self) -> str:
        """The stream it reads, ``EVT_BOOKING``."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Filters such as ``evt.*.booking.reservation_made.v1``; none: the whole stream."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table it owns, unqualified. What a rebuild fills anew and swaps."""

    async def apply(self, db: Db, events: Sequence[Envelope]) -> Iterable[Change]:
        """Apply ``events``, oldest first, in as few statements as possible; say what changed.

        Events of types this process does not know are left out. Raise ``NotYet`` when something
        needed is away for the moment. Anything else, but for errors of the database connection,
        stops this read model until the next start: nothing is ever skipped.
        """


class NotYet(Exception):
    """Something a read model needs, such as another service, is away. Tried again, no loss."""


async def open_views(dsn: str, *, schema: str = LIVE, size: int = 4) -> Pool:
    """A pool of at most ``size`` connections on which unqualified tables are ``schema``'s."""
    settings = {"search_path": schema}
    if schema == NEXT:
        settings["synchronous_commit"] = "off"  # a rebuild that is lost begins again
    return await open_pool(dsn, name=f"projections {schema}", size=size, **settings)
