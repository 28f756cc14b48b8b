"""Access' language: doors, credentials, grants. Holds nothing until access opens."""
