"""Billing's rules: pure functions of what has happened and what is asked."""
