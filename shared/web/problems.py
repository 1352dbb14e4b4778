"""problem+json (RFC 9457): a sentence in Japanese that names the field or cell and says what to do.

Order of answers: 404 not visible → 403 not allowed → 401 step-up (decisions.md §4); a stranger learns nothing about
what exists.
"""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Sequence
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from shared.access.log import LogFullError
from shared.access.principal import Fault, Unauthenticated
from shared.database.engine import DatabaseAway
from shared.database.units import sqlstate

logger = logging.getLogger(__name__)
TYPES = "https://tsumugi.example/problems/"
KIND = "tsumugi.problem"
"""Under this name a request's scope tells those around its route which problem was its answer."""


class FieldError(BaseModel):
    """One thing that is wrong, where, and what to do about it."""

    field: str | None = None
    cell: str | None = None
    message: str
    instead: str | None = None
    """What could be written there, where the service knows it: a form may offer it."""


class Problem(Exception):
    """An answer other than success."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = list(errors)
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        """The problem as it leaves."""
        body: dict[str, Any] = {
            "type": TYPES + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [error.model_dump(exclude_none=True) for error in self.errors]
        return JSONResponse(
            body,
            self.status,
            headers={**self.headers, "cache-control": "no-store"},
            media_type="application/problem+json",
        )


def not_found() -> Problem:
    """Not there, or not for you: the same answer."""
    return Problem(
        404,
        "not-found",
        "見つかりません",
        "このページは見られません。仕事で必要なときは管理者に伝えてください。",
    )


def denied(detail: str) -> Problem:
    """Visible, but not allowed."""
    return Problem(403, "not-allowed", "この操作はできません", detail)


def signed_out() -> Problem:
    """A browser's session is over."""
    return Problem(
        401,
        "signed-out",
        "サインインしてください",
        "サインインの有効時間が過ぎました。もう一度サインインすると、続きから始められます。",
        headers={"www-authenticate": "Bearer"},
    )


_TOKENS: dict[Fault, tuple[str, str]] = {
    "missing": (
        "トークンがありません",
        "トークンを「Authorization: Bearer …」のヘッダーに付けて送ってください。",
    ),
    "malformed": (
        "トークンの形ではありません",
        "トークンが途中で切れていないか、余分な文字がないかを確かめてください。",
    ),
    "expired": (
        "トークンの期限が切れました",
        "新しいトークンをもらって、もう一度送ってください。",
    ),
    "elsewhere": (
        "ほかのサービスのためのトークンです",
        "このサービスを宛先（audience）にしたトークンをもらってください。",
    ),
    "refused": (
        "ここでは使えないトークンです",
        "発行者、署名、種類のどれかが合いません。新しいトークンをもらってください。",
    ),
    "unchecked": (
        "トークンを確かめられません",
        "発行者につながらないため、確かめられません。少し待って、もう一度送ってください。",
    ),
}


def bad_token(fault: Fault) -> Problem:
    """A caller's token is missing or not good here; what it is told helps nobody who holds none (RFC 6750 §3)."""
    title, detail = _TOKENS[fault]
    if fault == "unchecked":  # not the token's fault: who holds it must not throw it away
        return Problem(503, "unchecked", title, detail, headers={"retry-after": "2"})
    challenge = "Bearer" if fault == "missing" else 'Bearer error="invalid_token"'
    return Problem(401, "signed-out", title, detail, headers={"www-authenticate": challenge})


def database_away() -> Problem:
    """The database does not answer. What was under way may have been saved: nobody heard the answer."""
    return Problem(
        503,
        "database-away",
        "いまは記録を読み書きできません",
        "記録を置いているデータベースが答えません。少し待って、もう一度送ってください（二重にはなりません）。",
        headers={"retry-after": str(random.randint(2, 8))},  # noqa: S311 (not a secret)
    )


def disk_full() -> Problem:
    """The database has no room left. Waiting does not make any: somebody has to be told."""
    return Problem(
        503,
        "disk-full",
        "いまは記録を読み書きできません",
        "記録を置くディスクに空きがありません。管理者に伝えてください。"
        "空きができたら、もう一度送ってください（二重にはなりません）。",
        headers={"retry-after": str(random.randint(5, 15))},  # noqa: S311 (not a secret)
    )


def unexpected() -> Problem:
    """Our own mistake, or a part that is away."""
    return Problem(
        500,
        "unexpected",
        "処理できませんでした",
        "保存できたかどうかが分かりません。少し待ってから、同じ番号でもう一度送ってください（二重にはなりません）。",
    )


def too_large() -> Problem:
    """More than a request may carry."""
    return Problem(413, "too-large", "大きすぎます", "1 MB までに分けて送ってください。")


def step_up() -> Problem:
    """Signed in, but not strongly or recently enough (RFC 9470)."""
    return Problem(
        401,
        "step-up",
        "もう一度本人確認をします",
        "この操作には、もう一度の本人確認が必要です。",
        headers={"www-authenticate": 'Bearer error="insufficient_user_authentication", acr_values="2"'},
    )


