"""A `vllm serve` on loopback, in the environment that `make test-all` builds."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

HOME = Path(__file__).parents[2]
BUILT = HOME / "build" / "vllm-cpu"
PYTHON = BUILT / "bin" / "python"
RUN = Path(__file__).with_name("run.py")
NEEDS_VLLM = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BUILT / "ready").exists(), reason="make test-all builds the vLLM for it: build/vllm-cpu"),
]
ENVIRONMENT = {
    **os.environ,
    "HF_HUB_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # with "uni": one process less to import vLLM
    "VLLM_NO_USAGE_STATS": "1",
}


@contextmanager
def serve(folder: Path, model: str, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serves the model in that folder; gives URL and process once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    compact = '{"backend": "xgrammar", "disable_any_whitespace": true}'  # as docs/models-and-servers.md says
    same = [
        "--structured-outputs-config",
        compact,
        "--enforce-eager",
        "--no-enable-chunked-prefill",
        "--distributed-executor-backend",
        "uni",
    ]
    command = [PYTHON.with_name("vllm"), "serve", model, "--host", "127.0.0.1", "--port", str(port), *same, *arguments]
    log = folder / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=file, stderr=file, start_new_session=True
        )
    try:
        end = time.monotonic() + 900
        while not _healthy(port):
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < end
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _healthy(port: int) -> bool:
    try:
        return bool(urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200)
    except OSError:
        return False
