"""The restore drill: an installation of its own lives, is lost, comes back, and must be the same.

What an operator would type is typed: ``b2b backup``, ``b2b streams``, ``b2b projections``,
``b2b check``. ``course`` is the drill from the first step to the last, ``running`` the installation
it plays with, ``life`` what happens there before it is lost, ``apps`` what its people see and do,
``proofs`` what must be the same afterwards.
"""
