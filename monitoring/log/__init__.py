"""The request log: SQLite files and Parquet exports, read in windows."""
