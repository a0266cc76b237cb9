"""Cash coupons (代金券), for merchants and partners."""
