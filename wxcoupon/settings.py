"""Where the settings of a client come from: explicit arguments, the environment, a TOML file, in this order.

:class:`Settings` is the one table of them: each field's metadata says what it means, how its text is read, and
whether it may be shown. In the environment a setting is called ``WXCOUPON_`` and its name in upper case; in the
file, its name. An empty variable counts as not set. The file is the one given, the one that ``WXCOUPON_CONFIG``
names, or ``./wxcoupon.toml``; paths in it are relative to it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from . import crypto
from .addresses import host
from .errors import ConfigurationError
from .identity import SERIAL, Brand, Identity, Merchant, Partner
from .keys import KeyRing

if TYPE_CHECKING:
    from .client import Client

Kind: TypeAlias = Literal["merchant", "partner", "brand"]
_Parse: TypeAlias = Callable[[str, str], Any]

PREFIX: Final = "WXCOUPON_"
CONFIG: Final = "WXCOUPON_CONFIG"
DEFAULT_FILE: Final = "wxcoupon.toml"


@attrs.frozen
class Setting:
    """One row of the table.

    Attributes:
        name: as in the file and as an argument.
        meaning: in words, for messages and ``config show``.
        secret: whether its value is never shown.
    """

    name: str
    meaning: str
    secret: bool

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


@attrs.frozen
class Origin:
    """Where a value comes from.

    Attributes:
        rank: 0 for an argument, 1 for the environment, 2 for the file.
        place: as an error message names it.
    """

    rank: int
    place: str


def _text(value: str, _: str) -> str:
    return value


def _kind(value: str, where: str) -> str:
    if not value or value not in _NEEDS:
        raise ConfigurationError(f"{where}: {value!r} is no identity; it is merchant, partner or brand")
    return value


def _digits(value: str, where: str) -> str:
    if not (value.isascii() and value.isdecimal()):
        raise ConfigurationError(f"{where}: has to be a number, like 1900000001")
    return value


def _serial(value: str, where: str) -> str:
    if not SERIAL.fullmatch(value):
        raise ConfigurationError(
            f"{where}: has to be the serial number of your API certificate in hexadecimal, as the platform shows it"
        )
    return value


def _key_id(value: str, where: str) -> str:
    if not value.startswith("PUB_KEY_ID_"):
        raise ConfigurationError(
            f"{where}: has to be the id of a WeChat Pay public key, which looks like PUB_KEY_ID_0110000001"
        )
    return value


def _pem(value: str, where: str) -> str:
    if "-----BEGIN" not in value:
        raise ConfigurationError(f"{where}: has to be PEM text; for a path use the setting of this name with _FILE")
    return value.replace("\\n", "\n")  # one-line forms of a PEM, as .env files have them


def _apiv3_key(value: str, where: str) -> str:
    size = len(value.encode(errors="surrogatepass"))  # an environment may hold any bytes
    if size != 32:
        raise ConfigurationError(f"{where}: has to be exactly 32 bytes; it has {size}")
    return value


def _host(value: str, where: str) -> str:
    return host(value, where)


def _proxy(value: str, where: str) -> str:
    try:
        return host(value, where)
    except ConfigurationError:  # its message quotes the address, which may hold a password
        raise ConfigurationError(f"{where}: is no address of a proxy; it looks like http://127.0.0.1:3128") from None


def _seconds(value: str, where: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(f"{where}: has to be a number of seconds above 0, not {value!r}")
    return seconds


def _says(meaning: str, parse: _Parse = _text) -> dict[str, Any]:
    return {"meaning": meaning, "parse": parse}


@attrs.frozen(kw_only=True)
class Settings:
    """The settings in force. Made by :meth:`load`; what is not set is None. Secrets are never in its repr."""

    identity: Kind | None = attrs.field(default=None, metadata=_says("who asks: merchant, partner or brand", _kind))
    mchid: str | None = attrs.field(
        default=None, metadata=_says("merchant or provider number (merchant, partner)", _digits)
    )
    brand_id: str | None = attrs.field(
        default=None, metadata=_says("brand number (brand; default brand of a partner)", _digits)
    )
    serial_no: str | None = attrs.field(
        default=None, metadata=_says("serial number of your own API certificate", _serial)
    )
    private_key_file: str | None = attrs.field(default=None, metadata=_says("path of your own private key, PEM"))
    private_key: str | None = attrs.field(
        default=None, repr=False, metadata=_says("your own private key, PEM text", _pem)
    )
    platform_key_id: str | None = attrs.field(
        default=None, metadata=_says("id of the WeChat Pay public key (PUB_KEY_ID_…)", _key_id)
    )
    platform_key_file: str | None = attrs.field(default=None, metadata=_says("path of the WeChat Pay public key, PEM"))
    platform_key: str | None = attrs.field(
        default=None, repr=False, metadata=_says("the WeChat Pay public key, PEM text", _pem)
    )
    apiv3_key: str | None = attrs.field(
        default=None, repr=False, metadata=_says("32-byte key of callbacks and platform certificates", _apiv3_key)
    )
    base_url: str | None = attrs.field(
        default=None, metadata=_says("address of the host; by default the documented one", _host)
    )
    backup_url: str | None = attrs.field(
        default=None, metadata=_says("address of the host when no connection was made to the first", _host)
    )
    proxy: str | None = attrs.field(
        default=None, repr=False, metadata=_says("address of an HTTP proxy", _proxy)
    )  # it may hold a password
    timeout: float | None = attrs.field(default=None, metadata=_says("seconds one attempt may take", _seconds))
    origins: Mapping[str, Origin] = attrs.field(factory=dict[str, Origin])
    """For each setting that is set, where its value comes from."""

    @classmethod
    def load(
        cls,
        *,
        config: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        **explicit: str | float | None,
    ) -> Settings:
        """Read the settings.

        Args:
            config: the TOML file; by default the one ``WXCOUPON_CONFIG`` names, or ``./wxcoupon.toml`` if there is one.
            environ: the environment; by default the process's.
            explicit: settings by name, which win over the others; None leaves one to the others.

        Returns:
            The settings. Key files are read, and missing settings reported, when :meth:`client` needs them.

        Raises:
            ConfigurationError: a key is unknown, a value cannot be used, or two do not go together; the message names
                the key and the place it came from.
        """
        environment = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        layers = (_arguments(explicit), _variables(environment), _file(config, environment.get(CONFIG)))
        for layer in layers:
            for name, (value, origin) in layer.items():
                if name not in values and not _overruled(name, origin, origins):
                    values[name] = _PARSE[name](value, where(name, origin))
                    origins[name] = origin
        _fit(values, origins)
        return cls(**values, origins=origins)

    def who(self) -> Identity:
        """The identity these settings describe, with its key read.

        Raises:
            ConfigurationError: settings are missing, all of which the message names, or the key cannot be read.
        """
        self._need(_NEEDS[self.identity or ""])
        return self._who()

    def keys(self) -> KeyRing:
        """What answers and callbacks are verified with: the WeChat Pay public key, read, or platform certificates.

        Raises:
            ConfigurationError: settings are missing, all of which the message names, or the key cannot be read.
        """
        self._need(self._platform)
        return self._keys()

    @property
    def by_certificates(self) -> bool:
        """Whether answers are verified with platform certificates, because there is an APIv3 key and no public key."""
        known = (self.platform_key_id, self.platform_key_file, self.platform_key)
        return self.identity != "brand" and self.apiv3_key is not None and known == (None, None, None)

    @property
    def _platform(self) -> tuple[str, ...]:
        return () if self.by_certificates else _PLATFORM

    def client(self, **options: Any) -> Client[Merchant | Partner | Brand]:
        """Make a client.

        Args:
            options: further arguments of :class:`~wxcoupon.Client`, which win over the settings.

        Raises:
            ConfigurationError: settings are missing, all of which the message names, or a key cannot be read.
        """
        from .client import Client  # clients are made from settings, so settings cannot need clients

        self._need((*_NEEDS[self.identity or ""], *(() if "platform_keys" in options else self._platform)))
        given = {name: getattr(self, name) for name in ("base_url", "backup_url", "proxy", "timeout")}
        options = {name: value for name, value in given.items() if value is not None} | options
        platform_keys = options.pop("platform_keys", None) or self._keys()
        return Client(self._who(), platform_keys, **options)

    def _need(self, names: Iterable[str]) -> None:
        missing = [name for name in names if all(getattr(self, part) is None for part in name.split("|"))]
        if missing:
            listed = ", ".join(_variables_of(name) for name in missing)
            certified = self.identity != "brand" and {*_PLATFORM} <= {*missing}
            instead = _INSTEAD if certified else ""
            raise ConfigurationError(
                f"missing settings: {listed}. {instead}"
                f"Set them in the environment, or in {DEFAULT_FILE} or the file that --config names (there in lower "
                f"case, without {PREFIX}); 'wxcoupon config show' says what each means"
            )

    def _who(self) -> Identity:
        key = self._key("private_key", crypto.load_private_key)
        mchid, brand_id, serial_no = self.mchid or "", self.brand_id, self.serial_no or ""
        if self.identity == "brand":
            return Brand(brand_id or "", serial_no, key)
        return (
            Merchant(mchid, serial_no, key) if self.identity == "merchant" else Partner(mchid, serial_no, key, brand_id)
        )

    def _keys(self) -> KeyRing:
        if self.by_certificates:
            return KeyRing(apiv3_key=self.apiv3_key)
        public = {self.platform_key_id or "": self._key("platform_key", crypto.load_public_key)}
        # A brand has no platform certificates; its APIv3 key is for callbacks alone.
        return KeyRing(public, apiv3_key=None if self.identity == "brand" else self.apiv3_key)

    def _key(self, name: str, load: Callable[[crypto.KeySource, str], Any]) -> Any:
        path = getattr(self, f"{name}_file")
        if path is None:
            return load(getattr(self, name), where(name, self.origins[name]))
        return load(Path(path), where(f"{name}_file", self.origins[f"{name}_file"]))


_FIELDS: Final = [field for field in attrs.fields(Settings) if "parse" in field.metadata]
_PARSE: Final[Mapping[str, _Parse]] = {field.name: field.metadata["parse"] for field in _FIELDS}
TABLE: Final = tuple(Setting(field.name, field.metadata["meaning"], not field.repr) for field in _FIELDS)
"""Every setting, in the order in which they are listed."""

_PAIRS: Final = {"private_key": "private_key_file", "platform_key": "platform_key_file"}
_OTHER: Final = _PAIRS | {path: text for text, path in _PAIRS.items()}
_OWN: Final = ("serial_no", "private_key_file|private_key")
_PLATFORM: Final = ("platform_key_id", "platform_key_file|platform_key")
_INSTEAD: Final = (
    f"A merchant or partner that has platform certificates sets {PREFIX}APIV3_KEY alone instead of "
    f"{PREFIX}PLATFORM_KEY_…. "
)
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("identity", *_OWN),
    "merchant": ("mchid", *_OWN),
    "partner": ("mchid", *_OWN),
    "brand": ("brand_id", *_OWN),
}
_FOREIGN: Final = {"merchant": "brand_id", "brand": "mchid"}
"""For an identity, the setting that belongs to another one."""


def where(name: str, origin: Origin) -> str:
    """Name a setting and the place its value came from, as messages do."""
    spelt = PREFIX + name.upper() if origin.rank == 1 else name
    return f"{spelt} ({origin.place})"


def _variables_of(name: str) -> str:
    return " or ".join(PREFIX + part.upper() for part in name.split("|"))


_Layer: TypeAlias = dict[str, tuple[str, Origin]]


def _arguments(explicit: Mapping[str, object]) -> _Layer:
    origin = Origin(0, "argument")
    layer: _Layer = {}
    for name, value in explicit.items():
        _known(name, "the arguments")
        if value is not None:
            layer[name] = (str(value), origin)
    return layer


def _variables(environ: Mapping[str, str]) -> _Layer:
    origin = Origin(1, "environment")
    layer: _Layer = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG or not value:
            continue
        name = variable.removeprefix(PREFIX).lower()
        _known(name, "the environment", spelt=variable)
        layer[name] = (value, origin)
    return layer


def _file(config: str | Path | None, named: str | None) -> _Layer:
    path = Path(config or named or DEFAULT_FILE)
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if config or named:
            raise ConfigurationError(f"there is no settings file {path}, which {_namer(config)} names") from None
        return {}
    except OSError as error:
        raise ConfigurationError(f"the settings file {path} cannot be read ({error.strerror})") from None
    except ValueError as error:  # neither UTF-8 nor TOML
        raise ConfigurationError(f"the settings file {path} is not TOML: {error}") from None
    origin = Origin(2, str(path))
    layer: _Layer = {}
    for name, value in data.items():
        _known(name, str(path))
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ConfigurationError(f"{name} ({path}): has to be text or a number")
        text = str(value)
        if name.endswith("_file"):
            text = str(path.parent / text)
        if text:
            layer[name] = (text, origin)
    return layer


def _namer(config: str | Path | None) -> str:
    return "--config or config=" if config else CONFIG


def _known(name: str, place: str, spelt: str | None = None) -> None:
    if name in _PARSE:
        return
    close = get_close_matches(name, _PARSE, 1)
    near = (PREFIX + close[0].upper() if spelt else close[0]) if close else ""
    hint = f"did you mean {near}?" if near else f"known are {', '.join(_PARSE)}"
    raise ConfigurationError(f"{spelt or name} in {place} is no setting; {hint}")


def _overruled(name: str, origin: Origin, origins: Mapping[str, Origin]) -> bool:
    """Whether a stronger layer has said it otherwise: the key as text or file, or a host without this backup."""
    other = "base_url" if name == "backup_url" else _OTHER.get(name, "")
    return other in origins and origins[other].rank < origin.rank


def _fit(values: Mapping[str, Any], origins: Mapping[str, Origin]) -> None:
    for text, path in _PAIRS.items():
        if text in values and path in values:
            raise ConfigurationError(
                f"{where(text, origins[text])} and {where(path, origins[path])} say the same thing; set one of them"
            )
    identity = values.get("identity", "")
    foreign = _FOREIGN.get(identity, "")
    if foreign in values:
        raise ConfigurationError(
            f"{where(foreign, origins[foreign])} does not go with {where('identity', origins['identity'])} {identity}; "
            "remove one of them"
        )
