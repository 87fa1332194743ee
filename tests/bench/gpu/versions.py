"""Are the packages there, in versions that are taken?"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.extras import check_versions, installed_versions
from tests.bench.gpu.result import Result
from tests.bench.gpu.scale import Scale

NEEDED = ("torch", "transformers", "trl", "accelerate", "datasets", "peft")
MORE = ("vllm", "deepspeed", "triton", "polars")


def run(scale: Scale, folder: Path, seconds: float) -> Iterator[Result]:
    """Each package that trains is imported."""
    import torch

    for name in NEEDED:
        import_module(name)
    missing = [name for name in MORE if name not in installed_versions(*MORE)]
    have = ", ".join(f"{name} {version}" for name, version in installed_versions(*NEEDED, *MORE).items())
    have = f"Python {sys.version.split()[0]}, {have}; without {', '.join(missing) or 'nothing'}"
    try:
        check_versions("train")
    except CxrError as error:
        yield Result("versions", "those that the extra `train` takes", f"{have}: {error}", "all", False)
    else:
        yield Result("versions", "those that the extra `train` takes", have, "all", True)
    if not torch.cuda.is_available():
        yield Result("versions", "GPU", "none", "bf16", None)
        return
    device = torch.cuda.get_device_properties(0)
    measured = f"{device.name}, {device.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}"
    yield Result("versions", "GPU", measured, "bf16", torch.cuda.is_bf16_supported())
