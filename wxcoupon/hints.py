"""What is behind WeChat Pay's errors and what to do about them, in English and Chinese.

WeChat Pay says what it refuses; these tables say why that usually happens and how it ends. A hint is advice for
people: decide on the status, the code, and :attr:`~wxcoupon.WxCouponError.outcome_unknown`.

https://pay.weixin.qq.com/doc/v3/partner/4016950439
"""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class Hint:
    """Why an error usually comes, and what ends it.

    Attributes:
        cause: the usual reason.
        cure: what to do.
        cause_zh: the reason in Chinese.
        cure_zh: what to do in Chinese.
        retryable: whether the identical request may be repeated after a pause.
        same_request_no: True when it is to be repeated under its number, False when this data cannot go under that
            number any more, None when that is not known.
    """

    cause: str
    cure: str
    cause_zh: str
    cure_zh: str
    retryable: bool = attrs.field(default=False, kw_only=True)
    same_request_no: bool | None = attrs.field(default=None, kw_only=True)


_TOO_MANY: Final = Hint(
    "calls come faster than the documented rate, which all that use this identity share",
    "repeat the same request after a pause that doubles, and call more slowly",
    "调用过快，超过了该身份共用的频率限制",
    "按逐次加倍的间隔原样重试，并降低调用频率",
    retryable=True,
    same_request_no=True,
)
_BROKEN: Final = Hint(
    "something failed at WeChat Pay or on the way, before or after it acted",
    "repeat the identical request with the same number, or look up what became of it",
    "微信支付或途中的网关出错，请求可能已生效，也可能未生效",
    "使用同一请求单号和相同内容重试，或先查询结果",
    retryable=True,
    same_request_no=True,
)
_UNSIGNED: Final = Hint(
    "the signature of the request was not accepted",
    "check that identity, serial number and private key belong together, and that this machine's clock is right",
    "请求签名未通过验证",
    "核对商户号或品牌、证书序列号与私钥是否匹配，并校准本机时间",
)
_NOT_GRANTED: Final = Hint(
    "this caller may not do this",
    "check that this merchant, partner or brand has been granted this product on the platform",
    "调用方没有此项权限",
    "在平台上确认该商户、服务商或品牌已开通并获得授权",
)
_MISSING: Final = Hint(
    "there is no such thing for this caller",
    "check the ids, and that they belong to this identity and brand",
    "对当前调用方而言，该对象不存在",
    "核对各个编号，并确认它们属于当前身份和品牌",
)
_WRONG: Final = Hint(
    "a parameter is missing, malformed or out of range",
    "correct the field that detail names",
    "参数缺失、格式错误或超出范围",
    "按 detail 中指出的字段修改",
)
_REFUSED: Final = Hint(
    "the request is well formed and breaks a rule of the protocol or of the business",
    "do as the message says; repeat the request only if it asks to wait",
    "请求格式正确，但违反了接口规则或业务规则",
    "按错误信息处理；除非信息要求稍后再试，否则不要重试",
)
_CONFLICT: Final = Hint(
    "the request is in conflict with what is there",
    "look up the present state before anything else",
    "请求与现有状态冲突",
    "先查询当前状态，再决定下一步",
)
_NO_MERCHANT: Final = Hint(
    "WeChat Pay does not know this merchant number",
    "check the merchant numbers of the request and of the identity",
    "商户号不存在",
    "核对请求和身份中的商户号",
)

