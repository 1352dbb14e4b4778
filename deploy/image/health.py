"""Whether the service of this container lives: the image's own check, where no orchestrator has a better one.

The image has no curl and needs none. What answers must hold our own certificate: nothing else listens there.

    health.py FILE SECONDS    instead: whether FILE was touched within SECONDS, by what listens nowhere
"""

from __future__ import annotations

import http.client
import math
import os
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path

SECONDS = 4


def main(environment: dict[str, str], words: Sequence[str] = ()) -> int:
    """Exit status 0 when it answers, 1 (with the reason) when not; a container without a service is never ill."""
    if words:
        file, seconds = words
        return 0 if _age(file) < float(seconds) else 1
    listen = environment.get("TSUMUGI_LISTEN")
    if not listen:
        return 0
    port = int(listen.rpartition(":")[2])
    try:
        status = _asked(port, environment.get("TSUMUGI_TLS_CERTIFICATE"))
    except OSError as error:
        sys.stderr.write(f"{type(error).__name__}\n")
        return 1
    return 0 if status == 200 else 1


def _age(file: str) -> float:
    try:
        return time.time() - Path(file).stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _asked(port: int, certificate: str | None) -> int:
    connection: http.client.HTTPConnection
    if certificate:
        ours = ssl.create_default_context(cafile=certificate)
        ours.verify_flags |= (
            ssl.VERIFY_X509_PARTIAL_CHAIN
        )  # the certificate itself is what is trusted, not its issuer
        ours.check_hostname = False  # it is made out to the service's name, and this is loopback
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=ours)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), sys.argv[1:]))
