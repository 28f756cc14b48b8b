"""How services ask each other: signed commands, typed replies, and reactions to events.

``desk`` is where a service is asked, and ``clerk`` attends to each message; ``asker`` asks.
``broker`` is what a desk stands on, ``signature`` proves who is asking, ``replies`` lists every way
a command can end, ``reactions`` reacts to others' events, which ``hearing`` sees arrive, and
``homes`` knows which replica sees to which gym. Nothing is imported here: who only asks needs
neither a desk nor FastStream in memory.
"""
