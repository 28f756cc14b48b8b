"""Members: who the gym is, who works and trains there, and how they prove it.

Owns       gyms with their locations, opening hours, closures, rooms and owners; staff members,
           their roles and qualifications; clients with tags, notes and alerts; the keys personal
           fields are sealed with (database ``b2b_vault``); credentials, sign-ins and signing
           keys (schema ``auth``)
Hears      nothing
Emits      ``members.*``: opaque ids, and personal fields sealed with a key per person
Promises   an e-mail belongs to one person of a gym, a slug to one gym; a gym keeps an owner;
           access tokens live at most 10 minutes; a refresh token works once, its second use ends
           the sign-in; a wrong password and an unknown e-mail get the same answer; an erased
           person's fields open nowhere any more
"""
