"""Files that others may write at the same time, or may have written wrongly."""
