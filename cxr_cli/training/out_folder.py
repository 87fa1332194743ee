"""The folder that a training fills: `-o OUT`."""

import os
import shutil

from cxr_cli.errors import CxrError
from cxr_cli.training import distributed
from cxr_cli.training.settings.job import Job


def make_out_folder(job: Job) -> None:
    """Makes OUT, or refuses one that holds something: CxrError. Once for all processes of a training."""
    if distributed.rank() or os.environ.get(distributed.OUT_MADE) == str(job.out.absolute()):
        return
    if job.out.exists() and not job.out.is_dir():
        raise CxrError(f"{job.out} is a file: -o names a folder")
    if job.out.is_dir() and any(job.out.iterdir()) and not job.resume:
        if not job.overwrite:
            raise CxrError(f"{job.out} exists: --resume continues it, --overwrite replaces it")
        shutil.rmtree(job.out)
    job.out.mkdir(parents=True, exist_ok=True)
