"""``python -m schemadiff``: the same command."""

from schemadiff.cli import main

main()
