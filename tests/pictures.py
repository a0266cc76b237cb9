"""The smallest images of each kind, made here."""

import struct
import zlib


def png() -> bytes:
    """One grey pixel as a PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x7f")) + chunk(b"IEND", b"")


def bmp() -> bytes:
    """One grey pixel as a BMP."""
    pixels = b"\x7f\x7f\x7f\0"
    head = struct.pack("<2sIHHI", b"BM", 54 + len(pixels), 0, 0, 54)
    return head + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, len(pixels), 2835, 2835, 0, 0) + pixels


def jpg(size: int = 0) -> bytes:
    """The first and the last bytes of a JPG, with a comment between that makes it *size* bytes long."""
    begin, end = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", b"\xff\xd9"
    return begin + b"\0" * (size - len(begin) - len(end)) + end
