"""Replies kept on disk: an exact repeat costs nothing.

The key is a hash of everything that changes a reply: engine, model and its revision, messages, pixels, sampling,
seed, schema. How a reply is parsed is no part of it. Replies may quote reports, so only the user may read the file.
"""

import os
import sqlite3
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import msgspec
from PIL import Image

from cxr_cli.engines.requests import Engine, Reply, Request, ignore_reply
from cxr_cli.errors import CxrError, note

_TABLE = """create table if not exists replies(
    key blob primary key, text text, finish text, prompt_tokens integer, completion_tokens integer, at integer
) without rowid"""


def cache_path() -> Path:
    """`$CXR_CACHE/replies.sqlite`, else in the user's cache folder; without a home in a folder for temporary files."""
    folder = os.environ.get("CXR_CACHE")
    if not folder and (parent := os.environ.get("XDG_CACHE_HOME") or _home_cache()):
        folder = os.path.join(parent, "cxr")
    if not folder:
        folder = os.path.join(tempfile.gettempdir(), f"cxr-{os.getuid()}")
        note(f"there is no home folder: the cache of replies is in {folder}; CXR_CACHE=FOLDER moves it")
    return Path(folder, "replies.sqlite")


def _home_cache() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor an entry for this user
        return None
    return home / ".cache" if os.environ.get("HOME") != "" and home.is_dir() else None


def clear_cache(path: Path | None = None) -> int | None:
    """Deletes all replies; returns how many there were, None if the file is damaged. Raises CxrError."""
    path, count = path or cache_path(), None
    with suppress(CxrError):
        cache = ReplyCache(path)
        try:
            count = cache.info().replies
        finally:
            cache.close()
    try:
        for file in (path, path.with_name(f"{path.name}-journal")):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CxrError(f"the cache {path}: {error.strerror}") from error
    return count


class CacheInfo(NamedTuple):
    """replies: how many. size: bytes of the file. tokens: completion tokens of all replies."""

    path: Path
    replies: int
    size: int
    tokens: int


class ReplyCache:
    """The file of replies. Threads and processes may share it. Raises CxrError when it cannot be read or written."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_path()
        self._lock = Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.touch(mode=0o600)
            self.path.chmod(0o600)  # whoever made it, and however
            self._db = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
            # No write-ahead log: it does not work on the network file systems that homes often lie on.
            self._db.executescript(f"pragma journal_mode=truncate; pragma synchronous=off; {_TABLE}")
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error

    def get(self, key: bytes) -> tuple[Any, ...] | None:
        """text, finish, prompt tokens, completion tokens."""
        columns = "text, finish, prompt_tokens, completion_tokens"
        records = self._run(f"select {columns} from replies where key = ?", key)
        return records[0] if records else None

    def put(self, key: bytes, reply: Reply) -> None:
        values = (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens, int(time.time()))
        self._run("insert or replace into replies values (?, ?, ?, ?, ?, ?)", key, *values)

    def info(self) -> CacheInfo:
        [(replies, tokens)] = self._run("select count(*), coalesce(sum(completion_tokens), 0) from replies")
        return CacheInfo(self.path, replies, self.path.stat().st_size, tokens)

    def close(self) -> None:
        self._db.close()

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> CxrError:
        why = error.strerror if isinstance(error, OSError) else error
        return CxrError(f"the cache {self.path}: {why}; CXR_CACHE=FOLDER moves it, `cxr cache clear` empties it")


class CachedEngine:
    """An engine behind the cache. Of equal requests that wait at the same time, one goes to the engine.

    server: the URL of the engine's server, for two servers may give one name to two models. A cache that fails, from
    the start or later, is reported once, and the run goes on without it.
    """

    def __init__(self, engine: Engine, cache: ReplyCache | None = None, *, server: str | None = None) -> None:
        self.engine, self.server = engine, server
        self._cache = cache
        if cache is None:
            with self._without_cache_on_error():
                self._cache = ReplyCache()
        self.name, self.signature = engine.name, engine.signature
        self.on_reply: Callable[[Reply], None] = ignore_reply
        engine.on_reply = self._keep  # at once: a reply that nobody has fetched yet would be lost with the process
        self._ready: deque[Reply] = deque()
        self._waiting: dict[str, tuple[bytes, Request]] = {}  # request id -> key and request, of those the engine has
        self._duplicates: dict[bytes, list[Request]] = {}  # key -> requests that wait for the same reply

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def submit(self, request: Request) -> None:
        key = request_key({**self.signature, "server": self.server} if self.server else self.signature, request)
        reply = None
        with self._without_cache_on_error():
            reply = self._cache.get(key) if self._cache and key not in self._duplicates else None
        if key in self._duplicates:
            self._duplicates[key].append(request)
        elif reply:
            text, finish, prompt, completion = reply
            self._ready.append(Reply(request.id, text, finish, prompt, completion, request.seed, cached=True))
        else:
            self._waiting[request.id], self._duplicates[key] = (key, request), []
            self.engine.submit(request)

    def ready(self) -> bool:
        return bool(self._ready) or self.engine.ready()

    def next(self) -> Reply:
        if self._ready:
            return self._ready.popleft()
        reply = self.engine.next()
        key, _ = self._waiting.pop(reply.id)
        for other in self._duplicates.pop(key):
            self._ready.append(_copy_for(other, reply))
        return reply

    def close(self) -> None:
        if self._cache:
            self._cache.close()

    def _keep(self, reply: Reply) -> None:
        key, request = self._waiting[reply.id]
        if _is_usable(reply, request):
            with self._without_cache_on_error():
                if self._cache:
                    self._cache.put(key, reply)

    @contextmanager
    def _without_cache_on_error(self) -> Iterator[None]:
        try:
            yield
        except CxrError as error:
            self._cache = None
            note(f"{error}; this run goes on without it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _is_usable(reply: Reply, request: Request) -> bool:
    """Whether the next run should get this reply again: not if it is cut off, empty or cannot be parsed."""
    if reply.error is not None or reply.finish == "length" or not reply.text.strip():
        return False
    return request.usable is None or request.usable(reply)


def _copy_for(request: Request, reply: Reply) -> Reply:
    tokens = (reply.prompt_tokens, reply.completion_tokens)
    return Reply(request.id, reply.text, reply.finish, *tokens, request.seed, reply.error, cached=True)


def request_key(signature: Mapping[str, object], request: Request) -> bytes:
    """32 bytes that stand for the request, the model and the sampling."""
    messages = [[message["role"], _content(message["content"])] for message in request.messages]
    content = [dict(signature), messages, request.seed, request.schema]
    return blake2b(msgspec.json.encode(content, order="deterministic"), digest_size=32).digest()


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part["type"] != "image":
        return part
    image: Image.Image = part["image"]
    pixels = blake2b(image.tobytes(), digest_size=32).hexdigest()
    return {"type": "image", "image": [image.mode, *image.size, pixels]}
