"""`cxr sft`."""

from typing import TYPE_CHECKING

import click

from cxr_cli import options
from cxr_cli.options import training
from cxr_cli.options.values import file_names

if TYPE_CHECKING:
    from cxr_cli.stages.sft import SftOptions


@click.command()
@options.Bundle(
    "settings",
    "cxr_cli.stages.sft:SftOptions",
    training.training,
    click.option(
        "--mix",
        multiple=True,
        metavar="FILE:WEIGHT",
        shell_complete=file_names,
        help="Mix files by weights: --mix steps.jsonl:0.5 --mix qa.jsonl:0.5.",
    ),
    click.option(
        "--eval",
        "evaluation",
        metavar="FILE",
        shell_complete=file_names,
        help="Held-out rows: their loss is logged each epoch; --set eval_cases=N answers and scores some of them.",
    ),
    click.option(
        "--allow-overlap",
        is_flag=True,
        help="Accept held-out rows and patients that are trained on as well.",
    ),
    options.unmentioned,
    options.lexicon,
)
def sft(settings: "SftOptions") -> None:
    """Fine-tune a vision-language model on verified steps.

    \b
    cxr phantom -n 8 -o try/ && cxr mine try/studies.jsonl | cxr sft - -m Qwen/Qwen2-VL-2B-Instruct --images try -o sft/

    Reads cases with `question`, `images`, `answer` and, to teach the reasoning, `steps`. OUT is a model that
    `cxr infer`, `cxr rl`, transformers and vLLM can load. Settings are those of TRL's SFTConfig, and: size, max_pixels,
    lora, freeze_vision, deepspeed (zero2, zero3, zero2-offload, zero3-offload), eval_cases.

    \b
    cxr sft steps.jsonl -m Qwen/Qwen2-VL-7B-Instruct -o sft/ --config recipes/qwen2-vl-7b/sft.yaml --gpus 8
    cxr sft steps.jsonl -m Qwen/Qwen2-VL-2B-Instruct -o sft/ --set lora=true --set learning_rate=1e-4
    cxr sft --mix steps.jsonl:0.5 --mix answers.jsonl:0.5 -m Qwen/Qwen2-VL-7B-Instruct -o sft/ --resume
    """
    from cxr_cli.stages.sft import run

    run(settings)
