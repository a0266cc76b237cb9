"""Delivery plans (投放计划) of product coupons, for partners: users claim the coupons by shaking their phones.

https://pay.weixin.qq.com/doc/v3/partner/4016184554
"""

from .entities import *
from .enums import *
from .events import *
from .notify import *
from .plans import *
