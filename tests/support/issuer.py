"""An OpenID provider in miniature over https: its keys, and tokens for clients in their own name.

For tests of the broker without Keycloak. It signs as shared/access/tokens.py demands.
"""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from deploy.local.authority import Authority
from shared.access.own_token import OwnToken
from shared.access.tokens import ALGORITHM, TYPE
from shared.events.kafka_access import AUDIENCE, KafkaAccess, trusting_context

SECRET = "known to tests"


class ToyIssuer:
    """Gives every client that knows ``SECRET`` a token for what it asks for."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.lasts = 300
        """Seconds, of the tokens given from now on."""
        self.away = False
        self.given: Counter[str] = Counter()
        """How many tokens each client was given."""
        self._key = RSAKey.generate_key(2048, {"kid": "toy", "alg": ALGORITHM, "use": "sig"})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        certificate = authority.issue("issuer")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def jwks_url(self) -> str:
        """Where the keys are."""
        return f"{self.url}/jwks"

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        return f"{self.url}/token"

    def keys(self) -> dict[str, Any]:
        """The public keys."""
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, client: str, *, key: RSAKey | None = None, **claims: Any) -> str:
        """A token of ``client`` for the broker; ``claims`` replace what it would say."""
        now = int(datetime.now(UTC).timestamp())
        said = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": f"service-account-{client}",
            "azp": client,
            "iat": now,
            "exp": now + self.lasts,
            "scope": AUDIENCE,
            **claims,
        }
        key = key or self._key
        return jwt.encode({"typ": TYPE, "alg": ALGORITHM, "kid": "toy"}, said, key, algorithms=[ALGORITHM])

    def own_token(self, client: str) -> OwnToken:
        """What a service uses for its token."""
        http = httpx.AsyncClient(verify=trusting_context(str(self.authority.certificate)))
        return OwnToken(http, self.token_url, client, SECRET, AUDIENCE)

    def access(self, bootstrap: str, client: str, **more: Any) -> KafkaAccess:
        """The way of ``client`` to a broker that believes us."""
        tls = trusting_context(str(self.authority.certificate))
        return KafkaAccess(bootstrap, self.own_token(client), tls, makes_topics=False, **more)


def _handler(issuer: ToyIssuer) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, issuer.keys()) if self.path == "/jwks" else self._answer(404, {})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            login = b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()
            client, _, secret = (unquote_plus(part) for part in login.partition(":"))
            if issuer.away:
                self._answer(503, {"error": "temporarily_unavailable"})
            elif secret != SECRET:
                self._answer(401, {"error": "invalid_client"})
            else:
                issuer.given[client] += 1
                token = issuer.token(client, aud=form["scope"][0])
                self._answer(200, {"access_token": token, "expires_in": issuer.lasts})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
