"""What the timetable's messages are made of: local times, lengths and names."""

from typing import Annotated

from pydantic import Field

WALL_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


LONGEST_ICS = 262_144  # characters
MOST_EXCEPT_DATES = 1_000  # a series leaves out


Weekday = Annotated[int, Field(ge=1, le=7)]


WallClock = Annotated[str, Field(pattern=WALL_CLOCK)]


ZoneName = Annotated[str, Field(max_length=64, description="IANA zone of the location.")]


Minutes = Annotated[int, Field(ge=5, le=1_440)]


Capacity = Annotated[int, Field(ge=1, le=500)]


Name = Annotated[str, Field(min_length=1, max_length=80)]


Prose = Annotated[str, Field(max_length=1_000)]


Reason = Annotated[str, Field(min_length=1, max_length=200)]
