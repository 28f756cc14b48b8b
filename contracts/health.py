"""What a process says of itself every few seconds, on ``health.<process>``, to whoever listens.

Figures of the platform only: never a gym's, no ids, nothing of people. Best effort and kept
nowhere; who is not heard of for ``SILENCE`` is taken to be down. Fields may be added: readers
ignore what they do not know.
"""

from pydantic import AwareDatetime, BaseModel, ConfigDict

BEAT_EVERY = 2.0  # seconds
SILENCE = 10.0  # seconds


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RelayTold(_Told):
    """What carries a service's events to its stream is doing."""

    state: str
    """``starting``, ``standby`` (another one is running), ``running``, ``retrying``, ``refused``"""
    since: AwareDatetime
    waiting: int
    """Events not in the stream yet."""
    oldest_seconds: float
    """Age of the oldest of them."""
    seq: int
    """Of the last message of the stream; 0 also while the relay stands by."""
    position: int
    """Of its event in the store."""


class DeadlinesTold(_Told):
    """What carries a service's deadlines out."""

    is_elected: bool
    """Of several processes one is."""
    overdue_seconds: float
    """Age of the oldest deadline not carried out."""


class ViewTold(_Told):
    """A read model being kept up to date."""

    name: str
    source: str
    """The service whose events it shows."""
    state: str
    """``starting``, ``running``, ``retrying`` or ``stopped`` (at an event it cannot apply)."""
    since: AwareDatetime
    behind: int
    """Events not applied yet."""
    lag_seconds: float
    """Age of the oldest of them."""
    position: int
    """Of the last event applied."""


class LettersTold(_Told):
    """Events a service's reactions gave up, kept until somebody has looked."""

    count: int | None
    """``None`` while the bus does not tell."""


class AuditTold(_Told):
    """How far the invariants have been looked at, and what does not hold."""

    looked_at: AwareDatetime | None = None
    whole_at: AwareDatetime | None = None
    """When everything was last looked at from zero."""
    offences: dict[str, int] = {}
    """Code -> offences that stand; every invariant is there."""


class Beat(_Told):
    """One process, now. What it does not do is ``None``."""

    process: str
    instance: str
    """Another one after each start; several at a time where there are replicas."""
    version: str
    started_at: AwareDatetime
    ready: bool
    failing: tuple[str, ...] = ()
    """Names of the checks that do not hold, such as ``database``."""
    answers: bool | None = None
    """Whether what others ask arrives here."""
    relay: RelayTold | None = None
    deadlines: DeadlinesTold | None = None
    views: tuple[ViewTold, ...] = ()
    dead_letters: LettersTold | None = None
    audit: AuditTold | None = None
