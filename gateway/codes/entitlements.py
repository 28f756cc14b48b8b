"""Why mutations on grants, waivers and bans refuse."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why changeEntitlement refuses.")
class ChangeEntitlementErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ENTITLEMENT_ENDED = "ENTITLEMENT_ENDED"
    CREDITS_IN_USE = "CREDITS_IN_USE"
    EXPIRES_IN_THE_PAST = "EXPIRES_IN_THE_PAST"
    INVALID_GRANT = "INVALID_GRANT"
    PROGRAM_NOT_FOUND = "PROGRAM_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why suspendEntitlement refuses.")
class SuspendEntitlementErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ENTITLEMENT_ENDED = "ENTITLEMENT_ENDED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why resumeEntitlement refuses.")
class ResumeEntitlementErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    ENTITLEMENT_ENDED = "ENTITLEMENT_ENDED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why endEntitlement refuses.")
class EndEntitlementErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    GRANT_NOT_FOUND = "GRANT_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why signWaiver refuses.")
class SignWaiverErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why imposeBookingBan refuses.")
class ImposeBookingBanErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why liftBookingBan refuses.")
class LiftBookingBanErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    BOOKING_BANNED = "BOOKING_BANNED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"
