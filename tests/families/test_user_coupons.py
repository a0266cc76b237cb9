"""What goes with what in requests about users' coupons and about images: one rule broken at a time, and where."""

import hashlib
from typing import Any

import pytest

from wxcoupon import endpoint, images
from wxcoupon import product_coupon as pc
from wxcoupon.checks import advice, faults
from wxcoupon.convert import from_wire

from .. import pictures

CARD = {"member_card_id": "card-1"}
ALL, GOODS, SINGLE = {"scope": "ALL"}, {"scope": "SINGLE"}, {"usage_mode": "SINGLE"}
OFF: dict[str, dict[str, int]] = {
    "normal_coupon": {"threshold": 0, "discount_amount": 1},
    "discount_coupon": {"threshold": 0, "percent_off": 1},
    "exchange_coupon": {"threshold": 0, "exchange_price": 0},
}


@pytest.mark.parametrize(
    ("tags", "paths"),
    [
        ({}, []),
        ({"coupon_tag_list": []}, []),
        ({"coupon_tag_list": ["MEMBER"], "member_tag_info": CARD}, []),
        ({"coupon_tag_list": ["MEMBER"]}, [".member_tag_info"]),
        ({"coupon_tag_list": ["MEMBER"], "member_tag_info": {}}, [".member_tag_info.member_card_id"]),
    ],
)
@pytest.mark.parametrize(
    ("request_type", "of"), [(pc.SendCoupon, "stock_id"), (pc.SendCouponBundle, "stock_bundle_id")]
)
def test_a_members_tag_names_a_card(request_type: Any, of: str, tags: dict[str, Any], paths: list[str]) -> None:
    """The tag MEMBER goes with the card that makes somebody a member."""
    request = from_wire(
        request_type,
        {
            "openid": "oTea-1",
            "product_coupon_id": "1000000871",
            of: "1000000871001",
            "appid": "wx7e1c40d2a93b5f68",
            "send_request_no": "send-1",
            "coupon_tag_info": tags,
        },
    )

    assert [fault.path for fault in faults(request)] == [f"$.coupon_tag_info{path}" for path in paths]


def test_a_bundles_token_takes_a_shorter_number() -> None:
    """The pre-send of a bundle takes 40 characters as its number, where the others take 128."""
    members = {"openid": "o", "product_coupon_id": "1", "appid": "wx", "send_request_no": "n" * 41}

    assert ["$.send_request_no"] == [
        fault.path for fault in faults(from_wire(pc.PreSendCouponBundle, members | {"stock_bundle_id": "1"}))
    ]
    assert [] == faults(from_wire(pc.SendCouponBundle, members | {"stock_bundle_id": "1"}))
    assert [] == faults(from_wire(pc.PreSendCoupon, members | {"stock_id": "1"}))


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        ({"image_generation_type": "COMBINE_IMAGE"}, ["combine_image"]),
        ({"image_generation_type": "CUT_OUT"}, ["cut_out"]),
        (
            {
                "image_generation_type": "CUT_OUT",
                "combine_image": ALL | SINGLE | {"type": "NORMAL", "normal_coupon": OFF["normal_coupon"]},
            },
            ["combine_image", "cut_out"],
        ),
        ({"image_generation_type": "CUT_OUT", "cut_out": {"image_url": "https://wxpaylogo.qpic.cn/1"}}, []),
        (
            {"image_generation_type": "CUT_OUT", "cut_out": {"image_url": "https://tea.example.com/1"}},
            ["cut_out.image_url"],
        ),
        ({"image_generation_type": "MELT"}, ["image_generation_type"]),
        (
            {"image_generation_type": "MELT", "cut_out": {"image_url": "https://wxpaylogo.qpic.cn/1"}},
            ["image_generation_type"],
        ),
    ],
)
def test_an_image_is_made_of_one_thing(members: dict[str, Any], paths: list[str]) -> None:
    """A task has exactly the data of its type, and cuts out of nothing but an uploaded image."""
    request = from_wire(pc.CreateImageGenerationTask, {"task_id": "task-1", **members})

    assert [fault.path for fault in faults(request)] == [f"$.{path}" for path in paths]


