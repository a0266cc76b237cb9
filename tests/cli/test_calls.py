"""One call from the command line, and how it ends."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.pictures import png
from wxcoupon.endpoint import registry

from .conftest import Cli, Local

_UPLOAD = "product_coupon.upload_coupon_codes"


def test_endpoints(bare: Cli) -> None:
    """Every declared endpoint is listed, with all that surface scripts need to make the call."""
    listed = {entry["name"]: entry for entry in bare("endpoints", "--json").document}

    assert list(registry()) == list(listed)
    upload = listed[_UPLOAD]
    tail = "product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/upload-coupon-codes"
    assert {
        "partner": f"/v3/marketing/partner/{tail}",
        "brand": f"/brand/marketing/{tail}",
    } == upload["paths"]
    assert ("product_coupon", "POST", "20/s", "out_request_no") == (
        upload["family"],
        upload["method"],
        upload["rate_limit"],
        upload["idempotency_key"],
    )
    assert upload["doc"].startswith("https://pay.weixin.qq.com/doc/v3/partner/")
    fields = {field["name"]: field for field in upload["fields"]}
    assert ("path", True, "str") == tuple(fields["stock_id"][key] for key in ("place", "required", "type"))
    assert ("body", True, "list[str]") == tuple(fields["code_list"][key] for key in ("place", "required", "type"))
    assert ("body", True, ["partner"]) == tuple(fields["brand_id"][key] for key in ("place", "required", "identities"))
    get_stock = {field["name"]: field["place"] for field in listed["product_coupon.get_stock"]["fields"]}
    assert {"product_coupon_id": "path", "stock_id": "path", "brand_id": "query"} == get_stock


def test_endpoints_with_their_types(bare: Cli) -> None:
    """Every name in the type of a field stands in the endpoint's types, with its own fields or its values."""
    listed = {entry["name"]: entry for entry in bare("endpoints", "--json").document}
    types = listed["product_coupon.create_product_coupon"]["types"]

    assert ["NORMAL", "DISCOUNT"] == types["ProductCouponType"]["values"][:2]
    stock = {field["name"]: (field["type"], field["required"]) for field in types["StockForCreate"]["fields"]}
    assert ("StockSendRule", True) == stock["stock_send_rule"]
    for entry in listed.values():
        parts = [entry, *(part for part in entry["types"].values() if "fields" in part)]
        words = {word for part in parts for field in part["fields"] for word in re.findall(r"\w+", field["type"])}
        assert words - set(entry["types"]) <= {"str", "int", "bool", "list", "datetime", "bytes"}


def test_endpoints_as_text(bare: Cli) -> None:
    """Without --json an endpoint is a line, to be searched."""
    lines = bare("endpoints").out.splitlines()

    assert len(registry()) == len(lines)
    assert any(line.startswith(_UPLOAD) and "POST" in line for line in lines)


def test_call(cli: Cli, stock: list[str], own: str, tmp_path: Path) -> None:
    """Data is taken as text or from a file, and the answer is printed as exactly the members that came."""
    members = {"product_coupon_id": stock[1], "stock_id": stock[3], "out_request_no": f"call_{own}", "code_list": [own]}
    (tmp_path / "data.json").write_text(json.dumps(members), "utf-8-sig")

    ended = cli("call", _UPLOAD, "--data", "@data.json", "--json")
    again = cli("call", _UPLOAD, "--data", json.dumps(members))

    assert (0, "") == (ended.status, ended.err)
    assert 1 == len(ended.out.splitlines())
    assert ended.document == again.document
    assert [own] == ended.document["success_code_list"]


def test_data_from_stdin(cli: Cli) -> None:
    """A hyphen takes the data from the standard input."""
    ended = cli.process(
        "call", "product_coupon.set_notify_config", "--data", "-", stdin='{"notify_url":"https://a.cn/b"}'
    )

    assert 0 == ended.status
    assert "https://a.cn/b" == ended.document["notify_url"]


