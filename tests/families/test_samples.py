"""Whole requests and answers: what is read is written back equal, and what is spelled out in classes is the same."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from wxcoupon import busifavor, convert, endpoint, wire
from wxcoupon import product_coupon as pc
from wxcoupon.checks import faults
from wxcoupon.endpoint import AnyEndpoint
from wxcoupon.identity import Identity

SAMPLES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "samples").glob("*.json"))
    if "." not in path.stem  # those with a dot are of the family and endpoint they name: see test_arrival
}
SHANGHAI = timezone(timedelta(hours=8))

AS_FIRST_DESCRIBED: dict[str, AnyEndpoint] = {
    "upload_coupon_codes": pc.UploadCouponCodes(
        product_coupon_id="1000000013",
        stock_id="1000000013001",
        out_request_no="34657_20250101_123456",
        code_list=["vCode_1234567890"],
    ),
    "pre_send_coupon": pc.PreSendCoupon(
        openid="oh-394z-6CGkNoJrsDLTTUKiAnp4",
        product_coupon_id="1000000013",
        stock_id="1000000013001",
        coupon_code="123446565767",
        appid="wx233544546545989",
        send_request_no="34657_20250101_123456",
        attach="example_attach",
    ),
    "busifavor_pre_send_product_coupon": busifavor.PreSendProductCoupon(
        stock_id="1000000013001",
        coupon_code="123446565767",
        appid="wx233544546545989",
        openid="oh-394z-6CGkNoJrsDLTTUKiAnp4",
        send_request_no="34657_20250101_123456",
    ),
    "busifavor_send_coupon": busifavor.SendCoupon(
        openid="xsd3434454567676",
        appid="wx1234567889999",
        stock_id="100088",
        out_request_no="1002600620019090123143254435",
        coupon_code="sxxe34343434",
    ),
}


def _every_member() -> pc.CreateProductCoupon:
    begin, end = datetime(2025, 8, 1, tzinfo=SHANGHAI), datetime(2025, 8, 31, 23, 59, 59, tzinfo=SHANGHAI)
    weekly = pc.FixedWeekPeriod(
        day_list=[pc.WeekEnum.MONDAY], day_period_list=[pc.PeriodOfTheDay(begin_time=60, end_time=86399)]
    )
    windows = [pc.TimePeriod(begin_time=begin, end_time=end)]
    normal = pc.NormalCouponUsageRule(threshold=10000, discount_amount=1)
    discount = pc.DiscountCouponUsageRule(threshold=10000, percent_off=20)
    exchange = pc.ExchangeCouponUsageRule(threshold=10000, exchange_price=20)
    return pc.CreateProductCoupon(
        out_request_no="12345_20250101_A3489",
        scope=pc.ProductCouponScope.ALL,
        type=pc.ProductCouponType.NORMAL,
        usage_mode=pc.UsageMode.SINGLE,
        single_usage_info=pc.SingleUsageInfo(normal_coupon=normal, discount_coupon=discount),
        sequential_usage_info=pc.SequentialUsageInfo(
            type=pc.SequentialUsageType.INCREMENTAL, count=15, available_days=365, interval_days=0
        ),
        display_info=pc.ProductCouponDisplayInfo(
            name="全场满100立打8折",
            image_url="https://wxpaylogo.qpic.cn/wxpaylogo/xxxxx/xxx",
            background_url="https://wxpaylogo.qpic.cn/wxpaylogo/xxxxx/xxx",
            detail_image_url_list=["https://wxpaylogo.qpic.cn/wxpayl"],
            original_price=10000,
            combo_package_list=[
                pc.ComboPackage(
                    name="咖啡2选1",
                    pick_count=3,
                    choice_list=[
                        pc.ComboPackageChoice(
                            name="美式",
                            price=10000,
                            count=2,
                            image_url="https://wxpaylogo.qpic.cn/wxpaylogo/xxxxx/xxx",
                            mini_program_appid="wx4fd12345678",
                            mini_program_path="/pages/index/index",
                        )
                    ],
                )
            ],
        ),
        out_product_no="Product_1234567890",
        stock=pc.StockForCreate(
            remark="",
            coupon_code_mode=pc.CouponCodeMode.WECHATPAY,
            stock_send_rule=pc.StockSendRule(max_count=100000, max_count_per_day=100000000, max_count_per_user=5),
            single_usage_rule=pc.SingleUsageRule(
                coupon_available_period=pc.CouponAvailablePeriod(
                    available_begin_time=begin,
                    available_end_time=end,
                    available_days=30,
                    wait_days_after_receive=1,
                    weekly_available_period=weekly,
                    irregular_available_period_list=windows,
                ),
                normal_coupon=normal,
                discount_coupon=discount,
                exchange_coupon=exchange,
            ),
            sequential_usage_rule=pc.SequentialUsageRule(
                coupon_available_period=pc.CouponAvailablePeriod(
                    available_begin_time=begin,
                    available_end_time=end,
                    wait_days_after_receive=30,
                    weekly_available_period=weekly,
                    irregular_available_period_list=windows,
                ),
                normal_coupon_list=[normal],
                discount_coupon_list=[discount],
                exchange_coupon_list=[exchange],
                special_first=True,
            ),
            usage_rule_display_info=pc.UsageRuleDisplayInfo(
                coupon_usage_method_list=[pc.CouponUsageMethod.OFFLINE],
                mini_program_appid="wx1234567890",
                mini_program_path="/pages/index/product",
                app_path="",
                usage_description="工作日可用",
                coupon_available_store_info=pc.CouponAvailableStoreInfo(
                    description="所有门店可用,可使用小程序查看门店列表",
                    mini_program_appid="wx1234567890",
                    mini_program_path="/pages/index/product",
                ),
            ),
            coupon_display_info=pc.CouponDisplayInfo(
                code_display_mode=pc.CouponCodeDisplayMode.QRCODE,
                background_color=pc.BackgroundColor.COLOR_020,
                entrance_mini_program=pc.EntranceMiniProgram(
                    appid="wx234545656765876",
                    path="/path/index/index",
                    entrance_wording="欢迎选购",
                    guidance_wording="获取更多优惠",
                ),
                entrance_official_account=pc.EntranceOfficialAccount(appid="wx1234567890"),
                entrance_finder=pc.EntranceFinder(
                    finder_id="gh_12345678",
                    finder_video_id="UDFsdf24df34dD456Hdf34",
                    finder_video_cover_image_url="https://wxpaylogo.qpic.cn/wxpaylogo/xxxxx/xxx",
                ),
            ),
            notify_config=pc.NotifyConfig(notify_appid="wx23232232323"),
            store_scope=pc.StockStoreScope.NONE,
        ),
    )


def _request(sample: dict[str, Any]) -> AnyEndpoint:
    """The typed request of a sample; which brand it is about is for the identity to say."""
    request = endpoint.registry()[sample["endpoint"]]
    members = sample["path_params"] | sample.get("query", {}) | sample.get("body", {})
    if request.route.brand_scoped:
        assert members.pop("brand_id") == "120344"
    return convert.from_wire(request, members)


def _asked(sample: dict[str, Any]) -> str:
    """The target of a sample: its path, filled, and its query."""
    path: str = sample["path"]
    for hole, value in sample["path_params"].items():
        path = path.replace(f"{{{hole}}}", value)
    return f"{path}?{wire.query_string(sample['query'])}" if sample.get("query") else path


def _sent(request: AnyEndpoint, identity: Identity) -> tuple[str, set[str], Any]:
    """What leaves: method and path, the parts of the query, and the body as JSON."""
    leaving = wire.encode(request, identity)
    path, _, query = leaving.target.partition("?")
    return f"{leaving.method} {path}", set(query.split("&")), json.loads(leaving.body) if leaving.body else None


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_requests_leave_equal(name: str, identities: dict[str, Identity]) -> None:
    """A request that is read into its class has no unknown member, and a partner sends it as it was."""
    sample = SAMPLES[name]
    request = _request(sample)
    path, _, query = _asked(sample).partition("?")

    assert (f"{sample['method']} {path}", set(query.split("&")), sample.get("body")) == _sent(
        request, identities["partner"]
    )
    assert not [fault for fault in faults(request, unknown=True) if "no such member" in fault.problem]


@pytest.mark.parametrize("name", sorted(AS_FIRST_DESCRIBED))
def test_classes_leave_equal(name: str, identities: dict[str, Identity]) -> None:
    """A request spelled out in classes leaves as the JSON it stands for, and nothing is wrong with it."""
    request = AS_FIRST_DESCRIBED[name]

    assert SAMPLES[name]["body"] == json.loads(wire.encode(request, identities["partner"]).body)
    assert _request(SAMPLES[name]) == request
    assert faults(request) == []


def test_every_member_of_a_creation_leaves_equal(identities: dict[str, Identity]) -> None:
    """All members of a creation, the old ones too, can be spelled out in classes, and leave as the JSON they are."""
    request = _every_member()

    assert SAMPLES["create_product_coupon_every_member"]["body"] == json.loads(
        wire.encode(request, identities["partner"]).body
    )
    assert _request(SAMPLES["create_product_coupon_every_member"]) == request


def test_a_brand_says_no_brand(identities: dict[str, Identity]) -> None:
    """The same request leaves a brand for its own path and without the brand in its body."""
    sample = SAMPLES["create_product_coupon_bundle"]
    leaving = wire.encode(_request(sample), identities["brand"])

    assert leaving.target == "/brand/marketing/product-coupon/product-coupons"
    assert {**json.loads(leaving.body), "brand_id": "120344"} == sample["body"]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_answers_are_read_without_loss(name: str) -> None:
    """An answer that is read and written again is equal to what came, and all of it is declared."""
    answer = endpoint.registry()[SAMPLES[name]["endpoint"]].returns
    read = convert.from_wire(answer, SAMPLES[name]["response"])

    assert SAMPLES[name]["response"] == convert.to_wire(read)
    assert not [fault for fault in faults(read, unknown=True) if "no such member" in fault.problem]


def _grown(data: Any) -> Any:
    """The same JSON from a later day: a new member in every object, and an unknown word for every word in capitals."""
    if isinstance(data, dict):
        return {name: _grown(value) for name, value in data.items()} | {"of_tomorrow": {"deep": [1, None, 2.5]}}
    if isinstance(data, list):
        return [_grown(value) for value in data]
    return f"{data}_OF_TOMORROW" if isinstance(data, str) and data.isupper() else data


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_answers_of_tomorrow(name: str) -> None:
    """Members and enum values that nobody knows yet are kept, at every depth."""
    answer = endpoint.registry()[SAMPLES[name]["endpoint"]].returns
    later = _grown(SAMPLES[name]["response"])

    assert later == convert.to_wire(convert.from_wire(answer, later))


def test_known_values_are_members_and_unknown_ones_text() -> None:
    """An enum value that is known is read as its member, another one as the text it is."""
    sample = SAMPLES["get_stock"]["response"]

    assert convert.from_wire(pc.StockEntity, sample).state is pc.StockState.DEACTIVATED
    assert convert.from_wire(pc.StockEntity, sample | {"state": "MELTED"}).state == "MELTED"


def test_requests_take_unknown_values_and_members(identities: dict[str, Identity]) -> None:
    """A request may carry a value and a member that this version does not know."""
    body = SAMPLES["create_product_coupon_bundle"]["body"] | {"scope": "CATEGORY", "tier": 2}
    request = convert.from_wire(
        pc.CreateProductCoupon, {name: value for name, value in body.items() if name != "brand_id"}
    )

    assert body == json.loads(wire.encode(request, identities["partner"]).body)


def test_times_are_moments() -> None:
    """Times are read as datetimes with their offset, with fractions of a second where they came."""
    coupon = convert.from_wire(pc.UserProductCouponEntity, SAMPLES["confirm_coupon"]["response"])

    assert coupon.valid_end_time == datetime(2027, 1, 1, 23, 59, 59, tzinfo=SHANGHAI)
    assert coupon.receive_time == datetime(2026, 12, 2, 9, 41, 26, 380_000, tzinfo=SHANGHAI)
    assert coupon.stock.coupon_display_info.entrance_finder is not None


def test_a_moment_reckoned_from_another_spelling_is_written_anew() -> None:
    """A time that came with Z is written with Z, and one reckoned from it is written the ordinary way."""
    window = convert.from_wire(
        pc.TimePeriod, {"begin_time": "2026-12-01T00:00:00Z", "end_time": "2026-12-02T00:00:00.1Z"}
    )
    later = pc.TimePeriod(begin_time=window.begin_time, end_time=window.end_time + timedelta(days=1))

    assert convert.to_wire(later) == {
        "begin_time": "2026-12-01T00:00:00Z",
        "end_time": "2026-12-03T00:00:00.100+00:00",
    }


def test_refused_codes_come_in_two_shapes() -> None:
    """``failed_code_list`` is read the same from objects and from bare codes."""
    objects = convert.from_wire(pc.UploadedCouponCodes, SAMPLES["upload_coupon_codes_partly"]["response"])
    bare = convert.from_wire(pc.UploadedCouponCodes, SAMPLES["upload_coupon_codes_bare_failures"]["response"])

    assert objects.failed_code_list == [
        pc.FailedCouponCodeInfo(coupon_code="tea-0003", code="INVALID_CODE", message="券Code不可用")
    ]
    assert bare.failed_code_list == [pc.FailedCouponCodeInfo(coupon_code="tea-0006")]


@pytest.mark.parametrize("odd", [{"coupon_code": "tea-0007"}, {}, 7, {"coupon_code": "tea-0007", "why": "?"}])
def test_refused_codes_in_undocumented_shapes(odd: Any) -> None:
    """An entry of neither shape is still written back as it came."""
    answer = {"total_count": 1, "failed_code_list": [odd]}

    assert answer == convert.to_wire(convert.from_wire(pc.UploadedCouponCodes, answer))


@pytest.mark.parametrize("name", ["busifavor_send_coupon", "busifavor_send_coupon_wrapped"])
def test_a_sent_coupon_is_found_in_either_shape(name: str) -> None:
    """What was sent is read the same from a wrapped and from a flat answer."""
    sample = SAMPLES[name]
    sent = convert.from_wire(busifavor.SentCoupon, sample["response"]).result

    assert (sample["body"]["stock_id"], sample["body"]["out_request_no"], sample["body"]["coupon_code"]) == (
        sent.stock_id,
        sent.out_request_no,
        sent.coupon_code,
    )


def test_nothing_personal_is_printed() -> None:
    """Openids, coupon codes and tokens are in no repr, however deep they sit."""
    printed = "".join(
        repr(_request(sample))
        + repr(convert.from_wire(endpoint.registry()[sample["endpoint"]].returns, sample["response"]))
        for sample in SAMPLES.values()
    )

    for secret in ("tea-000", "oTea-", "oh-394z", "vCode_", "ABBpZj", "123446565767", "sxxe34343434", "winter7"):
        assert secret not in printed
