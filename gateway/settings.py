"""What the gateway reads from the environment."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from chassis.settings import BusSettings, DatabaseSettings, EdgeSettings, known, listed
from gateway.serve.documents import read_manifest
from gateway.serve.limits import Limits
from gateway.serve.rates import Allowance
from gateway.serve.settings import ServeSettings

Often = Annotated[float, Field(gt=0, le=1e9)]


def _origins(told: tuple[str, ...]) -> tuple[str, ...]:
    for origin in told:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("origins look like https://app.example, without a path; no wildcards")
        if origin != f"{parts.scheme}://{parts.netloc}".lower() or "*" in origin:
            raise ValueError("origins look like https://app.example, without a path; no wildcards")
    return told


def _manifest(file: Path) -> Path:
    try:
        read_manifest(file)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    return file


class Settings(BusSettings, DatabaseSettings, EdgeSettings):
    """All of it. Rates hold for each gateway process by itself."""

    origins: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(_origins)
    ] = ()
    """Origins whose pages may ask us and open sockets, beside our own."""
    trusted_documents: Annotated[Path, AfterValidator(_manifest)] | None = None
    """A manifest, sha256 -> text: the documents our apps were built with."""
    only_trusted_documents: bool = False

    address_rate: Often = 500
    """Requests and handshakes a second from one address: a gym's whole Wi-Fi is one address."""
    address_burst: Often = 10_000
    address_connections: int = Field(default=5_000, gt=0)
    """Open at once, from one address: requests, streams and sockets."""
    person_rate: Often = 50
    """Operations a second."""
    person_burst: Often = 500
    cost_rate: Often = 2_000
    """Objects a second one person may ask for; of people not signed in, one address."""
    cost_burst: Often = 50_000

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.only_trusted_documents and self.trusted_documents is None:
            raise ValueError("TRUSTED_DOCUMENTS: needed, since ONLY_TRUSTED_DOCUMENTS is set")
        if self.cost_burst < Limits().cost:
            raise ValueError(f"COST_BURST: at least {Limits().cost}, what one operation may cost")
        return self

    @property
    def serving(self) -> ServeSettings:
        """How strictly to serve."""
        trusted = read_manifest(self.trusted_documents) if self.trusted_documents else {}
        return ServeSettings(
            development=self.b2b_env == "development",
            trusted=trusted,
            only_trusted=self.only_trusted_documents,
            origins=frozenset(self.origins),
            operations=Allowance(self.person_rate, self.person_burst),
            cost=Allowance(self.cost_rate, self.cost_burst),
            recheck_every=self.recheck_seconds,
        )


if __name__ == "__main__":  # says what is wrong with the environment, and starts nothing
    known(Settings, name="gateway")
