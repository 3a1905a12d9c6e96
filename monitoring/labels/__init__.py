"""True labels that come late: kept, joined with what was answered, and judged."""
