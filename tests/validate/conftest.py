"""The checkers of manifests. Those that need more than the rest of the tests: `make validate`."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("celpy") else ["test_definitions.py", "test_trial.py"]
