"""How fast, against what: every goal measured in one run on real servers, as ratios if possible.

``python -m bench`` starts servers of its own in a temporary folder for each figure, measures ours
and the baselines of ``baselines`` in interleaved rounds, checks that every result was right, and
writes ``RESULTS.md`` for people and ``results.json`` for programs. A wrong result (an overbooked
class, a lost booking) ends the run.
"""
