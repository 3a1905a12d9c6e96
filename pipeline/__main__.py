"""`python -m pipeline`: the command line."""

from pipeline.cli.main import main

main()
