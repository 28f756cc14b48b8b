"""Access: doors, credentials and who may enter when. Not open yet.

Owns      streams ``door-*``, ``credential-*`` and ``grant-*`` in database ``b2b_access``
Hears     ``evt.*.booking.*`` for class grants, ``evt.*.members.*`` for memberships
Emits     ``evt.*.access.*``
Promises  a door opens only for somebody entitled at that moment, and every opening is recorded
"""
