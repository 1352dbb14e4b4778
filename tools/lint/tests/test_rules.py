"""Every rule with what it refuses and what it lets pass."""

import sys
from pathlib import Path, PurePosixPath

import pytest

from tools.lint import __main__ as lint
from tools.lint.rules import RULES
from tools.lint.source import Source

RULE = "services/registry/attendance/rules.py"
COPY = "services/dashboard/school_day/copies.py"
STORE = "services/registry/attendance/store.py"
TEST = "services/registry/attendance/tests/test_store.py"

REFUSED = [
    ("clock-in-rules", RULE, "from datetime import datetime\nday = datetime.now()"),
    ("clock-in-rules", RULE, "import datetime\nday = datetime.date.today()"),
    ("clock-in-rules", RULE, "from time import time\nat = time()"),
    ("clock-in-rules", RULE, "def decide(clock):\n    return clock.now()"),
    ("clock-in-rules", COPY, "import uuid_utils\nkey = uuid_utils.uuid7()"),
    ("clock-in-rules", COPY, "from uuid import uuid4\nkey = uuid4()"),
    ("clock-in-sql", STORE, 'sql = "update t set at = now()"'),
    ("clock-in-sql", STORE, 'sql = f"select {column} from t where valid @> CURRENT_DATE"'),
    ("clock-in-sql", STORE, 'sql = """\nselect *\nfrom t where at < clock_timestamp ( )"""'),
    ("clock-in-sql", STORE, "stamp = sa.func.now()"),
    ("clock-in-sql", STORE, "stamp = func.current_timestamp()"),
    ("clock-in-sql", STORE, 'sql = "select recorded_at::date from t"'),
    ("clock-in-sql", STORE, 'sql = "select (f.recorded_at)::date from f"'),
    ("clock-in-sql", STORE, 'sql = "select cast(f.claimed_at as date) from f"'),
    (
        "clock-in-sql",
        "services/registry/migrations/0001_first.sql",
        "create table t (at timestamptz default now());",
    ),
    ("broker-imports", "shared/events/relay.py", "from aiokafka import AIOKafkaProducer"),
    ("broker-imports", STORE, "import confluent_kafka.admin"),
    ("broker-imports", "services/registry/kafka.py", "import aiokafka"),
    ("tenancy-door", STORE, "sql = \"select set_config('app.board', $1, true)\""),
    ("tenancy-door", STORE, 'sql = "SET LOCAL app.board = x"'),
    ("tenancy-door", "deploy/local/cli.py", "engine = create_async_engine(url)"),
    ("tenancy-door", STORE, "pool = asyncpg.create_pool(dsn)"),
    ("sleeping-tests", TEST, "import asyncio\nasync def test():\n    await asyncio.sleep(1)"),
    ("sleeping-tests", TEST, "from time import sleep\nsleep(1)"),
    ("sleeping-tests", "tests/browser/test_roll.py", "page.wait_for_timeout(500)"),
    ("environment", STORE, "import os\nport = os.environ['PORT']"),
    ("environment", "shared/database/engine.py", "from os import getenv"),
    ("environment", STORE, "from pydantic_settings import BaseSettings"),
    ("contract-imports", "shared/contracts/registry.py", "from shared.database import periods"),
    ("contract-imports", "shared/contracts/registry.py", "import sqlmodel"),
    (
        "contract-imports",
        "shared/contracts/registry.py",
        "from services.registry.attendance.rules import Mark",
    ),
    ("live-cells", STORE, "import csv\ncsv.writer(target).writerow(names)"),
    ("live-cells", "services/registry/cli.py", "from csv import DictWriter"),
    ("live-cells", STORE, "import xlsxwriter"),
    ("lost-cancellations", STORE, "import asyncio\nawait asyncio.wait_for(turn.acquire(), 2)"),
    ("lost-cancellations", "benchmarks/spine.py", "from asyncio import wait_for\nawait wait_for(x, 1)"),
    ("lock-addresses", "requirements.lock", "--index-url https://mirror.example/simple\na==1"),
    (
        "lock-addresses",
        "services/dashboard/web/package-lock.json",
        '{"resolved": "https://mirror.example/a.tgz"}',
    ),
]

