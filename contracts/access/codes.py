"""Why access refuses, and why a door stays shut."""

from enum import StrEnum


class AccessCode(StrEnum):
    """Why access refuses a command. A door that stays shut is no refusal but an answer."""

    FORBIDDEN = "FORBIDDEN"
    DOOR_NOT_FOUND = "DOOR_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    ALREADY_ADDED = "ALREADY_ADDED"
    INVALID_HOURS = "INVALID_HOURS"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    OTHER_TIME_ZONE = "OTHER_TIME_ZONE"
    IN_LOCKDOWN = "IN_LOCKDOWN"
    NOT_IN_LOCKDOWN = "NOT_IN_LOCKDOWN"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    WHO_IS_UNCLEAR = "WHO_IS_UNCLEAR"
    CREDENTIAL_NOT_FOUND = "CREDENTIAL_NOT_FOUND"
    ALREADY_ISSUED = "ALREADY_ISSUED"
    CREDENTIAL_NOT_PENDING = "CREDENTIAL_NOT_PENDING"
    CREDENTIAL_NOT_ACTIVE = "CREDENTIAL_NOT_ACTIVE"
    CREDENTIAL_NOT_SUSPENDED = "CREDENTIAL_NOT_SUSPENDED"
    CREDENTIAL_REVOKED = "CREDENTIAL_REVOKED"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ALREADY_GRANTED = "ALREADY_GRANTED"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    ALREADY_REQUESTED = "ALREADY_REQUESTED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class DenialReason(StrEnum):
    """Why a door stays shut. The first that holds, in the order of the checks."""

    UNKNOWN_CREDENTIAL = "unknown_credential"
    CREDENTIAL_SUSPENDED = "credential_suspended"
    LOCKDOWN = "lockdown"
    BANNED = "banned"
    OUTSIDE_HOURS = "outside_hours"
    WAIVER_MISSING = "waiver_missing"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"
    MEMBERSHIP_ENDED = "membership_ended"
    NO_RESERVATION = "no_reservation"
    NO_GRANT = "no_grant"


class Impediment(StrEnum):
    """What keeps a client out whatever they were granted."""

    BANNED = "banned"
    WAIVER_MISSING = "waiver_missing"
    ON_HOLD = "on_hold"
    PAST_DUE = "past_due"
