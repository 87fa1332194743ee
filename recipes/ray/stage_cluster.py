"""The work of a stage on the Ray cluster."""

import logging
import os
import re
import signal
import socket
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import ray
from ray.data.checkpoint import CheckpointConfig
from stage_output import CHECKPOINT, RowFiles
from stage_work import Work

from cxr_cli.errors import CxrError

CPUS = 2  # of the cluster, at least: while Ray filters by its checkpoint, an actor of its own holds one


def check_address(address: str) -> None:
    """CxrError: no Ray answers there; Ray itself would wait for minutes. "auto": the last that `ray start` noted."""
    last = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir(), "ray", "ray_current_cluster")
    if address == "auto" and last.is_file():
        address = last.read_text().strip()
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        try:
            socket.create_connection((host.rpartition("/")[2], int(port)), timeout=5).close()
        except OSError as error:
            raise _no_ray(address) from error


def _no_ray(address: str) -> CxrError:
    return CxrError(f"no Ray at {address}: start one by `ray start --head`, or name another --address")


def worker_reason(error: BaseException) -> str:
    """The first error in the traceback of a worker, on one line."""
    first = re.search(r"^[\w.]*(Error|Exception|Invalid)\b: .+$", str(error), re.MULTILINE)
    return first[0].removeprefix(f"{CxrError.__module__}.CxrError: ") if first else f"Ray: {type(error).__name__}"


def run_on_ray(source: Path, out: Path, work: Work, schema: pa.Schema, rows_per_file: int, address: str) -> None:
    """By tasks, not by actors: Ray runs the tasks of a dead worker again, and they leave its filter and its reading the
    CPUs that these need."""
    check_address(address)
    logging.getLogger("ray").setLevel(logging.ERROR)
    at_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _no_ray(address) from error
    signal.signal(signal.SIGTERM, at_sigterm)  # Ray has put its own in the place of the tool's
    if (cpus := ray.cluster_resources().get("CPU", 0)) < CPUS:
        raise CxrError(f"the Ray cluster has {cpus:g} CPU: add a node, or start it with --num-cpus {CPUS} or more")
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = sys.stderr.isatty()
    context.use_datasource_v2 = False  # which reads the footer of each file first, by actors that are started for it
    context.checkpoint_config = CheckpointConfig(
        work.id_column, str(out / CHECKPOINT), delete_checkpoint_on_success=False
    )
    try:
        rows = ray.data.read_parquet(str(source)).repartition(target_num_rows_per_block=rows_per_file)
        results = rows.map_batches(work, batch_format="pyarrow", batch_size=rows_per_file)
        results.write_datasink(RowFiles(out, schema, rows_per_file))
    except ray.exceptions.RayError as error:
        raise CxrError(worker_reason(error)) from error
