"""`python -m cxr_cli.training.processes.quiet_torchrun ..`: torchrun, which lets its processes say what went wrong.

By itself it adds a traceback of its own to their one line, on each node.
"""

import logging
import sys


def run(arguments: list[str]) -> int:
    """Gives the exit code of the first process that failed; 128 + the number of the signal that ended it, or this."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main

    logging.disable(logging.CRITICAL)
    try:
        main(arguments)
    except SignalException as stop:
        return 128 + int(stop.sigval)
    except ChildFailedError as failed:
        first = min(failed.failures.values(), key=lambda failure: failure.timestamp)
        code: int = first.exitcode
        return code if code > 0 else 128 - code
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
