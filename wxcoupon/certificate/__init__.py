"""Platform certificates (平台证书), for merchants and partners.

https://pay.weixin.qq.com/doc/v3/merchant/4012551764
"""

from .certificates import *
