"""Outcomes as tables: csv and workbooks."""
