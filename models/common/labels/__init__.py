"""Labels: from any type to numbers, what they hold, and the inputs that know them."""
