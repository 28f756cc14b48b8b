"""``python -m deploy.cluster``: write the manifests that follow from code."""

from deploy.cluster.manifests import write

write()
