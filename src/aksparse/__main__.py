"""`python -m aksparse`: the command line."""

from aksparse.cli import main

if __name__ == "__main__":
    main(prog_name="aksparse")
