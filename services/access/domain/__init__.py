"""Access's rules: doors, credentials, holders with their grants, and the decision at a door."""
