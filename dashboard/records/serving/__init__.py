"""What a serving folder says of what serves now: versions, labels, shares, and who changed them."""
