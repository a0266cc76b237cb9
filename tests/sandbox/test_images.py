"""Images on the sandbox: uploaded as forms of which one part is signed, and made by tasks."""

import time
from typing import Any

import pytest

from wxcoupon import ApiError, Brand, Client, InvalidRequest, Pacer, Partner, form, images, wire
from wxcoupon import product_coupon as pc
from wxcoupon.keys import KeyRing
from wxcoupon.notify.receive import receive
from wxcoupon.sandbox import Keys, Sandbox

from ..pictures import bmp, jpg, png
from .knocking import Reply, knock
from .shapes import changed
from .test_callbacks import Receiver, receiver

__all__ = ["receiver"]  # a fixture

OFF: dict[str, Any] = {"threshold": 0, "discount_amount": 100}
COMBINE: dict[str, Any] = {"scope": "ALL", "type": "NORMAL", "usage_mode": "SINGLE", "normal_coupon": OFF}


@pytest.mark.parametrize(
    ("filename", "content"),
    [("tea.png", png()), ('茶 "1".png', png()), ("tea.JPG", jpg()), ("tea.bmp", bmp()), ("l.jpg", jpg(images.LARGEST))],
    ids=["png", "odd name", "jpg", "bmp", "large"],
)
async def test_an_image_gets_an_address(
    partner: Client[Partner], brand: Client[Brand], filename: str, content: bytes
) -> None:
    """An image of each kind is taken from partners and brands, and its address is made of its hash."""
    answers = [await client.call(pc.UploadImage.of(filename, content)) for client in (partner, brand)]

    assert {f"https://wxpaylogo.qpic.cn/wxpaylogo/{images.sha256(content)}/0"} == {one.image_url for one in answers}


WRONG = {
    "type": (pc.UploadImage.of("tea.png", b"GIF89a..."), "/file"),
    "name": (pc.UploadImage.of("tea.jpg", png()), "/meta/filename"),
    "ending": (pc.UploadImage.of("tea.gif", png()), "/meta/filename"),
    "size": (pc.UploadImage.of("tea.jpg", jpg(images.LARGEST + 1)), "/file"),
    "nothing": (pc.UploadImage.of("tea.png", b""), "/file"),
    "hash": (pc.UploadImage(meta=pc.ImageMeta(filename="tea.png", sha256="0" * 64), file=png()), "/meta/sha256"),
}


@pytest.mark.parametrize("what", sorted(WRONG))
async def test_a_wrong_image_is_not_sent(sandbox: Sandbox, partner: Client[Partner], what: str) -> None:
    """What is wrong with an image is said before anything is sent."""
    upload, field = WRONG[what]

    with pytest.raises(InvalidRequest) as found:
        await partner.call(upload)

    assert f"${field.replace('/', '.')}" in {fault.path for fault in found.value.faults}
    assert {} == sandbox.state()["requests"]


@pytest.mark.parametrize("what", sorted(WRONG))
async def test_a_wrong_image_is_refused(sandbox: Sandbox, unpaced: Pacer, what: str) -> None:
    """Where the client's checks are off, the sandbox refuses the same images for the same reasons."""
    upload, field = WRONG[what]
    async with Client(
        sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced, checks="off"
    ) as client:
        with pytest.raises(ApiError) as error:
            await client.call(upload)

    assert (400, "PARAM_ERROR") == (error.value.status, error.value.code)
    assert field == error.value.detail["field"]


async def _knock(sandbox: Sandbox, written: form.Form, **other: Any) -> Reply:
    target = sandbox.partner.path("/product-coupon/media/upload-image")
    headers = {"Content-Type": written.content_type}
    sent: dict[str, Any] = {"body": written.body, "signed_body": written.signed, "headers": headers}
    return await knock(sandbox, sandbox.partner, target=target, **(sent | other))


async def test_only_what_is_said_of_it_is_signed(sandbox: Sandbox) -> None:
    """The signature is over the text of meta alone, so it is neither over the whole body nor over the file."""
    upload = pc.UploadImage.of("tea.png", png())
    leaving = wire.encode(upload, sandbox.partner)
    written = form.write({"meta": {"filename": "tea.png", "sha256": images.sha256(png())}, "file": png()})

    assert (written.body, written.signed) == (leaving.body, leaving.signed)
    assert png() in leaving.body
    assert f'{{"filename":"tea.png","sha256":"{images.sha256(png())}"}}'.encode() == leaving.signed
    assert 200 == (await _knock(sandbox, written)).status
    for signed in (written.body, png(), b""):
        reply = await _knock(sandbox, written, signed_body=signed)
        assert (401, "SIGN_ERROR") == (reply.status, reply.json["code"])


async def test_another_file_under_the_same_signature_is_refused(sandbox: Sandbox) -> None:
    """The file is not signed, and yet cannot be exchanged: its hash is."""
    written = form.write({"meta": {"filename": "tea.png", "sha256": images.sha256(png())}, "file": png()})
    exchanged = written.body.replace(png(), png() + b"more")

    reply = await _knock(sandbox, written, body=exchanged)

    assert (400, "/meta/sha256") == (reply.status, reply.json["detail"]["field"])


