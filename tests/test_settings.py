from pathlib import Path

import pytest

from wxcoupon import Brand, ConfigurationError, Merchant, Partner, crypto
from wxcoupon.sandbox import Keys
from wxcoupon.settings import TABLE, Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wxcoupon.toml but the test's own is found."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def variables(keys: Keys, tmp_path: Path) -> dict[str, str]:
    """A whole environment of a partner."""
    (tmp_path / "own.pem").write_bytes(crypto.private_pem(keys.partner))
    return {
        "WXCOUPON_IDENTITY": "partner",
        "WXCOUPON_MCHID": "1900000109",
        "WXCOUPON_SERIAL_NO": keys.partner_serial,
        "WXCOUPON_PRIVATE_KEY_FILE": str(tmp_path / "own.pem"),
        "WXCOUPON_PLATFORM_KEY_ID": keys.platform_id,
        "WXCOUPON_PLATFORM_KEY": crypto.public_pem(keys.platform).decode(),
    }


def _fault(environ: dict[str, str] | None = None, **explicit: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ=environ or {}, **explicit)
    return str(caught.value)


def test_precedence(tmp_path: Path) -> None:
    """An argument wins over the environment, the environment over the file, the file over the default."""
    (tmp_path / "wxcoupon.toml").write_text('mchid = "1"\nserial_no = "AA"\nbrand_id = 120344\ntimeout = 2.5\n')

    settings = Settings.load(environ={"WXCOUPON_MCHID": "2", "WXCOUPON_SERIAL_NO": "BB"}, mchid="3", brand_id=None)

    assert ("3", "BB", "120344", 2.5) == (settings.mchid, settings.serial_no, settings.brand_id, settings.timeout)
    assert settings.proxy is None
    places = {name: origin.place for name, origin in settings.origins.items()}
    assert {
        "mchid": "argument",
        "serial_no": "environment",
        "brand_id": "wxcoupon.toml",
        "timeout": "wxcoupon.toml",
    } == places


def test_an_empty_variable_is_not_set() -> None:
    """An empty variable counts as not set, so that a setting can be taken back in a shell."""
    assert Settings.load(environ={"WXCOUPON_PROXY": "", "WXCOUPON_CONFIG": ""}).proxy is None


