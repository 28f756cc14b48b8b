"""Where NATS is, who we are to it, and how both prove who they are.

TLS begins before NATS says its first word: who stands in between cannot talk us out of it.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PORT = 4222
LOOK_SECONDS = 5.0
SCHEME = "tls"


class Untrusted(Exception):
    """TLS cannot be had as the settings want it. The text names the variable."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files of a connection by TLS."""

    ca: Path | None = None
    """Who may have signed the server's certificate; None: whom this machine trusts."""
    certificate: Path | None = None
    """Our own, and whoever signed it; None: the server asks for none."""
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What a connection is made with. Raises ``Untrusted`` for a file that is no use."""
        told = "NATS_CA_FILE"
        try:
            made = ssl.create_default_context(cafile=self.ca)
            made.minimum_version = ssl.TLSVersion.TLSv1_3
            told = "NATS_CERT_FILE, NATS_KEY_FILE"
            if self.certificate is not None:
                made.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # of ssl too
            raise Untrusted(f"{told}: cannot be read: {error.strerror or error}") from None
        return made


def tls(url: str, ca: Path | None, certificate: Path | None, key: Path | None) -> TlsFiles | None:
    """What ``url`` and the files mean; None: plain text. Raises ``ValueError`` by variable."""
    if (certificate is None) != (key is None):
        raise ValueError("NATS_CERT_FILE, NATS_KEY_FILE: one needs the other")
    if url.startswith(f"{SCHEME}://"):
        return TlsFiles(ca, certificate, key)
    if ca or certificate:
        raise ValueError("NATS_URL: must be tls://, since NATS_CA_FILE or NATS_CERT_FILE is set")
    return None


@dataclass(frozen=True, slots=True)
class NatsAccess:
    """Where NATS is and who we are to it."""

    url: str
    user: str
    password: str = field(repr=False)
    tls: TlsFiles | None = None
    """None: in plain text."""

    def security(self) -> dict[str, Any]:
        """Arguments of nats-py's ``connect`` about TLS. Raises ``Untrusted``."""
        if self.tls is None:
            return {}
        return {"tls": self.tls.context(), "tls_handshake_first": True}


async def must_be_trusted(access: NatsAccess) -> None:
    """Return when NATS and we trust each other, or when nobody answers: that may pass.

    Raises ``Untrusted`` when its certificate is not from whom we trust, or ours is not taken.
    """
    if access.tls is None:
        return
    parts, context = urlsplit(access.url), access.tls.context()
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or PORT, ssl=context
            )
            try:
                await (
                    reader.readline()
                )  # what it thinks of our certificate comes behind the handshake
            finally:
                writer.transport.abort()
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(
            f"NATS_CA_FILE: the certificate of {parts.hostname} is not trusted: "
            f"{error.verify_message}"
        ) from None
    except ssl.SSLError as error:
        raise Untrusted(f"NATS_URL: no TLS with {parts.hostname}: {error.reason}") from None
    except (OSError, TimeoutError):
        return
