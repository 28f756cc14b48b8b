"""What the local runner wants to know from the environment."""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local.places import CannotStart


class RunSettings(BaseSettings):
    """Every setting has a default; the field's alias is the variable's name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    data: Path = Field(Path(".data"), validation_alias="B2B_DATA")
    """Everything the installation keeps."""
    demo: bool = Field(True, validation_alias="B2B_DEMO")
    """Whether the first run makes the demo gyms."""
    demo_days: int = Field(90, ge=1, le=365, validation_alias="B2B_DEMO_DAYS")
    """How much of a past they get ..."""
    demo_clients: int = Field(300, ge=12, le=3000, validation_alias="B2B_DEMO_CLIENTS")
    """... and how many clients, both together."""
    auditor: bool = Field(False, validation_alias="B2B_AUDITOR")
    """Whether the invariants are looked at all day."""
    demo_seed: str = Field("back2back", min_length=1, validation_alias="B2B_DEMO_SEED")
    """What chance draws their lives from: the same seed lives the same life."""
    gateway_port: int = Field(8080, ge=1, le=65535, validation_alias="GATEWAY_PORT")
    postgres_url: str = Field(
        "", pattern=r"^(postgres(ql)?://.+)?$", validation_alias="POSTGRES_URL"
    )
    """A superuser's, to use an existing server; empty: our own."""
    nats_server_url: str = Field(
        "", pattern=r"^((nats|tls)://.+)?$", validation_alias="NATS_SERVER_URL"
    )
    """An existing server; empty: our own."""
    pg_bin: Path | None = Field(None, validation_alias="PG_BIN")
    """Folder of other Postgres programs."""
    nats_bin: Path | None = Field(None, validation_alias="NATS_BIN")
    """Another nats-server program."""

    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.gateway_port}"


def read_settings() -> RunSettings:
    """The settings. Raises ``CannotStart`` that names each wrong variable."""
    try:
        return RunSettings()
    except ValidationError as error:
        wrong = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise CannotStart(f"wrong settings: {wrong}") from error
