"""`python -m cxr_cli` is `cxr`."""

from cxr_cli.cli import main

main()
