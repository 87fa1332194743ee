"""Flags that belong together reach a command as one object.

films = bundle("films", make_films, click.option("--images", "root"), click.option("--size", "side", default=448))

@click.command()
@films
def infer(films: Films) -> None: ...        # films = make_films(root=None, side=448)
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

Command = Callable[..., None]
Decorator = Callable[[Any], Any]


def bundle(name: str, make: Callable[..., object], *options: Decorator) -> Callable[[Command], Command]:
    """A decorator that adds click's `options` to a command and hands it what `make` makes of their values, as `name`.

    The parameters of `make` are called as the options are. It may raise click.UsageError.
    """
    own = [parameter.name for parameter in _parameters(options)]

    def decorate(command: Command) -> Command:
        def wrapper(**values: Any) -> None:
            made = make(**{option: values.pop(option) for option in own})
            command(**values, **{name: made})

        wrapped: Command = update_wrapper(wrapper, command)
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _parameters(options: tuple[Decorator, ...]) -> list[Any]:
    def probe() -> None: ...

    for option in options:
        option(probe)
    return probe.__click_params__  # type: ignore[attr-defined, no-any-return]