def test_checks(cli: Cli, local: Local) -> None:
    """Faulty data is refused with every fault, sent with warnings, or sent as given."""
    words = ("call", "product_coupon.set_notify_config", "--data", '{"notify_url": "ftp://x", "colour": "red"}')
    before = local.requests("product_coupon.set_notify_config")

    on, machine = cli(*words), cli(*words, "--json")
    assert before == local.requests("product_coupon.set_notify_config")
    warn, off = cli(*words, "--checks", "warn"), cli(*words, "--checks", "off")

    assert (2, "") == (on.status, on.out)
    assert all(path in on.err for path in ("$.notify_url: ", "$.colour: "))
    assert {"$.notify_url", "$.colour"} == {fault["path"] for fault in machine.error["detail"]}
    assert "InvalidRequest" == machine.error["type"]
    assert 2 == warn.err.count("warning: $.")
    assert (3, 3) == (warn.status, off.status)
    assert "warning" not in off.err
    assert before + 2 == local.requests("product_coupon.set_notify_config")


def test_the_brand_in_the_data(cli: Cli, local: Local, stock: list[str]) -> None:
    """A partner may name the brand in the data; a brand may not."""
    ids = {"product_coupon_id": stock[1], "stock_id": stock[3]}
    words = ("call", "product_coupon.get_stock", "--json", "--data")

    own = cli(*words, json.dumps(ids | {"brand_id": "120344"}))
    other = cli(*words, json.dumps(ids | {"brand_id": "120345"}))
    cli.environ = local.settings("brand")
    brand = cli(*words, json.dumps(ids | {"brand_id": "120344"}))

    assert (0, stock[3]) == (own.status, own.document["stock_id"])
    assert (3, 404) == (other.status, other.error["status"])
    assert (2, ["$.brand_id"]) == (brand.status, [fault["path"] for fault in brand.error["detail"]])


def test_a_call_without_a_body(cli: Cli, local: Local) -> None:
    """A call whose answer is documented as empty prints null, and one without members needs no data."""
    cli("call", "product_coupon.set_notify_config", "--data", '{"notify_url": "https://a.cn/c"}')

    assert "https://a.cn/c" == cli("call", "product_coupon.get_notify_config").document["notify_url"]
    assert local.base_url in cli.environ["WXCOUPON_BASE_URL"]


def test_request(cli: Cli) -> None:
    """Any path can be called, signed and verified, with the answer as it came."""
    path = "/v3/marketing/partner/product-coupon/notify-configs"

    posted = cli("request", "post", path, "--data", '{"notify_url": "https://a.cn/d"}', "--json")
    got = cli("request", "GET", path, "--json")

    assert (0, 0) == (posted.status, got.status)
    assert posted.document == got.document
    assert 3 == cli("request", "GET", "/v3/nothing/here").status
    ended = cli("request", "GET", "/nothing/here")
    assert (2, "wxcoupon: the path '/nothing/here' has to begin") == (ended.status, ended.err[:47])


def test_refused(cli: Cli, local: Local) -> None:
    """A wrong key is refused by WeChat Pay: status 3, with what to quote to support and what to do."""
    cli.environ["WXCOUPON_PRIVATE_KEY_FILE"] = local.settings("brand")["WXCOUPON_PRIVATE_KEY_FILE"]

    ended = cli("call", "product_coupon.get_notify_config", "--json")
    text = cli("call", "product_coupon.get_notify_config")

    assert (3, "", 3, "") == (ended.status, ended.out, text.status, text.out)
    assert ("ApiError", 401, "SIGN_ERROR") == (ended.error["type"], ended.error["status"], ended.error["code"])
    assert ended.error["request_id"]
    assert "private key" in ended.error["hint"]
    assert "SIGN_ERROR" in text.err


def test_not_allowed(cli: Cli, local: Local) -> None:
    """A merchant may not ask for product coupons, which is known before anything is sent."""
    cli.environ = local.settings("merchant")

    ended = cli("call", "product_coupon.get_notify_config", "--json")

    assert (2, "NotAllowedError") == (ended.status, ended.error["type"])


