"""The command line of a merchant that has platform certificates: its APIv3 key alone is set."""

import json
from pathlib import Path

import pytest

from tests.sandbox_thread import running
from wxcoupon.sandbox import Keys, Sandbox

from .conftest import Cli, Ended, Local

CALL = ("request", "GET", "/v3/certificates", "--json")


@pytest.fixture
def certified(bare: Cli, keys: Keys, tmp_path: Path) -> Cli:
    """The command line with the settings that the sandbox wrote for its merchant, without the public key."""
    with running(Sandbox(keys=keys, mode="certificate", directory=tmp_path / "sandbox")):
        lines = (tmp_path / "sandbox" / "merchant.env").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines)
    bare.environ = {name: text.strip("'") for name, text in written.items() if "PLATFORM_KEY" not in name}
    return bare


def test_settings_say_it(certified: Cli) -> None:
    """'config show' says that answers are verified with platform certificates, and shows no key."""
    shown = certified("config", "show", "--json").document

    assert {
        "value": "none: platform certificates, fetched with apiv3_key",
        "origin": "default",
    } == shown["platform_key_id"]
    assert "(set, not shown)" == shown["apiv3_key"]["value"]


def test_a_call(certified: Cli, keys: Keys) -> None:
    """A command fetches the certificates and verifies its answer with them."""
    with running(Sandbox(keys=keys, mode="certificate")) as sandbox:
        certified.environ["WXCOUPON_BASE_URL"] = sandbox.base_url
        (listed,) = certified(*CALL).document["data"]
        assert 2 == sandbox.state()["requests"]["certificate.list_certificates"]

    assert "AEAD_AES_256_GCM" == listed["encrypt_certificate"]["algorithm"]


@pytest.mark.parametrize(
    ("words", "status"),
    [([], 0), (["--mode", "both"], 0), (["--mode", "certificate"], 0), (["--mode", "public-key"], 3)],
)
def test_a_sandbox_process(bare: Cli, tmp_path: Path, words: list[str], status: int) -> None:
    """With the platform key unset, calls of a sandbox process work by certificates wherever there are any."""
    called: list[Ended] = []
    with bare.start("sandbox", "--dir", "there", *words) as process:
        assert process.stdout is not None
        local = Local(json.loads(process.stdout.readline())["base_url"], tmp_path / "there")
        for kind in ("merchant", "partner"):
            bare.environ = {name: text for name, text in local.settings(kind).items() if "PLATFORM_KEY" not in name}
            called.append(bare("call", "certificate.list_certificates", "--json"))
        process.terminate()
        process.communicate(timeout=30)

    assert [status, status] == [ended.status for ended in called], called
    for ended in called:
        if status:
            assert "WXCOUPON_PLATFORM_KEY_ID" in ended.error["message"]
        else:
            assert 1 == len(ended.document["data"])


def test_a_mode_that_is_none(bare: Cli) -> None:
    """The command line says which modes there are."""
    ended = bare("sandbox", "--mode", "none")

    assert 2 == ended.status
    assert all(mode in ended.err for mode in ("both", "certificate", "public-key"))


def test_exit_statuses(certified: Cli, keys: Keys) -> None:
    """Certificates that cannot be had end a command as what became of asking for them."""
    certified.environ["WXCOUPON_BASE_URL"] = "http://127.0.0.1:9"
    unreachable = certified(*CALL)
    with running(Sandbox(keys=keys, mode="certificate")) as sandbox:
        certified.environ |= {"WXCOUPON_BASE_URL": sandbox.base_url, "WXCOUPON_APIV3_KEY": "k" * 32}
        untrusted = certified(*CALL)
        sandbox.mode = "public-key"
        refused = certified(*CALL)

    assert [5, 4, 3] == [unreachable.status, untrusted.status, refused.status]
    assert "nothing was sent" in unreachable.error["message"]
    assert "WXCOUPON_APIV3_KEY" in untrusted.error["message"]
    assert "WXCOUPON_PLATFORM_KEY_ID" in refused.error["message"]