NUMBERS: Final = {
    "268578776": Hint(
        "the coupon has expired: its validity runs from the claim that WeChat Pay reports, not from the confirmation",
        "mark it as expired; go by valid_begin_time and valid_end_time, and confirm at once",
        "用户券已过期：有效期从微信支付通知的领取时间起算，而不是从确认时起算",
        "本地标记为已过期；有效期以 valid_begin_time 和 valid_end_time 为准，领取后立即确认",
    ),
    "268578367": Hint(
        "the coupon's state does not allow this, often because it was not confirmed, or was deactivated",
        "read the coupon; confirm it first, or give up if it is DEACTIVATED",
        "券的当前状态不允许此操作，多因尚未确认或已失效",
        "查询该券；未确认的先确认，DEACTIVATED 的放弃操作",
    ),
    "272756745": Hint(
        "another request number has redeemed the coupon already",
        "if it was the same order, repeat the number that redeemed it; otherwise refuse the coupon",
        "该券已被另一个请求单号核销",
        "若是同一订单，请用当初核销的单号重试；否则拒绝使用该券",
    ),
    "272756746": Hint(
        "another redemption of the coupon is still running",
        "repeat the same number after one or two seconds, and redeem each coupon one call at a time",
        "该券正在被另一个核销请求锁定",
        "等待一两秒后用同一单号重试，同一张券不要并发核销",
        retryable=True,
        same_request_no=True,
    ),
    "272756769": Hint(
        "the user has deleted the coupon, of which no callback tells",
        "treat it as final; read a coupon before acting on it",
        "用户已删除该券，删除没有回调通知",
        "视为终态；操作前先查询该券",
    ),
    "272756790": Hint(
        "the coupon has expired",
        "treat it as final; look at the state before acting",
        "该券已过期，不能再操作",
        "视为终态；操作前先检查状态",
    ),
    "268578851": Hint(
        "there is no such coupon of this user: the code was changed on the way, or openid and appid are another's",
        "pass on coupon_code exactly as WeChat Pay gave it, with the openid and appid of the claim",
        "该用户没有这张券：券码被改动，或 openid、appid 不对应",
        "原样使用微信支付返回的 coupon_code，并使用领券时的 openid 和 appid",
    ),
    "272755717": Hint(
        "the coupon cannot be used at this time of the week or day",
        "redeem it inside the periods of its stock, which cannot be changed",
        "当前不在该券的周期可用时段内",
        "在批次规定的时段内核销；已有批次的时段不能修改",
    ),
    "272755715": Hint(
        "the coupon is not valid yet, or not any more; a wrong clock or time zone looks the same",
        "compare the time (UTC+8) with valid_begin_time and valid_end_time, then wait or give up",
        "不在该券有效期内：尚未生效或已结束，也可能是时钟或时区有误",
        "以北京时间对照 valid_begin_time 和 valid_end_time，等待或放弃",
    ),
    "272756740": Hint(
        "the user has as many coupons of the stock as one user may have, unconfirmed ones included",
        "count the user's coupons before sending, or send from another stock: this limit cannot be raised",
        "用户持有的该批次券（含未确认的）已达单人上限",
        "发放前先查询用户已有的券，或改用其他批次；该上限不能修改",
    ),
    "268577984": Hint(
        "the stock is not SENDING: it is under review, paused, stopped or deactivated",
        "read the stock; wait while it is AUDITING, have a paused one resumed, or make another stock",
        "批次不是 SENDING 状态：审核中、已暂停、已停止或已失效",
        "查询批次；AUDITING 时等待，已暂停的先恢复，否则新建批次",
    ),
    "272755200": Hint(
        "this coupon was being sent to this user under another number already",
        "repeat the first send_request_no; make numbers of user, stock and occasion",
        "同一用户同一批次已用另一个单号发放",
        "用首次的 send_request_no 重试；单号应由用户、批次和场景生成",
    ),
    "268578927": Hint(
        "this request number was used with other data",
        "to repeat the first request, repeat its data exactly; for something new, take a new number",
        "该请求单号已用于不同的内容",
        "若是重试，请使用首次的完整内容；若是新的业务，请换新单号",
        same_request_no=False,
    ),
    "268435461": Hint(
        "a value is not what its field takes: a time, an amount in fen, a known word, an https address",
        "correct the field that detail names; a partner also has to name brand_id",
        "参数值不合法，例如时间格式、以分为单位的金额、枚举值或 https 地址",
        "修改 detail 指出的字段；服务商还须填写 brand_id",
    ),
    "268435462": Hint(
        "a parameter is too long",
        "shorten the field that detail names",
        "参数过长",
        "缩短 detail 指出的字段",
    ),
    "268435463": Hint(
        "a parameter is too short",
        "lengthen the field that detail names",
        "参数过短",
        "加长 detail 指出的字段",
    ),
    "268435464": Hint(
        "a number is out of its range, or a discount does not fit its threshold",
        "bring the field that detail names into its documented range",
        "参数超出取值范围，或优惠与门槛不符",
        "把 detail 指出的字段改到规定范围内",
    ),
    "268578101": Hint(
        "the body is not the JSON that is expected: a field is missing, misspelt or in the wrong place",
        "compare the body with the documentation; a partner's needs brand_id",
        "请求结构错误：不是合法的 JSON，或字段缺失、拼错、层级不对",
        "对照文档检查请求体；服务商须填写 brand_id",
    ),
    "268578224": Hint(
        "fields do not go together: dates, the number of rounds, or the place of the discount for this scope",
        "correct what detail names; a stock lasts more than 5 days, has its discount where its scope has it, and a "
        "coupon of several rounds has 3 to 15",
        "字段组合不符合规则：起止时间、次数，或优惠填写的位置与适用范围不符",
        "按 detail 修改；批次起止须相隔 5 天以上，优惠按适用范围填写，多次券为 3 至 15 次",
    ),
    "268578526": Hint(
        "the openid is not one of this appid, or the appid is not the partner's or the brand's",
        "send the appid under which the openid was obtained",
        "openid 与 appid 不对应，或 appid 与服务商、品牌无关联",
        "使用获取该 openid 时的 appid",
    ),
    "268578532": Hint(
        "the openid is not one of this appid, or the appid is not the brand's",
        "send the appid under which the openid was obtained",
        "openid 与 appid 不对应，或 appid 与品牌无关联",
        "使用获取该 openid 时的 appid",
    ),
    "268578704": Hint(
        "the appid is not bound to the brand or the partner, or has been only since today",
        "bind the appid to the partner's mchid or to the brand; on the brand platform, that works from the next day",
        "appid 未与品牌或服务商绑定，或当天刚绑定",
        "将 appid 绑定到服务商商户号或品牌；品牌平台上的绑定次日生效",
    ),
    "268578608": Hint(
        "there is no such thing for this caller: a wrong id, or one of another brand or partner",
        "use the ids that this caller got when it created them for this brand",
        "对当前调用方而言该对象不存在：编号有误，或属于其他品牌、服务商",
        "使用同一调用方、同一品牌创建时返回的编号",
    ),
    "268578404": Hint(
        "the coupon's image is missing",
        "upload the image, and send the address that comes back as image_url",
        "缺少券图片",
        "先上传图片，再把返回的地址填入 image_url",
    ),
    "268584404": Hint(
        "the coupon cannot be redeemed in this store: it is not linked to the stock, not open, or another brand's",
        "link the store to the stock, or send a store that is",
        "不能在该门店核销：未关联批次、未营业或属于其他品牌",
        "将门店关联到批次，或使用已关联的门店",
    ),
    "268578813": Hint(
        "the stock is valid in all stores, so it has no list of stores",
        "leave the stores of this stock alone; only a SPECIFIC one has its own",
        "批次适用于全部门店，没有门店列表",
        "不要为该批次关联或解除门店，只有 SPECIFIC 批次需要",
    ),
    "268579803": Hint(
        "the brand has not granted the product coupons to this partner, or the call is not one of a partner",
        "have the brand grant it on the brand platform; call the partner's paths with the partner's mchid",
        "品牌未授权该服务商使用商品券，或商户号、接口路径不对",
        "请品牌在品牌平台授权，并以服务商商户号调用服务商接口",
    ),
    "270924289": _TOO_MANY,
    "270087680": Hint(
        "the file is larger than 2 MB, or no image",
        "send a JPG, BMP or PNG of at most 2 MB",
        "文件超过 2 MB，或不是图片",
        "上传不超过 2 MB 的 JPG、BMP 或 PNG",
    ),
    "268586067": Hint(
        "of the rounds of a progressive coupon, one from the third on gives less than the one before it",
        "put the rounds in rising order; only the first may give more",
        "递进券从第三次起，有一次的优惠低于前一次",
        "让优惠逐次递增，第一次除外",
    ),
}
"""By the numeric code, which is the most exact."""

