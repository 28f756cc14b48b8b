"""How services ask each other: signed commands, typed replies, and reactions to events.

``Desk`` serves, ``Asker`` asks; ``signature`` proves who is asking, ``replies`` lists every way a
command can end, ``reactions`` hears other services' events.
"""

from chassis.bus.asker import Asker, Unavailable, subject_of
from chassis.bus.desk import Allows, Desk
from chassis.bus.reactions import Hopeless

__all__ = ["Allows", "Asker", "Desk", "Hopeless", "Unavailable", "subject_of"]
