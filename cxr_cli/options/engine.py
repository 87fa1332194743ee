"""What answers: the flags of every stage that may ask a model."""

import json
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from cxr_cli.options.completion import file_names
from cxr_cli.rows import Flow

Command = Callable[..., None]


def _parsed_args(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    parsed: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier()):
            raise click.BadParameter(f"{text}: not NAME=VALUE")
        try:
            parsed[name] = json.loads(value)
        except json.JSONDecodeError:
            parsed[name] = {"True": True, "False": False, "None": None}.get(value, value)
    return parsed


def engine(*, required: bool) -> Callable[[Command], Command]:
    """The flags of what answers: they reach the command as `engine`, a Spec, or None when no model is named.

    Stands below `options.flow`, whose rows it does not write in a dry run.
    """

    def decorate(command: Command) -> Command:
        def wrapper(flow: Flow, model: str | None, **given: Any) -> None:
            settings = {name: given.pop(name) for name in _ENGINE}
            if model is None:
                _refuse_without_model()
                command(flow, engine=None, **given)
                return
            from cxr_cli.engines import Sampling, Spec

            if settings["price"] and not settings["dry_run"]:
                raise click.UsageError("--price-per-million is for --dry-run.")
            sampling = Sampling(*(settings.pop(name) for name in ("temperature", "top_p", "max_tokens")))
            flow.dry = settings["dry_run"]
            command(flow, engine=Spec(model, sampling=sampling, **settings), **given)

        wrapped = update_wrapper(wrapper, command)
        for option in reversed(_engine_options(required)):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _refuse_without_model() -> None:
    context = click.get_current_context()
    for name in _ENGINE:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(f"{flag} is for a model: name one with -m MODEL|URL.")


_ENGINE = (
    *("name", "served", "revision", "allow_remote", "temperature", "top_p", "max_tokens"),
    *("concurrency", "batch", "args", "cached", "dry_run", "price"),
)


def _engine_options(required: bool) -> tuple[Any, ...]:
    return (
        click.option(
            "-m",
            "--model",
            required=required,
            metavar="MODEL|URL",
            shell_complete=file_names,
            help="What answers: a folder (an adapter's too), a Hugging Face name, or the URL of a server.",
        ),
        click.option(
            "--engine",
            "name",
            type=click.Choice(["auto", "vllm", "openai", "transformers"]),
            default="auto",
            show_default=True,
            help="auto: openai for a URL, else vllm if it is installed, else transformers.",
        ),
        click.option("--served", metavar="NAME", help="Which of the server's models.  [default: its only one]"),
        click.option("--revision", metavar="COMMIT", help="Of a model on the Hugging Face hub."),
        click.option(
            "--allow-remote", is_flag=True, help="Send reports and films to a server that is not on this machine."
        ),
        click.option("--temperature", type=click.FloatRange(0), default=0.0, show_default=True, help="0 is greedy."),
        click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), default=1.0, help="Nucleus sampling."),
        click.option(
            "--max-tokens", type=click.IntRange(1), default=1024, show_default=True, help="Of one reply, at most."
        ),
        click.option(
            "--concurrency", type=click.IntRange(1), default=64, show_default=True, help="Requests at a time, openai."
        ),
        click.option(
            "--batch-size",
            "batch",
            type=click.IntRange(1),
            default=8,
            show_default=True,
            help="Requests at a time, transformers.",
        ),
        click.option(
            "--engine-arg",
            "args",
            multiple=True,
            callback=_parsed_args,
            metavar="NAME=VALUE",
            help="Handed on as it is: tensor_parallel_size=4 (vllm), dtype=bfloat16, top_k=20 (openai: the body).",
        ),
        click.option("--no-cache", "cached", flag_value=False, default=True, help="Ask even what was answered before."),
        click.option("--dry-run", is_flag=True, help="Ask nothing: count requests and tokens, and print that."),
        click.option(
            "--price-per-million",
            "price",
            metavar="IN[,OUT]",
            callback=_parsed_price,
            help="Price of a million prompt and completion tokens, for --dry-run.",
        ),
    )


def _parsed_price(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        prices = [float(part) for part in text.split(",")]
    except ValueError:
        prices = []
    if len(prices) not in (1, 2) or min(prices) < 0:
        raise click.BadParameter(f"{text}: not a price or two, 2.5,10")
    return prices[0], prices[-1]
