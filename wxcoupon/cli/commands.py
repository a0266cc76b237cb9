"""The table of commands: their words, where each is written, and what its help says around its parameters."""

from __future__ import annotations

from typing import Final

import attrs

from .notify_help import NOTIFY


@attrs.frozen
class Command:
    """One command.

    Attributes:
        words: what is typed.
        target: module and function below ``wxcoupon.cli``, imported when the command is run or asked for help.
        summary: its line in the overview.
        more: what else its help says, in paragraphs.
        example: command lines to copy.
        endpoint: what is called for each row, of a command over a file of rows: its help lists the columns.
    """

    words: str
    target: str
    summary: str
    more: str
    example: str
    endpoint: str = ""


GROUPS: Final = {
    "codes": "Coupon codes of a stock.",
    "tokens": "Tokens for the claim component of a mini program.",
    "coupons": "Coupons of users, a file of them at a time.",
    "notify": "Callbacks.",
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
        Writes merchant.env, partner.env and brand.env with the settings of throwaway identities, callbacks.env with
        those of a service that only takes callbacks, and the keys they name; values are quoted where a shell needs it.
        When it is ready it prints one line of JSON: {"base_url", "dir", "pid"}. Ctrl-C or SIGTERM stops it, and removes
        --ready-file and a directory that was not asked for.
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
        A .csv file (separated by commas) and a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods) are read by column, anything
        else is one code a line; - is the standard input. White space around a code is removed, and blank lines do not
        count. Every other line ends as uploaded, already_exist, duplicate (of an earlier line), failed, invalid or
        unknown. Existing codes and duplicates are no failure; with any failed, invalid or unknown line the command
        ends with 1, and with 2 if all are invalid.

        A first line that is a known heading (code, coupon_code, voucher, sn, id, 券码 and the like) is never sent as a
        code, and stderr says so. Of several columns, the one whose heading says that it has codes is read; where none
        or several do, --column is needed.

        The whole file is looked at before anything is sent. The first upload goes alone: if it is refused for a reason
        that holds for all, nothing more is sent.

        The job is remembered in the ledger. Interrupted in any way, Ctrl-C, SIGTERM, a crash, a full disk, run the same
        command again: it goes on where it ended, under the same request numbers, and nothing is doubled. What it stored
        before its answer was lost counts as uploaded. Uploads that were refused as a whole, or whose outcome is
        unknown, are made again; of a job that is finished nothing is sent. The file may not change meanwhile: other
        codes are another --job. The counts and the exit status are those of the whole job, all its runs together. Where
        the ledger or the file fails while codes are sent, the command ends with 1: what was sent is counted.

        With --report, every line is written there once, in order, those not sent yet as pending; it is csv, or a
        workbook if its name ends in .xlsx. In csv an invalid code that begins with = + - or @ has a ' before it, so
        that no spreadsheet reckons it.

        With --json the last line is {"job", "counts", "lines", "report"}, where the counts add up to the lines that
        have an outcome; before it comes, unless there is a --report, one object {"line", "code", "outcome", "reason"}
        for each failed, invalid or unknown line of the job. --progress json writes one object {"progress": {"phase",
        "read", "lines", "counts", "left", "rate", "eta", "calls", "calls_per_second", "repeats"}} a second to stderr,
        where everything else is an object too: {"message"} or {"error"}.

        --dry-run needs no settings and no network. With --json it prints that object with every line of the file under
        "lines", and with "dry_run", "to_send", "calls", "calls_per_second", "seconds" and the first "faults"; counts
        and to_send add up to the lines. It ends with 2 if nothing can be sent.
        """,
        """
        wxcoupon codes upload codes.csv --column code --report report.csv \\
            --product-coupon-id 1000000013 --stock-id 1000000013001
        wxcoupon codes upload codes.xlsx --dry-run \\
            --product-coupon-id 1000000013 --stock-id 1000000013001
        """,
    ),
    Command(
        "codes status",
        "inspecting:status",
        "Say how far the jobs of a ledger are.",
        """
        All jobs of the ledger, or one: what it does, to what, from which file, its rows by outcome, and how many are
        left. It only reads, also while another process runs the job, and needs neither settings nor the network.

        With --reconcile the stocks of the uploads are asked how many codes they hold, which is compared with what this
        ledger uploaded; where it does not add up, or WeChat Pay does not tell of a stock, the command ends with 1.

        With --json: {"ledger", "jobs"}, or for one job {"job", "kind", "state", "target", "source", "created_at",
        "counts", "lines", "left"} (of other kinds than uploads "rows" instead of "lines"); the state is running, done,
        interrupted, or unplanned when nothing was sent yet; times are China's, +08:00. With --reconcile also "stocks";
        a stock that WeChat Pay does not tell of has "total" null, and "findings" say why.
        """,
        """
        wxcoupon codes status
        wxcoupon codes status spring --reconcile
        """,
    ),
    Command(
        "codes report",
        "inspecting:report",
        "Write what became of every row of a job.",
        """
        Every row of the job's file once, in order, with its outcome; rows that have none yet are pending. It only
        reads, also while another process runs the job, and needs neither settings nor the network, but the file has to
        be there as it was. A name that ends in .xlsx makes a workbook, where codes are text, and of more than 1,048,575
        rows go on in further sheets; anything else is csv.

        With --json: {"job", "counts", "lines", "left", "report"}; of other kinds than uploads "rows" instead of
        "lines".
        """,
        """
        wxcoupon codes report spring --report report.xlsx
        """,
    ),
    Command(
        "codes forget",
        "forgetting:forget",
        "Take a job out of the ledger.",
        """
        A job of codes, tokens or coupons, or the name of a watch, which stands for all its top-ups. It removes what the
        ledger has of the job, and the file in the folder beside the ledger that its rows were kept in, if no other job
        needs it: generated codes of a top-up are nowhere else. A file that the job was given stays. Write the report
        first where it is wanted. A job that is being run is refused; nothing is asked.

        What was sent is sent: the same job, run again under the same name, makes the same calls once more, under the
        same request numbers, and nothing is done twice.

        With --json: {"ledger", "jobs"}, each of them as by 'codes status', and with "removed", the file that went.
        """,
        """
        wxcoupon codes forget spring
        wxcoupon codes forget 'watch 1000000013001 generated' --ledger stocks.sqlite
        """,
    ),
    Command(
        "codes generate",
        "generate:generate",
        "Make coupon codes that nobody can guess, of which no two are equal.",
        """
        One code a line, of 2-9 and A-Z without I and O: nothing looks like 0 or 1, and every random character has 5
        bits. From left to right a code has the prefix, random characters, with --ledger the number of the batch (4
        characters), and the check digit or one more random character. stderr says how hard a code is to guess; a length
        with which somebody who knows all about the batch would hit one of its codes more often than once in 2^40 times
        is refused, and the message has the length that it takes.

        No two codes of a run are equal. With --ledger none is equal to one of another run with that ledger either,
        whatever the prefix and the length; without it, or beside codes from elsewhere, only chance keeps them apart.
        The check digit is Luhn mod N, with N = 32 and the characters in the order given above, over what follows the
        prefix: it finds every wrong character, and all swapped neighbours but 2 and Z.

        With --json and no --out: one object {"code"} for each code. The last line is {"count", "length", "prefix",
        "check_digit", "batch", "entropy_bits", "guesses", "ledger", "out"}.
        """,
        """
        wxcoupon codes generate --count 100000 --out codes.txt \\
            --ledger wxcoupon-ledger.sqlite
        wxcoupon codes generate --count 10 --length 16 --prefix TEA- --check-digit
        """,
    ),
    Command(
        "codes watch",
        "watch:watch",
        "Keep the available codes of a stock above a mark.",
        """
        Looks at the stock again and again; when fewer than --below codes are available it uploads so many that there
        are --fill, from a file in its order or generated. It never uploads more than the stock's max_count leaves room
        for. What was uploaded and is not counted by WeChat Pay yet is taken into account for fifteen minutes.

        Each top-up is an upload job in the ledger, and its codes are in a file in the folder beside the ledger, for
        'codes report'. Ctrl-C and SIGTERM end the watch; started again, also after it was killed, it finishes the
        top-up that had begun, and goes on behind the codes that were taken. New codes may be written behind those in
        the file meanwhile.

        It warns, and goes on, where waiting can help: the stock is full or is not ready, WeChat Pay cannot be reached
        or refused some codes. It ends with 1 where it cannot: the stock has expired or was deactivated, the file has
        no more codes, all of its codes are refused. With --once a warning ends with 1 too. Stopped by a signal it ends
        with 130, which is no failure of a service: of systemd, SuccessExitStatus=130.

        With --json: one object {"time", "event", "words", "available", "total", "job", "counts"} a line, "event" being
        checked, topped_up, warning or ended, "counts" those of a top-up.
        """,
        """
        wxcoupon codes watch --below 500 --fill 2000 --generate --check-digit \\
            --product-coupon-id 1000000013 --stock-id 1000000013001
        wxcoupon codes watch --below 500 --fill 2000 --from codes.csv --every 300 \\
            --product-coupon-id 1000000013 --stock-id 1000000013001
        """,
    ),
    Command(
        "tokens pre-send",
        "tokens:pre_send",
        "Get one pre-send token for each row of users.",
        """
        A .csv file or a workbook has a header with openid and, as far as it knows them, send_request_no,
        product_coupon_id, stock_id, appid, coupon_code and attach; anything else is one openid a line, where a first
        line "openid" is a heading and is not sent. A missing send_request_no is derived from job, ids and openid, so
        that a user gets one coupon for the job, however often it is run. Rows with the same openid, stock and number
        are one. Writes openid, send_request_no, token, expires_at and error as csv that only you may read: tokens are
        worth money. Each is in the file as soon as it came, for whoever reads it meanwhile; once the job is over they
        are in the order of FILE.

        The first row is sent alone: if it is refused for a reason that holds for all, nothing more is sent. What is at
        --out stays as it is until there is something to put there. With any row without a token the command ends with
        1, and with 2 if no row can be sent.

        The job is remembered in the ledger. Interrupted, run the same command again: it goes on where it ended, and the
        tokens of earlier runs are in the new file too. For new tokens under the same numbers, because the old ones have
        expired, or for a file with more users, keep the job and use --renew; if that is interrupted, go on without it.

        With --json the last line is {"job", "counts", "rows", "out"}; before it comes one object {"row", "outcome",
        "reason"} for each failed, invalid or unknown row, "row" being its line in the file.
        """,
        """
        wxcoupon tokens pre-send users.csv --out tokens.csv --job spring \\
            --product-coupon-id 1000000013 --stock-id 1000000013001 \\
            --appid wx1234567890
        """,
    ),
    *(
        Command(
            f"coupons {word}",
            f"coupons:{function}",
            summary,
            f"""
            Columns are named like the members of {endpoint} (see 'wxcoupon endpoints'), those of a
            part with a dot; what no column and no option says is not sent. A missing {number} is derived from
            the job and from what the row is about, so that the same row is done once in a job, however often that is
            run. A row that says the very same as an earlier one is a duplicate.

            Everything is looked at before anything is sent, and the first row is sent alone: if it is refused for a
            reason that holds for all, nothing more is sent. The job is remembered in the ledger: interrupted in any
            way, run the same command again, and it goes on where it ended, under the same numbers. With any failed,
            invalid or unknown row the command ends with 1, and with 2 if no row can be sent.

            The rows of a job may not change. For a file with more or other rows keep the name of the job and use
            --renew: all rows are sent again under the same numbers, and what was done is not done twice.

            --out has line, openid, request_no, outcome and reason, and what came of the coupon: its code, state and
            times. It can be the FILE of what is done next with these coupons. While the job runs its rows come as their
            calls end; once it is over they are in the order of FILE.
            With --json the last line is {{"job", "counts", "rows", "out"}}; before it comes one object {{"row",
            "outcome", "reason"}} for each failed, invalid or unknown row, "row" being its line in the file.
            """,
            example,
            endpoint,
        )
        for word, function, summary, endpoint, number, example in (
            (
                "send",
                "send",
                "Send a coupon to the user of each row.",
                "product_coupon.send_coupon",
                "send_request_no",
                """
                wxcoupon coupons send users.csv --job spring --out sent.csv \\
                    --product-coupon-id 1000000013 --stock-id 1000000013001 \\
                    --appid wx1234567890
                """,
            ),
            (
                "confirm",
                "confirm",
                "Confirm the coupon of each row, so that its user can redeem it.",
                "product_coupon.confirm_coupon",
                "out_request_no",
                "wxcoupon coupons confirm coupons.csv --job spring --appid wx1234567890",
            ),
            (
                "use",
                "use",
                "Redeem the coupon of each row.",
                "product_coupon.use_coupon",
                "out_request_no",
                """
                wxcoupon coupons use redeemed.csv --job 2025-11-21 --out used.csv \\
                    --appid wx1234567890 --default store_id=100001
                """,
            ),
            (
                "return",
                "give_back",
                "Give the redeemed coupon of each row back to its user.",
                "product_coupon.return_coupon",
                "out_request_no",
                "wxcoupon coupons return refunds.csv --job refunds-1 --appid wx1234567890",
            ),
            (
                "deactivate",
                "deactivate",
                "Deactivate the coupon of each row.",
                "product_coupon.deactivate_user_coupon",
                "out_request_no",
                """
                wxcoupon coupons deactivate coupons.csv --job recall --out recalled.csv \\
                    --appid wx1234567890 --default deactivate_reason=recalled
                """,
            ),
        )
    ),
    *(Command(*notify) for notify in NOTIFY),
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
