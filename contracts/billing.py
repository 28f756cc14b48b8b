"""Billing's language: invoices, payments, refunds. Holds nothing until billing opens."""
