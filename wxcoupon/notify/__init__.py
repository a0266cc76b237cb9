"""Callbacks (通知): proven to be WeChat Pay's, and opened."""

from .receive import Notification, receive

__all__ = ["Notification", "receive"]
