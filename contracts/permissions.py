"""Who may do what: one matrix, enforced at the gateway and again by the service.

``OWN`` lets a client act for themselves only (the command's ``client_id`` is their own).
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person is to a gym. A token carries at least one."""

    OWNER = "owner"
    ADMIN = "admin"
    FRONT_DESK = "front_desk"
    TRAINER = "trainer"
    MEMBER = "member"


OPERATOR = "operator"
"""Runs the platform, belongs to no gym: may register gyms and nothing inside them."""

SYSTEM = "system"
"""A service acting on its own events and deadlines."""

GATEWAY = "gateway"
"""The gateway speaking for somebody who has not proved yet who they are."""

OWN = "member:own"

SERVES = "booking.serve_client"
"""To act for any client: seats beyond the online ones, waivers asked for at check-in."""

MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
DESK = MANAGERS | {Role.FRONT_DESK}
STAFF = DESK | {Role.TRAINER}
EVERYONE = STAFF | {Role.MEMBER}

MATRIX: dict[str, frozenset[str]] = {
    # members
    "members.register_gym": frozenset({OPERATOR}),
    "members.open_location": MANAGERS,
    "members.add_room": MANAGERS,
    "members.set_opening_hours": MANAGERS,
    "members.add_location_closure": MANAGERS,
    "members.remove_location_closure": MANAGERS,
    "members.hire_staff": MANAGERS,
    "members.set_staff_qualifications": MANAGERS,
    "members.change_staff_roles": MANAGERS,
    "members.register_client": DESK,
    "members.change_client_contact": DESK | {OWN},
    "members.add_tag": DESK,
    "members.remove_tag": DESK,
    "members.add_note": DESK,
    "members.set_alert": DESK,
    "members.clear_alert": DESK,
    "members.assign_staff": DESK,
    "members.erase_client": MANAGERS,
    "members.link_identity": MANAGERS,
    "members.sign_in": frozenset({GATEWAY}),
    "members.refresh_tokens": frozenset({GATEWAY}),
    "members.sign_out": frozenset({GATEWAY}),
    "members.signing_keys": frozenset({GATEWAY}),
    "members.principal_of": frozenset({GATEWAY}),
    "members.sign_ins_standing": frozenset({GATEWAY}),
    "members.person_keys": frozenset({SYSTEM}),
    "members.client_standing": frozenset({SYSTEM}),
    "members.gym_references": frozenset({SYSTEM}),
    # booking
    "booking.schedule_session": MANAGERS,
    "booking.draft_session": MANAGERS,
    "booking.publish_draft": MANAGERS,
    "booking.discard_draft": MANAGERS,
    "booking.change_capacity": MANAGERS,
    "booking.cancel_session": MANAGERS,
    "booking.define_program": MANAGERS,
    "booking.change_program": MANAGERS,
    "booking.retire_program": MANAGERS,
    "booking.define_class_type": MANAGERS,
    "booking.change_class_type": MANAGERS,
    "booking.retire_class_type": MANAGERS,
    "booking.publish_booking_policy": MANAGERS,
    "booking.create_schedule": MANAGERS,
    "booking.change_schedule_from": MANAGERS,
    "booking.end_schedule": MANAGERS,
    "booking.add_closure": MANAGERS,
    "booking.remove_closure": MANAGERS,
    "booking.reschedule_session": MANAGERS,
    "booking.substitute_instructor": MANAGERS,
    "booking.unassign_instructor": MANAGERS,
    "booking.assign_room": MANAGERS,
    "booking.change_session": MANAGERS,
    "booking.reinstate_session": MANAGERS,
    "booking.import_timetable": MANAGERS,
    "booking.place_occurrences": frozenset({SYSTEM}),
    "booking.book_class": STAFF | {OWN},
    SERVES: STAFF,
    "booking.book_early": DESK,
    "booking.book_closed": DESK,
    "booking.overbook": DESK,
    "booking.override": DESK,
    "booking.override_ban": MANAGERS,
    "booking.cancel_reservation": STAFF | {OWN},
    "booking.join_waitlist": STAFF | {OWN},
    "booking.leave_waitlist": STAFF | {OWN},
    "booking.check_in": STAFF | {OWN, SYSTEM},
    "booking.undo_check_in": STAFF,
    "booking.finalize_attendance": STAFF,
    "booking.grant_credits": DESK,
    "booking.change_entitlement": DESK,
    "booking.suspend_entitlement": DESK,
    "booking.resume_entitlement": DESK,
    "booking.end_entitlement": DESK,
    "booking.expire_credits": frozenset({SYSTEM}),
    "booking.sign_waiver": DESK | {OWN},
    "booking.impose_booking_ban": MANAGERS,
    "booking.lift_booking_ban": MANAGERS,
    "booking.end_booking_ban": frozenset({SYSTEM}),
    "booking.undo_cancel": STAFF | {OWN},
    "booking.remove_reservation": DESK,
    "booking.add_walk_in": STAFF,
    "booking.correct_attendance": DESK,
    "booking.change_spot": STAFF | {OWN},
    "booking.claim_spot": STAFF | {OWN},
    "booking.decline_offer": STAFF | {OWN},
    "booking.promote_now": DESK,
    "booking.expire_offer": frozenset({SYSTEM}),
    "booking.open_claims": frozenset({SYSTEM}),
    "booking.check_in_at_door": frozenset({SYSTEM}),
    "booking.open_ledger": frozenset({SYSTEM}),
    "booking.bar_erased_client": frozenset({SYSTEM}),
    "booking.hear_location": frozenset({SYSTEM}),
    "booking.hear_room": frozenset({SYSTEM}),
    "booking.hear_instructor": frozenset({SYSTEM}),
    "booking.hear_gym": frozenset({SYSTEM}),
    "booking.hear_closure": frozenset({SYSTEM}),
    "booking.hear_closure_removed": frozenset({SYSTEM}),
    "booking.close_waitlist": frozenset({SYSTEM}),
    "booking.close_attendance": frozenset({SYSTEM}),
    "booking.put_books_right": frozenset({SYSTEM}),
    "booking.release_unrecorded": frozenset({SYSTEM}),
    "booking.waive_fee": DESK,
    "booking.contest_fee": DESK | {OWN},
    "booking.resolve_contest": MANAGERS,
    "booking.collect_fee": frozenset({SYSTEM}),
    # billing
    "billing.issue_invoice": DESK,
    "billing.add_fee_line": frozenset({SYSTEM}),
    "billing.reverse_fee": frozenset({SYSTEM}),
    "billing.hear_gym": frozenset({SYSTEM}),
    "billing.close_account": frozenset({SYSTEM}),
    # access
    "access.add_door": MANAGERS,
    "access.set_door_schedule": MANAGERS,
    "access.start_lockdown": STAFF,
    "access.end_lockdown": MANAGERS,
    "access.issue_credential": DESK | {OWN},
    "access.activate_credential": DESK,
    "access.suspend_credential": DESK,
    "access.reinstate_credential": DESK,
    "access.revoke_credential": DESK,
    "access.grant_entry": DESK,
    "access.end_entry_grant": DESK,
    "access.set_impediment": DESK,
    "access.request_entry": STAFF | {OWN},
    "access.read_token": DESK | {SYSTEM},
    "access.hear_class": frozenset({SYSTEM}),
    "access.hear_reservation": frozenset({SYSTEM}),
    "access.hear_client": frozenset({SYSTEM}),
    "access.hear_staff": frozenset({SYSTEM}),
    "access.hear_waiver_rule": frozenset({SYSTEM}),
    "access.hear_ban": frozenset({SYSTEM}),
    "access.hear_waiver": frozenset({SYSTEM}),
    "access.hear_location": frozenset({SYSTEM}),
    "access.hear_closure": frozenset({SYSTEM}),
    "access.hear_closure_removed": frozenset({SYSTEM}),
    # reading
    "read.calendar": EVERYONE,
    "read.session": EVERYONE,
    "read.timetable": EVERYONE,
    "read.schedules": STAFF,
    "read.session_drafts": MANAGERS,
    "read.roster": STAFF,
    "read.client": DESK | {Role.TRAINER, OWN},
    "read.client_notes": DESK,
    "read.clients": DESK | {Role.TRAINER},
    "read.staff": STAFF,
    "read.my_bookings": EVERYONE,
    "read.ledger": DESK | {OWN},
    "read.kpis": DESK,
    "read.receipts": DESK | {OWN},
    "read.doors": EVERYONE,
    "read.entries": DESK,
    "read.my_entries": EVERYONE,
    "read.credentials": DESK | {OWN},
    "read.access": DESK | {OWN},
    "read.penalties": DESK | {OWN},
    "read.my_penalties": EVERYONE,
    "read.session_penalties": STAFF,
    "read.invoices": DESK | {OWN},
    "read.my_invoices": EVERYONE,
    "read.health": MANAGERS,
}
"""Operation -> the roles that may. What is not listed nobody may."""


def allows(operation: str, roles: frozenset[str], *, own: bool = False) -> bool:
    """Whether any of ``roles`` may do ``operation``; ``own`` says it concerns the asker only."""
    permitted = MATRIX.get(operation, frozenset())
    return bool(permitted & roles) or (own and OWN in permitted and Role.MEMBER in roles)
