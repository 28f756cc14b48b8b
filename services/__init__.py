"""The services. Each decides in its own database and tells the others by events, never by import.

``booking`` classes, reservations, the waitlist and what a client may spend; ``members`` gyms,
people and how they prove who they are; ``billing`` money; ``access`` doors; ``projections`` the
read models every screen shows.
"""
