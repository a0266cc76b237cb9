"""``multipart/form-data`` with the parts ``meta`` and ``file``: how WeChat Pay takes an image.

Only the text of ``meta`` is signed, byte for byte; ``meta`` in turn holds the file's SHA-256.

https://pay.weixin.qq.com/doc/v3/partner/4015781275
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from .errors import Fault, InvalidRequest
from .jsontext import dump

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";,\s]+)', re.IGNORECASE)
_KINDS: Final = {"jpg": "image/jpeg", "bmp": "image/bmp", "png": "image/png"}
_NAME: Final = re.compile(rb'(?im)^content-disposition:[^\r\n]*?[;\s]name="?([^";\r\n]+)')


@attrs.frozen
class Form:
    """A form, written.

    Attributes:
        body: all of it.
        signed: the text of ``meta``, which is what the signature is over.
        content_type: its type, with the boundary between its parts.
    """

    body: bytes = attrs.field(repr=False)
    signed: bytes = attrs.field(repr=False)
    content_type: str


def write(members: Mapping[str, Any]) -> Form:
    """Write ``meta``, an object with a ``filename``, and ``file``, bytes, as a form.

    The boundary is made of the content, so that the same members are always the same bytes.

    Raises:
        InvalidRequest: there are other members, for which a form has no part, or ``file`` is no bytes.
    """
    meta, content = members.get("meta") or {}, members.get("file") or b""
    faults = [Fault(f"$.{name}", "has no part in a form") for name in members if name not in {"meta", "file"}]
    if not isinstance(content, (bytes, bytearray, memoryview)):
        faults.append(Fault("$.file", f"has to be bytes, not {type(content).__name__}"))
    if faults:
        raise InvalidRequest(faults)
    signed = dump(meta)
    name = str(meta.get("filename", "")) if isinstance(meta, dict) else ""
    boundary = f"wxcoupon-{hashlib.sha256(b''.join((signed, content))).hexdigest()[:40]}"
    # As browsers write it: UTF-8, with the characters that would end the name or the line percent-encoded.
    shown = re.sub('[\r\n"]', lambda found: f"%{ord(found[0]):02X}", name)
    kind = _KINDS.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    lines = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n'.encode(),
        signed,
        f"\r\n--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{shown}"\r\nContent-Type: {kind}\r\n\r\n'.encode(),
        content,
        f"\r\n--{boundary}--\r\n".encode(),
    )
    return Form(b"".join(lines), signed, f"multipart/form-data; boundary={boundary}")


def read(content_type: str, body: bytes) -> dict[str, bytes]:
    """The parts of a form, by name.

    Raises:
        ValueError: it is no form.
    """
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise ValueError("no multipart/form-data with a boundary")
    between = b"\r\n--" + found[1].encode()
    first, *pieces = (b"\r\n" + body).split(between)
    if first.strip() or not pieces or not pieces[-1].startswith(b"--"):
        raise ValueError("no form: its first or last boundary is missing")
    parts: dict[str, bytes] = {}
    for piece in pieces[:-1]:
        head, blank, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or name is None:
            raise ValueError("no form: a part has no name")
        if (part := name[1].decode()) in parts:
            raise ValueError(f"no form: the part {part} is there twice")
        parts[part] = content
    return parts
