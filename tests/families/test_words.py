"""What is declared is also described: in the sources, and in the words that lists of endpoints are made of."""

import ast
from pathlib import Path

import pytest

import wxcoupon
from wxcoupon import endpoint
from wxcoupon.endpoint import required, type_name
from wxcoupon.model import fields

PACKAGE = Path(wxcoupon.__file__).parent
MODULES = sorted(path for family in endpoint.FAMILIES for path in (PACKAGE / family).glob("*.py"))
DESCRIBED_BY_DECORATOR = {"model", "endpoint"}


def _classes(module: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(module.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def _is_declared(node: ast.ClassDef) -> bool:
    """Whether a class is a model, a request or an enum: one whose members go over the wire."""
    marks = {getattr(getattr(mark, "func", mark), "id", "") for mark in node.decorator_list}
    bases = {getattr(base, "id", "") for base in node.bases}
    return bool(marks & DESCRIBED_BY_DECORATOR) or "StrEnum" in bases


def _undescribed(node: ast.ClassDef) -> list[str]:
    """The members of a class that no one-line docstring follows."""
    missing = [] if ast.get_docstring(node) else [node.name]
    for member, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(member, (ast.AnnAssign, ast.Assign)):
            continue
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
        target = member.target if isinstance(member, ast.AnnAssign) else member.targets[0]
        if not isinstance(text, str) or "\n" in text or not text.endswith("."):
            missing.append(f"{node.name}.{ast.unparse(target)}")
    return missing


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_member_is_described(module: Path) -> None:
    """Every class that goes over the wire has a docstring, and every member of it one line of its own."""
    assert [] == [lack for node in _classes(module) if _is_declared(node) for lack in _undescribed(node)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_every_name_is_exported(module: Path) -> None:
    """A public class of a family is in its module's ``__all__``, and the family's window shows it."""
    names = {node.name for node in _classes(module) if not node.name.startswith("_")}
    namespace: dict[str, object] = {}
    exec(f"from wxcoupon.{module.parent.name} import *", namespace)  # noqa: S102 - what a star import shows is the question

    assert names <= namespace.keys()


@pytest.mark.parametrize("name", list(endpoint.registry()))
def test_every_endpoint_has_a_page(name: str) -> None:
    """An endpoint says what it does in a sentence, its Chinese name included, and where the vendor says so."""
    request = endpoint.registry()[name]
    first = (request.__doc__ or "").partition("\n")[0]

    assert first.endswith(".")
    assert any("\u4e00" <= character <= "\u9fff" for character in first)
    assert request.route.page.startswith("https://pay.weixin.qq.com/")


@pytest.mark.parametrize(
    ("name", "field", "words", "needed"),
    [
        ("product_coupon.upload_coupon_codes", "stock_id", "str", True),
        ("product_coupon.upload_coupon_codes", "code_list", "list[str]", True),
        ("product_coupon.pre_send_coupon", "coupon_code", "str", False),
        ("product_coupon.create_product_coupon", "scope", "ProductCouponScope | str", True),
        ("product_coupon.create_product_coupon", "stock", "StockForCreate", False),
        ("product_coupon.use_coupon", "use_time", "datetime", True),
        ("product_coupon.use_coupon", "saved_amount", "int", False),
        ("busifavor.pre_send_product_coupon", "openid", "str", False),
    ],
)
def test_the_words_for_a_field(name: str, field: str, words: str, needed: bool) -> None:  # noqa: FBT001 - a column
    """The type of a field reads without its limits, and whether it is needed is what the class demands."""
    request = endpoint.registry()[name]

    assert (words, needed) == (type_name(request, field), required(request, field))


def test_every_field_has_words() -> None:
    """No field of any endpoint has a type that cannot be put in words."""
    for request in endpoint.registry().values():
        for field in fields(request):
            words = type_name(request, field.name)
            assert words
            assert "Annotated" not in words
            assert "None" not in words
