"""A kitchen's program in twenty lines: .venv/bin/python docs/examples/lunch_count.py [CLIENT SECRET_FILE [PORT]]"""

import json
import sys
import uuid
from pathlib import Path

import httpx

KITCHEN = ["dept-kenko-kyushoku", ".tsumugi/secrets/dept-kenko-kyushoku.secret", "8600"]
client, file, port = sys.argv[1:] + KITCHEN[len(sys.argv) - 1 :]
ORIGIN, ISSUER = f"http://localhost:{port}", f"http://localhost:{int(port) + 2}"
secret = Path(file).read_text(encoding="ascii").strip()
asked = {"grant_type": "client_credentials", "audience": "dashboard"}
token = httpx.post(f"{ISSUER}/token", data=asked, auth=(client, secret)).raise_for_status().json()
with httpx.Client(base_url=f"{ORIGIN}/api/feeds/lunch-count", timeout=40) as feed:
    feed.headers["Authorization"] = f"Bearer {token['access_token']}"
    while True:  # tokens live five minutes; `tsumugi lunch follow` renews them
        lines = feed.get("/items", params={"wait": 25}).raise_for_status().text.splitlines()
        for item in map(json.loads, lines):
            meals = item["value"]["members"] - item["value"]["absent"]
            sys.stdout.write(f"{item['school_name']} {item['group_name']} {meals}食\n")
            key = {"Idempotency-Key": str(uuid.uuid4())}
            feed.post("/acks", json={"position": item["position"]}, headers=key).raise_for_status()
