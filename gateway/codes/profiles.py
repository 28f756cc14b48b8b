"""Why mutations of clients' profiles, opening hours and qualifications refuse."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why setOpeningHours refuses.")
class SetOpeningHoursErrorCode(Enum):
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    HOURS_OVERLAP = "HOURS_OVERLAP"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why addLocationClosure refuses.")
class AddLocationClosureErrorCode(Enum):
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    CLOSURE_ALREADY_ADDED = "CLOSURE_ALREADY_ADDED"
    ENDS_BEFORE_IT_STARTS = "ENDS_BEFORE_IT_STARTS"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why removeLocationClosure refuses.")
class RemoveLocationClosureErrorCode(Enum):
    GYM_NOT_FOUND = "GYM_NOT_FOUND"
    CLOSURE_NOT_FOUND = "CLOSURE_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why setStaffQualifications refuses.")
class SetStaffQualificationsErrorCode(Enum):
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why addTag refuses.")
class AddTagErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    TOO_MANY_TAGS = "TOO_MANY_TAGS"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why removeTag refuses.")
class RemoveTagErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why addNote refuses.")
class AddNoteErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    NOTE_ALREADY_ADDED = "NOTE_ALREADY_ADDED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why setAlert refuses.")
class SetAlertErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why clearAlert refuses.")
class ClearAlertErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why assignStaff refuses.")
class AssignStaffErrorCode(Enum):
    CLIENT_NOT_FOUND = "CLIENT_NOT_FOUND"
    CLIENT_ERASED = "CLIENT_ERASED"
    STAFF_NOT_FOUND = "STAFF_NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"
