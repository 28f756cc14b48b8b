"""What access hears of its holders: known, erased, at work, banned, the waiver accepted.

In any order and as often as others like to tell: the newest counts.
"""

from contracts.access import BanHeard, ClientHeard, HearBan, StaffHeard, WaiverHeard
from contracts.ids import ClientId, StaffId
from services.access.domain.holder import Holder, HolderEvent


def hear_client(state: Holder, client_id: ClientId, *, erased: bool) -> list[HolderEvent]:
    """Members told. In any order and as often as it likes: the erased stay erased."""
    if state.is_known and (state.is_erased or not erased):
        return []
    return [ClientHeard(client_id=client_id, erased=erased)]


def hear_ban(state: Holder, command: HearBan) -> list[HolderEvent]:
    """Booking told; what is older than what was heard before is passed over."""
    if command.version <= state.ban_version:
        return []
    return [
        BanHeard(
            client_id=command.client_id, banned=command.banned, until=command.until,
            version=command.version,
        )
    ]  # fmt: skip


def hear_waiver(state: Holder, client_id: ClientId) -> list[HolderEvent]:
    """Booking told; once is enough."""
    return [] if state.has_signed else [WaiverHeard(client_id=client_id)]


def hear_staff(state: Holder, staff_id: StaffId, *, works: bool, version: int) -> list[HolderEvent]:
    """Members told; what is older than what was heard before is passed over."""
    if version <= state.heard_version:
        return []
    return [StaffHeard(staff_id=staff_id, works=works, version=version)]
