"""`python -m pvccli` is `pvc`."""

from pvccli.main import main

if __name__ == "__main__":
    main()
