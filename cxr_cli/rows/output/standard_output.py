"""Standard output carries the product alone: what else is printed goes to stderr."""

import os
import sys
from typing import BinaryIO, cast

from cxr_cli.errors import CxrError

STDOUT_NAMES = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
"""What standard output is called; by descriptor 1 itself libraries print, which `claim_stdout` sends to stderr."""

_claimed: BinaryIO | None = None


def claim_stdout() -> BinaryIO:
    """Standard output, unbuffered. After the first call everything else that is printed there goes to stderr.

    This includes what libraries print from C and what child processes print: file descriptor 1 itself is redirected.
    """
    global _claimed
    if _claimed is not None:
        return _claimed
    if sys.stdout is None:
        raise CxrError("stdout is closed: give -o FILE")
    try:
        captured = sys.stdout.fileno() != 1
    except OSError:
        captured = True
    if captured:
        return cast(BinaryIO, sys.stdout.buffer)
    sys.stdout.flush()
    _claimed = open(os.dup(1), "wb", buffering=0)  # noqa: SIM115 - open to the end
    os.dup2(2 if sys.stderr is not None else os.open(os.devnull, os.O_WRONLY), 1)
    return _claimed
