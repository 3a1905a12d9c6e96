"""What a push needs to reach production; standard library and git alone."""
