"""Codes themselves: making them, keeping stocks filled, and comparing."""
