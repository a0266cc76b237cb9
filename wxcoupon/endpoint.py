"""How an endpoint is declared: once, as the class of its requests.

::

    @endpoint("POST", "/product-coupon/product-coupons/{product_coupon_id}/stocks/{stock_id}/upload-coupon-codes",
              rate="20/s", key="out_request_no")
    class UploadCouponCodes(Endpoint[UploadedCodes]):
        '''Add codes to a stock ...

        https://pay.weixin.qq.com/doc/v3/partner/4015781572
        '''

        product_coupon_id: str
        ...

Everything else follows from the declaration by walking :data:`REGISTRY`: the client's request and answer, the
sandbox's route, the command line's ``call`` and ``endpoints``, and the tests that hold for all of them.

Rule 1: the type argument is the answer; ``Endpoint[None]`` answers 204.
Rule 2: the second type argument says who may ask; left out, it is ``Partner | Brand``.
Rule 3: a field named in the path fills it; every other field is the query of a GET or the body of anything else.
Rule 4: ``key`` names the field that makes a repetition safe. Without one, only a GET is repeated after an
        unknown outcome.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Generic, get_args

import attrs
from typing_extensions import TypeVar, dataclass_transform, get_original_bases

from .identity import Brand, Identity, Merchant, Partner
from .model import Model, fields, hints, is_required, model

FAMILIES: Final = ("busifavor", "product_coupon")
"""The packages whose modules declare endpoints: one a family of the vendor's documentation."""

R_co = TypeVar("R_co", covariant=True)
Who_contra = TypeVar("Who_contra", bound=Merchant | Partner | Brand, contravariant=True, default=Partner | Brand)

_SECONDS: Final = {"s": 1.0, "min": 60.0}


@attrs.frozen
class Rate:
    """A documented limit: *count* calls in any *seconds* seconds."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``"20/s"`` or ``"1000/min"``."""
        count, _, unit = text.partition("/")
        return cls(int(count), _SECONDS[unit])

    def __str__(self) -> str:
        unit = next(unit for unit, seconds in _SECONDS.items() if seconds == self.seconds)
        return f"{self.count}/{unit}"


@attrs.frozen
class Route:
    """Where an endpoint is asked, by whom, how often, and what makes repeating it safe."""

    method: str
    path: str
    callers: tuple[type[Identity], ...]
    brand_scoped: bool
    rates: Mapping[type[Identity], Rate]
    key: str | None
    page: str
    holes: tuple[str, ...]
    query: tuple[str, ...]
    body: tuple[str, ...]
    call: str
    """The call in words, as messages and logs name it: nothing personal is in a template."""

    @property
    def repeatable(self) -> bool:
        """Whether the same request may be sent again when nobody knows what became of the first."""
        return self.method == "GET" or self.key is not None


@model
class Endpoint(Model, Generic[R_co, Who_contra]):
    """A request as a value: it can be compared, stored, queued and repeated. Its type says what the answer is."""

    name: ClassVar[str]
    route: ClassVar[Route]
    returns: ClassVar[Any]


AnyEndpoint = Endpoint[Any, Any]
E = TypeVar("E", bound=Endpoint[Any, Any])
REGISTRY: Final[dict[str, type[AnyEndpoint]]] = {}
"""Every endpoint declared so far, by ``family.snake_case`` name; :func:`registry` loads all families first."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def endpoint(
    method: str,
    path: str,
    *,
    rate: str | Mapping[type[Identity], str] | None = None,
    key: str | None = None,
    brand_scoped: bool | None = None,
) -> Callable[[type[E]], type[E]]:
    """Make a class the requests of ``method path`` and put it in the registry.

    Args:
        method: the HTTP method.
        path: ``/v3/…`` when it is the same for every caller; otherwise the tail behind the identity's prefix.
        rate: the documented limit, as ``"20/s"``, or one for each kind of identity; None when none is documented.
        key: the field that makes a repetition safe.
        brand_scoped: whether a partner has to name its brand; by default so for tails, not for ``/v3/…`` paths.
    """
    holes = tuple(re.findall(r"{(\w+)}", path))

    def declare(cls: type[E]) -> type[E]:
        made = model(cls)
        arguments = get_args(get_original_bases(made)[0])
        made.returns = arguments[0]
        who = arguments[1] if len(arguments) > 1 else Partner | Brand
        callers: tuple[type[Identity], ...] = get_args(who) or (who,)
        names = [field.name for field in fields(made)]
        family = made.__module__.split(".")[1]
        made.name = f"{family}.{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', made.__name__).lower()}"
        pages = re.findall(r"https://\S+", made.__doc__ or "")
        rest = tuple(name for name in names if name not in holes)
        made.route = Route(
            call=f"{method} {path}",
            method=method,
            path=path,
            callers=callers,
            brand_scoped=not path.startswith("/v3/") if brand_scoped is None else brand_scoped,
            rates=_rates(rate, callers),
            key=key,
            page=pages[0] if pages else "",
            holes=holes,
            query=rest if method == "GET" else (),
            body=() if method == "GET" else rest,
        )
        if lost := [name for name in (*holes, *([key] if key else [])) if name not in names]:
            raise TypeError(f"{made.__name__} has no field for {lost}")
        if REGISTRY.setdefault(made.name, made) is not made:
            raise TypeError(f"two endpoints are called {made.name}")
        return made

    return declare


def _rates(
    rate: str | Mapping[type[Identity], str] | None, callers: tuple[type[Identity], ...]
) -> Mapping[type[Identity], Rate]:
    if rate is None:
        return {}
    if isinstance(rate, str):
        return dict.fromkeys(callers, Rate.parse(rate))
    return {caller: Rate.parse(text) for caller, text in rate.items()}


def registry() -> Mapping[str, type[AnyEndpoint]]:
    """Every endpoint of every family, by name, sorted."""
    for family in FAMILIES:
        importlib.import_module(f"wxcoupon.{family}")
    return dict(sorted(REGISTRY.items()))


def required(request: type[Model], field: str) -> bool:
    """Whether a request, or a part of one, cannot be made without *field*."""
    return any(is_required(declared) for declared in fields(request) if declared.name == field)


def type_name(request: type[Model], field: str) -> str:
    """The type of a field in words, without what is annotated on it."""
    return _words(hints(request)[field])


def _words(annotation: Any) -> str:
    inner = getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation
    arguments = [part for part in get_args(inner) if part is not type(None)]
    if inner is not annotation and not arguments:
        return _words(inner)
    origin = getattr(inner, "__origin__", None)
    if origin is list:
        return f"list[{_words(arguments[0])}]"
    if arguments:
        return " | ".join(_words(part) for part in arguments)
    return str(getattr(inner, "__name__", inner))
