"""Booking's rules: pure functions of what has happened, what is asked and what time it is.

``class_session`` is the contest for seats (its rules by noun: ``reservations``, ``waitlist``,
``attendance``); ``client_ledger`` is what one client may spend and when they are busy;
``booking_policy`` turns a policy's numbers into instants.

Near in name, not in meaning: ``grant`` and ``hold`` are what one is, ``grants`` and ``holds`` what
may become of one; ``policies`` are the versions a gym published, ``booking_policy`` the instants
one means for one session.
"""
