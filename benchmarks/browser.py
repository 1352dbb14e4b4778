"""Signing in as a person does: through the issuer's page, with cookies carried by hand.

Clients send a ``Secure`` cookie over https alone. Browsers hold http://localhost for as good, and so does this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie

import httpx


class _Choices(HTMLParser):
    """The buttons of the page that choose somebody, with the hidden fields of their form."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        """What stands on a button, and what its form sends when it is pressed."""
        self._carried: dict[str, str] = {}
        self._chosen: dict[str, str] | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._carried = {}
        elif tag == "input" and given.get("type") == "hidden":
            self._carried[given["name"]] = given["value"]
        elif tag == "button" and given.get("name") == "choice":
            self._chosen, self._words = {"choice": given["value"]}, []

    def handle_data(self, data: str) -> None:
        if self._chosen is not None:
            self._words.append(data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._chosen is not None:
            self.found.append((" ".join(filter(None, self._words)), {**self._carried, **self._chosen}))
            self._chosen = None


@dataclass
class Browser:
    """A browser without a screen."""

    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, origin: str, search: str, words: str) -> dict[str, str]:
        """Search, choose the first button with all of ``words``; the header that every request then carries."""
        with httpx.Client(timeout=30) as http:
            page = self._ask(http, "GET", f"{origin}/auth/login", params={"to": "/"}).headers["location"]
            choices = _Choices()
            choices.feed(self._ask(http, "GET", str(httpx.URL(page).copy_merge_params({"q": search}))).text)
            fields = next(
                (fields for said, fields in choices.found if all(word in said for word in words.split())),
                None,
            )
            if fields is None:
                raise RuntimeError(f"nobody with {words} among {[said for said, _ in choices.found]}")
            issuer = str(httpx.URL(page).copy_with(query=None))
            back = self._ask(http, "POST", issuer, data={**fields, "two_factors": "yes"}).headers["location"]
            done = self._ask(http, "GET", back)
        if done.headers.get("location") != "/":
            raise RuntimeError(f"signing in ended at {done.headers.get('location')}")
        return {"cookie": self._header()}

    def _ask(self, http: httpx.Client, method: str, address: str, **more: dict[str, str]) -> httpx.Response:
        http.cookies.clear()
        answer = http.request(method, address, headers={"cookie": self._header()}, **more)  # type: ignore[arg-type]
        answer.raise_for_status() if answer.is_error else None
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    def _header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
