"""Checks of the manifests without a cluster: ``make validate``.

``rules`` are pure functions over rendered objects; ``schemas``, ``crds`` and ``bus`` ask the real
thing (published schemas, CEL, nats-server); ``mutations`` plants faults and wants each one caught.
A check that cannot do its work fails.
"""
