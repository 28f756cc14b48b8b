"""Why mutations refuse: one enum for each mutation, of the codes it may answer.

Three are in all of them. ``INVALID_INPUT``: a field is not what it must be.
``IDEMPOTENCY_KEY_REUSED``: the key was used for something else. ``OTHER``: a reason newer than this
schema; the message says it. Each module holds those of one part of the gym.
"""
