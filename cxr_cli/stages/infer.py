"""The stage `cxr infer`: reads cases with films and adds a model's predictions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from cxr_cli import sources
from cxr_cli.answers.replies.reply_format import INSTRUCTION
from cxr_cli.engines import Spec, open_engine
from cxr_cli.engines.model_files.recorded_instruction import instruction_of
from cxr_cli.engines.prompts.predictor import DEFAULT_PROMPT, PLACEHOLDERS, Predictor
from cxr_cli.engines.prompts.prompt import Prompt, read_prompt
from cxr_cli.errors import CxrError
from cxr_cli.images import Films
from cxr_cli.library.inference import answer_rows
from cxr_cli.records import Case
from cxr_cli.rows import Flow, FlowOptions, Row, Signed, note
from cxr_cli.sources.shapes import own_shape
from cxr_cli.tasks.on_demand.report_writing import asked_for_report


@dataclass(frozen=True)
class InferOptions:
    """engine: the model that answers. samples: replies to each case; seed: of their sampling; vote: adds the answer
    that most of them give. prompt: a file with the user's own prompt. instruction: below each question; None is the
    one that the model was trained with, if its folder records it, else that of the published checkpoints. task: what
    rows without a question are asked."""

    flow: FlowOptions
    engine: Spec
    films: Films = field(default_factory=Films)
    samples: int = 1
    seed: int = 0
    vote: bool = False
    prompt: str | None = None
    instruction: str | None = None
    task: Literal["report"] | None = None


def run(options: InferOptions) -> int:
    """Answers the cases; returns how many rows were rejected or failed.

    Films are decoded ahead; rows are written as they are answered, in any order.
    """
    spec, films = options.engine, options.films
    prompt = read_prompt(options.prompt, PLACEHOLDERS) if options.prompt else DEFAULT_PROMPT
    instruction = _instruction_for(options, prompt)
    flow = Flow(
        options.flow,
        find_source=sources.find_rows,
        shape=_report_question if options.task == "report" else own_shape,
        dry_run=spec.dry_run,
        engine_key="predictions",
    )
    with open_engine(spec) as engine:
        predictor = Predictor(
            engine,
            spec.sampling,
            films,
            prompt=prompt,
            instruction=instruction,
            samples=options.samples,
            seed=options.seed,
            vote=options.vote,
        )

        def stage(rows: Iterator[Row]) -> Iterator[Row]:
            return answer_rows(engine, predictor, films, rows, flow.reject)

        flow.pipe(stage, Case, signed=Signed("answered_by", predictor.answered_by))
    return flow.incomplete


def _report_question(row: Row, where: str) -> Row:
    return asked_for_report(own_shape(row, where))


def _instruction_for(options: InferOptions, prompt: Prompt) -> str:
    """What the prompt has in the place of {instruction}. CxrError: an instruction is given, and the prompt has none."""
    if "instruction" not in prompt.placeholders:
        if options.instruction:
            raise CxrError(f"{options.prompt}: has no {{instruction}}, so --instruction would not be used")
        return ""
    if options.instruction:
        return options.instruction
    instruction = instruction_of(options.engine.model)
    if instruction != INSTRUCTION:
        note(f"instruction: the one that {options.engine.model} was trained with; --instruction sets another")
    return instruction