def test_the_file_named_in_the_environment(tmp_path: Path) -> None:
    """WXCOUPON_CONFIG names the file, the argument wins over it, and a path in the file is relative to the file."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "my.toml").write_text(f'private_key_file = "{name}.pem"\n')
    environ = {"WXCOUPON_CONFIG": str(tmp_path / "one" / "my.toml")}

    by_variable = Settings.load(environ=environ)
    by_argument = Settings.load(environ=environ, config=tmp_path / "two" / "my.toml")

    assert str(tmp_path / "one" / "one.pem") == by_variable.private_key_file
    assert str(tmp_path / "two" / "two.pem") == by_argument.private_key_file


@pytest.mark.parametrize(
    ("environ", "explicit", "words"),
    [
        ({"WXCOUPON_MCHD": "1"}, {}, ["WXCOUPON_MCHD", "environment", "WXCOUPON_MCHID"]),
        ({}, {"brand": "1"}, ["brand", "arguments", "brand_id"]),
        ({"WXCOUPON_CONFIG": "none.toml"}, {}, ["none.toml", "WXCOUPON_CONFIG"]),
        ({"WXCOUPON_IDENTITY": "bank"}, {}, ["WXCOUPON_IDENTITY", "environment", "merchant, partner or brand"]),
        ({}, {"identity": ""}, ["identity", "argument"]),
        ({"WXCOUPON_MCHID": "19O"}, {}, ["WXCOUPON_MCHID", "number"]),
        ({"WXCOUPON_SERIAL_NO": "no"}, {}, ["WXCOUPON_SERIAL_NO", "hexadecimal"]),
        ({"WXCOUPON_PLATFORM_KEY_ID": "7"}, {}, ["WXCOUPON_PLATFORM_KEY_ID", "PUB_KEY_ID_"]),
        ({"WXCOUPON_PRIVATE_KEY": "key.pem"}, {}, ["WXCOUPON_PRIVATE_KEY", "PEM text", "_FILE"]),
        ({"WXCOUPON_BASE_URL": "localhost"}, {}, ["WXCOUPON_BASE_URL", "https://"]),
        ({"WXCOUPON_TIMEOUT": "-1"}, {}, ["WXCOUPON_TIMEOUT", "seconds"]),
        ({"WXCOUPON_TIMEOUT": "soon"}, {}, ["WXCOUPON_TIMEOUT", "seconds"]),
        (
            {"WXCOUPON_PRIVATE_KEY": "-----BEGIN", "WXCOUPON_PRIVATE_KEY_FILE": "k.pem"},
            {},
            ["WXCOUPON_PRIVATE_KEY ", "WXCOUPON_PRIVATE_KEY_FILE", "environment"],
        ),
        ({"WXCOUPON_IDENTITY": "brand", "WXCOUPON_MCHID": "19"}, {}, ["WXCOUPON_MCHID", "brand"]),
        ({"WXCOUPON_BRAND_ID": "12"}, {"identity": "merchant"}, ["WXCOUPON_BRAND_ID", "identity (argument)"]),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], explicit: dict[str, str], words: list[str]) -> None:
    """A wrong or unknown setting, or two that do not go together, are named with the place they came from."""
    message = _fault(environ, **explicit)

    assert [] == [word for word in words if word not in message]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mchdi = '1'", ["mchdi", "wxcoupon.toml", "mchid"]),
        ("[ledger]\nurl = 1", ["ledger", "wxcoupon.toml", "no setting"]),
        ("mchid = true", ["mchid", "wxcoupon.toml", "text"]),
        ("mchid = \n", ["wxcoupon.toml", "TOML", "line 1"]),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    """A key nobody knows, a value of another kind, or what is no TOML is named with its file."""
    (tmp_path / "wxcoupon.toml").write_text(text)

    message = _fault()

    assert [] == [word for word in words if word not in message]


def test_a_secret_is_in_no_message_and_no_repr() -> None:
    """Neither a wrong secret nor a right one is ever shown."""
    assert "hunter2" not in _fault({"WXCOUPON_APIV3_KEY": "hunter2"})
    assert "hunter2" not in _fault({"WXCOUPON_PROXY": "me:hunter2@proxy"})
    secret = "0123456789abcdef0123456789abcdef"
    assert secret not in repr(Settings.load(environ={"WXCOUPON_APIV3_KEY": secret}))
    assert {"private_key", "platform_key", "apiv3_key", "proxy"} == {row.name for row in TABLE if row.secret}


def test_the_apiv3_key_has_32_bytes() -> None:
    """A key of another length is refused with its length."""
    assert "exactly 32 bytes; it has 33" in _fault({"WXCOUPON_APIV3_KEY": "x" * 33})
    assert "exactly 32 bytes; it has 34" in _fault({"WXCOUPON_APIV3_KEY": "x" * 31 + "\udcff"})


def test_all_missing_settings_at_once(variables: dict[str, str]) -> None:
    """Every missing setting is in one message, by the name it has in the environment."""
    del variables["WXCOUPON_SERIAL_NO"], variables["WXCOUPON_PRIVATE_KEY_FILE"], variables["WXCOUPON_PLATFORM_KEY"]

    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ=variables).client()

    assert (
        "WXCOUPON_SERIAL_NO, WXCOUPON_PRIVATE_KEY_FILE or WXCOUPON_PRIVATE_KEY, WXCOUPON_PLATFORM_KEY_FILE or"
        in str(caught.value)
    )
    assert "WXCOUPON_MCHID" not in str(caught.value)


@pytest.mark.parametrize(
    ("identity", "also"), [("merchant", True), ("partner", True), (None, True), ("brand", False)], ids=str
)
def test_an_apiv3_key_may_do_instead(identity: str | None, *, also: bool) -> None:
    """Where no platform key is set, a merchant or partner is told of the APIv3 key; a brand has no certificates."""
    with pytest.raises(ConfigurationError, match="WXCOUPON_PLATFORM_KEY_ID, ") as caught:
        Settings.load(environ={}, identity=identity).client()

    assert also == ("sets WXCOUPON_APIV3_KEY alone instead of WXCOUPON_PLATFORM_KEY_…" in str(caught.value))


def test_an_apiv3_key_is_not_offered_for_half_a_public_key() -> None:
    """Who has set the id of a public key is told of its file alone."""
    with pytest.raises(ConfigurationError, match="WXCOUPON_PLATFORM_KEY_FILE") as caught:
        Settings.load(environ={"WXCOUPON_PLATFORM_KEY_ID": "PUB_KEY_ID_1"}, identity="merchant").client()

    assert "WXCOUPON_APIV3_KEY" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_key_file_that_cannot_be_read(variables: dict[str, str], tmp_path: Path, content: bytes | None) -> None:
    """The message names the setting, the place it came from, and the file."""
    variables["WXCOUPON_PRIVATE_KEY_FILE"] = str(tmp_path / "other.pem")
    if content is not None:
        (tmp_path / "other.pem").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"WXCOUPON_PRIVATE_KEY_FILE \(environment\).*other\.pem"):
        Settings.load(environ=variables).client()


async def test_each_identity(variables: dict[str, str], keys: Keys) -> None:
    """Merchant, partner and brand are made of what they need, with keys as text, one-line text or file."""
    pem = crypto.private_pem(keys.partner).decode().replace("\n", "\\n")
    partner = Settings.load(environ=variables, brand_id="120344").client()
    merchant = Settings.load(environ=variables, identity="merchant", private_key=pem).client()
    del variables["WXCOUPON_MCHID"]
    brand = Settings.load(environ=variables, identity="brand", brand_id="120344")

    async with partner, merchant:
        assert isinstance(partner.identity, Partner)
        assert "120344" == partner.identity.brand_id
        assert isinstance(merchant.identity, Merchant)
    assert isinstance(brand.who(), Brand)
    assert f"KeyRing({keys.platform_id})" == repr(brand.keys())


def test_a_host_without_its_own_backup_has_none() -> None:
    """Where a stronger place names another host, the weaker place's backup host is not used for it."""
    environ = {"WXCOUPON_BACKUP_URL": "https://api2.mch.weixin.qq.com"}

    assert Settings.load(environ=environ).backup_url is not None
    assert Settings.load(environ=environ, base_url="http://127.0.0.1:8787").backup_url is None


