"""`make security`: what is looked at, part by part, and what was found.

Every part passes, fails, or says that it could not be done; that is never taken for passing.
"""
