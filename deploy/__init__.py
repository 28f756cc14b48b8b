"""How Back2Back is run, looked at, tried and shown.

Run        ``local`` on one machine, ``image`` in containers, ``kubernetes`` with what ``cluster``
           tells it; ``observability`` watches; ``schema.py`` is every database's
Operated   ``cli.py`` is ``b2b``, its groups are in ``commands``; ``backup`` of one machine
Looked at  ``check`` the invariants, ``validate`` the manifests, ``security`` what could be misused
Tried      ``trial`` the image, ``drill`` what comes back after everything was lost
Shown      ``demo``: two gyms that live
"""
