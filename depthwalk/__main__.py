"""Entry point: `depthwalk` and `python -m depthwalk`."""


def main() -> None:
    """Run the command line."""
    from depthwalk.cli.main import run  # noqa: PLC0415 - importing the package must stay cheap

    run()


if __name__ == "__main__":
    main()
