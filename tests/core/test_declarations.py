"""Declarations that contradict themselves are refused when they are made, and enter no registry."""

from typing import Any

import pytest

from wxcoupon.endpoint import REGISTRY, Endpoint, Listing, endpoint
from wxcoupon.model import Model, model


@model
class Page(Model):
    """A page of texts."""

    data: list[str]
    """The texts."""


def _listing(**members: Any) -> type[Any]:
    return type(
        "ListTexts",
        (Listing,),
        {
            "__module__": "wxcoupon.tests",
            "__orig_bases__": (Listing[Page, str],),
            "__annotations__": dict.fromkeys(members, str),
            **members,
        },
    )


def _form(**members: Any) -> type[Any]:
    return type(
        "UploadText",
        (Endpoint,),
        {
            "__module__": "wxcoupon.tests",
            "__orig_bases__": (Endpoint[None],),
            "__annotations__": dict.fromkeys(members, str),
            **members,
        },
    )


@pytest.mark.parametrize(
    ("made", "options", "says"),
    [
        (_listing(offset=""), {"items": "texts", "step": "row"}, "a Listing exactly when"),
        (_listing(offset=""), {}, "a Listing exactly when"),
        (_listing(), {"items": "data", "step": "row"}, "goes on to the next page"),
        (_listing(offset=""), {"items": "data"}, "goes on to the next page"),
        (_listing(page_token=""), {"items": "data"}, "goes on to the next page"),
        (_form(meta="", file="", more=""), {"form": True}, "is a form"),
        (_form(meta="", file=""), {"form": True, "brand_scoped": True}, "is a form"),
        (_form(meta="", file=""), {"headers": {"X": "lost"}}, "no field for"),
    ],
)
def test_contradictions(made: type[Any], options: dict[str, Any], says: str) -> None:
    """Each says what does not fit."""
    before = dict(REGISTRY)

    with pytest.raises(TypeError, match=says):
        endpoint("GET" if issubclass(made, Listing) else "POST", "/v3/tests", **options)(made)
    assert before == REGISTRY
