"""What must hold in every installation at every moment, looked at from outside.

Part of ``deploy``, because it is an operator's tool and looks across services, which none of them
may. Read-only, of all gyms: the role ``auditor`` selects and makes temporary tables, nothing else.
Each rule counts for itself, from the events alone, and leans on the services' rules as little as
possible. ``checker.check`` looks once; whoever calls it every so often has a metric.
"""
