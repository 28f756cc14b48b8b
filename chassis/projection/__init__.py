"""Read models: tables folded from a stream, each event exactly once.

``model`` says what a read model is and how to write one, ``ledger`` is one copy of it with its
checkpoint, ``engine`` keeps it up to date, ``rebuild`` makes it anew beside itself, ``lag`` tells
how far behind it is.
"""

from chassis.projection.model import Change, NotYet, ReadModel, open_views

__all__ = ["Change", "NotYet", "ReadModel", "open_views"]
