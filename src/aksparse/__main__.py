"""`python -m aksparse`: the command line."""

from aksparse.cli import main

main(prog_name="aksparse")
