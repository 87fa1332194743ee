"""Packages that the base install lacks: a stage that needs one and misses it names the line that installs it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cxr_cli.errors import CxrError


@contextmanager
def need(extra: str) -> Iterator[None]:
    """`with need("train"): import torch` raises CxrError with the `pip install` line when torch is missing.

    extra: a name under [project.optional-dependencies] in pyproject.toml.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "cxr_cli":
            raise
        raise CxrError(not_installed(error, extra)) from error


def check_versions(extra: str) -> None:
    """Raises CxrError if a package of an extra is installed in a version that the extra does not take, and so was not
    tried: "TRL changes what it hands to a loss" would be found after days of training, or never."""
    from importlib.metadata import requires  # it loads the modules of mails too, and few commands need it

    from packaging.requirements import Requirement  # it comes with the extras whose versions matter

    for requirement in map(Requirement, requires("cxr-cli") or ()):
        if requirement.marker and requirement.marker.evaluate({"extra": extra}):
            for name, installed in installed_versions(requirement.name).items():
                if not requirement.specifier.contains(installed, prereleases=True):
                    raise CxrError(
                        f"{name} {installed} is installed, and this cxr was tried with {name}{requirement.specifier}: "
                        f"{install_line(extra)}"
                    )


def not_installed(error: ModuleNotFoundError, extra: str) -> str:
    """ "matplotlib is not installed: pip install ..", with the line that installs the extra."""
    return f"{error.name} is not installed: {install_line(extra)}"


def install_line(extra: str) -> str:
    """How to install an extra: from a clone, since the package is not published."""
    return f'pip install -e ".[{extra}]" in a clone of the project'


def installed_versions(*packages: str) -> dict[str, str]:
    """Name -> version of those that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in packages:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return versions


def package_line(*packages: str) -> str:
    """How to install packages that no extra has."""
    return f"pip install {' '.join(packages)}"
