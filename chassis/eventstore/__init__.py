"""How decisions are kept: append-only streams in Postgres, one database a service.

``store`` is what a service uses: carry out a command on several streams, all or nothing, once.
``writer`` keeps folded states in memory and groups commits. ``recorder`` is the database (or, in
tests, memory). ``deadlines`` carries out commands whose time has come. ``events`` is the codec.
"""
