"""Product coupons (商品券), for partners and brands alike.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from .stocks import *
from .users import *
