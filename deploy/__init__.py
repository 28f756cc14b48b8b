"""How Back2Back is run: on one machine, and by an operator (`b2b`)."""
