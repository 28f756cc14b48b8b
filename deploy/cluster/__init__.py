"""What a cluster is told by this code: its secrets, the rights of NATS users, how many of what.

``python -m deploy.cluster`` writes the manifests that follow from it; a test keeps them so.
"""
