"""Entry point: `depthwalk` and `python -m depthwalk`."""


def main() -> None:
    """Run the command line."""
    try:
        from depthwalk.cli.main import run  # noqa: PLC0415 - importing the package must stay cheap

        run()
    except KeyboardInterrupt:
        # Ctrl-C while still loading: nothing has been sent.
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
