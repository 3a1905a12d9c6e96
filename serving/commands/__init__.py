"""The commands beside the server's own; each module adds its commands to `cli.app`."""
