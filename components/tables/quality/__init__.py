"""What is to be told of a table: what its values lose on the way, and what counts as missing."""
