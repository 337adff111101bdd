"""`python -m zjol_crawler`: the `zjol` command, for a process that starts another."""

from zjol_crawler.cli import main

if __name__ == "__main__":
    main()
