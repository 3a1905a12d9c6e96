"""What a model's code depends on: read from its source, and watched while it runs."""
