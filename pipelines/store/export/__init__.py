"""Rows → files that other programs read: CSV a table, Parquet partitioned by month."""
