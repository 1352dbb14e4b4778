"""People who bring rosters over the web, for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.registry.oneroster import layout
from services.registry.oneroster.tests.packages import (
    Files,
    small_package,
    with_companion,
    with_row,
)
from services.registry.roster.tests.reading import id_of
from shared.database import Units
from tests.support.databases import Database
from tests.support.tokens import Authority
from tests.support.waiting import eventually

BASE = "/v1/imports"
STAFF = {"board": "b1", "office": "o1", "other_office": "o2", "teacher": "t1"}
"""学務課, the office of e1, the office of e2, a homeroom teacher of e1."""


def school_town() -> Files:
    """The small package with people who bring rosters."""
    files = small_package()
    for who, role, at in (
        ("b1", "districtAdministrator", "board"),
        ("o1", "siteAdministrator", "e1"),
        ("o2", "siteAdministrator", "e2"),
    ):
        names = {"familyName": "事務", "givenName": who}
        files = with_row(files, layout.USERS, sourcedId=who, enabledUser="true", username=who, **names)
        held = {"userSourcedId": who, "roleType": "primary", "role": role, "orgSourcedId": at}
        files = with_row(files, layout.ROLES, sourcedId=f"r{who}", **held)
    for duty in (
        {"staff": "b1", "kind": "board_staff", "department": "d1", "from": "2024-04-01"},
        {"staff": "o1", "kind": "office", "school": "e1", "from": "2024-04-01"},
        {"staff": "o2", "kind": "office", "school": "e2", "from": "2024-04-01"},
    ):
        files = with_companion(files, "/duties/-", duty)
    return files


def zipped(files: Files) -> bytes:
    """A package as the bytes of a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@dataclass
class Web:
    """Asks registry as different people."""

    units: Units
    board: UUID
    database: Database
    authority: Authority
    make: Callable[[], FastAPI]
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _http: httpx.AsyncClient | None = None

    @property
    def http(self) -> httpx.AsyncClient:
        """The service, reached."""
        assert self._http is not None
        return self._http

    async def start(self) -> None:
        """Start the service."""
        app = self.make()
        await self._stack.enter_async_context(app.router.lifespan_context(app))
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry")
        self._http = await self._stack.enter_async_context(http)

    async def stop(self) -> None:
        """End the service; what works for it ends too."""
        await self._stack.aclose()

    async def person(self, who: str) -> UUID:
        """Our id of somebody."""
        return await id_of(self.units, self.board, STAFF.get(who, who))

    async def headers(self, who: str) -> dict[str, str]:
        """The bearer header of somebody."""
        token = self.authority.token("registry", self.board, await self.person(who))
        return {"authorization": f"Bearer {token}"}

    async def get(self, who: str, path: str) -> httpx.Response:
        """Read."""
        return await self.http.get(BASE + path, headers=await self.headers(who))

    async def post(
        self, who: str, path: str, body: dict[str, Any] | None = None, key: UUID | None = None
    ) -> httpx.Response:
        """A command."""
        headers = {**await self.headers(who), "idempotency-key": str(key or uuid4())}
        return await self.http.post(BASE + path, headers=headers, json=body or {})

    async def put(self, who: str, upload: str, name: str, content: bytes) -> httpx.Response:
        """Send a file."""
        headers = {**await self.headers(who), "content-type": "application/octet-stream"}
        return await self.http.put(f"{BASE}/uploads/{upload}/files/{name}", headers=headers, content=content)

    async def begin(self, who: str, files: Files, school: UUID | None = None) -> httpx.Response:
        """Say what will be sent."""
        announced = [{"name": name, "bytes": len(content)} for name, content in files.items()]
        return await self.post(
            who, "/uploads", {"school": str(school) if school else None, "files": announced}
        )

    async def bring(self, who: str, files: Files, school: UUID | None = None) -> dict[str, Any]:
        """Send a package, and wait until it was looked at."""
        begun = await self.begin(who, files, school)
        assert begun.status_code == 200, begun.text
        upload = begun.json()["id"]
        for name, content in files.items():
            sent = await self.put(who, upload, name, content)
            assert sent.status_code == 200, sent.text
        return await self.settled(who, upload)

    async def settled(self, who: str, upload: str) -> dict[str, Any]:
        """An upload when nothing works on it any more."""
        told: dict[str, Any] = {}

        async def done() -> bool:
            told.update((await self.get(who, f"/uploads/{upload}")).json())
            return told["state"] not in ("receiving", "checking", "beginning")

        await eventually(done, within=60)
        return told

    async def apply(self, who: str, told: dict[str, Any], **more: Any) -> httpx.Response:
        """Say that what was shown shall be so."""
        return await self.post(
            who, f"/uploads/{told['id']}/apply", {"preview": told["preview"] or "", **more}
        )

    async def ended(self, who: str, number: int) -> dict[str, Any]:
        """A run when nothing works on it any more."""
        told: dict[str, Any] = {}

        async def done() -> bool:
            told.update((await self.get(who, f"/runs/{number}")).json())
            return not told["working"]

        await eventually(done, within=60)
        return told

    async def imported(self, who: str, files: Files, school: UUID | None = None) -> dict[str, Any]:
        """Bring a package and apply it; the run when it is over."""
        told = await self.bring(who, files, school)
        assert told["state"] == "ready", told
        answer = await self.apply(who, told, confirm_losses=True)
        assert answer.status_code == 200, answer.text
        begun = await self.settled(who, told["id"])
        assert begun["state"] == "begun", begun
        return await self.ended(who, begun["run"])

    async def rows(self, who: str, told: dict[str, Any], list_: str, **query: str) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found, after = [], ""
        while True:
            words = "&".join(f"{name}={value}" for name, value in {**query, "after": after}.items())
            page = (await self.get(who, f"/uploads/{told['id']}/{list_}?{words}")).json()
            found += page["rows"]
            if page["next"] is None:
                return found
            after = page["next"]
