"""Delivery plans (投放计划) of product coupons, for partners."""
