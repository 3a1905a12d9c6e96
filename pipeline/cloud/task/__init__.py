"""What a task's container makes of what its platform hands to it."""
