"""What should be on the broker, and how what is there differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from deploy.kafka.plan import Found, Granted, Right, Topic, Wanted, drift, granted, wanted
from deploy.topology import topology
from shared.contracts.identity import Grant, PurposeChanged

BOARD, DEPARTMENT = UUID(int=1), UUID(int=2)
KITCHEN = Granted(BOARD, DEPARTMENT, "dept-kitchen", "lunch-count")
FEED = f"feed.{BOARD}.{DEPARTMENT}.lunch-count"
TODAY = date(2026, 11, 20)


def test_a_service_writes_its_own_topics_and_reads_what_the_topology_lets_it() -> None:
    rights = wanted(topology()).rights
    for name, topic in topology().topics.items():
        publisher = name.split(".")[0]
        assert {r.client for r in rights if r.name == name and r.operation == "WRITE"} == {publisher}
        readers = {r.client for r in rights if r.name == name and r.operation == "READ"}
        assert readers == {publisher, *topic.readers}
    assert {right.name for right in rights} == set(topology().topics)


def test_a_department_reads_its_own_feed_and_only_the_dashboard_writes_it() -> None:
    more = wanted(topology(), [KITCHEN]).rights - wanted(topology()).rights
    assert more == {
        Right("dashboard", "WRITE", FEED),
        Right("dashboard", "READ", FEED),
        Right("dept-kitchen", "READ", FEED),
        Right("dept-kitchen", "READ", "dept-kitchen", "group"),
    }


@pytest.mark.parametrize("client", ["registry", "kafka-admin", "*", "dept-*", "User:registry", ""])
def test_a_client_whose_name_is_none_of_a_department_is_given_nothing(client: str) -> None:
    more = wanted(topology(), [KITCHEN._replace(client=client)]).rights - wanted(topology()).rights
    assert {right.client for right in more} == {"dashboard"}


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (TODAY, None, True),
        (date(2026, 11, 21), None, False),
        (date(2026, 4, 1), date(2026, 11, 21), True),
        (date(2026, 4, 1), TODAY, False),
    ],
)
def test_a_grant_holds_from_its_first_day_to_its_last(since: date, until: date | None, holds: bool) -> None:
    grant = Grant(
        purpose=UUID(int=3),
        feed="lunch-count",
        fields=["members"],
        statement="給食",
        basis="学校給食法",
        importance="III",
        small_groups=True,
        since=since,
        until=until,
    )
    purposes = PurposeChanged(
        department=DEPARTMENT,
        client="dept-kitchen",
        grants=[grant, grant.model_copy(update={"feed": "oneroster"})],
    )
    assert granted(BOARD, purposes, topology().feeds, TODAY) == ({KITCHEN} if holds else set())


def there(should: Wanted) -> Found:
    """A broker on which all is as it should be."""
    topics = {name: Topic(plan.partitions, 1, plan.on(1)) for name, plan in should.topics.items()}
    return Found(topics, set(should.rights))


def test_a_broker_that_is_as_it_should_be_differs_in_nothing() -> None:
    should = wanted(topology(), [KITCHEN])
    told = drift(should, there(should), replication=1)
    assert (not told, told.lines(), told.mendable) == (True, [], False)


def test_when_a_grant_ends_the_department_loses_its_right_and_the_topic_stays() -> None:
    told = drift(wanted(topology()), there(wanted(topology(), [KITCHEN])), replication=1)
    assert told.surplus_rights == [
        Right("dept-kitchen", "READ", "dept-kitchen", "group"),
        Right("dept-kitchen", "READ", FEED),
    ]
    assert told.mendable
    assert len(told.lines()) == 2


def test_everything_that_differs_is_named() -> None:
    should = wanted(topology())
    found = there(should)
    topics = dict(found.topics)
    del topics["registry.person"]
    topics["registry.persn"] = Topic(1, 1, {})
    topics["registry.roll"] = replace(topics["registry.roll"], partitions=4)
    kept = {**topics["registry.duty"].configuration, "cleanup.policy": "delete"}
    topics["registry.duty"] = replace(topics["registry.duty"], configuration=kept)
    rights = found.rights - {Right("dashboard", "READ", "registry.roll")} | {
        Right("dashboard", "READ", "registry.contact")
    }
    told = drift(should, Found(topics, rights, ["User:* ALLOW ALL TOPIC PREFIXED registry"]), replication=1)
    assert told.lines() == [
        "トピックがない: registry.person",
        "知らないトピック: registry.persn",
        "区画の数が違う: registry.roll は 4、あるべきは 3",
        "設定が違う: registry.duty の cleanup.policy は delete、あるべきは compact",
        "許可がない: dashboard READ topic registry.roll",
        "余計な許可: dashboard READ topic registry.contact",
        "つけたことのない種類の許可: User:* ALLOW ALL TOPIC PREFIXED registry",
    ]


def test_a_topic_that_another_release_has_left_is_told_and_hinders_nobody() -> None:
    found = there(wanted(topology()))
    later = {**found.topics, "registry.later": Topic(1, 1, {})}
    told = drift(wanted(topology()), replace(found, topics=later), replication=1)
    assert (told.lines(), told.hinders, told.mendable) == (["知らないトピック: registry.later"], False, False)
    less = {name: topic for name, topic in later.items() if name != "registry.person"}
    assert drift(wanted(topology()), replace(found, topics=less), replication=1).hinders


def test_of_replicas_one_may_be_away() -> None:
    should = wanted(topology())
    told = drift(should, there(should), replication=3)
    assert told.configuration["registry.roll"] == {
        "min.insync.replicas": ("1", "2"),
        "replication.factor": ("1", "3"),
    }
