"""Signing in through GraphQL: tokens for an e-mail and password, fresh ones, none any more."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.members import RefreshTokens, SignIn, SignOut
from contracts.members import Tokens as TokensTold
from gateway.codes.members import RefreshTokensErrorCode, SignInErrorCode, SignOutErrorCode
from gateway.context import Info
from gateway.mutations import Done, UserError, carry_out

ADDRESS = "back2back-address"
"""Header the front door sets to the caller's network address, whatever the caller sent."""


@strawberry.type(description="A sign-in's tokens.")
class Tokens:
    access_token: str = strawberry.field(
        description="Send it as `Authorization: Bearer`; lives at most 10 minutes."
    )
    access_expires_at: datetime
    refresh_token: str = strawberry.field(description="Opaque, single use.")
    refresh_expires_at: datetime


@strawberry.input
class SignInInput:
    idempotency_key: UUID
    gym: str = strawberry.field(description="The gym's slug.")
    email: str
    password: str


@strawberry.input
class RefreshTokensInput:
    idempotency_key: UUID
    refresh_token: str


@strawberry.input
class SignOutInput:
    idempotency_key: UUID
    refresh_token: str


@strawberry.type
class SignInPayload:
    tokens: Tokens | None
    user_errors: list[UserError[SignInErrorCode]]


@strawberry.type
class RefreshTokensPayload:
    tokens: Tokens | None
    user_errors: list[UserError[RefreshTokensErrorCode]]


@strawberry.type
class SignOutPayload:
    user_errors: list[UserError[SignOutErrorCode]]


@strawberry.type
class SignInMutation:
    @strawberry.mutation(description="Prove who you are. Needs no token.")
    async def sign_in(
        self, info: Info, input_: Annotated[SignInInput, strawberry.argument(name="input")]
    ) -> SignInPayload:
        address = info.context.call.headers.get(ADDRESS, "unknown")
        done = await carry_out(
            info.context, input_, SignInErrorCode,
            lambda: SignIn(
                gym=input_.gym, email=input_.email, password=input_.password, address=address
            ),
            as_gateway=True,
        )  # fmt: skip
        return SignInPayload(tokens=_tokens(done), user_errors=done.errors)

    @strawberry.mutation(description="New tokens for a refresh token, which is used up.")
    async def refresh_tokens(
        self, info: Info, input_: Annotated[RefreshTokensInput, strawberry.argument(name="input")]
    ) -> RefreshTokensPayload:
        done = await carry_out(
            info.context, input_, RefreshTokensErrorCode,
            lambda: RefreshTokens(refresh_token=input_.refresh_token), as_gateway=True,
        )  # fmt: skip
        return RefreshTokensPayload(tokens=_tokens(done), user_errors=done.errors)

    @strawberry.mutation(description="End the sign-in the refresh token belongs to.")
    async def sign_out(
        self, info: Info, input_: Annotated[SignOutInput, strawberry.argument(name="input")]
    ) -> SignOutPayload:
        done = await carry_out(
            info.context, input_, SignOutErrorCode,
            lambda: SignOut(refresh_token=input_.refresh_token), as_gateway=True,
        )  # fmt: skip
        return SignOutPayload(user_errors=done.errors)


def _tokens(
    done: Done[SignInErrorCode] | Done[RefreshTokensErrorCode],
) -> Tokens | None:
    if done.errors:
        return None
    told = TokensTold.model_validate(done.result)
    return Tokens(
        access_token=told.access_token,
        access_expires_at=told.access_expires_at,
        refresh_token=told.refresh_token,
        refresh_expires_at=told.refresh_expires_at,
    )
