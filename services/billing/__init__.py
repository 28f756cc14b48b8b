"""Billing: invoices, payments, refunds and what is owed. Not open yet.

Owns      streams ``invoice-*``, ``payment-*`` and ``account-*`` in database ``b2b_billing``
Hears     ``evt.*.booking.*`` for fees, ``evt.*.members.*`` for memberships
Emits     ``evt.*.billing.*``
Promises  nobody is charged twice; what is unknown is asked, never guessed
"""
