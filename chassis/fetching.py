"""Asking an external issuer for its keys. Loaded only where the settings name one that has any.

With all it brings, the HTTP client is 5 MB of a process.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from chassis.keysets import FETCH_SECONDS, Fetch

LARGEST = 256 * 1024  # bytes of a key set


def open_client() -> httpx.AsyncClient:
    """For ``over_http``; to be closed."""
    return httpx.AsyncClient()


def over_http(client: httpx.AsyncClient, url: str) -> Fetch:
    """Fetches ``url``, which comes from the settings, never from a token. Follows no redirect."""

    async def fetch() -> Mapping[str, Any]:
        response = await client.get(url, follow_redirects=False, timeout=FETCH_SECONDS)
        response.raise_for_status()
        if len(response.content) > LARGEST:
            raise ValueError("key set too large")
        told: Mapping[str, Any] = response.json()
        return told

    return fetch
