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

Rule 1: the type argument is the answer; ``Endpoint[None]`` answers 204. A :class:`Listing` has one more, in the
        middle: what its lists are of.
Rule 2: the last type argument says who may ask; left out, it is ``Partner | Brand``.
Rule 3: a field named in the path fills it, one named by ``headers`` goes into a header; every other field is the
        query of a GET, or the body of anything else unless ``query`` names it.
Rule 4: ``key`` names the field that makes a repetition safe, and ``harmless`` says that none is needed. Without
        either, only a GET is repeated after an unknown outcome.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final, Generic, Literal, TypeAlias, get_args

import attrs
from typing_extensions import TypeVar, dataclass_transform, get_original_bases

from .identity import Brand, Identity, Merchant, Partner
from .model import Model, fields, hints, is_required, model

FAMILIES: Final = ("busifavor", "cash_coupon", "certificate", "delivery_plan", "product_coupon", "store")
"""The packages whose modules declare endpoints: one a family of the vendor's documentation."""

R_co = TypeVar("R_co", covariant=True)
Item_co = TypeVar("Item_co", covariant=True)
Who_contra = TypeVar("Who_contra", bound=Merchant | Partner | Brand, contravariant=True, default=Partner | Brand)

Step: TypeAlias = Literal["token", "page", "row"]
"""How a listing goes on: with the token of the last answer, with the next page's number, or with the next row's."""

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
    """Where an endpoint is asked, by whom, how often, and what makes repeating it safe.

    Attributes:
        call: the call in words, as messages and logs name it: nothing personal is in a template.
        headers: the fields that go into headers, by the header's name.
        form: the body is ``multipart/form-data``, of which the part ``meta`` alone is signed.
        unsigned: the answer may come without a signature; one that is there is verified all the same.
        items: the member of the answer that lists what is asked for, of a listing.
        step: how a listing goes on.
    """

    call: str
    method: str
    path: str
    callers: tuple[type[Identity], ...]
    brand_scoped: bool
    rates: Mapping[type[Identity], Rate]
    key: str | None
    harmless: bool
    page: str
    holes: tuple[str, ...]
    query: tuple[str, ...]
    headers: Mapping[str, str]
    body: tuple[str, ...]
    form: bool
    unsigned: bool
    items: str
    step: Step

    @property
    def repeatable(self) -> bool:
        """Whether the same request may be sent again when nobody knows what became of the first."""
        return self.method == "GET" or self.key is not None or self.harmless

    @property
    def brand_place(self) -> str:
        """Where a partner names its brand: ``path``, ``query`` or ``body``; empty where it names none."""
        if not self.brand_scoped:
            return ""
        return "path" if "{brand_id}" in self.path else "query" if self.method == "GET" else "body"

    def place(self, field: str) -> str:
        """Where a field goes: ``path``, ``query``, ``header`` or ``body``."""
        if field in self.holes:
            return "path"
        if field in self.query:
            return "query"
        return "header" if field in self.headers.values() else "body"


@model
class Endpoint(Model, Generic[R_co, Who_contra]):
    """A request as a value: it can be compared, stored, queued and repeated. Its type says what the answer is."""

    name: ClassVar[str]
    route: ClassVar[Route]
    returns: ClassVar[Any]


@model
class Listing(Endpoint[R_co, Who_contra], Generic[R_co, Item_co, Who_contra]):
    """A request for one page of many things; ``client.pages(request)`` goes through all pages, thing by thing."""


