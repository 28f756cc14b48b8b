"""Real servers and every process on one machine, for development and for the tests."""
