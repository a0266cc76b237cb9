"""Jobs of one call a row."""
