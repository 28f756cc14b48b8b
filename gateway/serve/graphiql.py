"""GraphiQL for development: Strawberry's page, which loads its scripts from a public CDN."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

CDN = "https://unpkg.com"
"""Scripts from there are pinned in the page by their hash."""


@cache
def page() -> bytes:
    """The page, in UTF-8. It asks the address it came from."""
    return files("strawberry").joinpath("static/graphiql.html").read_bytes()


@cache
def policy() -> bytes:
    """The content security policy of the page: its own script and the CDN's, and no other."""
    scripts = re.findall(rb"<script>(.*?)</script>", page(), re.DOTALL)
    hashes = (f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in scripts)
    return "; ".join((
        "default-src 'none'",
        f"script-src {' '.join(hashes)} {CDN}",
        f"style-src 'unsafe-inline' {CDN}",  # the editor writes styles as it goes
        f"font-src data: {CDN}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )).encode()  # fmt: skip
