"""Merchant coupons (商家券), for merchants and partners.

The whole family is a legacy: WeChat Pay withdrew most of its pages when product coupons (商品券) succeeded it, and
whether new merchants still get the permission is unknown. The official SDKs keep its calls.
"""

from .callbacks import *
from .codes import *
from .coupons import *
from .display import *
from .entities import *
from .enums import *
from .events import *
from .gov_cards import *
from .orders import *
from .partnerships import *
from .periods import *
from .receipts import *
from .redeeming import *
from .rules import *
from .stocks import *
from .subsidies import *
from .users import *
