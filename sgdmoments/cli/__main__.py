"""`python -m sgdmoments.cli`."""

from sgdmoments.cli import main

if __name__ == "__main__":
    main()
