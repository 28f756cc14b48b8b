"""The language the services share: commands, events, queries, ids, permissions.

Imports pydantic, uuid_utils for new ids, and nothing of ours. An event is a promise kept for ever:
its JSON Schema is frozen in ``schemas/``, and stored samples in ``golden/`` must decode with every
later version.
"""
