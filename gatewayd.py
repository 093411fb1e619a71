"""The door: hands the command line to the gateway."""

from gateway.cli import main

if __name__ == "__main__":
    main()
