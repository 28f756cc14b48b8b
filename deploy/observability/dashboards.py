"""Dashboards: what an SRE or an owner looks at, panel by panel."""

from deploy.observability.alerts import ANSWERED, FAILED_RATIO, QUICK, SLOW_RATIO
from deploy.observability.business import BUSINESS
from deploy.observability.panels import Dashboard, Panel, quantile, rate

SERVICE = Dashboard(
    "service",
    "Services",
    (
        Panel("Commands", "ops", ((rate("b2b_commands_total", "command"), "{{command}}"),)),
        Panel(
            "Not done",
            "ops",
            (
                (rate("b2b_commands_total", "command", outcome="failed"), "{{command}} failed"),
                (rate("b2b_commands_total", "command", outcome="busy"), "{{command}} busy"),
            ),
            "Failed is our fault; busy was turned away and may be asked again.",
        ),
        Panel(
            "Time of a command, 99th percentile",
            "s",
            ((quantile(0.99, "b2b_command_seconds", "command"), "{{command}}"),),
        ),
        Panel(
            "Being carried out, waiting to be written",
            "short",
            (
                ("sum by (process) (b2b_commands_running)", "{{process}} running"),
                ("sum by (process) (b2b_append_queue)", "{{process}} queued"),
            ),
        ),
        Panel(
            "Time of an append, 99th percentile",
            "s",
            ((quantile(0.99, "b2b_append_seconds", "process"), "{{process}}"),),
        ),
        Panel(
            "Commands in one append, and decided again",
            "short",
            (
                (
                    "sum by (process) (rate(b2b_append_batch_sum[$__rate_interval]))"
                    " / sum by (process) (rate(b2b_append_batch_count[$__rate_interval]))",
                    "{{process}} together",
                ),
                (rate("b2b_append_conflicts_total", "process"), "{{process}} again"),
            ),
        ),
        Panel(
            "HTTP",
            "ops",
            ((rate("b2b_http_request_seconds_count", "route, status"), "{{route}} {{status}}"),),
        ),
        Panel("Memory", "bytes", (("sum by (pod) (process_resident_memory_bytes)", "{{pod}}"),)),
    ),
)

EVENT_FLOW = Dashboard(
    "event-flow",
    "Event flow",
    (
        Panel("Published", "ops", ((rate("b2b_relay_published_total", "context"), "{{context}}"),)),
        Panel(
            "Oldest event not in the stream",
            "s",
            (("max by (context) (b2b_relay_oldest_unsent_seconds)", "{{context}}"),),
        ),
        Panel(
            "Relays",
            "short",
            (
                (
                    "sum by (context, b2b_relay_state) (b2b_relay_state) > 0",
                    "{{context}} {{b2b_relay_state}}",
                ),
            ),
            "One running for each context, the rest standing by.",
        ),
        Panel(
            "Events not in the stream; asked anew where it ends",
            "short",
            (
                ("max by (context) (b2b_relay_lag_events)", "{{context}} waiting"),
                (rate("b2b_relay_doubts_total", "context"), "{{context}} doubts"),
            ),
        ),
        Panel(
            "Applied",
            "ops",
            ((rate("b2b_projection_applied_total", "projection"), "{{projection}}"),),
        ),
        Panel(
            "Read models behind",
            "s",
            (("max by (projection) (b2b_projection_lag_seconds)", "{{projection}}"),),
            "A change is on every screen within a second.",
        ),
        Panel(
            "Reactions",
            "ops",
            ((rate("b2b_reactions_total", "consumer, outcome"), "{{consumer}} {{outcome}}"),),
        ),
        Panel(
            "Reactions behind",
            "s",
            (("max by (consumer) (b2b_reaction_behind_seconds)", "{{consumer}}"),),
            "How long events have waited to be given to a reaction, at most.",
        ),
        Panel(
            "Events no reaction was given yet",
            "short",
            (("max by (consumer) (b2b_reaction_pending)", "{{consumer}}"),),
        ),
        Panel(
            "Given up",
            "short",
            (
                ("sum by (consumer) (b2b_dead_letters_total)", "{{consumer}} dead letters"),
                ("sum by (projection) (b2b_projection_stopped)", "{{projection}} stopped"),
            ),
        ),
        Panel(
            "Oldest deadline not carried out",
            "s",
            (("max by (process) (b2b_deadline_overdue_seconds)", "{{process}}"),),
        ),
        Panel(
            "Invariants: offences that stand",
            "short",
            (("max by (code) (b2b_invariant_offences)", "{{code}}"),),
            "Zero, always. The auditor's log names who offends.",
        ),
        Panel(
            "Invariants: since the last look, since the last one from zero",
            "s",
            (
                ("time() - max(b2b_invariant_checked_at_seconds)", "looked"),
                ("time() - max(b2b_invariant_whole_at_seconds)", "from zero"),
                (quantile(0.99, "b2b_invariant_look_seconds", "kind"), "{{kind}} took"),
            ),
        ),
        Panel(
            "Deadlines",
            "ops",
            ((rate("b2b_deadlines_total", "command, outcome"), "{{command}} {{outcome}}"),),
        ),
    ),
)

SLO = Dashboard(
    "slo",
    "Promises",
    (
        Panel(
            f"Failing operations (promise: at most {1 - ANSWERED:.1%})",
            "percentunit",
            tuple((f"{FAILED_RATIO}{window}", window) for window in ("5m", "1h", "6h", "1d", "3d")),
        ),
        Panel(
            f"Operations over 0.2 s (promise: at most {1 - QUICK:.0%})",
            "percentunit",
            tuple((f"{SLOW_RATIO}{window}", window) for window in ("5m", "1h", "6h", "1d", "3d")),
        ),
        Panel(
            "Budget of failures left of the last 3 days",
            "percentunit",
            ((f"1 - {FAILED_RATIO}3d / {1 - ANSWERED:.4g}", "left"),),
        ),
        Panel(
            "Budget of slowness left of the last 3 days",
            "percentunit",
            ((f"1 - {SLOW_RATIO}3d / {1 - QUICK:.4g}", "left"),),
        ),
        Panel(
            "Time of an operation",
            "s",
            tuple(
                (quantile(part / 100, "b2b_graphql_seconds", "kind"), f"{{{{kind}}}} p{part}")
                for part in (50, 95, 99)
            ),
        ),
        Panel(
            "Reads that waited for a view",
            "s",
            ((quantile(0.99, "b2b_gateway_catch_up_seconds", "view"), "{{view}} p99"),),
        ),
        Panel(
            "Operations",
            "ops",
            ((rate("b2b_graphql_operations_total", "kind, outcome"), "{{kind}} {{outcome}}"),),
        ),
    ),
)

DASHBOARDS = (SERVICE, EVENT_FLOW, BUSINESS, SLO)
