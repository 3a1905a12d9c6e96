"""Run folders and Neptune records, read and indexed."""
