"""The demo: two gyms that live, made through the doors everybody uses.

``gyms`` says what the gyms are, ``people`` who goes there; ``diary`` is all they do, command by
command, drawn from a seed; ``timeline`` moves the clock through the days and ``counter`` asks the
services; ``seeding`` puts these together. ``guide`` tells newcomers how to sign in. ``traffic``
keeps a running installation moving.
"""
