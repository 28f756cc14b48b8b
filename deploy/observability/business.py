"""The dashboard of what gyms do: bookings, lines, doors, screens; of all gyms together."""

from deploy.observability.panels import Dashboard, Panel, command, refused

BUSINESS = Dashboard(
    "business",
    "Gyms",
    (
        Panel(
            "Bookings a minute, all gyms",
            "short",
            (
                (command("booking.book_class"), "booked"),
                (command("booking.cancel_reservation"), "cancelled"),
            ),
        ),
        Panel(
            "Bookings refused a minute, by reason",
            "short",
            ((refused("booking.book_class"), "{{code}}"),),
            "Nothing is stored of a refusal (ADR 40). Many WINDOW_NOT_OPEN at once are a rush.",
        ),
        Panel(
            "Waitlist a minute",
            "short",
            (
                (command("booking.join_waitlist"), "joined"),
                (command("booking.claim_spot"), "claimed"),
                (command("booking.leave_waitlist"), "left"),
            ),
        ),
        Panel(
            "At the desk and the door, a minute",
            "short",
            (
                (command("booking.check_in"), "checked in"),
                (command("booking.add_walk_in"), "walked in"),
                (command("access.request_entry"), "doors asked"),
            ),
        ),
        Panel(
            "Signing in, a minute",
            "short",
            (
                (command("members.sign_in"), "signed in"),
                (command("members.sign_in", "refused"), "refused"),
            ),
        ),
        Panel(
            "Live screens",
            "short",
            (
                ("sum by (transport) (b2b_live_connections)", "{{transport}}"),
                ("sum(b2b_subscribers)", "watching"),
                ("sum(b2b_subscription_groups)", "different questions"),
            ),
        ),
        Panel(
            "Updates to screens",
            "ops",
            (
                ("sum(rate(b2b_subscription_frames_total[$__rate_interval]))", "sent"),
                (
                    "sum(rate(b2b_subscription_frames_superseded_total[$__rate_interval]))",
                    "replaced by a newer one",
                ),
            ),
        ),
    ),
)
