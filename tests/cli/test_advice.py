"""What ``wxcoupon call`` says about a request that is only advised against."""

import json

from wxcoupon.convert import to_wire

from ..core.test_advice import generous
from .conftest import Cli, Local

ADVICE = "advice: $.single_usage_info.normal_coupon.discount_amount: "


def test_a_line_on_stderr(cli: Cli, local: Local) -> None:
    """Advice is said once, on stderr, and the call is made; a call without checks, or that is refused, has none."""
    name = "product_coupon.create_product_coupon"
    words = ("call", name, "--json", "--data")
    good = to_wire(generous("cli_advice_1"))
    before = local.requests(name)

    on, off = cli(*words, json.dumps(good)), cli(*words, json.dumps(good), "--checks", "off")
    assert before + 2 == local.requests(name)
    warned = cli(*words, json.dumps(good | {"colour": "red"}), "--checks", "warn")
    refused = cli(*words, json.dumps(good | {"scope": "FEW"}))

    assert (0, 1) == (on.status, on.document["single_usage_info"]["normal_coupon"]["threshold"])
    assert [ADVICE] == [line[: len(ADVICE)] for line in on.err.splitlines()]
    assert (0, "") == (off.status, off.err)
    assert ["warning: $.colour: ", ADVICE] == [
        warned.err.splitlines()[0][:19],
        warned.err.splitlines()[1][: len(ADVICE)],
    ]
    assert "advice" not in refused.err
    assert 2 == refused.status
