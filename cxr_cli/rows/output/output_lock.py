"""One writer a file: a second run on the same OUT is refused."""

import errno
import fcntl
import os
from pathlib import Path

from cxr_cli.errors import CxrError

_WITHOUT_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}  # what some network file systems say


class OutputLock:
    """Holds a file, which is made if it is not there, until `close` or the end of the process.

    out: the file's name in messages. Raises CxrError if another process holds it.
    """

    def __init__(self, path: Path, out: Path) -> None:
        self._path, self._out = path, out
        self._hold()

    def _hold(self) -> None:
        file = self._path.open("ab", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):  # replaced by a run that just ended
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            file.close()
            raise CxrError(f"{self._out}: another run is writing it; wait for its end, or name another file") from None
        except OSError as error:
            if error.errno not in _WITHOUT_LOCKS:
                file.close()
                raise
        self._file = file

    def renew(self) -> None:
        """Holds the file that has taken the place of the old one."""
        self.close()
        self._hold()

    def close(self) -> None:
        self._file.close()
