"""Billing: what each client owes, line by line, invoice by invoice. No card is charged.

Owns      one account a client with its invoices, in database ``b2b_billing``
Hears     ``booking.fee_due`` (a line on the open invoice), ``booking.fee_reversed`` (a credit),
          ``members.gym_registered`` (the currency of all invoices),
          ``members.personal_data_erased`` (what no issued invoice asks for is asked for no more)
Emits     ``billing.*`` events on EVT_BILLING
Promises  a fee is invoiced at most once and taken back at most once, however often and in whatever
          order booking's events arrive; an invoice's total is the sum of its lines; all are in the
          gym's currency, and a fee in another is kept among the dead letters
"""
