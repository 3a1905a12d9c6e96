"""The HTTP side of the dashboard: application, API, security."""
