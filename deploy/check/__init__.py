"""What must hold in every installation at every moment, looked at from outside.

Part of ``deploy``, because it is an operator's tool and looks across services, which none of them
may. Read-only, of all gyms: the role ``auditor`` selects and makes temporary tables, nothing else.
Each rule counts for itself, from the events alone, and leans on the services' rules as little as
possible. ``checker.check`` looks once, for ``b2b check``; ``python -m deploy.check`` all day, for
the metrics (``auditor``).

Cost     a look from zero reads every event and message once; a later one what is new, and what
         offends. Old rows that somebody changes behind our back are found by the next from zero
Memory   bounded, however long the history: ``stories.KEPT`` streams a store, ``owners.KEPT`` ids;
         beside them who offends, and sessions with a line. Read models are folded into temporary
         tables: a second copy of them on the database's disk
"""
