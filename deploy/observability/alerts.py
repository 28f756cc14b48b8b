"""Alerts: symptoms a person must act on, each with what it means and where to read what to do.

``page`` wakes somebody: members or staff feel it now, or promises are being broken. ``ticket``
waits for the morning.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.local.access import PROCESSES, RELAYS
from deploy.observability.alert import Alert, Severity
from deploy.observability.servers import SERVERS


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast an error budget may go before somebody is told, over a long and a short window."""

    rate: float
    long: str
    short: str
    severity: Severity


BURNS = (
    Burn(14.4, "1h", "5m", Severity.PAGE),  # 2 % of 30 days in an hour
    Burn(6, "6h", "30m", Severity.PAGE),  # 5 % in six hours
    Burn(3, "1d", "2h", Severity.TICKET),  # 10 % in a day
    Burn(1, "3d", "6h", Severity.TICKET),  # 10 % in three days
)
WINDOWS = tuple(sorted({window for burn in BURNS for window in (burn.long, burn.short)}))

ANSWERED = 0.999
"""Of all operations, the part that does not fail for a reason of ours."""
QUICK = 0.99
"""Of all operations, the part answered within ``QUICK_SECONDS``."""
QUICK_SECONDS = "0.2"

FAILED_RATIO = "b2b:graphql_failed:ratio_rate"
SLOW_RATIO = "b2b:graphql_slow:ratio_rate"


def records() -> Iterator[tuple[str, str]]:
    """Ratios the burn alerts and the SLO dashboard share: (name, PromQL) for each window."""
    for window in WINDOWS:
        answered = f"sum(rate(b2b_graphql_operations_total[{window}]))"
        failed = f'sum(rate(b2b_graphql_operations_total{{outcome="failed"}}[{window}]))'
        yield f"{FAILED_RATIO}{window}", f"({failed} or vector(0)) / {answered}"
        quick = f'sum(rate(b2b_graphql_seconds_bucket{{le="{QUICK_SECONDS}"}}[{window}]))'
        timed = f"sum(rate(b2b_graphql_seconds_count[{window}]))"
        yield f"{SLOW_RATIO}{window}", f"1 - {quick} / {timed}"


def burning() -> Iterator[Alert]:
    """An alert per promise and burn rate."""
    for name, ratio, promise, what in (
        ("ApiFails", FAILED_RATIO, ANSWERED, "operations fail"),
        ("ApiSlow", SLOW_RATIO, QUICK, f"operations take over {QUICK_SECONDS} s"),
    ):
        for burn in BURNS:
            limit = f"{burn.rate * (1 - promise):.4g}"
            yield Alert(
                name,
                f"{ratio}{burn.long} > {limit} and {ratio}{burn.short} > {limit}",
                "0s",
                burn.severity,
                f"{{{{ $value | humanizePercentage }}}} of {what}: the budget of 30 days goes"
                f" {burn.rate:g} times too fast ({burn.long}, {burn.short}).",
                (("burn", f"{burn.rate:g}x"),),
            )


def _or_absent(metric: str, label: str, names: Iterable[str], **others: str) -> str:
    """For each name a series when there is none of ``metric``: who vanished tells nothing."""
    told = "".join(f'{other}=~"{value}",' for other, value in others.items())
    return "".join(f' or absent({metric}{{{told}{label}="{name}"}})' for name in names)


