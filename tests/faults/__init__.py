"""Real processes, killed, frozen and cut off in a rush; afterwards the books must balance."""