@pytest.mark.parametrize("kind", ["normal", "discount", "exchange"])
@pytest.mark.parametrize("given", [(), ("normal",), ("discount",), ("exchange",), ("normal", "discount", "exchange")])
def test_an_image_shows_the_discount_of_its_type(kind: str, given: tuple[str, ...]) -> None:
    """A composed image shows the discount of its type, and no other."""
    coupons = {f"{name}_coupon": OFF[f"{name}_coupon"] for name in given}
    image = from_wire(pc.CombineImage, {**GOODS, **SINGLE, "type": kind.upper(), **coupons})

    assert {fault.path for fault in faults(image)} == {f"$.{name}_coupon" for name in {*given} ^ {kind}}


@pytest.mark.parametrize(
    ("members", "paths"),
    [
        (ALL | {"type": "EXCHANGE", "exchange_coupon": OFF["exchange_coupon"]}, ["$.type"]),
        (ALL | {"type": "GIFT", "normal_coupon": OFF["normal_coupon"]}, ["$.type"]),
        (ALL | {"type": "DISCOUNT", "discount_coupon": OFF["discount_coupon"]}, []),
    ],
)
def test_an_image_is_of_a_kind_there_is(members: dict[str, Any], paths: list[str]) -> None:
    """A price is for named goods only, and about a type that nobody knows nothing more is said."""
    assert [fault.path for fault in faults(from_wire(pc.CombineImage, SINGLE | members))] == paths


def test_only_single_uses_are_composed() -> None:
    """A usage mode that is listed and does not work is advised against, and not refused."""
    rule = {"type": "NORMAL", "normal_coupon": OFF["normal_coupon"], **ALL}
    works, fails = (
        from_wire(pc.CombineImage, rule | {"usage_mode": mode}) for mode in ("SINGLE", "PROGRESSIVE_BUNDLE")
    )

    assert ([], []) == (faults(works), faults(fails))
    assert ([], ["$.usage_mode"]) == (advice(works), [fault.path for fault in advice(fails)])


@pytest.mark.parametrize("colour", ["#ff573", "ff5733", "#gg5733", "#ff57330"])
def test_a_colour_has_six_digits(colour: str) -> None:
    """A background colour is a hash and six hexadecimal digits."""
    image = {**ALL, **SINGLE, "type": "NORMAL", "normal_coupon": OFF["normal_coupon"], "background_color": colour}

    assert ["$.background_color"] == [fault.path for fault in faults(from_wire(pc.CombineImage, image))]


@pytest.mark.parametrize(
    ("filename", "content"),
    [
        ("tea.png", pictures.png()),
        ("茶 1.PNG", pictures.png()),
        ("tea.jpg", pictures.jpg()),
        ("tea.bmp", pictures.bmp()),
        (f"{'t' * 146}.bmp", pictures.bmp()),
        ("large.jpg", pictures.jpg(images.LARGEST)),
    ],
    ids=["png", "capitals", "jpg", "bmp", "long", "large"],
)
def test_images_that_are_taken(filename: str, content: bytes) -> None:
    """A JPG, BMP or PNG of up to 2 MB under a name of its kind has no fault."""
    upload = pc.UploadImage.of(filename, content)

    assert faults(upload) == []
    assert upload.meta == pc.ImageMeta(filename=filename, sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("upload", "paths"),
    [
        (pc.UploadImage.of("tea.png", b""), ["file"]),
        (pc.UploadImage.of("tea.png", b"GIF89a"), ["file"]),
        (pc.UploadImage.of("tea.gif", pictures.png()), ["meta.filename"]),
        (pc.UploadImage.of(".png", pictures.png()), ["meta.filename"]),
        (pc.UploadImage.of("tea\n.png", pictures.png()), ["meta.filename"]),
        (pc.UploadImage.of(f"{'t' * 147}.png", pictures.png()), ["meta.filename"]),
        (pc.UploadImage.of("tea.jpg", pictures.png()), ["meta.filename"]),
        (pc.UploadImage.of("tea.jpg", pictures.jpg(images.LARGEST + 1)), ["file"]),
        (pc.UploadImage(meta=pc.ImageMeta(filename="tea.png", sha256="0" * 64), file=pictures.png()), ["meta.sha256"]),
        (
            pc.UploadImage(meta=pc.ImageMeta(filename="tea.gif", sha256="0" * 64), file=b"x"),
            ["meta.filename", "file", "meta.sha256"],
        ),
        (pc.UploadImage(meta=pc.ImageMeta(filename="tea.png", sha256="abc"), file=pictures.png()), ["meta.sha256"] * 2),
    ],
    ids=range(11),
)
def test_images_that_are_refused(upload: pc.UploadImage, paths: list[str]) -> None:
    """Kind, name, size and hash are looked at before anything is sent, all at once."""
    assert [f"$.{path}" for path in paths] == [fault.path for fault in faults(upload)]


