"""What a cluster is told by this code: its secrets and the rights of NATS users.

``python -m deploy.cluster`` writes the manifests that follow from it; a test keeps them so.
"""
