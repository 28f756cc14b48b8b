"""Role in GraphQL."""

import strawberry

from contracts.permissions import Role

strawberry.enum(Role, description="What a person is to the gym.")

__all__ = ["Role"]