def test_a_hash_may_be_in_capitals() -> None:
    """The hexadecimal digits of the hash are compared without case."""
    content = pictures.png()
    meta = pc.ImageMeta(filename="tea.png", sha256=hashlib.sha256(content).hexdigest().upper())

    assert faults(pc.UploadImage(meta=meta, file=content)) == []


def test_no_repr_shows_an_image() -> None:
    """The bytes of an image are in no repr, though its name and hash are."""
    shown = repr(pc.UploadImage.of("tea.png", pictures.png()))

    assert "tea.png" in shown
    assert "IHDR" not in shown


def test_what_only_partners_ask() -> None:
    """The bundles' pre-send and the image tasks are no brand's calls, and uploads name no brand at all."""
    registry = endpoint.registry()
    partners = {
        name
        for name, request in registry.items()
        if name.startswith("product_coupon.") and [caller.__name__ for caller in request.route.callers] == ["Partner"]
    }

    assert partners == {
        "product_coupon.create_image_generation_task",
        "product_coupon.get_image_generation_task",
        "product_coupon.pre_send_coupon_bundle",
    }
    assert registry["product_coupon.upload_image"].route.brand_place == ""


@pytest.mark.parametrize(
    ("request_type", "pages"),
    [
        (pc.CreateProductCoupon, ["v3/partner/4016434630", "brand/4016427368"]),
        (pc.GetProductCoupon, ["v3/partner/4016434632"]),
        (pc.UpdateProductCoupon, ["v3/partner/4016434633"]),
        (pc.DeactivateProductCoupon, ["v3/partner/4016434631"]),
        (pc.ListStocks, ["v3/partner/4016434641", "brand/4015736384"]),
        (pc.GetStock, ["v3/partner/4016434649"]),
        (pc.ListAssociatedStores, ["v3/partner/4016434665"]),
        (pc.UploadCouponCodes, ["v3/partner/4016434668", "brand/4015736400"]),
        (pc.ConfirmCoupon, ["v3/partner/4016435562"]),
        (pc.UseCoupon, ["v3/partner/4016435636"]),
        (pc.ReturnCoupon, ["v3/partner/4016435674"]),
        (pc.GetUserCoupon, ["v3/partner/4016435702", "brand/4015736414"]),
        (pc.ListUserCoupons, ["v3/partner/4016435703"]),
        (pc.SetNotifyConfig, ["v3/partner/4016435719"]),
        (pc.GetNotifyConfig, ["v3/partner/4016435718", "brand/4016427364"]),
        (pc.UploadImage, ["v3/partner/4016435731"]),
        (pc.CreateImageGenerationTask, ["v3/partner/4017327752"]),
        (pc.GetImageGenerationTask, ["v3/partner/4017327753"]),
    ],
)
def test_the_pages_of_both_usage_modes(request_type: type[Any], pages: list[str]) -> None:
    """What WeChat Pay describes once for single coupons and once for bundles names both pages."""
    assert [
        page for page in pages if f"https://pay.weixin.qq.com/doc/{page}\n" not in (request_type.__doc__ or "")
    ] == []
