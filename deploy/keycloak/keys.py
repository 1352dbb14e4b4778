"""A realm's signing key is changed: a new one signs, and the one before verifies until nothing of it is left.

Access tokens end after five minutes. The longest that anything else of the old key is shown to Keycloak is a working
day: a session's identity token, when its holder signs out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.keycloak.admin import Admin, RealmError
from deploy.keycloak.realm import WHOLE
from shared.access.tokens import ALGORITHM

VERIFIES: timedelta = WHOLE
"""How long a key is kept that no longer signs."""

_PROVIDER = {"providerType": "org.keycloak.keys.KeyProvider", "providerId": "rsa-generated"}
_UNTIL = re.compile(r"verifies until (\S+)")


@dataclass(frozen=True)
class Key:
    """A key that tokens are or were signed with."""

    kid: str
    provider: str
    """What holds it, by Keycloak's number."""
    signs: bool
    priority: int
    until: datetime | None
    """Until when it verifies what it has signed; None where that is for ever."""


class Keys:
    """Those of the administrator's realm."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def all(self) -> list[Key]:
        """Every signing key that is published, the one that signs first."""
        told = self._admin.get(self._admin.of("keys"))
        if told is None:
            raise RealmError(f"レルム {self._admin.realm} がありません。")
        found = [self._key(each) for each in told["keys"] if _of_ours(each)]
        return sorted(found, key=lambda key: (key.signs, key.priority), reverse=True)

    def rotate(self, now: datetime) -> tuple[Key, list[Key]]:
        """A new key signs from now on; returns it, and those that only verify. Cut off, it may be called again."""
        before = self.all()
        since = now.astimezone(UTC)
        config = {
            "priority": [str(max((key.priority for key in before), default=0) + 1)],
            "enabled": ["true"],
            "active": ["true"],
            "algorithm": [ALGORITHM],
        }
        named = {"name": f"signs since {since:%Y-%m-%dT%H:%M:%SZ}", "config": config}
        self._admin.post(self._admin.of("components"), _PROVIDER | named)
        for key in before:
            if key.signs:
                self._only_verifies(key, since + VERIFIES)
        first, *others = self.all()
        if not first.signs or first.kid in {key.kid for key in before}:
            raise RealmError("Keycloak は新しい鍵で署名していません。もう一度実行してください。")
        return first, [key for key in others if not key.signs]

    def forget(self, now: datetime, *, at_once: bool = False) -> Iterator[Key]:
        """Take away those whose time is over, or all that do not sign; each is told when it is gone."""
        for key in self.all():
            if not key.signs and (at_once or (key.until is not None and key.until <= now)):
                self._admin.delete(self._admin.of("components", key.provider))
                yield key

    def _key(self, told: dict[str, Any]) -> Key:
        held = self._admin.get(self._admin.of("components", told["providerId"]))
        until = _UNTIL.fullmatch(held["name"])
        return Key(
            told["kid"],
            told["providerId"],
            told["status"] == "ACTIVE",
            told["providerPriority"],
            datetime.fromisoformat(until[1]) if until else None,
        )

    def _only_verifies(self, key: Key, until: datetime) -> None:
        here = self._admin.of("components", key.provider)
        found = self._admin.get(here)
        told = {"name": f"verifies until {until:%Y-%m-%dT%H:%M:%SZ}"}
        self._admin.put(here, found | told | {"config": found["config"] | {"active": ["false"]}})


def _of_ours(told: dict[str, Any]) -> bool:
    return bool(told["use"] == "SIG" and told["algorithm"] == ALGORITHM and told["status"] != "DISABLED")


def change_own_secret(admin: Admin, client: str, secret: str) -> None:
    """The client that ``admin`` comes as, in ``admin``'s realm, has this secret from now on."""
    here = admin.of("clients")
    (found,) = admin.get(here, clientId=client)
    admin.put(f"{here}/{found['id']}", found | {"secret": secret})
