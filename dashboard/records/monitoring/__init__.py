"""What the monitoring of served versions leaves in `<serving folder>/.monitoring`.

The formats are those of docs/monitoring.md; whatever is damaged or half-written is told, and hides
nothing else.
"""
