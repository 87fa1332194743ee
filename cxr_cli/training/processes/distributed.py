"""The processes of a training: which of them this is, and how torchrun starts them if no launcher has."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from cxr_cli.environment import environment
from cxr_cli.errors import CxrError
from cxr_cli.termination import on_termination
from cxr_cli.training.processes.waiting import report_build_locks

_NUMBERS = (
    *("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_PORT"),
    *("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_LOCALID"),
)
_SHARING = ("ACCELERATE_USE_DEEPSPEED", "ACCELERATE_USE_FSDP", "ACCELERATE_USE_MEGATRON_LM")
_LAUNCH = "let a launcher set both, or neither"
_LAUNCHED = "CXR_LAUNCHED"  # the variable that tells the processes which cxr starts that all is checked and OUT is made


def under_launcher(nodes: int = 1) -> bool:
    """Has a launcher (torchrun, deepspeed, accelerate, srun) started this process as one of several that train?

    With as many tasks of srun as `nodes`: no. Each task then starts the processes of its node.
    """
    return _variable_number("WORLD_SIZE") is not None or _tasks() > nodes


def launched_by_cxr() -> bool:
    """Has another cxr started this process, after it has checked everything and made OUT?"""
    return _LAUNCHED in os.environ


def process_count(gpus: int, nodes: int) -> int:
    """How many processes train: as many as the launcher says, or as cxr is to start."""
    if not under_launcher(nodes):
        return gpus * nodes
    return _variable_number("WORLD_SIZE") or _tasks()


def rank() -> int:
    """The number of this process among all of a training, from 0. Rank 0 alone reports. Raises CxrError."""
    number = _variable_number("RANK")
    return number if number is not None else (_variable_number("SLURM_PROCID") or 0) if _tasks() > 1 else 0


def _tasks() -> int:
    """How many tasks `srun` has started: in the shell of salloc or a script of sbatch there is one, whatever
    SLURM_NTASKS says."""
    return _variable_number("SLURM_STEP_NUM_TASKS") or 1


def _variable_number(variable: str) -> int | None:
    """The number of a variable of the environment; None if it is empty or not set. Raises CxrError."""
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise CxrError(f"the variable {variable} is no number: unset it, or let a launcher set it") from error


@contextmanager
def launcher_variables() -> Iterator[None]:
    """In this block the variables by which launchers number their processes are those that libraries can read: none
    is empty, and a process that is alone has none. CxrError: one is no number, or they contradict each other."""
    empty = [name for name in (*_NUMBERS, "MASTER_ADDR") if not os.environ.get(name, "set").strip()]
    with environment(dict.fromkeys(empty), override=True), environment(dict.fromkeys(_SHARING)):
        numbers = {name: _variable_number(name) for name in _NUMBERS}
        _check_membership(numbers, "WORLD_SIZE", "RANK")
        if _tasks() > 1 and numbers["WORLD_SIZE"] is None:
            _check_membership(numbers, "SLURM_STEP_NUM_TASKS", "SLURM_PROCID")
        has_address = "MASTER_ADDR" in os.environ
        is_alone = numbers["WORLD_SIZE"] in (None, 1)
        if not (is_alone or has_address):
            raise CxrError(f"the variable WORLD_SIZE is {numbers['WORLD_SIZE']}, and MASTER_ADDR is not set: {_LAUNCH}")
        if not launched_by_cxr() and (name := next((name for name in _SHARING if _is_true(name)), None)):
            raise CxrError(f"the variable {name} is set: `deepspeed: zero3` shares a model among processes")
        of_a_group = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        with environment(dict.fromkeys(of_a_group if is_alone and not has_address else ()), override=True):
            yield


def _check_membership(numbers: Mapping[str, int | None], size: str, place: str) -> None:
    """CxrError: one of a group's size and a process's place in it is missing, or they contradict each other."""
    group, own = numbers[size], numbers[place]
    alone = (group, own) in [(None, None), (None, 0), (1, None)]
    if not alone and (group is None or own is None or not 0 <= own < group):
        words = ["not set" if number is None else number for number in (group, own)]
        raise CxrError(f"the variable {size} is {words[0]}, and {place} is {words[1]}: {_LAUNCH}")


def _is_true(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true", "yes", "on")


@contextmanager
def first_rank_reports() -> Iterator[None]:
    """In this block all processes of a training meet the same errors, and the first alone reports them: the others end
    in silence."""
    try:
        yield
    except CxrError:
        if rank():
            sys.exit(1)
        raise


def check_gpus(gpus: int, *, dry_run: bool) -> None:
    """Raises CxrError if this machine has fewer GPUs. The plan of a dry run may be of another machine than one without
    any; CUDA_VISIBLE_DEVICES= trains on the CPU."""
    if gpus == 1 or launched_by_cxr():
        return
    import torch

    count = torch.cuda.device_count()
    if count >= gpus or os.environ.get("CUDA_VISIBLE_DEVICES") == "" or (dry_run and not count):
        return
    raise CxrError(f"--gpus {gpus}: this machine has {count or 'none'}")


def train_or_launch(train: Callable[[], None], gpus: int, nodes: int) -> None:
    """Trains in this process, or starts the processes that are to train, if none of them is running yet: they run the
    command line of this one. Raises CxrError."""
    if gpus * nodes > 1 and not under_launcher(nodes):
        _launch(sys.argv[1:], gpus, nodes)
    else:
        train()


def _launch(arguments: Sequence[str], gpus: int, nodes: int) -> None:
    """Runs `cxr ARGUMENTS` as `gpus` processes on this node, one of `nodes`, under torchrun. Exits with their code if
    they fail; raises CxrError."""
    command = [sys.executable, "-m", "cxr_cli.training.processes.quiet_torchrun", "--nproc_per_node", str(gpus)]
    if nodes == 1:
        command += ["--standalone"]
    else:
        host = os.environ.get("MASTER_ADDR") or _first_host()
        node = os.environ.get("SLURM_NODEID") or os.environ.get("NODE_RANK")
        if not (host and node is not None):
            raise CxrError(
                f"--nodes {nodes}: start it by `srun --ntasks-per-node 1`, or set MASTER_ADDR and NODE_RANK on each"
            )
        port = os.environ.get("MASTER_PORT", "29500")
        command += ["--nnodes", str(nodes), "--node_rank", node, "--master_addr", host, "--master_port", port]
    torchrun = subprocess.Popen(  # it holds OUT, too
        [*command, "-m", "cxr_cli", *arguments], env=_torchrun_environment(), close_fds=False
    )

    def terminate(number: int) -> bool:
        """torchrun passes the signal on and waits until checkpoints are saved."""
        if number != signal.SIGINT:
            torchrun.terminate()
        return number != signal.SIGINT

    with on_termination(terminate):
        try:
            code = torchrun.wait()
        except BaseException:  # Ctrl-C
            torchrun.terminate()
            torchrun.wait()
            raise
    if code:
        sys.exit(code)


def _first_host() -> str | None:
    hosts = os.environ.get("SLURM_JOB_NODELIST")
    if not hosts or not shutil.which("scontrol"):
        return None
    run = subprocess.run(["scontrol", "show", "hostnames", hosts], capture_output=True, text=True)
    return run.stdout.split()[0] if run.stdout.split() else None


def _torchrun_environment() -> dict[str, str]:
    """Its processes are no tasks of srun, and on SIGTERM they get an hour, not 30 s, to save."""
    of_srun = ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID")
    inherited = {name: value for name, value in os.environ.items() if name not in of_srun}
    return {"TORCH_ELASTIC_SHUTDOWN_TIMEOUT": "3600", **inherited, _LAUNCHED: "1"}


@contextmanager
def rendezvous(*, deepspeed: bool) -> Iterator[None]:
    """In this block the environment has what torch.distributed reads and neither srun nor a plain start has set.
    Entered before models load."""
    env = os.environ
    with ExitStack() as stack:
        if _variable_number("WORLD_SIZE") is None and _tasks() > 1:
            place = {"RANK": str(rank()), "LOCAL_RANK": env.get("SLURM_LOCALID", "0")}
            host = _first_host() or env.get("SLURM_LAUNCH_NODE_IPADDR", "127.0.0.1")
            stack.enter_context(environment({"WORLD_SIZE": str(_tasks()), **place}, override=True))
            stack.enter_context(environment({"MASTER_ADDR": host, "MASTER_PORT": "29500"}))
        if deepspeed:
            alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}
            stack.enter_context(environment({**alone, "MASTER_PORT": str(_free_port())}))
            stack.enter_context(report_build_locks())
            _init_process_group()
        yield


def _init_process_group() -> None:
    import deepspeed
    import torch

    backend = "nccl" if torch.cuda.is_available() else "gloo"
    deepspeed.init_distributed(dist_backend=backend, auto_mpi_discovery=False, verbose=False)


def leave_process_group() -> None:
    """Ends what binds this process to the others of a training. For the end of a training that did not fail: others
    may still wait for one that did, and leaving would wait for them.

    A process that ends without it can abort (SIGABRT, "terminate called without an active exception"), for gloo's
    threads are still at work: https://github.com/pytorch/pytorch/issues/190489.
    """
    import torch.distributed as group

    if group.is_available() and group.is_initialized() and group.get_world_size() > 1:
        group.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
