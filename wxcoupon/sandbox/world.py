"""Everything the sandbox remembers, in memory: it ends with the sandbox.

Objects keep the JSON members they were created with, and answers show them again as they came.
"""

from __future__ import annotations

import itertools
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from .handlers import Owner
from .holdings import UserCoupon
from .merchant_stocks import DEFAULT_STOCKS, MerchantCoupon, MerchantStock, seeded
from .records import NotifyUrl, ProductCoupon, Stock, Token, User
from .refusals import not_found
from .validity import written

T = TypeVar("T")


class World:
    """The sandbox's state.

    Args:
        clock: seconds since 1970.
        review_seconds: how long a product coupon or a stock stays AUDITING.
        notify_url: where callbacks go of whoever has set no address.
    """

    def __init__(
        self, clock: Callable[[], float], *, review_seconds: float = 0.0, notify_url: str | None = None
    ) -> None:
        self.clock = clock
        self.review_seconds = review_seconds
        self.product_coupons: dict[str, ProductCoupon] = {}
        self.stocks: dict[str, Stock] = {}
        self.merchant_stocks: dict[str, MerchantStock] = {}
        self.merchant_coupons: dict[tuple[tuple[str, str], str, str, str], MerchantCoupon] = {}
        self.tokens: dict[str, Token] = {}
        self.coupons: dict[tuple[str, str], UserCoupon] = {}
        self.sendings: dict[tuple[str, str, str], UserCoupon] = {}
        self.codes: defaultdict[str, set[str]] = defaultdict(set)
        self.notify_urls: dict[tuple[str, str], NotifyUrl] = {}
        self.default_notify_url = notify_url or None
        self._began = written(clock())
        self._users: dict[tuple[str, str], User] = {}
        self._rooms: dict[type[Any], Any] = {}
        self._numbers = itertools.count(1000000013)
        for stock_id, mode in DEFAULT_STOCKS.items():
            self.add_merchant_stock(stock_id, coupon_code_mode=mode)

    def room(self, kind: type[T]) -> T:
        """The part of the world that a family keeps for itself: one object of *kind*, made when first asked for."""
        if kind not in self._rooms:
            self._rooms[kind] = kind()
        found: T = self._rooms[kind]
        return found

    @property
    def now(self) -> float:
        """The sandbox's time, seconds since 1970."""
        return self.clock()

    def notify_url(self, subject: tuple[str, str]) -> NotifyUrl | None:
        """Where a caller's callbacks go; None when nowhere."""
        default = self.default_notify_url
        return self.notify_urls.get(subject, NotifyUrl(default, self._began) if default else None)

    def new_product_coupon(self, owner: Owner, members: Mapping[str, Any]) -> ProductCoupon:
        """Keep a product coupon under a new number."""
        made = ProductCoupon(str(next(self._numbers)), owner, members, self.now + self.review_seconds)
        self.product_coupons[made.product_coupon_id] = made
        return made

    def new_stock(
        self,
        product_coupon: ProductCoupon,
        settings: Mapping[str, Any],
        *,
        stock_bundle_id: str | None = None,
        round_index: int = 0,
    ) -> Stock:
        """Keep a stock of a product coupon under a new number."""
        number = f"{product_coupon.product_coupon_id}{len(self.stocks) + 1:03}"
        made = Stock(number, product_coupon, settings, self.now + self.review_seconds)
        made.stock_bundle_id, made.round_index = stock_bundle_id, round_index
        self.stocks[number] = made
        return made

    def new_bundle(self, product_coupon: ProductCoupon, rounds: Iterable[Mapping[str, Any]]) -> list[Stock]:
        """Keep a stock for each round, under a new number of their bundle."""
        number = f"{product_coupon.product_coupon_id}{len(self.stocks) + 1:03}9"
        return [
            self.new_stock(product_coupon, settings, stock_bundle_id=number, round_index=index)
            for index, settings in enumerate(rounds)
        ]

    def product_coupon(self, owner: Owner, product_coupon_id: str) -> ProductCoupon:
        """A product coupon of *owner*'s.

        Raises:
            Refusal: there is no such product coupon for this caller.
        """
        found = self.product_coupons.get(product_coupon_id)
        if found is None or found.owner != owner:
            raise not_found("product_coupon_id")
        return found

    def stock(self, owner: Owner, product_coupon_id: str, stock_id: str) -> Stock:
        """A stock of a product coupon of *owner*'s.

        Raises:
            Refusal: there is no such product coupon, or no such stock of it, for this caller.
        """
        product_coupon = self.product_coupon(owner, product_coupon_id)
        stock = self.stocks.get(stock_id)
        if stock is None or stock.product_coupon is not product_coupon:
            raise not_found("stock_id")
        return stock

    def stocks_of(self, product_coupon: ProductCoupon) -> list[Stock]:
        """The stocks of a product coupon, in the order they were made."""
        return [stock for stock in self.stocks.values() if stock.product_coupon is product_coupon]

    def bundle(self, owner: Owner, product_coupon_id: str, stock_bundle_id: str) -> list[Stock]:
        """The stocks of a bundle, in the order of rounds.

        Raises:
            Refusal: there is no such product coupon, or no such bundle of it, for this caller.
        """
        product_coupon = self.product_coupon(owner, product_coupon_id)
        found = [stock for stock in self.stocks_of(product_coupon) if stock.stock_bundle_id == stock_bundle_id]
        if not found:
            raise not_found("stock_bundle_id")
        return found

    def user(self, appid: str, openid: str) -> User:
        """The person with this openid under this appid; a new one when nobody has it yet."""
        user = self._users.get((appid, openid))
        if user is None:
            user = self._users[appid, openid] = self.somebody()
            user.openids[appid] = openid
        return user

    def somebody(self) -> User:
        """A person nobody has met yet."""
        return User("u" + secrets.token_urlsafe(20))

    def openid(self, user: User, appid: str) -> str:
        """A person's openid under an appid: another one for each, as with WeChat."""
        if appid not in user.openids:
            user.openids[appid] = "o" + secrets.token_urlsafe(20)
            self._users[appid, user.openids[appid]] = user
        return user.openids[appid]

    def new_token(self, token: Token) -> str:
        """Keep what a token stands for, and name it."""
        name = secrets.token_urlsafe(24)
        self.tokens[name] = token
        return name

    def add_codes(self, stock: Stock, codes: Iterable[str]) -> None:
        """Put new codes into a stock. Whether they are new and fit is the caller's business."""
        known = self.codes[stock.owner.brand_id]
        for code in codes:
            stock.codes[code] = None
            stock.free.append(code)
            known.add(code)

    def take_code(self, stock: Stock, assigned: str | None) -> str:
        """The code of the next coupon of a stock: the assigned one, a random one of the uploaded, or a new one."""
        if assigned is not None:
            code = assigned
        elif stock.mode == "UPLOAD":
            index = secrets.randbelow(len(stock.free))
            stock.free[index], stock.free[-1] = stock.free[-1], stock.free[index]
            code = stock.free.pop()
        else:
            code = "".join(secrets.choice("0123456789") for _ in range(22))
        self.codes[stock.owner.brand_id].add(code)
        return code

    def add_merchant_stock(
        self,
        stock_id: str,
        *,
        coupon_code_mode: str = "WECHATPAY_MODE",
        max_count: int = 100000,
        max_count_per_user: int = 100,
        owner_mchid: str | None = None,
        product_information: bool = True,
        codes: Iterable[str] = (),
    ) -> MerchantStock:
        """Seed a stock of merchant coupons, which is there without a call that creates it, and lasts a year.

        Args:
            stock_id: its number.
            coupon_code_mode: ``WECHATPAY_MODE``, ``MERCHANT_API`` or ``MERCHANT_UPLOAD``.
            max_count: how many coupons it may ever send.
            max_count_per_user: how many of them one user may have.
            owner_mchid: who alone may send them; None for every merchant and partner.
            product_information: whether it carries product information, so that it can be pre-sent.
            codes: the codes of ``MERCHANT_UPLOAD``.

        Raises:
            ValueError: there is no such ``coupon_code_mode``.
        """
        stock = self.merchant_stocks[stock_id] = seeded(
            stock_id,
            coupon_code_mode=coupon_code_mode,
            max_count=max_count,
            max_count_per_user=max_count_per_user,
            owner_mchid=owner_mchid,
            product_information=product_information,
            codes=codes,
            now=self.now,
        )
        return stock

    def counted(self) -> dict[str, Any]:
        """How many there are of everything."""
        now = self.now
        return {
            "product_coupons": len(self.product_coupons),
            "stocks": [
                {
                    "stock_id": stock.stock_id,
                    "product_coupon_id": stock.product_coupon.product_coupon_id,
                    "coupon_code_mode": stock.mode,
                    "state": stock.state(now),
                    "max_count": stock.max_count,
                    "total_count": len(stock.codes),
                    "available_count": len(stock.free),
                    "sent_count": stock.sent,
                }
                for stock in self.stocks.values()
            ],
            "merchant_stocks": [
                {
                    "stock_id": stock.stock_id,
                    "coupon_code_mode": stock.coupon_code_mode,
                    "max_count": stock.max_count,
                    "sent_count": stock.sent,
                }
                for stock in self.merchant_stocks.values()
            ],
            "tokens": len(self.tokens),
            "coupons": dict(Counter(coupon.state(now) for coupon in self.coupons.values())),
            "merchant_coupons": len(self.merchant_coupons),
        }
