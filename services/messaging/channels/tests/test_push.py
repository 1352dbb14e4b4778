"""Web push to a service that decrypts what it gets with the device's keys alone."""

from __future__ import annotations

import base64
import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import http_ece
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.messaging.channels import push, rules
from services.messaging.channels.settings import PUSH_SERVICES, Channels, Push
from services.messaging.channels.tests.receivers import Device, PushService, _unbase64, push_service
from services.messaging.channels.tests.test_deliveries import Post, own, post, send

__all__ = ["post"]


@pytest.fixture
async def service(post: Post) -> AsyncIterator[PushService]:
    """Push is on, to this service alone."""
    async with push_service() as made:
        set_ = post.settings.read()
        on = Push(contact="system@city.example.jp", services=(made.origin,))
        post.settings.write(Channels(mail=set_.mail, push=on))
        yield made


async def switch_on(
    post: Post, service: PushService, who: UUID | None = None, **changes: Any
) -> httpx.Response:
    """A device is switched on."""
    body = {"endpoint": service.endpoint, "label": "わたしの電話", **service.device.keys(), **changes}
    return await send(post.messaging, "push", who, **body)


async def test_the_device_reads_that_it_was_seen_and_nothing_of_the_child(
    post: Post, service: PushService
) -> None:
    assert (await switch_on(post, service)).status_code == 200
    page = await own(post.messaging)
    assert len(_unbase64(page["push_key"])) == 65
    await post.seen()
    await post.work()
    (said,) = service.got
    assert said["title"] == "第一小学校: 連絡を確認しました"
    assert said["open"] == "/family"
    assert set(said) == {"id", "title", "body", "open"}
    for never in ("妹", "病", "欠席", "2年1組"):
        assert never not in said["title"] + said["body"]
    assert UUID(said["id"]).bytes == _unbase64(service.requests[0]["topic"])
    (device,) = (await own(post.messaging))["channels"]
    assert (device["kind"], device["label"], device["address"]) == ("push", "わたしの電話", None)
    assert device["last"]["state"] == "handed_over"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_is_tried_no_more(post: Post, service: PushService, status: int) -> None:
    await switch_on(post, service)
    service.answers.append((status, {}))
    await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "gone", "no_such_address", 1)
    assert (await own(post.messaging))["channels"][0]["gone"]
    await post.seen(version=2)
    await post.work()
    assert len(service.requests) == 1


async def test_asked_to_wait_it_waits(post: Post, service: PushService) -> None:
    await switch_on(post, service)
    service.answers.append((429, {"retry-after": "1800"}))
    await post.seen()
    await post.work()
    await post.pass_by(timedelta(minutes=29))
    assert (await post.states())[-1] == ("confirmed", "waiting", "busy", 1)
    await post.pass_by(timedelta(minutes=1))
    assert (await post.states())[-1] == ("confirmed", "handed_over", None, 2)
    first, second = [each["topic"] for each in service.requests]
    assert first == second


async def test_a_key_that_the_service_does_not_know_is_told_to_the_operator(
    post: Post, service: PushService
) -> None:
    await switch_on(post, service)
    service.answers.append((403, {}))
    await post.seen()
    office = post.office()
    await post.work(office)
    assert (await post.states())[-1] == ("confirmed", "gave_up", "not_let_in", 1)


async def test_a_device_tells_whoever_switched_it_on_last(post: Post, service: PushService) -> None:
    await switch_on(post, service)
    await switch_on(post, service, post.messaging.town.father)
    assert (await own(post.messaging))["channels"] == []
    assert len((await own(post.messaging, post.messaging.town.father))["channels"]) == 1


async def test_only_push_services_are_called(post: Post, service: PushService) -> None:
    for endpoint in (
        "http://169.254.169.254/latest",
        "https://localhost:8601/v1/people",
        f"http://user@localhost:{service.port}/send",
        "https://fcm.googleapis.com.example.jp/x",
    ):
        assert (await switch_on(post, service, endpoint=endpoint)).status_code == 422
    assert (await switch_on(post, service, p256dh="A" * 87)).status_code == 422
    for good in ("https://fcm.googleapis.com/fcm/send/x", "https://db5p.notify.windows.com/w/?token=x"):
        assert rules.may_push_to(good, PUSH_SERVICES)
    for bad in (
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:444/x",
        "https://notify.windows.com.x/",
    ):
        assert not rules.may_push_to(bad, PUSH_SERVICES)


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    first, again = push.vapid(tmp_path), push.vapid(tmp_path)
    assert first.public == again.public
    assert stat.S_IMODE((tmp_path / push.FILE).stat().st_mode) == 0o600
    (tmp_path / push.FILE).chmod(0o644)
    with pytest.raises(push.KeyOpen):
        push.vapid(tmp_path)


def test_the_encryption_is_the_rfcs() -> None:
    """RFC 8291 §5: its keys, salt and text make its message; and what we send, its receiver reads."""
    sender = ec.derive_private_key(
        int.from_bytes(_unbase64("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1()
    )
    receiver = ec.derive_private_key(
        int.from_bytes(_unbase64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), ec.SECP256R1()
    )
    device = Device(receiver, _unbase64("BTBZMqHH6r4Tts7J_aSIgg"))
    text = b"When I grow up, I want to be a watermelon"
    message = http_ece.encrypt(
        text,
        salt=_unbase64("DGv6ra1nlYgDCS1FRnbzlw"),
        private_key=sender,
        dh=device.point,
        auth_secret=device.secret,
    )
    assert base64.urlsafe_b64encode(message).rstrip(b"=") == (
        b"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        b"yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert device.read(message) == text
    assert device.read(push.encrypt(text, device.keys())) == text
