"""GraphiQL for development: Strawberry's page, which loads its scripts from a public CDN."""

from functools import cache
from importlib.resources import files


@cache
def page() -> bytes:
    """The page, in UTF-8. It asks the address it came from."""
    return files("strawberry").joinpath("static/graphiql.html").read_bytes()
