"""Flags that belong together reach a command as one object.

films = Bundle("films", make_films, click.option("--images", "root"), click.option("--size", "side", default=448))

@click.command()
@films
def infer(films: Films) -> None: ...        # films = make_films(root=None, side=448)
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from cxr_cli.registry import Registry

Command = Callable[..., None]
Decorator = Callable[[Any], Any]


class Bundle:
    """A decorator that adds options to a command; the command gets one object as `name`, built by `make`.

    make: called with the options' values, by the options' names; it may raise click.UsageError. If it is a text
    "module:object", the object is imported when the command runs. options: click's decorators, or other bundles; a
    bundle is one parameter of `make`.
    """

    def __init__(self, name: str, make: Callable[..., object] | str, *options: Decorator) -> None:
        self.name, self._make, self._options = name, make, options

    def __call__(self, command: Command) -> Command:
        names = [name for option in self._options for name in _names(option)]

        def wrapper(**values: Any) -> None:
            make = Registry({self.name: self._make}).load(self.name) if isinstance(self._make, str) else self._make
            bundle = make(**{name: values.pop(name) for name in names})
            command(**values, **{self.name: bundle})

        wrapped: Command = update_wrapper(wrapper, command)
        for option in reversed(self._options):
            wrapped = option(wrapped)
        return wrapped


def _names(option: Decorator) -> list[str]:
    """The parameters that an option adds to a command; a bundle adds one, its name."""
    if isinstance(option, Bundle):
        return [option.name]

    def probe() -> None: ...

    option(probe)
    return [parameter.name for parameter in getattr(probe, "__click_params__", ()) if parameter.expose_value]
