"""`python -m budgetwatch` is the command line."""

from budgetwatch.cli import main

if __name__ == "__main__":
    main()
