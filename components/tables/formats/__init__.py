"""What reads the files of each format, and tells what is wrong with them."""
