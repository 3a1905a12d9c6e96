"""`python -m serving`."""

from serving.commands.app import main

if __name__ == "__main__":
    main()
