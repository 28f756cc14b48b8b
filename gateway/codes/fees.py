"""Why mutations on fees and invoices refuse."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why waiveFee refuses.")
class WaiveFeeErrorCode(Enum):
    FEE_NOT_FOUND = "FEE_NOT_FOUND"
    FEE_NOT_PENDING = "FEE_NOT_PENDING"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why contestFee refuses.")
class ContestFeeErrorCode(Enum):
    FEE_NOT_FOUND = "FEE_NOT_FOUND"
    ALREADY_CONTESTED = "ALREADY_CONTESTED"
    FEE_CLOSED = "FEE_CLOSED"
    CONTEST_CLOSED = "CONTEST_CLOSED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why resolveContest refuses.")
class ResolveContestErrorCode(Enum):
    FEE_NOT_FOUND = "FEE_NOT_FOUND"
    NOT_CONTESTED = "NOT_CONTESTED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"


@strawberry.enum(description="Why issueInvoice refuses.")
class IssueInvoiceErrorCode(Enum):
    INVOICE_NOT_FOUND = "INVOICE_NOT_FOUND"
    INVOICE_ALREADY_ISSUED = "INVOICE_ALREADY_ISSUED"
    NOTHING_DUE = "NOTHING_DUE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_INPUT = "INVALID_INPUT"
    OTHER = "OTHER"
