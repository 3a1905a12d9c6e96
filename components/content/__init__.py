"""What artifacts hold: noted when they are made, compared when they are used again."""