class _Unsigned(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer like anybody who is not WeChat Pay."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def impostor() -> Iterator[str]:
    """The address of a server that signs nothing."""
    with HTTPServer(("127.0.0.1", 0), _Unsigned) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_not_trusted(cli: Cli, impostor: str, local: Local) -> None:
    """An answer without a signature, or signed with another key than is known, is not believed: status 4."""
    unsigned = cli("call", "product_coupon.get_notify_config", "--base-url", impostor, "--json")
    cli.environ["WXCOUPON_PLATFORM_KEY_ID"] = "PUB_KEY_ID_0000"
    sent = {"openid": "o-1", "appid": "wx1", "stock_id": "100089", "out_request_no": "not-trusted"}
    unknown = cli("request", "POST", "/v3/marketing/busifavor/coupons/send", "--data", json.dumps(sent))

    assert (4, "", "MissingSignature") == (unsigned.status, unsigned.out, unsigned.error["type"])
    assert (4, "") == (unknown.status, unknown.out)
    assert "PUB_KEY_ID_0000" in unknown.err
    assert local.base_url


def test_no_answer_in_time(cli: Cli) -> None:
    """Where no answer comes in time, the setting that says how long is named."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cli.environ["WXCOUPON_TIMEOUT"] = "0.1"
        where = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = cli("request", "POST", "/v3/x", "--base-url", where, "--json")

    assert (5, "NoAnswerError") == (ended.status, ended.error["type"])
    assert "WXCOUPON_TIMEOUT" in ended.error["message"]


def test_unreachable(cli: Cli) -> None:
    """Where nobody listens, the status is 5, after all repetitions."""
    ended = cli("call", "product_coupon.get_notify_config", "--base-url", "http://127.0.0.1:1", "--json")

    assert (5, "", "UnreachableError") == (ended.status, ended.out, ended.error["type"])


_IMAGE = "product_coupon.upload_image"


def test_an_image(cli: Cli, tmp_path: Path) -> None:
    """The path of an image is enough; what is said of it may be given instead, all or part."""
    (tmp_path / "tea.png").write_bytes(png())
    file = f"@{tmp_path / 'tea.png'}"

    for data in ({"file": file}, {"file": file, "meta": {"filename": "茶.png"}}):
        ended = cli("call", _IMAGE, "--data", json.dumps(data))
        assert (0, "") == (ended.status, ended.err)
        assert ended.document["image_url"].startswith("https://")


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("tea.png", "behind an @"),
        (None, "behind an @"),
        ("@", "cannot be read"),
        ("@no-such.png", "cannot be read"),
        ("@a\0b.png", "is no path"),
        ("@\ud800.png", "is no path"),
        ("@/dev/zero", "2097153"),
        ("@/dev/null", "is empty"),
    ],
)
def test_files_that_are_no_image(cli: Cli, file: object, says: str) -> None:
    """What cannot be read, and what is no image, is said in words, and nothing is sent."""
    ended = cli("call", _IMAGE, "--data", json.dumps({"file": file}))

    assert (2, "") == (ended.status, ended.out)
    assert says in ended.err


def test_what_a_form_and_a_header_take_is_listed(bare: Cli) -> None:
    """Who reads the list knows how a file is named, and which field goes into a header."""
    listed = {entry["name"]: entry for entry in bare("endpoints", "--json").document}
    image = {field["name"]: field for field in listed[_IMAGE]["fields"]}
    build = {field["name"]: field["place"] for field in listed["busifavor.build_partnership"]["fields"]}

    assert "@tea.png" in image["file"]["rule"]
    assert "header" == build["idempotency_key"]


@pytest.mark.parametrize("field", ["openid", "appid"])
def test_unchecked_text_that_is_none(cli: Cli, field: str) -> None:
    """Without checks, what cannot be sent is still said in words."""
    data = {"openid": "o", "product_coupon_id": "1", "stock_id": "2", "coupon_code": "C", "appid": "wx"}
    words = ("call", "product_coupon.get_user_coupon", "--checks", "off", "--data")

    ended = cli(*words, json.dumps(data | {field: "\ud800"}))

    assert 2 == ended.status
    assert "surrogate" in ended.err
