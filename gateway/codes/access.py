"""Why mutations that access decides refuse."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why addDoor refuses.")
class AddDoorErrorCode(Enum):
    ALREADY_ADDED = "ALREADY_ADDED"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why setDoorSchedule refuses.")
class SetDoorScheduleErrorCode(Enum):
    DOOR_NOT_FOUND = "DOOR_NOT_FOUND"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    OTHER_TIME_ZONE = "OTHER_TIME_ZONE"
    INVALID_HOURS = "INVALID_HOURS"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why startLockdown refuses.")
class StartLockdownErrorCode(Enum):
    IN_LOCKDOWN = "IN_LOCKDOWN"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why endLockdown refuses.")
class EndLockdownErrorCode(Enum):
    NOT_IN_LOCKDOWN = "NOT_IN_LOCKDOWN"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why issueCredential refuses.")
class IssueCredentialErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    WHO_IS_UNCLEAR = "WHO_IS_UNCLEAR"
    ALREADY_ISSUED = "ALREADY_ISSUED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why a step of a credential is refused.")
class CredentialStepErrorCode(Enum):
    CREDENTIAL_NOT_FOUND = "CREDENTIAL_NOT_FOUND"
    CREDENTIAL_NOT_PENDING = "CREDENTIAL_NOT_PENDING"
    CREDENTIAL_NOT_ACTIVE = "CREDENTIAL_NOT_ACTIVE"
    CREDENTIAL_NOT_SUSPENDED = "CREDENTIAL_NOT_SUSPENDED"
    CREDENTIAL_REVOKED = "CREDENTIAL_REVOKED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why grantEntry, endEntryGrant or setImpediment refuses.")
class EntryGrantErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ALREADY_GRANTED = "ALREADY_GRANTED"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    INVALID_HOURS = "INVALID_HOURS"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why requestEntry refuses to decide. A shut door is no refusal.")
class RequestEntryErrorCode(Enum):
    DOOR_NOT_FOUND = "DOOR_NOT_FOUND"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    WHO_IS_UNCLEAR = "WHO_IS_UNCLEAR"
    ALREADY_REQUESTED = "ALREADY_REQUESTED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"
