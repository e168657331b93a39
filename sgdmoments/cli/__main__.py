"""`python -m sgdmoments.cli`."""

from sgdmoments.cli.app import main

if __name__ == "__main__":
    main()
