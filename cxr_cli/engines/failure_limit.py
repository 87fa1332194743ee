"""When to stop asking: a server that fails again and again will fail for the rest of the rows too, and may cost."""

from collections import Counter

from cxr_cli.engines.requests import Reply
from cxr_cli.errors import EngineError

MOST_FAILURES = 20  # replies that fail for the same reason, with none between them that is good


class FailureLimit:
    """Counts the replies of an engine that failed."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    def count(self, reply: Reply) -> None:
        """Raises EngineError at the 20th failure of one kind since the last good reply; one of the cache is none."""
        if reply.error is None:
            if not reply.cached:
                self._failures.clear()
            return
        self._failures[reply.error] += 1
        if self._failures[reply.error] == MOST_FAILURES:
            raise EngineError(
                f"stopped after {MOST_FAILURES} failures without a good reply between them: {reply.error}; "
                "the rows so far are written"
            )
