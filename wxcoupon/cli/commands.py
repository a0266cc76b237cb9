"""The table of commands: their words, where each is written, and what its help says around its parameters."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class Command:
    """One command.

    Attributes:
        words: what is typed.
        target: module and function below ``wxcoupon.cli``, imported when the command is run or asked for help.
        summary: its line in the overview.
        more: what else its help says, in paragraphs.
        example: command lines to copy.
    """

    words: str
    target: str
    summary: str
    more: str
    example: str


GROUPS: Final = {
    "codes": "Coupon codes of a stock.",
    "tokens": "Tokens for the claim component of a mini program.",
    "config": "The settings.",
}

COMMANDS: Final = (
    Command(
        "demo",
        "demo:demo",
        "The whole story on an embedded sandbox, without credentials.",
        """
        Creates a product coupon and a stock, uploads codes, pre-sends tokens, claims the coupons, receives the
        callbacks, confirms and redeems; all over real HTTP with real signatures. The summary at the end is checked
        against the sandbox's own state, and the command ends with 1 where they differ.
        """,
        """
        wxcoupon demo
        wxcoupon demo --codes 1000 --dir ./demo
        """,
    ),
    Command(
        "sandbox",
        "sandbox:sandbox",
        "Run a local WeChat Pay until it is stopped.",
        """
        Writes merchant.env, partner.env and brand.env with the settings of throwaway identities, and the keys they
        name; values are quoted where a shell needs it. When it is ready it prints one line of JSON: {"base_url", "dir",
        "pid"}. Ctrl-C or SIGTERM stops it, and removes --ready-file and a directory that was not asked for.
        """,
        """
        wxcoupon sandbox --port 8787 --dir ./sandbox
        set -a; . ./sandbox/partner.env; set +a   # then, in another shell
        """,
    ),
    Command(
        "endpoints",
        "endpoints:endpoints",
        "List every typed endpoint.",
        """
        With --json: a list of objects with name, family, method, paths by identity, fields, types (what the names in
        the fields' types stand for), rate_limit, idempotency_key and doc.
        """,
        """
        wxcoupon endpoints
        wxcoupon endpoints --json
        """,
    ),
    Command(
        "call",
        "call:call",
        "Make one typed call.",
        """
        NAME as 'wxcoupon endpoints' prints it. The data is one flat object of the request's fields under their wire
        names, path and query fields included; for a partner it may name the brand_id. Prints the answer as JSON,
        exactly the members that came; null for 204. A key that comes twice, NaN and Infinity are no JSON here.
        """,
        """
        wxcoupon call product_coupon.upload_coupon_codes --data @upload.json
        wxcoupon call product_coupon.get_stock --data '{
            "product_coupon_id": "1000000013", "stock_id": "1000000013001"}'
        """,
    ),
    Command(
        "request",
        "call:request",
        "Make one untyped call, signed and verified like any other.",
        """
        For whatever has no typed call. Prints the answer as JSON, null for 204.
        """,
        """
        wxcoupon request POST /v3/marketing/busifavor/coupons/send --data @send.json
        wxcoupon request GET '/v3/marketing/busifavor/stocks/100088'
        """,
    ),
    Command(
        "codes upload",
        "codes:upload",
        "Upload a file of codes into a stock.",
        """
        A .csv file (separated by commas) is read by column, anything else is one code a line; - is the standard input.
        White space around a code is removed, and blank lines do not count. Every other line ends as uploaded,
        already_exist, duplicate (of an earlier line), failed, invalid or unknown. Existing codes and duplicates are no
        failure; with any failed, invalid or unknown line the command ends with 1, and with 2 if all are invalid.

        A first line that is a known heading (code, coupon_code, voucher, sn, id, 券码 and the like) is never sent as a
        code, and stderr says so. Of several columns, the one whose heading says that it has codes is read; where none
        or several do, --column is needed.

        The first upload goes alone: if it is refused for a reason that holds for all, nothing more is sent.
        Interrupted by Ctrl-C or SIGTERM, run the same command again: what was uploaded is answered again, not doubled.
        Lines whose call had no answer yet are unknown, lines that were read and not sent are failed.

        In the report, an invalid code that begins with = + - or @ has a ' before it, so that no spreadsheet reckons it.

        With --json the last line is {"job", "counts", "lines", "report"}; before it comes, unless there is a --report,
        one object {"line", "code", "outcome", "reason"} for each failed, invalid or unknown line.
        """,
        """
        wxcoupon codes upload codes.csv --column code --report report.csv \\
            --product-coupon-id 1000000013 --stock-id 1000000013001
        """,
    ),
    Command(
        "tokens pre-send",
        "tokens:pre_send",
        "Get one pre-send token for each row of users.",
        """
        A .csv file has a header with openid and, as far as it knows them, send_request_no, product_coupon_id, stock_id,
        appid, coupon_code and attach; anything else is one openid a line, where a first line "openid" is a heading and
        is not sent. A missing send_request_no is derived from
        job, ids and openid, so that a user gets one coupon for the job, however often it is run. Writes openid,
        send_request_no, token, expires_at and error as csv that only you may read: tokens are worth money.

        The first row is sent alone: if it is refused for a reason that holds for all, nothing more is sent. What is at
        --out stays as it is until there is something to put there. With any row without a token the command ends with
        1, and with 2 if no row can be sent.

        With --json the last line is {"job", "counts", "rows", "out"}; before it comes one object {"row", "outcome",
        "reason"} for each row without a token, "row" being its line in the file.
        """,
        """
        wxcoupon tokens pre-send users.csv --out tokens.csv --job spring \\
            --product-coupon-id 1000000013 --stock-id 1000000013001 \\
            --appid wx1234567890
        """,
    ),
    Command(
        "config show",
        "config:show",
        "Show the settings in force and where each comes from.",
        """
        What is not set anywhere and has a default is shown with it. Secrets are not shown.
        """,
        """
        wxcoupon config show --config production.toml
        """,
    ),
)
