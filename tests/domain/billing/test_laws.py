"""The laws of an account hold, whatever arrives, in whatever order and however often."""

from contextlib import suppress
from random import Random

from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st

from chassis.decider import Refused
from contracts.billing import AddFeeLine, ReverseFee
from contracts.envelope import Command
from services.billing.api import RULES
from services.billing.domain.billing_account import billing_account
from tests.domain.billing.books import Books
from tests.domain.billing.test_billing_account import (
    ANN,
    CLOSE,
    EUROS,
    IRON,
    NOON,
    add,
    back,
    home,
    issue,
)
from tests.scenario import Gym

fees, assessments = st.integers(1, 4), st.integers(1, 2)
steps = st.one_of(
    st.builds(add, fees, st.integers(1, 5000), st.sampled_from(["EUR", "USD"]), assessments),
    st.builds(back, fees, assessments),
    st.just("issue"),
)
ends = st.none() | st.integers(0, 20)
walks = st.builds(
    lambda walk, end: walk if end is None else [*walk[:end], CLOSE, *walk[end:]],
    st.lists(steps, max_size=30), ends,
)  # fmt: skip
"""What arrives; mostly the client is erased after so many steps of it."""

WALKS = 200
REACHED = (
    "InvoiceLineAdded", "InvoiceLineReversed", "FeeWithdrawn", "InvoiceIssued", "AccountClosed",
    "AddFeeLine refused OTHER_CURRENCY", "IssueInvoice refused NOTHING_DUE",
    "taken back by an erasure", "taken back after an erasure", "told of after an erasure",
    "erased with a draft partly taken back", "erased with an issued invoice",
)  # fmt: skip


@settings(max_examples=200, deadline=None, database=None)
@draw(walks)
def test_the_laws_of_an_account_hold(walk: list[Command | str]) -> None:
    walked(walk)


def test_walks_come_to_what_the_laws_speak_of() -> None:
    """A law says nothing of what never happens. These are the same each time."""
    reached = set[str]().union(*(walked(_long(Random(seed))) for seed in range(WALKS)))
    assert set(REACHED) - reached == set()


def _long(dice: Random) -> list[Command | str]:
    """Thirty steps, drawn alike; in the midst of them the client is erased."""
    walk = [_step(dice) for _ in range(30)]
    return [*walk[:15], CLOSE, *walk[15:]]


def _step(dice: Random) -> Command | str:
    fee, assessment = dice.randint(1, 4), dice.randint(1, 2)
    adds = add(fee, dice.randint(1, 5000), dice.choice(["EUR", "EUR", "USD"]), assessment)
    steps: list[Command | str] = [adds, back(fee, assessment), "issue"]
    return dice.choice(steps)


def walked(walk: list[Command | str]) -> set[str]:
    """What the walk came to."""
    gym, reached = Gym(RULES, home, IRON), set[str]()
    gym.happened(EUROS)
    for step in walk:
        drafts = gym.state(billing_account, ANN).invoices if step == "issue" else ()
        for command in [step] if isinstance(step, Command) else map(issue, drafts):
            reached |= _done(gym, command)
    return reached


def _done(gym: Gym, command: Command) -> set[str]:
    """What carrying it out came to. Asked at once again it changes nothing."""
    was_closed = gym.state(billing_account, ANN).is_closed
    try:
        gym.do(command, NOON)
    except Refused as refusal:
        return {f"{type(command).__name__} refused {refusal.code}"}
    books = Books().read(gym.log)
    _must_be_lawful(gym, books)
    if isinstance(command, AddFeeLine | ReverseFee):
        told = books.lines.keys() if isinstance(command, AddFeeLine) else books.credited
        assert (command.fee_id, command.assessment) in told | books.withdrawn, "it is not lost"
        books.reached |= {"told of after an erasure"} if was_closed else set()
    with suppress(Refused):
        assert gym.do(command, NOON)[1] == [], "asking twice is asking once"
    return books.reached


def _must_be_lawful(gym: Gym, books: Books) -> None:
    state = gym.state(billing_account, ANN)
    assert {one: i.total for one, i in state.invoices.items()} == books.totals, "sums of lines"
    assert {one for one, i in state.invoices.items() if i.is_issued} == books.issued
    assert state.is_closed == books.is_closed
    if books.is_closed:
        assert not books.asked_on_drafts, "nobody is left to ask"
