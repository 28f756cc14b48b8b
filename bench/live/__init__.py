"""The live side: whole processes, through the front door, as members and screens see them."""