KEPT = [
    ("lost-cancellations", TEST, "import asyncio\nawait asyncio.wait_for(both.wait(), 20)"),
    ("lost-cancellations", STORE, "async with asyncio.timeout(2):\n    await page.wait_for('body')"),
    ("live-cells", "shared/sheets/writing.py", "import csv\ncsv.writer(target)"),
    ("live-cells", STORE, "import csv\nrows = csv.reader(lines)"),
    ("clock-in-rules", RULE, "def decide(now, as_of):\n    return now.date() <= as_of"),
    ("clock-in-rules", STORE, "from datetime import datetime\nday = datetime.now()"),
    ("clock-in-rules", RULE, "class Mark:\n    def today(self): ...\nMark().today()"),
    ("clock-in-rules", "shared/events/copies.py", "at = self.clock.now()"),
    ("clock-in-sql", STORE, '"""Never now() in SQL."""'),
    ("clock-in-sql", STORE, 'sql = "update t set at = $1 -- never now()"'),
    (
        "clock-in-sql",
        STORE,
        "sql = \"select $1::date, valid::daterange, (payload->>'occurred_on')::date from t\"",
    ),
    ("clock-in-sql", STORE, "at = clock.now()"),
    (
        "clock-in-sql",
        STORE,
        'sql = "select now()"  # allow clock-in-sql: age of a session, shown to operators',
    ),
    ("clock-in-sql", "a.sql", "select now(); -- allow clock-in-sql: age of a session, shown to operators"),
    ("broker-imports", "shared/events/kafka.py", "import aiokafka"),
    ("broker-imports", "shared/events/kafka_relay.py", "from aiokafka import AIOKafkaProducer"),
    ("broker-imports", "shared/events/tests/test_kafka.py", "import aiokafka"),
    ("broker-imports", "deploy/kafka/broker.py", "from confluent_kafka.admin import AdminClient"),
    ("broker-imports", STORE, "import aiokafkaesque"),
    ("tenancy-door", "shared/database/units.py", "sql = \"select set_config('app.board', $1, true)\""),
    ("tenancy-door", STORE, "sql = \"select set_config('search_path', $1, true)\""),
    ("sleeping-tests", "tests/support/waiting.py", "import asyncio\nawait asyncio.sleep(0.01)"),
    ("sleeping-tests", "shared/events/relay.py", "import asyncio\nawait asyncio.sleep(1)"),
    ("sleeping-tests", TEST, "await eventually(lambda: page.count() == 1)"),
    ("sleeping-tests", TEST, "import asyncio\nawait asyncio.sleep(0)"),
    ("environment", "deploy/local/state.py", "import os\nos.environ['TSUMUGI_STATE']"),
    ("environment", STORE, "import os\nos.fspath(path)"),
    (
        "contract-imports",
        "shared/contracts/registry.py",
        "from datetime import date\nfrom pydantic import Field",
    ),
    (
        "contract-imports",
        "shared/contracts/registry.py",
        "from shared.ids import new_id\nfrom . import Contract",
    ),
    ("lock-addresses", "requirements.lock", "a==1 --hash=sha256:0"),
]


def broken(rule: str, path: str, text: str) -> list[int]:
    source = Source(PurePosixPath(path), text)
    return [line for line, _ in RULES[rule](source) if not source.allows(rule, line)]


@pytest.mark.parametrize(("rule", "path", "text"), REFUSED)
def test_refused(rule: str, path: str, text: str) -> None:
    assert broken(rule, path, text)


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_kept(rule: str, path: str, text: str) -> None:
    assert broken(rule, path, text) == []


def test_every_rule_gives_its_reason_and_has_both_kinds_of_example() -> None:
    assert {rule for rule, *_ in REFUSED} == {rule for rule, *_ in KEPT} == set(RULES)
    for check in RULES.values():
        assert len(sys.modules[check.__module__].__doc__ or "") > 100


def test_an_exception_without_a_reason_is_none() -> None:
    assert broken("clock-in-sql", STORE, 'sql = "select now()"  # allow clock-in-sql:') == [1]
    assert broken("clock-in-sql", STORE, 'sql = "select now()"  # allow broker-imports: because') == [1]


def test_the_finding_names_file_line_rule_and_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "services" / "registry" / "roster"
    folder.mkdir(parents=True)
    (folder / "store.py").write_text('"""Store."""\n\nSQL = "select now()"\n')
    hidden = tmp_path / ".venv"
    hidden.mkdir()
    (hidden / "store.py").write_text('SQL = "select now()"')
    assert lint.main(tmp_path) == 1
    assert capsys.readouterr().out == (
        "services/registry/roster/store.py:3: clock-in-sql: "
        "now() is the database's clock: pass the instant as a parameter\n"
    )
    (folder / "store.py").write_text("")
    assert lint.main(tmp_path) == 0
