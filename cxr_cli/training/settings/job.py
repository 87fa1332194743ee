"""One training: as the command line asks for it (TrainingOptions), and with its settings read and checked (Job)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cxr_cli.engines.model_files.recorded_instruction import instruction_of
from cxr_cli.errors import CxrError
from cxr_cli.images import Budget, Films, Square
from cxr_cli.training.settings import config
from cxr_cli.training.settings.combinations import consistent_settings
from cxr_cli.training.settings.names import EVALUATION, Settings
from cxr_cli.training.settings.requirements import check_requirements

_OFF = (None, False, 0, "no")  # values of a setting that ask for nothing


@dataclass(frozen=True)
class TrainingOptions:
    """The flags that `cxr sft` and `cxr rl` share.

    inputs: files of rows. config: a YAML file of settings; sets: `NAME=VALUE`, which win over it. root: the folder that
    the paths of films start from. limit: of rows of each file. gpus: processes on each of `nodes`. keep_answers_only:
    rows that should have steps and have none are trained on, by their answers alone.
    """

    inputs: Sequence[str]
    model: str | None
    out: Path | None
    config: str | None = None
    sets: Sequence[str] = ()
    root: Path | None = None
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int | None = None
    resume: bool = False
    overwrite: bool = False
    gpus: int = 1
    nodes: int = 1
    dry_run: bool = False
    keep_answers_only: bool = False


@dataclass(frozen=True)
class Job:
    """One training, its settings checked.

    sources: files of rows, with their weights if they are mixed. evaluation: a file of rows, or None. settings: as
    `check_settings` gives them. config: the file that they come from. lexicon: the file by which reports are read.
    """

    model: str
    out: Path
    settings: Settings
    sources: Sequence[str]
    weights: Sequence[float] | None = None
    evaluation: str | None = None
    root: Path | None = None
    resume: bool = False
    overwrite: bool = False
    mapping: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int | None = None
    config: str | None = None
    lexicon: str | None = None
    gpus: int = 1
    nodes: int = 1
    allow_overlap: bool = False
    keep_answers_only: bool = False

    @property
    def instruction(self) -> str:
        """What is below each question that is to be reasoned about: the setting, else what the model was trained with
        before, else the instruction of the published checkpoints."""
        return self.settings.get("instruction") or instruction_of(self.model)

    @property
    def films(self) -> Films:
        size, max_pixels = self.settings.get("size"), self.settings.get("max_pixels")
        return Films(self.root, Budget(max_pixels) if max_pixels else Square(size or 448))


def make_job(
    options: TrainingOptions,
    config_class: type,
    *,
    sources: Sequence[str],
    weights: Sequence[float] | None = None,
    evaluation: str | None = None,
    allow_overlap: bool = False,
    lexicon: str | None = None,
) -> Job:
    """Reads and checks the settings. config_class: SFTConfig or GRPOConfig of TRL. Raises CxrError."""
    origins = config.read_settings(options.config, options.sets)
    settings = config.check_settings(origins, config_class)
    _check_held_out(settings, evaluation)
    settings = consistent_settings(settings, origins, config_class)
    check_requirements(settings)
    model = options.model or settings.get("model")
    if not model:
        raise CxrError("name the model to train: -m MODEL, or `model:` in the recipe")
    if not options.out:
        raise CxrError("name the folder of the trained model: -o OUT")
    return Job(
        model=model,
        out=options.out,
        settings=settings,
        sources=sources,
        weights=weights,
        evaluation=evaluation,
        root=options.root,
        resume=options.resume,
        overwrite=options.overwrite,
        mapping=options.mapping,
        limit=options.limit,
        config=options.config,
        lexicon=lexicon,
        gpus=options.gpus,
        nodes=options.nodes,
        allow_overlap=allow_overlap,
        keep_answers_only=options.keep_answers_only,
    )


def _check_held_out(settings: Settings, evaluation: str | None) -> None:
    """CxrError: rows to evaluate on are not there, or would never be looked at."""
    of_evaluation = (*EVALUATION, "eval_cases", "eval_tokens")
    if not evaluation and (name := next((name for name in of_evaluation if settings.get(name) not in _OFF), None)):
        raise CxrError(f"{name}: there are no rows to evaluate on: --eval FILE")
    if evaluation and settings.get("eval_strategy") == "no" and not settings.get("eval_on_start"):
        raise CxrError(f"--eval {evaluation}: with eval_strategy no it would never be looked at: leave one out")
