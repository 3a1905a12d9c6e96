"""HTTP/1.1: connections, limits, and what passes between them and the application."""
