"""The command line: each module adds its commands to `app.app`; `main` has the list of them."""
