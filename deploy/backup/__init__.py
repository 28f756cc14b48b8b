"""Backups of an installation's databases, for where no operator such as CloudNativePG makes them.

One copy of the whole Postgres, so that every database is of the same moment. ``folder`` is a backup
as it lies there, ``taking`` and ``restoring`` are the two ways, ``fingerprint`` tells whether two
databases hold the same.
"""