async def test_what_is_no_such_form_is_refused(sandbox: Sandbox) -> None:
    """A form without its file, one with more in meta, and a body that is no form at all are refused."""
    meta = {"filename": "tea.png", "sha256": images.sha256(png())}
    whole, more = form.write({"meta": meta, "file": png()}), form.write({"meta": meta | {"note": "x"}, "file": png()})
    boundary = whole.content_type.partition("boundary=")[2].encode()
    second = whole.body.index(b"--" + boundary, 10)
    without = whole.body[:second] + b"--" + boundary + b"--\r\n"

    assert (400, "/file") == _field(await _knock(sandbox, whole, body=without))
    assert (400, "/meta/note") == _field(await _knock(sandbox, more))
    for wrong, field in ((b"{", "/meta"), (b"[]", "/meta"), (b'{"filename":null}', "/meta/filename")):
        body = whole.body.replace(whole.signed, wrong)
        assert (400, field) == _field(await _knock(sandbox, whole, body=body, signed_body=wrong))
    for content_type in ("application/json", whole.content_type):
        reply = await _knock(sandbox, whole, body=b"{}", signed_body=b"{}", headers={"Content-Type": content_type})
        assert 400 == reply.status


def _field(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.json["detail"]["field"]


def _task(**members: Any) -> pc.CreateImageGenerationTask:
    request = pc.CreateImageGenerationTask(
        task_id="task_1",
        image_generation_type=pc.ImageGenerationType.COMBINE_IMAGE,
        combine_image=pc.CombineImage(
            scope=pc.ProductCouponScope.ALL,
            type=pc.ProductCouponType.NORMAL,
            usage_mode=pc.UsageMode.SINGLE,
            normal_coupon=pc.NormalCouponUsageRule(threshold=0, discount_amount=100),
        ),
    )
    return changed(request, **members)


async def test_images_are_made(partner: Client[Partner]) -> None:
    """A task is done at once, and asked for by its name and type."""
    uploaded = await partner.call(pc.UploadImage.of("tea.png", png()))
    cut = pc.CreateImageGenerationTask(
        task_id="task_2",
        image_generation_type=pc.ImageGenerationType.CUT_OUT,
        cut_out=pc.CutOut(image_url=uploaded.image_url),
    )

    assert ("task_1", "120344") == ((started := await partner.call(_task())).task_id, started.brand_id)
    await partner.call(cut)

    composed = await partner.call(
        pc.GetImageGenerationTask(task_id="task_1", image_generation_type=pc.ImageGenerationType.COMBINE_IMAGE)
    )
    out = await partner.call(
        pc.GetImageGenerationTask(task_id="task_2", image_generation_type=pc.ImageGenerationType.CUT_OUT)
    )
    assert composed.combine_image_result is not None
    assert out.cut_out_result is not None
    assert (pc.ImageGenerationTaskState.SUCCESS, None) == (composed.task_state, composed.cut_out_result)
    assert (pc.ImageGenerationTaskState.SUCCESS, None) == (out.task_state, out.combine_image_result)
    addresses = {composed.combine_image_result.image_url, out.cut_out_result.image_url, uploaded.image_url}
    assert 3 == len(addresses)
    assert all(address.startswith("https://wxpaylogo.qpic.cn/wxpaylogo/") for address in addresses)


async def test_a_task_is_done_once(sandbox: Sandbox, partner: Client[Partner]) -> None:
    """The same task again is the same, the same name for another one is refused, and an unknown one is not found."""
    assert await partner.call(_task()) == await partner.call(_task())
    with pytest.raises(ApiError) as other:
        await partner.call(_task(combine_image=COMBINE | {"scope": "SINGLE"}))
    assert "268578927" == other.value.numeric_code
    for task_id, kind in (("task_9", "COMBINE_IMAGE"), ("task_1", "CUT_OUT")):
        with pytest.raises(ApiError) as lost:
            await partner.call(pc.GetImageGenerationTask(task_id=task_id, image_generation_type=kind))
        assert 404 == lost.value.status
    assert 2 == sandbox.state()["refused"]["NOT_FOUND"]


@pytest.mark.filterwarnings("ignore::wxcoupon.checks.RequestAdvice")
async def test_an_ended_task_is_told_of(keys: Keys, unpaced: Pacer, receiver: Receiver) -> None:
    """The end of a task has a callback that says what a look at it says, also when no image came of it."""
    async with (
        Sandbox(rate_limits="off", keys=keys, notify_url=receiver.url, callback_schedule=()) as sandbox,
        Client(sandbox.partner, sandbox.platform_keys, base_url=sandbox.base_url, pacer=unpaced) as client,
    ):
        for number, (mode, state) in enumerate((("SINGLE", "SUCCESS"), ("PROGRESSIVE_BUNDLE", "FAIL"))):
            task_id = f"task_{number}"
            await client.call(_task(task_id=task_id, combine_image=COMBINE | {"usage_mode": mode}))
            headers, body = await receiver.came.get()
            now = time.time()
            told = receive(headers, body, keys=KeyRing(sandbox.platform_keys), apiv3_key=sandbox.apiv3_key, now=now)
            request = pc.GetImageGenerationTask(task_id=task_id, image_generation_type="COMBINE_IMAGE")

            assert ("PRODUCT_COUPON_SP.IMAGE_GENERATION", state) == (told.event_type, told.resource["task_state"])
            assert (await client.send(request)).json() == told.resource
