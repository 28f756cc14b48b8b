"""Booking's rules: pure functions of what has happened, what is asked and what time it is.

``class_session`` is the contest for seats (its rules by noun: ``reservations``, ``waitlist``,
``attendance``); ``client_ledger`` is what one client may spend and when they are busy;
``booking_policy`` turns a policy's numbers into instants.
"""
