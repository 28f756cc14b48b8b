"""What members' messages are made of: names, addresses, secrets, and fields sealed per person."""

from typing import Annotated

from pydantic import Field, StringConstraints

Sealed = Annotated[str, Field(description="AES-256-GCM under the person's key, base64.")]


Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$"
    ),
]


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ()./-]{5,32}$")]


Password = Annotated[str, StringConstraints(min_length=10, max_length=200)]


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$")]
