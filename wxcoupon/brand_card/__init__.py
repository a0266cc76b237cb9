"""Member cards of a brand (品牌会员卡), as far as callbacks tell partners about them; their calls are not in here."""

from .events import *
from .information import *
