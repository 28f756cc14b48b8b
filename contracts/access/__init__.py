"""Access's language: doors, credentials, who may enter when, and what a door decided.

Instants are UTC; a grant is valid in [valid_from, valid_until], both ends included.
"""

from contracts.access.codes import *
from contracts.access.credentials import *
from contracts.access.doors import *
from contracts.access.entries import *
from contracts.access.grants import *
from contracts.access.hearsay import *
