"""Whatever somebody sends, what reads it answers or refuses by a type it promises."""
