"""The instruction that a model was trained with, which its folder records."""

from contextlib import suppress
from pathlib import Path

from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines.model_files.loading_errors import read_object

RECORD = "run.json"


def instruction_of(model: str) -> str:
    """What is below each question to this model: what its folder records, else the instruction of the published
    checkpoints. Raises CxrError for a record that is damaged."""
    return recorded_instruction(model) or INSTRUCTION


def recorded_instruction(model: str) -> str | None:
    """What `cxr sft` or `cxr rl` has written below each question to this model, by the run.json in its folder.

    Of a checkpoint it is that of the training around it. None: the model is not in a folder, or nothing is recorded.
    Raises CxrError for a record that is damaged.
    """
    folder = Path(model).expanduser()
    with suppress(OSError, ValueError):  # a name that no file can have
        folder = folder.resolve().parent if folder.name.startswith("checkpoint-") else folder
        if (folder / RECORD).is_file():
            text = read_object(folder / RECORD).get("instruction")
            return text if isinstance(text, str) and text.strip() else None
    return None
