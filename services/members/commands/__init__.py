"""From a command to the streams it concerns, and to the rows that follow them.

Personal fields are sealed here, before a rule sees them. Rows (credentials, identities) are
written after the events, from what the events say: a repeat of the command writes what a crash
left out.
"""
