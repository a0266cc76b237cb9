"""Merchant coupons (商家券), for merchants and partners."""

from .coupons import *
