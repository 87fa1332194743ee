"""Which model answers, and how: the flags of every stage that can ask a model."""

import json
import math
from inspect import signature
from typing import Any

import click

from cxr_cli.engines import Sampling, Spec
from cxr_cli.engines.engine_table import ENGINES
from cxr_cli.options.bundle import Bundle, Decorator
from cxr_cli.options.values import FiniteRange, file_names


def engine(*, required: bool) -> Bundle:
    """The flags reach the command as `engine`, a Spec, or None when no model is named."""
    return Bundle("engine", _spec, *_options(required))


def _spec(
    models: tuple[str, ...],
    name: str,
    served: str | None,
    revision: str | None,
    allow_remote: bool,
    temperature: float,
    top_p: float,
    max_tokens: int,
    concurrency: int,
    timeout: float,
    batch: int,
    args: dict[str, Any],
    cached: bool,
    dry_run: bool,
    price: tuple[float, float] | None,
) -> Spec | None:
    if not models:
        _refuse_without_model()
        return None
    if price and not dry_run:
        raise click.UsageError("--price-per-million is for --dry-run.")
    return Spec(
        models[0],
        name,
        Sampling(temperature, top_p, max_tokens),
        revision=revision,
        served=served,
        allow_remote=allow_remote,
        concurrency=concurrency,
        timeout=timeout,
        batch=batch,
        args=args,
        cached=cached,
        dry_run=dry_run,
        price=price,
        replicas=models[1:],
    )


def _refuse_without_model() -> None:
    context = click.get_current_context()
    for name in signature(_spec).parameters:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = next(parameter.opts[0] for parameter in context.command.params if parameter.name == name)
            raise click.UsageError(f"{flag} needs a model: name one with -m MODEL|URL.")


def _parsed_args(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise click.BadParameter(f"{name if equals else 'a value'}: not NAME=VALUE")  # the value may be a key
        try:
            arguments[name] = json.loads(value)
        except json.JSONDecodeError:
            arguments[name] = {"True": True, "False": False, "None": None}.get(value, value)
        try:
            json.dumps(arguments[name], allow_nan=False)
        except ValueError as error:
            raise click.BadParameter(f"{name}: NaN and Infinity are no numbers that an engine takes") from error
    return arguments


def _options(required: bool) -> tuple[Decorator, ...]:
    return (
        click.option(
            "-m",
            "--model",
            "models",
            multiple=True,
            required=required,
            metavar="MODEL|URL",
            shell_complete=file_names,
            help="The model: a folder (also of an adapter), a Hugging Face name, or the URL of a server; repeatable "
            "for several servers of one model.",
        ),
        click.option(
            "--engine",
            "name",
            type=click.Choice(["auto", *ENGINES]),
            default="auto",
            show_default=True,
            help="What runs the model. auto: openai for a URL, else vllm if it is installed, else transformers.",
        ),
        click.option(
            "--served", metavar="NAME", help="The model's name on the server.  [default: the only model there]"
        ),
        click.option("--revision", metavar="COMMIT", help="The revision of a model on the Hugging Face hub."),
        click.option(
            "--allow-remote", is_flag=True, help="Allow sending reports and films to a server on another machine."
        ),
        click.option(
            "--temperature",
            type=FiniteRange(0),
            default=0.0,
            show_default=True,
            help="Sampling temperature; 0 is greedy.",
        ),
        click.option(
            "--top-p",
            type=FiniteRange(0, 1, min_open=True),
            default=1.0,
            help="The probability mass of nucleus sampling.",
        ),
        click.option(
            "--max-tokens",
            type=click.IntRange(1),
            default=1024,
            show_default=True,
            help="The longest reply, in tokens.",
        ),
        click.option(
            "--concurrency",
            type=click.IntRange(1),
            default=64,
            show_default=True,
            help="openai: requests at a time to each server.",
        ),
        click.option(
            "--timeout",
            type=FiniteRange(0, min_open=True),
            default=600.0,
            show_default=True,
            help="openai: seconds to wait for a reply; then the request is sent once more.",
        ),
        click.option(
            "--batch-size",
            "batch",
            type=click.IntRange(1),
            default=8,
            show_default=True,
            help="transformers: requests at a time.",
        ),
        click.option(
            "--engine-arg",
            "args",
            multiple=True,
            callback=_parsed_args,
            metavar="NAME=VALUE",
            help="Passed to the engine: tensor_parallel_size=4 (vllm), dtype=bfloat16, top_k=20 (openai: the body).",
        ),
        click.option(
            "--no-cache",
            "cached",
            flag_value=False,
            default=True,
            help="Do not use cached replies: ask everything again.",
        ),
        click.option(
            "--dry-run", is_flag=True, help="Send no request; print how many requests and tokens it would take."
        ),
        click.option(
            "--price-per-million",
            "price",
            metavar="IN[,OUT]",
            callback=_parsed_price,
            help="Prices of a million prompt and completion tokens, for --dry-run.",
        ),
    )


def _parsed_price(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        prices = [float(part) for part in text.split(",")]
    except ValueError:
        prices = []
    if len(prices) not in (1, 2) or not all(0 <= price < math.inf for price in prices):
        raise click.BadParameter(f"{text}: expected one price or two, such as 2.5,10")
    return prices[0], prices[-1]
