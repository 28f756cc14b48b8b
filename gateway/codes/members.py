"""Why mutations that members decides refuse."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why openLocation refuses.")
class OpenLocationErrorCode(Enum):
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    LOCATION_ALREADY_OPEN = "LOCATION_ALREADY_OPEN"
    UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why addRoom refuses.")
class AddRoomErrorCode(Enum):
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    ROOM_ALREADY_ADDED = "ROOM_ALREADY_ADDED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why hireStaff refuses.")
class HireStaffErrorCode(Enum):
    EMAIL_TAKEN = "EMAIL_TAKEN"
    NOT_A_STAFF_ROLE = "NOT_A_STAFF_ROLE"
    STAFF_ALREADY_HIRED = "STAFF_ALREADY_HIRED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why changeStaffRoles refuses.")
class ChangeStaffRolesErrorCode(Enum):
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    NOT_A_STAFF_ROLE = "NOT_A_STAFF_ROLE"
    LAST_OWNER = "LAST_OWNER"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why registerClient refuses.")
class RegisterClientErrorCode(Enum):
    EMAIL_TAKEN = "EMAIL_TAKEN"
    CLIENT_ALREADY_REGISTERED = "CLIENT_ALREADY_REGISTERED"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why changeClientContact refuses.")
class ChangeClientContactErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why eraseClient refuses.")
class EraseClientErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why linkIdentity refuses.")
class LinkIdentityErrorCode(Enum):
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDENTITY_TAKEN = "IDENTITY_TAKEN"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why signIn refuses.")
class SignInErrorCode(Enum):
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why refreshTokens refuses.")
class RefreshTokensErrorCode(Enum):
    SESSION_EXPIRED = "SESSION_EXPIRED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why signOut refuses.")
class SignOutErrorCode(Enum):
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"