_OF_CODES: Final = {
    (400, "PARAM_ERROR"): _WRONG,
    (400, "INVALID_REQUEST"): _REFUSED,
    (400, "APPID_MCHID_NOT_MATCH"): Hint(
        "the appid and the merchant do not belong together",
        "bind the appid to the merchant on the platform, or send one that is",
        "appid 与商户号未绑定",
        "在平台上绑定 appid 与商户号，或使用已绑定的 appid",
    ),
    (400, "MCH_NOT_EXISTS"): _NO_MERCHANT,
    (403, "MCH_NOT_EXISTS"): _NO_MERCHANT,
    (400, "ALREADY_EXISTS"): Hint(
        "the number, the coupon code or the store is there already, perhaps from an earlier attempt",
        "look it up before anything else; it may be what you want",
        "单号、券码或门店已存在，可能是之前的请求已成功",
        "先查询，结果可能已是所需",
    ),
    (401, "SIGN_ERROR"): _UNSIGNED,
    (403, "NO_AUTH"): _NOT_GRANTED,
    (403, "NOT_ENOUGH"): Hint(
        "a budget, a balance or the uploaded codes are used up, or the coupon cannot be used now",
        "read the stock; raise its budget, upload codes, or wait for the next day or period",
        "预算、余额或已上传券码用尽，或该券当前不可用",
        "查询批次；提高预算、补充券码，或等到次日或可用时段",
    ),
    (403, "REQUEST_BLOCKED"): Hint(
        "this merchant may not do this with this stock, or the stock or the user does not allow it",
        "do as the message says: open the stock to this merchant, or use another one",
        "该商户不能对此批次进行操作，或批次、用户受限",
        "按错误信息处理：为商户开通该批次的权限，或换用其他批次",
    ),
    (403, "RULE_LIMIT"): Hint(
        "the user has as many coupons as one may claim",
        "send to somebody else, or from another stock",
        "用户领取数量已达上限",
        "不再向该用户发放，或改用其他批次",
    ),
    (403, "USER_ACCOUNT_ABNORMAL"): Hint(
        "the user's account is restricted, or has no verified name",
        "leave this user out; only the user can change this",
        "用户账户异常或未实名",
        "跳过该用户；需由用户自行处理",
    ),
    (404, "RESOURCE_NOT_EXISTS"): _MISSING,
    (404, "NOT_FOUND"): _MISSING,
}
"""By the status and the symbolic code; 429 and 5xx mean the same with any."""

