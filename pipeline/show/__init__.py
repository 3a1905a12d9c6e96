"""What people read of a run: progress, summary, tables, report."""
