"""Forms: parts that no name and no content can end, and nothing in them that was not given."""

from typing import Any

import pytest

from tests.pictures import png
from wxcoupon import form
from wxcoupon.errors import InvalidRequest

NAMES = ["a.png", 'a"b.png', "茶 x.PNG", "a\r\nX: y.png", "data:x/y\r\nZ: 1,a.png", "data:text/html,a.png", "x%22.png"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [png(), b"\r\n--wxcoupon-\r\n\r\n--", b"\r\n\r\n", b""])
def test_what_is_written_is_read(name: str, content: bytes) -> None:
    """Whatever the name and the bytes are, there are two parts, and the head of the second has two lines."""
    written = form.write({"meta": {"filename": name}, "file": content})

    parts = form.read(written.content_type, written.body)
    assert {"meta": written.signed, "file": content} == parts
    head = written.body.split(written.content_type.partition("=")[2].encode())[2].split(b"\r\n\r\n")[0]
    assert [b"Content-Disposition", b"Content-Type"] == [line.split(b":")[0] for line in head.split(b"\r\n")[1:]]
    assert head.endswith(b"\r\nContent-Type: image/png")


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jpg", "image/jpeg"), ("a.bmp", "image/bmp"), ("a.svg", "application/octet-stream")]
)
def test_the_kind_of_a_file(name: str, kind: str) -> None:
    """It follows from the name alone, on every machine."""
    assert f"Content-Type: {kind}\r\n".encode() in form.write({"meta": {"filename": name}, "file": b"x"}).body


@pytest.mark.parametrize(
    ("members", "says"),
    [({"other": 1}, r"\$.other: has no part"), ({"file": "text"}, r"\$.file: has to be bytes, not str")],
)
def test_what_is_no_form(members: dict[str, Any], says: str) -> None:
    """What a form cannot carry is refused, and not left out."""
    with pytest.raises(InvalidRequest, match=says):
        form.write({"meta": {"filename": "a.png"}, "file": b"x"} | members)