def test_certificates_without_a_platform_key(variables: dict[str, str]) -> None:
    """An APIv3 key and no public key means platform certificates; with a public key they are fetched when missed."""
    with_both = Settings.load(environ=variables, apiv3_key="k" * 32)
    for name in ("WXCOUPON_PLATFORM_KEY_ID", "WXCOUPON_PLATFORM_KEY"):
        del variables[name]
    alone = Settings.load(environ=variables, apiv3_key="k" * 32)

    assert alone.by_certificates
    assert "KeyRing(fetches certificates)" == repr(alone.keys()) == repr(alone.client().keys)
    assert not with_both.by_certificates
    assert "fetches certificates" in repr(with_both.keys())
    assert not with_both.keys().announces_certificates


@pytest.mark.parametrize(
    "explicit",
    [{"apiv3_key": None}, {"platform_key_id": "PUB_KEY_ID_1"}, {"identity": "brand", "brand_id": "1"}],
    ids=["no APIv3 key", "an id alone", "a brand"],
)
def test_a_platform_key_is_missing(variables: dict[str, str], explicit: dict[str, str | None]) -> None:
    """Without an APIv3 key, with half a public key, and of a brand, the public key is what is missing."""
    for name in ("WXCOUPON_PLATFORM_KEY_ID", "WXCOUPON_PLATFORM_KEY", "WXCOUPON_MCHID"):
        del variables[name]

    with pytest.raises(ConfigurationError, match="WXCOUPON_PLATFORM_KEY_FILE or WXCOUPON_PLATFORM_KEY"):
        Settings.load(environ=variables, **{"apiv3_key": "k" * 32, **explicit}).client()
