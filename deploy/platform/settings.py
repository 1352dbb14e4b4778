"""The environment of a process of the platform edition: in a pod, in Compose, or under `make stack`.

Every name begins with ``TSUMUGI_``. A wrong or missing one stops the start, with its name and what it should be.
"""

import json
import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from deploy.local.state import LocalError
from deploy.topology import topology
from shared.service import only_here

PREFIX = "TSUMUGI_"


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("https:// で始まる住所にしてください")
    return value.rstrip("/")


def _endpoint(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("「名前:ポート」の形にしてください（例 0.0.0.0:8443）")
    return value


def _there(value: Path) -> Path:
    if not value.exists():
        raise ValueError("そこには何もありません。ファイルかフォルダーの場所を確かめてください")
    return value


Address = Annotated[str, AfterValidator(_address)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
There = Annotated[Path, AfterValidator(_there)]


class PlatformSettings(BaseSettings):
    """What a process is told. ``secrets`` holds a file for each database role and client that the process needs."""

    # Compose has no variable that is sometimes absent: an empty one is none.
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    edition: Literal["platform"]
    origin: Address
    """Where browsers go."""
    issuer: Address
    """The realm in Keycloak."""
    services: dict[str, Address]
    """Where each service is, JSON."""
    listen: Endpoint = "0.0.0.0:8443"
    tls_certificate: There | None = None
    """PEM, with its chain; without it a process cannot listen."""
    tls_key: There | None = None
    database_host: str
    """A host name (then TLS is demanded and the name verified), or the folder of a socket."""
    database_port: int = Field(5432, ge=1, le=65535)
    database_admin: str | None = None
    """The superuser's name, for `tsumugi migrate` alone; its secret is ``postgres``."""
    secrets: There
    state: Path
    """A folder for the keys that a service makes. Replicas of one service must share what is in it."""
    kafka: Endpoint
    paper: Address | None = None
    """Where browsers find the page for codes on paper, when not at ``/paper`` of the origin."""
    training_date: date | None = None
    """The business date of a deployment for trying; refused where browsers come from elsewhere."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if missing := set(topology().services) - set(self.services):
            raise ValueError(f"{PREFIX}SERVICES に {', '.join(sorted(missing))} の住所がありません")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError(f"{PREFIX}TLS_CERTIFICATE と {PREFIX}TLS_KEY は、どちらも要ります")
        if self.training_date and not only_here(self.origin):
            raise ValueError(
                f"{PREFIX}TRAINING_DATE は、この機械だけで使うとき（{PREFIX}ORIGIN が localhost か "
                "….localhost）のものです"
            )
        return self

    @classmethod
    def read(cls) -> Self:
        """The settings of this process. Raises LocalError, which names each that is wrong."""
        try:
            return cls()
        except ValidationError as error:
            raise LocalError("\n".join(["設定に誤りがあります。", *map(_words, error.errors())])) from None
        except SettingsError as error:
            raise LocalError(
                f"設定に誤りがあります。\n{PREFIX}SERVICES: "
                '{"registry": "https://registry:8443", …} の形の JSON にしてください'
            ) from error

    def environment(self) -> dict[str, str]:
        """The environment that gives a process these settings."""
        told = self.model_dump(mode="json", exclude_none=True)
        return {
            f"{PREFIX}{name.upper()}": json.dumps(value) if isinstance(value, dict) else str(value)
            for name, value in told.items()
        }


_SAID = {
    "missing": "ありません。決めてください",
    "int_parsing": "数にしてください",
    "literal_error": "platform にしてください",
    "date_from_datetime_parsing": "2026-11-20 の形の日付にしてください",
    "date_parsing": "2026-11-20 の形の日付にしてください",
}


def _words(error: ErrorDetails) -> str:
    """One fault in a line: the variable's name, and what it should be; never its value, which may be a secret."""
    if not error["loc"]:
        return str(error["ctx"]["error"])
    name = PREFIX + str(error["loc"][0]).upper()
    within = "".join(f"[{part}]" for part in error["loc"][1:])
    said = _SAID.get(error["type"])
    if said is None:
        said = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
    return f"{name}{within}: {said}"


def chosen() -> bool:
    """Whether this process was told to be one of the platform edition."""
    return os.environ.get(f"{PREFIX}EDITION") == "platform"
