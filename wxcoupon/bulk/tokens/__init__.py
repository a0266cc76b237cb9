"""Pre-send tokens for web services."""
