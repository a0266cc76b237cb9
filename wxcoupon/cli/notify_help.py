"""What the help of ``wxcoupon notify`` says; each is the arguments of one command of the table."""

from __future__ import annotations

from typing import Final

NOTIFY: Final = (
    (
        "notify listen",
        "notify_listen:listen",
        "Take callbacks, prove, acknowledge and print them, until it is stopped.",
        """
        Callbacks are proven and opened with the settings in force; where those can make calls, a platform certificate
        that is missing is fetched. Without an identity WXCOUPON_PLATFORM_KEY_ID, WXCOUPON_PLATFORM_KEY_FILE and
        WXCOUPON_APIV3_KEY are enough: callbacks.env of a sandbox has them.

        When it is ready it prints one line of JSON: {"url", "pid"}. Each callback is one line more: {"id",
        "event_type", "create_time", "resource_type", "summary", "resource"}, the last being the opened data; it names
        users and codes. A callback is answered with 204 when it is printed, and every delivery is, also of one that
        came before. What is not proven is refused, which stderr says in one line; with --json that is {"refused":
        {"type", "message", "status"}}. Ctrl-C or SIGTERM stops it.
        """,
        """
        wxcoupon notify listen --port 8090 --path /wechatpay/notify
        wxcoupon notify listen | jq -c .resource
        """,
    ),
    (
        "notify send",
        "notify_send:send",
        "Send a signed test callback to a service.",
        """
        EVENT is a type in any of its spellings, and what it tells a sample, another one each time; --data has members
        that are to be otherwise. A type that is not known here is sent with --data as all it tells.

        Real callbacks can be signed by WeChat Pay alone. This one is signed with throwaway keys: with those next to
        the platform key of the settings in force, where a sandbox wrote it, or with those in --dir, which may be the
        directory of a sandbox. Where that is not there yet it is made, with new keys and callbacks.env, the settings of
        a service that is to take them. With neither settings nor --dir that is ./wxcoupon-callbacks.

        Variants, all but the first to be refused: genuine; forged (signed by another key), tampered, stale (ten minutes
        old), probe, unknown-serial, unsigned, unopenable (sealed with another APIv3 key).

        Prints the status and the body of the answer; with --json {"status", "body", "right", "event_type", "variant"}.
        It ends with 1 where the answer is not right: a genuine callback that was not answered with 200 or 204, or any
        other that was.
        """,
        """
        wxcoupon notify send PRODUCT_COUPON_SP.SEND --dir ./sandbox \\
            --url http://127.0.0.1:8000/wechatpay/notify
        wxcoupon notify send COUPON.USE --variant forged \\
            --url http://127.0.0.1:8000/wechatpay/notify
        """,
    ),
    (
        "notify decrypt",
        "notify_decrypt:decrypt",
        "Open a stored callback.",
        """
        FILE is the body exactly as it came, and is opened with the APIv3 key of the settings in force. With --headers
        it is proven too, as of the moment it was signed, however long ago that is.

        Prints {"id", "event_type", "create_time", "resource_type", "summary", "resource"}, the last being the opened
        data.
        """,
        """
        wxcoupon notify decrypt callback.json
        wxcoupon notify decrypt callback.json --headers callback.headers --json
        """,
    ),
)
