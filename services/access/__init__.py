"""Access: doors, credentials, and who may enter when.

Owns      doors with their hours and lockdowns; credentials; one holder a client or staff member,
          with their grants; what booking told of sessions and who has a seat in them
Hears     ``booking.*`` of sessions and reservations (class grants, written ahead of time),
          ``members.*`` of clients, staff and locations; asks members for a location it has not
          heard of yet
Emits     ``access.*`` events on EVT_ACCESS
Promises  a door opens only for somebody entitled at that moment; it decides on what it has heard,
          whoever else is away; every decision is recorded with its reason; one request, one answer
"""
