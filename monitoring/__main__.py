"""`python -m monitoring`."""

from monitoring.commands.main import main

if __name__ == "__main__":
    main()
