"""What counts in no card: class types that are no classes, and grants of staff, guests and tests.

Tables     ``kpi_other_kinds`` and ``kpi_uncounted_grants``, part of the read model ``kpis``
"""

from collections.abc import Iterable, Sequence

from chassis.tenancy import Db
from contracts.booking import CreditsGranted
from contracts.envelope import Envelope
from contracts.ids import ClassTypeId, GrantId, GymId
from contracts.timetable import ClassTypeChanged, ClassTypeDefined, SessionKind
from services.projections.sessions import columns

UNCOUNTED = """
INSERT INTO kpi_uncounted_grants (gym_id, grant_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])
    ON CONFLICT DO NOTHING
"""
KINDS = """
INSERT INTO kpi_other_kinds (gym_id, class_type_id, kind)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
    ON CONFLICT (gym_id, class_type_id) DO UPDATE SET kind = excluded.kind
"""
TABLES = ("kpi_other_kinds", "kpi_uncounted_grants")


async def hear(db: Db, events: Sequence[Envelope]) -> Iterable[tuple[GymId, ClassTypeId]]:
    """Note them before the seats they pay for and the sessions they name are read.

    Answers the class types that may be of another kind now: sessions long planned are, too.
    """
    grants: list[tuple[GymId, GrantId]] = []
    kinds: dict[tuple[GymId, ClassTypeId], SessionKind] = {}
    for envelope in events:
        match envelope.event:
            case CreditsGranted(counts=False, grant_id=grant_id):
                grants.append((envelope.gym_id, grant_id))
            case ClassTypeDefined(class_type_id=one, kind=kind) if kind is not SessionKind.CLASS:
                kinds[envelope.gym_id, one] = kind
            case ClassTypeChanged(class_type_id=one, kind=kind):
                kinds[envelope.gym_id, one] = kind
    if grants:
        await db.execute(UNCOUNTED, *columns(grants))
    if kinds:
        await db.execute(KINDS, *columns([(*key, kind) for key, kind in kinds.items()]))
    return kinds.keys()
