"""Files that others wrote, or may change: read with care, and compared with what was written."""
