"""What to tell somebody who has just started Back2Back: how to sign in, and what to try."""

from datetime import date, timedelta
from functools import reduce

from deploy.demo.gyms import GYMS, PASSWORD, DemoGym
from deploy.demo.marks import GATEWAY

SAMPLES = (
    "{ kpis { classesToday { total booked { count } capacity { people } }"
    " attendanceRate { rate } } }",
    '{ clients(first: 5, search: "a") { nodes { name email tags } } }',
    '{ calendar(from: "TODAYT00:00:00Z", to: "NEXT_WEEKT00:00:00Z", first: 20)'
    " { nodes { title startsAt instructorName reserved capacity waiting } } }",
    "subscription { kpisChanged { classesToday { booked { count } } } }",
)
"""To paste into GraphiQL."""
ASKS = "desk@harbor.example"
"""Who may ask all of them."""


def guide(today: date) -> list[str]:
    """Lines to print once everything is up; ``GATEWAY`` in them stands for where it is."""
    return [
        f"two demo gyms; everybody's password is {PASSWORD}",
        *(line for gym in GYMS for line in _people(gym)),
        f"paste into GraphiQL, {GATEWAY}/graphql, with the header",
        f'  {{"authorization": "Bearer <.venv/bin/b2b token mint {ASKS}>"}}',
        *(f"  {one}" for one in samples(today)),
        "make demo-traffic keeps both gyms moving",
    ]


def samples(today: date) -> list[str]:
    """The documents among them."""
    days = {"TODAY": f"{today}", "NEXT_WEEK": f"{today + timedelta(days=7)}"}
    return [reduce(lambda text, day: text.replace(*day), days.items(), one) for one in SAMPLES]


def _people(gym: DemoGym) -> list[str]:
    staff = {one.role: one.email for one in reversed(gym.staff)}
    roles = ", ".join(f"{role.value} {email}" for role, email in reversed(staff.items()))
    members = ", ".join(gym.email(name) for name in gym.members[:2])
    return [f"{gym.slug} ({gym.name}, {gym.zone}): {roles}", f"  members {members}, ..."]
