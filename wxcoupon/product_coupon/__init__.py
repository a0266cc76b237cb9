"""Product coupons (商品券), for partners and brands alike.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from .coupons import *
from .display import *
from .entities import *
from .enums import *
from .notify import *
from .periods import *
from .rules import *
from .stock_settings import *
from .stocks import *
from .user_coupons import *
from .users import *
