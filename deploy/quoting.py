"""Names and texts in statements that take no parameters: roles, databases, tables, passwords."""


def identifier(name: str) -> str:
    """``name`` as SQL, whatever stands in it. A schema is quoted by itself: two calls, one dot."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as SQL. Raises ``ValueError`` for what Postgres keeps in no text."""
    if "\0" in text:
        raise ValueError("a text with a zero byte")
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
