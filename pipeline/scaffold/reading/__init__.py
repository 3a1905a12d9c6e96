"""A table on this machine, read once in bounded memory."""
