"""What a member card says about itself and about the user who has it."""

from enum import StrEnum
from typing import Annotated

from ..model import SEALED, Model, Time, model

__all__ = [
    "CommonField",
    "CommonFieldName",
    "CustomField",
    "MemberCardType",
    "UserCardState",
    "UserInformation",
    "ValidDateInformation",
    "ValidDateType",
]


class MemberCardType(StrEnum):
    """The kind of member card."""

    PURCHASE = "PURCHASE"
    """It was bought."""
    NORMAL = "NORMAL"
    """An ordinary one."""
    BALANCE = "BALANCE"
    """It stores value."""


class ValidDateType(StrEnum):
    """How long a card is valid."""

    FIX_TIME_RANGE = "FIX_TIME_RANGE"
    """Between two times."""
    FIX_TERM = "FIX_TERM"
    """For some days."""
    PERMANENT = "PERMANENT"
    """Without end."""


class UserCardState(StrEnum):
    """What a user's card is good for now."""

    NOT_EFFECTIVE = "NOT_EFFECTIVE"
    """Not valid yet."""
    EFFECTIVE = "EFFECTIVE"
    """Valid."""
    EXPIRED = "EXPIRED"
    """Past its validity."""
    UNAVAILABLE = "UNAVAILABLE"
    """Made invalid."""
    DELETE = "DELETE"
    """Deleted."""


class CommonFieldName(StrEnum):
    """What a standard field of a card's form asks for."""

    USER_FORM_FLAG_SEX = "USER_FORM_FLAG_SEX"
    """The sex."""
    USER_FORM_FLAG_NAME = "USER_FORM_FLAG_NAME"
    """The name."""
    USER_FORM_FLAG_BIRTHDAY = "USER_FORM_FLAG_BIRTHDAY"
    """The birthday."""
    USER_FORM_FLAG_ADDRESS = "USER_FORM_FLAG_ADDRESS"
    """The address."""
    USER_FORM_FLAG_EMAIL = "USER_FORM_FLAG_EMAIL"
    """The email address."""
    USER_FORM_FLAG_CITY = "USER_FORM_FLAG_CITY"
    """The city."""


@model
class ValidDateInformation(Model):
    """How long a card is valid."""

    type: ValidDateType | str
    """The kind of validity."""
    available_begin_time: Time | None = None
    """From when, for FIX_TIME_RANGE."""
    available_end_time: Time | None = None
    """Until when, for FIX_TIME_RANGE."""
    available_day_after_receive: int | None = None
    """For how many days, for FIX_TERM."""


@model
class CommonField(Model):
    """What a user gave for a standard field."""

    name: CommonFieldName | str | None = None
    """The field."""
    value: Annotated[str | None, SEALED] = None
    """What was given, sealed for the API certificate."""


@model
class CustomField(Model):
    """What a user gave for a field of the merchant's own."""

    name: str | None = None
    """The field."""
    user_chosen_values: list[Annotated[str, SEALED]] | None = None
    """What was given, each sealed for the API certificate."""


@model
class UserInformation(Model):
    """What a user filled in."""

    common_field_list: list[CommonField] | None = None
    """The standard fields."""
    custom_field_list: list[CustomField] | None = None
    """The merchant's own fields."""