SYMPTOMS = (
    Alert(
        "ProcessDown", 'up{job=~"(.+/)?services"} == 0', "2m", Severity.PAGE,
        "{{ $labels.pod }} does not answer its scrape.",
    ),
    Alert(
        "ProcessGone",
        _or_absent("up", "process", PROCESSES, job="(.+/)?services").removeprefix(" or "), "2m",
        Severity.PAGE, "There is no pod of {{ $labels.process }} to be scraped.",
    ),
    Alert(
        "CommandsFail",
        'sum by (command) (rate(b2b_commands_total{outcome="failed"}[5m])) > 0', "2m",
        Severity.PAGE, "{{ $labels.command }} fails for a reason of ours.",
    ),
    Alert(
        "ServiceBusy",
        'sum by (command) (rate(b2b_commands_total{outcome="busy"}[5m]))'
        " / sum by (command) (rate(b2b_commands_total[5m])) > 0.01", "5m", Severity.PAGE,
        "{{ $value | humanizePercentage }} of {{ $labels.command }} is turned away.",
    ),
    Alert(
        "OutboxStuck", "max by (context) (b2b_relay_oldest_unsent_seconds) > 30", "1m",
        Severity.PAGE,
        "Events of {{ $labels.context }} wait {{ $value | humanizeDuration }} for the stream.",
    ),
    Alert(
        "RelayRefuses", 'max by (context) (b2b_relay_state{b2b_relay_state="refused"}) == 1', "0s",
        Severity.PAGE, "The relay of {{ $labels.context }} stopped: a person has to look.",
    ),
    Alert(
        "RelayMissing",  # but where another alert says why
        '(sum by (context) (b2b_relay_state{b2b_relay_state="running"}) == 0 unless on (context)'
        ' b2b_relay_state{b2b_relay_state=~"retrying|store_away|refused"} == 1)'
        + _or_absent("b2b_relay_state", "context", RELAYS), "1m",
        Severity.PAGE, "Nobody relays the events of {{ $labels.context }}.",
    ),
    Alert(
        "JetStreamWritesFail",
        'max by (context) (b2b_relay_state{b2b_relay_state="retrying"}) == 1', "1m", Severity.PAGE,
        "The stream takes no events of {{ $labels.context }}.",
    ),
    Alert(
        "EventStoreAway",
        'max by (context) (b2b_relay_state{b2b_relay_state="store_away"}) == 1', "1m",
        Severity.PAGE, "The event store of {{ $labels.context }} cannot be read.",
    ),
    Alert(
        "ProjectionLag", "max by (projection) (b2b_projection_lag_seconds) > 5", "1m",
        Severity.PAGE, "{{ $labels.projection }} is {{ $value | humanizeDuration }} behind.",
    ),
    Alert(
        "ProjectionStopped", "max by (projection) (b2b_projection_stopped) == 1", "0s",
        Severity.PAGE, "{{ $labels.projection }} stands still at an event it cannot apply.",
    ),
    Alert(
        "ReactionLag", "max by (consumer) (b2b_reaction_behind_seconds) > 30", "1m",
        Severity.PAGE, "{{ $labels.consumer }} is {{ $value | humanizeDuration }} behind.",
    ),
    Alert(
        "DeadLetters",
        "sum by (consumer) ((b2b_dead_letters_total unless b2b_dead_letters_total offset 15m)"
        " or increase(b2b_dead_letters_total[15m])) > 0", "0s",
        Severity.TICKET, "{{ $labels.consumer }} gave up on events.",
    ),
    Alert(
        "ReactionsRetried",
        'sum by (consumer) (rate(b2b_reactions_total{outcome="retried"}[10m])) > 0.1', "15m",
        Severity.TICKET, "{{ $labels.consumer }} keeps trying again.",
    ),
    Alert(
        "DeadlinesOverdue", "max by (process) (b2b_deadline_overdue_seconds) > 60",
        "2m", Severity.PAGE,
        "A deadline of {{ $labels.process }} is {{ $value | humanizeDuration }} late.",
    ),
    Alert(
        "DeadlinesUnattended",
        "sum by (process) (b2b_deadline_worker) == 0"
        + _or_absent("b2b_deadline_worker", "process", RELAYS), "1m", Severity.PAGE,
        "Nobody carries out the deadlines of {{ $labels.process }}.",
    ),
    Alert(
        "WritersCollide",
        "sum by (process) (rate(b2b_append_conflicts_total[10m]))"
        " / sum by (process) (rate(b2b_append_batch_sum[10m])) > 0.5", "10m",
        Severity.TICKET, "Replicas of {{ $labels.process }} decide everything twice.",
    ),
    Alert(
        "InvariantBroken",  # but for dead letters, which DeadLetters tells of
        'max by (code) (b2b_invariant_offences{code!="I14c"}) > 0', "0s", Severity.PAGE,
        "{{ $labels.code }} does not hold: {{ $value }} times.",
    ),
    Alert(
        "InvariantsUnchecked",
        "(time() - max(b2b_invariant_checked_at_seconds) > 600"
        " or absent(b2b_invariant_checked_at_seconds))", "10m", Severity.TICKET,
        "Nobody has looked at the invariants for 10 minutes and more.",
    ),
    Alert(
        "SignInsUnchecked", "sum(rate(b2b_gateway_standing_unanswered_total[5m])) > 0", "5m",
        Severity.TICKET, "Members does not say whether sign-ins are still good.",
    ),
)  # fmt: skip


def alerts() -> tuple[Alert, ...]:
    """All of them."""
    return (*burning(), *SYMPTOMS, *SERVERS)
