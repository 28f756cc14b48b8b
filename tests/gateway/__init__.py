"""The gateway's own small rules."""
