"""Labels that come late: joined with what was answered, and judged."""
