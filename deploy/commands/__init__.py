"""What the commands of ``b2b`` do, one module per group."""
