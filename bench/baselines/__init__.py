"""What we compare ourselves with: the same job done the usual way, on the same servers."""
