"""`cxr cache`."""

import click

from cxr_cli.rows import note, write_text


@click.group()
def cache() -> None:
    """What models have answered, so that nothing is asked twice.

    \b
    cxr cache info

    One file, only for you to read; CXR_CACHE=FOLDER puts it elsewhere. `--no-cache` does a run without it.

    \b
    cxr cache clear
    """


@cache.command()
def info() -> None:
    """Where it is, how many replies it holds, how large it is.

    \b
    cxr cache info
    """
    from cxr_cli.engines.cache import ReplyCache

    found = ReplyCache().info()
    write_text(f"{found.path}\n{found.replies:,} replies, {found.tokens:,} tokens, {found.size / 1e6:.1f} MB")


@cache.command()
def clear() -> None:
    """Forget all replies.

    \b
    cxr cache clear
    """
    from cxr_cli.engines.cache import ReplyCache

    note(f"{ReplyCache().clear():,} replies forgotten")