_CODES_READY: Final = Hint(
    "the stock is not ready for codes, or has as many as max_count allows",
    "wait about 5 minutes after creating the stock, or about 10 after raising max_count, and repeat the same request",
    "批次尚不能接收券码，或券码已达 max_count",
    "新建批次后约等 5 分钟，提高 max_count 后约等 10 分钟，再原样重试",
)
_CHANGING: Final = Hint(
    "the stock may not be changed now, mostly because an earlier change is under review",
    "wait until the earlier change has passed its review",
    "批次当前不能修改，多因之前的修改仍在审核",
    "等待之前的修改审核通过",
)
_OLD_BUDGET: Final = Hint(
    "the present budget is not the one that the request names as present",
    "read the stock again and send its present budget",
    "请求中的当前预算与实际预算不一致",
    "重新查询批次，填写实际的当前预算",
)
_PRODUCT: Final = "/product-coupon/product-coupons/{product_coupon_id}"
_USER: Final = "/product-coupon/users/{openid}/coupons"
_OF_CALLS: Final = {
    f"POST {_PRODUCT}/stocks/{{stock_id}}/upload-coupon-codes": _CODES_READY,
    f"PATCH {_PRODUCT}/stocks/{{stock_id}}": _CHANGING,
    f"POST {_PRODUCT}/stocks/{{stock_id}}/update-budget": _OLD_BUDGET,
    f"POST {_USER}/{{coupon_code}}/use": Hint(
        "the coupon cannot be redeemed so: often its number was used up by a redemption that was returned",
        "read the coupon; a redemption after a return takes a new number",
        "不能这样核销，常见原因是该单号已用于一次已退回的核销",
        "查询该券；退回后再次核销须换新单号",
    ),
    f"POST {_USER}/{{coupon_code}}/return": Hint(
        "the coupon cannot be returned so: often it is not redeemed",
        "read the coupon; only a USED one can be returned, each time under a new number",
        "不能这样退回，常见原因是该券并未核销",
        "查询该券；只有 USED 的券可以退回，每次退回使用新单号",
    ),
    f"POST {_USER}": Hint(
        "the coupon cannot be sent so: often the appid is not bound",
        "bind the appid to the partner's mchid, or with a brand's own calls to the brand",
        "不能这样发放，常见原因是 appid 未绑定",
        "服务商须将 appid 绑定到服务商商户号，品牌须绑定到品牌",
    ),
    "POST /v3/marketing/favor/stocks/{stock_id}/start": Hint(
        "the stock cannot be started, often because it has only just been created",
        "wait a little after creating it, then repeat the same request",
        "批次不能激活，常见原因是刚刚创建",
        "创建后稍等片刻，再原样重试",
    ),
}
"""By the call, where WeChat Pay tells these refusals apart by their text alone, and the text is for people."""

_OF_STATUSES: Final = {
    400: _REFUSED,
    401: _UNSIGNED,
    403: _NOT_GRANTED,
    404: _MISSING,
    409: _CONFLICT,
    429: _TOO_MANY,
}


def of_status(status: int) -> Hint | None:
    """What the HTTP status alone says."""
    return _BROKEN if 500 <= status < 600 else _OF_STATUSES.get(status)


def find(status: int, code: str = "", numeric_code: str | None = None, call: str | None = None) -> Hint | None:
    """The most exact hint there is: that of the numeric code, of the symbolic code, or of the status.

    429 and 5xx mean the same whatever the codes are.

    Args:
        status: the HTTP status.
        code: the symbolic code.
        numeric_code: the digits behind the ``Request-ID``.
        call: what was asked, as ``METHOD /path/template``.
    """
    if status == 429 or status >= 500:
        return of_status(status)
    if numeric_code in NUMBERS:
        return NUMBERS[numeric_code]
    hint = _NOT_GRANTED if code == "NO_AUTH" else _OF_CODES.get((status, code))  # no page says NO_AUTH's status alike
    if hint is _REFUSED:
        return _OF_CALLS.get(call or "", hint)
    return hint or of_status(status)
