"""A kitchen's program in twenty lines: .venv/bin/python docs/examples/lunch_count.py [ADDRESS [SECRET_FILE]]

ADDRESS is that of the pages (default http://localhost:8600), SECRET_FILE what `make up` made for the department.
"""

import json
import sys
import uuid
from pathlib import Path

import httpx

CLIENT = "dept-kenko-kyushoku"
GIVEN = ["http://localhost:8600", f".tsumugi/secrets/{CLIENT}.secret"]
address, file = sys.argv[1:] + GIVEN[len(sys.argv) - 1 :]
host, port = address.rstrip("/").rsplit(":", 1)
ORIGIN, ISSUER = f"{host}:{port}", f"{host}:{int(port) + 2}"
secret = Path(file).read_text(encoding="ascii").strip()
asked = {"grant_type": "client_credentials", "audience": "dashboard"}
try:
    token = httpx.post(f"{ISSUER}/token", data=asked, auth=(CLIENT, secret)).raise_for_status().json()
except httpx.ConnectError:
    sys.exit(f"{ISSUER} につながりません。画面の住所を書いてください: lunch_count.py http://localhost:9600")
with httpx.Client(base_url=f"{ORIGIN}/api/feeds/lunch-count", timeout=40) as feed:
    feed.headers["Authorization"] = f"Bearer {token['access_token']}"
    while True:  # tokens live five minutes; `tsumugi lunch follow` renews them
        lines = feed.get("/items", params={"wait": 25}).raise_for_status().text.splitlines()
        for item in map(json.loads, lines):
            meals = item["value"]["members"] - item["value"]["absent"]
            sys.stdout.write(f"{item['school_name']} {item['group_name']} {meals}食\n")
            key = {"Idempotency-Key": str(uuid.uuid4())}
            feed.post("/acks", json={"position": item["position"]}, headers=key).raise_for_status()
