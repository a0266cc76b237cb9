"""Product coupons (商品券), for partners and brands alike.

https://pay.weixin.qq.com/doc/v3/partner/4015780862
"""

from .budgets import *
from .bundles import *
from .codes import *
from .coupons import *
from .display import *
from .entities import *
from .enums import *
from .events import *
from .image_tasks import *
from .kinds import *
from .media import *
from .notify import *
from .periods import *
from .redeeming import *
from .rules import *
from .sending import *
from .stock_settings import *
from .stocks import *
from .stores import *
from .user_bundles import *
from .user_coupons import *
from .users import *
