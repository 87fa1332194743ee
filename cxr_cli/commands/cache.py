"""`cxr cache`."""

import click

from cxr_cli.rows import note, write_text


@click.group()
def cache() -> None:
    """Show or delete the cached replies of models.

    \b
    cxr cache info

    A reply in the cache is not requested again. The cache is one file that only you can read. CXR_CACHE=FOLDER puts it
    into FOLDER; a command with `--no-cache` does not use it.

    \b
    cxr cache clear
    """


@cache.command()
def info() -> None:
    """Print where the cache is, how many replies it holds and how large it is.

    \b
    cxr cache info
    """
    from cxr_cli.engines.cache import ReplyCache

    path, replies, size, tokens = ReplyCache().info()
    write_text(f"{path}\n{replies:,} replies, {tokens:,} tokens, {size / 1e6:.1f} MB")


@cache.command()
def clear() -> None:
    """Delete all cached replies.

    \b
    cxr cache clear
    """
    from cxr_cli.engines.cache import clear_cache

    count = clear_cache()
    note("the cache was damaged, and is deleted" if count is None else f"{count:,} replies deleted")