AnyEndpoint = Endpoint[Any, Any]
E = TypeVar("E", bound=Endpoint[Any, Any])
REGISTRY: Final[dict[str, type[AnyEndpoint]]] = {}
"""Every endpoint declared so far, by ``family.snake_case`` name; :func:`registry` loads all families first."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def endpoint(  # noqa: PLR0913 - one argument for each thing a page says, all by keyword
    method: str,
    path: str,
    *,
    rate: str | Mapping[type[Identity], str] | None = None,
    key: str | None = None,
    harmless: bool = False,
    brand_scoped: bool | None = None,
    query: Collection[str] = (),
    headers: Mapping[str, str] | None = None,
    form: bool = False,
    unsigned: bool = False,
    items: str = "",
    step: Step = "token",
) -> Callable[[type[E]], type[E]]:
    """Make a class the requests of ``method path`` and put it in the registry.

    Args:
        method: the HTTP method.
        path: ``/v3/…`` when it is the same for every caller; otherwise the tail behind the identity's prefix.
        rate: the documented limit, as ``"20/s"``, or one for each kind of identity; None when none is documented.
        key: the field that makes a repetition safe.
        harmless: whether a repetition does no harm though no field makes it safe, because it sets what is set.
        brand_scoped: whether a partner has to name its brand; by default so for tails, not for ``/v3/…`` paths. It
            is named in the path where that has a hole ``{brand_id}``, else in the query of a GET, else in the body.
        query: the fields that go into the query of anything but a GET.
        headers: the fields that go into headers, by the header's name.
        form: whether the body is ``multipart/form-data``, with the parts ``meta`` and ``file``.
        unsigned: whether the answer may come without a signature.
        items: of a :class:`Listing`, the member of the answer that is the list.
        step: of a :class:`Listing`, how it goes on.
    """
    holes = tuple(re.findall(r"{(\w+)}", path))

    def declare(cls: type[E]) -> type[E]:
        made = model(cls)
        listing = issubclass(made, Listing)
        arguments = get_args(get_original_bases(made)[0])
        made.returns = arguments[0]
        who = arguments[-1] if len(arguments) > 1 + listing else Partner | Brand
        callers: tuple[type[Identity], ...] = get_args(who) or (who,)
        names = [field.name for field in fields(made)]
        family = made.__module__.split(".")[1]
        made.name = f"{family}.{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', made.__name__).lower()}"
        pages = re.findall(r"https://\S+", made.__doc__ or "")
        in_headers = headers or {}
        rest = tuple(name for name in names if name not in holes and name not in in_headers.values())
        in_query = rest if method == "GET" else tuple(name for name in rest if name in query)
        made.route = Route(
            call=f"{method} {path}",
            method=method,
            path=path,
            callers=callers,
            brand_scoped=not path.startswith("/v3/") if brand_scoped is None else brand_scoped,
            rates=_rates(rate, callers),
            key=key,
            harmless=harmless,
            page=pages[0] if pages else "",
            holes=holes,
            query=in_query,
            headers=in_headers,
            body=tuple(name for name in rest if name not in in_query),
            form=form,
            unsigned=unsigned,
            items=items,
            step=step,
        )
        _complain(made, [*holes, *([key] if key else []), *query, *in_headers.values()], listing=listing)
        if REGISTRY.setdefault(made.name, made) is not made:
            raise TypeError(f"two endpoints are called {made.name}")
        return made

    return declare


def _complain(made: type[AnyEndpoint], wanted: Collection[str], *, listing: bool) -> None:
    """Refuse a declaration that names fields it does not have."""
    names = {field.name for field in fields(made)}
    if made.route.brand_place == "path":
        names.add("brand_id")
    if lost := [name for name in wanted if name not in names]:
        raise TypeError(f"{made.__name__} has no field for {lost}")
    if listing != bool(made.route.items) or (listing and made.route.items not in hints(made.returns)):
        raise TypeError(f"{made.__name__} is a Listing exactly when items names a member of its answer")
    by_token = made.route.step == "token"
    if listing and (
        ("page_token" if by_token else "offset") not in names
        or (by_token and "next_page_token" not in hints(made.returns))
    ):
        raise TypeError(f"{made.__name__} has no member that goes on to the next page")
    if made.route.form and (set(made.route.body) != {"meta", "file"} or made.route.brand_place == "body"):
        raise TypeError(f"{made.__name__} is a form, whose body is meta and file alone")


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