_NO_TEXT = {"22021", "22P05"}
"""SQLSTATEs of a character that no text of PostgreSQL holds: NUL, sent as it is or within JSON."""
_CANNOT = {"08", "40", "53"}
"""Classes of SQLSTATE that speak of the server and go by. Narrower than what a worker waits for: a browser that is told
to come back does so for ever, and nobody hears of a mistake of ours (55000), a statement that a limit ends each time
(57014), or a file that is lost (58P01)."""
_CANNOT_NOW = {"55P03", "57P01", "57P02", "57P03", "58030"}
"""SQLSTATEs of the same kind in other classes: locked, shutting down or starting, an error of the disk."""
_DATE_AS = "日付は 2026-11-20 の形で入れてください。"
_WORDS = {
    "missing": "必要な項目です。入れてください。",
    "uuid_parsing": "番号の形ではありません。画面から選び直してください。",
    "uuid_type": "選んでください。",
    "date_from_datetime_parsing": _DATE_AS,
    "date_from_datetime_inexact": _DATE_AS,
    "date_parsing": _DATE_AS,
    "date_type": "日付を入れてください。",
    "int_parsing": "整数で入れてください。",
    "int_type": "整数で入れてください。",
    "int_from_float": "整数で入れてください。",
    "bool_parsing": "はい・いいえで入れてください。",
    "extra_forbidden": "この項目はありません。取り除いてください。",
    "string_type": "文字で入れてください。",
    "string_pattern_mismatch": "改行などの見えない文字は使えません。取り除いてください。",
    "string_too_long": "長すぎます。{max_length}文字までにしてください。",
    "string_too_short": "短すぎます。{min_length}文字以上にしてください。",
    "too_long": "数が多すぎます。分けて送ってください。",
    "too_short": "数が足りません。{min_length}つ以上にしてください。",
    "greater_than_equal": "「{input}」は小さすぎます。{ge}以上にしてください。",
    "greater_than": "「{input}」は小さすぎます。{gt}より大きくしてください。",
    "less_than_equal": "「{input}」は大きすぎます。{le}以下にしてください。",
    "less_than": "「{input}」は大きすぎます。{lt}より小さくしてください。",
    "literal_error": "この中にない値です。画面から選び直してください。",
    "json_invalid": "JSON として読めません。形を確かめてください。",
}
_EMPTY = {
    "uuid_parsing": "選んでください。",
    "date_from_datetime_parsing": "日付を入れてください。",
    "date_parsing": "日付を入れてください。",
    "int_parsing": "数を入れてください。",
    "literal_error": "選んでください。",
    "string_too_short": "空のままです。書いてください。",
    "string_pattern_mismatch": "空のままです。書いてください。",
}
"""What is said instead when nothing, or only blanks, was given."""
_A_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def _message(error: dict[str, Any]) -> str:
    """What is wrong with a value and what to do. A text is not repeated: it may be long, or about somebody."""
    kind, given = error["type"], error.get("input")
    if isinstance(given, str):
        if not given.strip() and kind in _EMPTY:
            return _EMPTY[kind]
        day = _A_DAY.fullmatch(given)
        if day is not None and _WORDS.get(kind) == _DATE_AS:
            year, month, number = (int(part) for part in day.groups())
            return f"{year}年{month}月{number}日という日はありません。日付を確かめてください。"
    words = _WORDS.get(kind, "この値は使えません。値を確かめてください。")
    return words.format_map({**error.get("ctx", {}), "input": given})


def _field_error(error: dict[str, Any]) -> FieldError:
    where = ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path"))
    return FieldError(field=where or "body", message=_message(error))


def _answer(request: Request, problem: Problem) -> JSONResponse:
    request.scope[KIND] = problem.kind
    return problem.response()


def _no_room(error: BaseException | None) -> bool:
    """Whether the database's disk is full: within a statement, or already where it takes somebody in."""
    if isinstance(error, DBAPIError):
        return sqlstate(error) == asyncpg.DiskFullError.sqlstate
    return isinstance(error, DatabaseAway) and isinstance(error.__cause__, asyncpg.DiskFullError)


def _full(request: Request) -> JSONResponse:
    logger.error("the database's disk is full")
    return _answer(request, disk_full())


def install(app: FastAPI) -> None:
    """Answer every error as a problem."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> JSONResponse:
        return _answer(request, error)

    @app.exception_handler(Unauthenticated)
    async def _unauthenticated(request: Request, error: Unauthenticated) -> JSONResponse:
        logger.info("unauthenticated: %s", error)
        return _answer(request, bad_token(error.fault))

    @app.exception_handler(LogFullError)
    async def _unseen(request: Request, error: LogFullError) -> JSONResponse:
        if _no_room(error.__cause__):
            return _full(request)
        problem = Problem(
            503,
            "not-logged",
            "いまは見られません",
            "見た記録を残せないため、止めています。少し待ってください。",
        )
        return _answer(request, problem)

    @app.exception_handler(DatabaseAway)
    async def _away(request: Request, error: DatabaseAway) -> JSONResponse:
        if _no_room(error):
            return _full(request)
        logger.warning("the database is away")
        return _answer(request, database_away())

    @app.exception_handler(DBAPIError)
    async def _no_text(request: Request, error: DBAPIError) -> JSONResponse:
        if error.connection_invalidated:
            logger.warning("the database has hung up")
            return _answer(request, database_away())
        if _no_room(error):
            return _full(request)
        state = sqlstate(error) or ""
        if state[:2] in _CANNOT or state in _CANNOT_NOW:
            logger.error("the database cannot: SQLSTATE %s", state)
            return _answer(request, database_away())
        if state not in _NO_TEXT:
            raise error
        words = (
            "見えない文字（NUL）が入っています。取り除いて、もう一度送ってください。何も保存していません。"
        )
        return _answer(request, Problem(422, "invalid", "入力を確かめてください", words))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [_field_error(item) for item in error.errors()]
        detail = "、".join(f"「{item.field}」" for item in errors[:3]) + "を確かめてください。"
        return _answer(request, Problem(422, "invalid", "入力を確かめてください", detail, errors=errors))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return _answer(request, not_found())
        if error.status_code == 413:
            return _answer(request, too_large())
        if error.status_code == 405:
            words = "API の説明で操作を確かめてください。"
            return _answer(request, Problem(405, "method", "この操作はありません", words))
        return _answer(
            request, Problem(error.status_code, "http", "できませんでした", "要求を確かめてください。")
        )
