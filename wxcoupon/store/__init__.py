"""Stores of a brand (品牌门店), for partners; a brand itself makes and changes them.

https://pay.weixin.qq.com/doc/v3/partner/4015783183
"""

from .brand_stores import *
from .entities import *
from .enums import *
from .opening import *
from .recipients import *
