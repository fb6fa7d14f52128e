"""`python -m coursekit` is the same as the `coursekit` command."""

from coursekit.cli import main

if __name__ == "__main__":
    main()
