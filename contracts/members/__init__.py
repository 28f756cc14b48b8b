"""Members' language: gyms, places, staff and clients, and how people prove who they are.

Personal fields are typed ``Sealed`` in events: encrypted with a key per person, unreadable once
that key is destroyed. Commands carry them in clear, over the bus only.
"""

from contracts.members.clients import *
from contracts.members.codes import *
from contracts.members.gyms import *
from contracts.members.signing_in import *
from contracts.members.staff import *
from contracts.members.words import *
