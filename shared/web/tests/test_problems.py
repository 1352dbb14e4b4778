"""What a request that cannot be is told: the field, what is wrong with it, and what to do."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError

from shared.access.log import LogFullError
from shared.database.engine import DatabaseAway
from shared.web.problems import install


class Body(BaseModel):
    """One field of every kind that forms have."""

    day: date = date(2026, 11, 20)
    number: Annotated[int, Field(ge=1, le=99)] = 1
    words: Annotated[str, Field(min_length=1, max_length=5, pattern=r"\S")] = "x"
    which: UUID | None = None
    kind: Literal["one", "two"] = "one"


PASSING = ("08006", "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03", "58030")
"""SQLSTATEs at which whoever asks again may be answered."""
LASTING = ("23505", "55000", "55006", "57014", "57P04", "58000", "58P01", "XX000")
"""A record of ours, our own mistake, or something that people must see to: whoever asks again gets the same."""


def said_by_postgres(state: str) -> DBAPIError:
    """What a request meets when PostgreSQL refuses a statement."""
    error = asyncpg.PostgresError.new({"C": state, "M": "no"})
    return DBAPIError("select 1", None, error, connection_invalidated=False)


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("day", "2026-02-30", "2026年2月30日という日はありません。日付を確かめてください。"),
        ("day", "2026-13-01", "2026年13月1日という日はありません。日付を確かめてください。"),
        ("day", "11/20", "日付は 2026-11-20 の形で入れてください。"),
        ("day", "", "日付を入れてください。"),
        ("day", None, "日付を入れてください。"),
        ("number", 0, "「0」は小さすぎます。1以上にしてください。"),
        ("number", 100, "「100」は大きすぎます。99以下にしてください。"),
        ("number", "四", "整数で入れてください。"),
        ("words", "", "空のままです。書いてください。"),
        ("words", " ", "空のままです。書いてください。"),
        ("words", "長すぎる文字", "長すぎます。5文字までにしてください。"),
        ("which", "", "選んでください。"),
        ("which", "だれか", "番号の形ではありません。画面から選び直してください。"),
        ("kind", "three", "この中にない値です。画面から選び直してください。"),
        ("kind", "", "選んでください。"),
    ],
)
async def test_a_wrong_field_is_named_with_what_to_do(field: str, given: Any, message: str) -> None:
    app = FastAPI()
    install(app)

    @app.post("/")
    async def take(body: Body) -> None:
        raise AssertionError("it must not come this far")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.post("/", json={field: given})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "message": message}]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatabaseAway(111, "refused"), 503),
        (DBAPIError("select 1", None, asyncpg.InterfaceError("closed"), connection_invalidated=True), 503),
        (OSError(28, "no space"), 500),
        *((said_by_postgres(state), 503) for state in PASSING),
        *((said_by_postgres(state), 500) for state in LASTING),
    ],
    ids=lambda each: getattr(getattr(each, "orig", None), "sqlstate", None),
)
async def test_where_the_database_is_away_one_may_come_back(error: Exception, status: int) -> None:
    answer = await answer_at(error)
    assert answer.status_code == status
    if status == 503:
        assert answer.json()["type"].endswith("/database-away")
        assert int(answer.headers["retry-after"]) > 0


def full_at_the_door() -> DatabaseAway:
    """What a request meets when PostgreSQL has no room even to take it in."""
    error = DatabaseAway("could not write init file")
    error.__cause__ = asyncpg.DiskFullError("could not write init file")
    return error


def unseen() -> LogFullError:
    """What a reader meets when nothing can be written into the access log any more."""
    error = LogFullError()
    error.__cause__ = said_by_postgres("53100")
    return error


@pytest.mark.parametrize(
    "error", [said_by_postgres("53100"), full_at_the_door(), unseen()], ids=["inside", "door", "reading"]
)
async def test_where_the_database_has_no_room_somebody_is_told(error: Exception) -> None:
    answer = await answer_at(error)
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/disk-full")
    assert "ディスクに空きがありません" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) > 0


async def answer_at(error: Exception) -> httpx.Response:
    """What a page is told where a request comes to this."""
    app = FastAPI()
    install(app)

    @app.get("/")
    async def read() -> None:
        raise error

    way = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=way, base_url="http://toy") as http:
        return await http.get("/")
