"""``python -m services.members``."""

from chassis.process import run
from services.members.app import MembersSettings, main

run(main, MembersSettings, name="members")
