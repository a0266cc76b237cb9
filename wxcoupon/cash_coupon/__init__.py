"""Cash coupons (代金券), for merchants and partners.

https://pay.weixin.qq.com/doc/v3/merchant/4012534633
"""

from .callbacks import *
from .creation import *
from .enums import *
from .events import *
from .flows import *
from .ids import *
from .lifecycle import *
from .media import *
from .pattern import *
from .places import *
from .rules import *
from .sending import *
from .stocks import *
from .user_coupons import *
