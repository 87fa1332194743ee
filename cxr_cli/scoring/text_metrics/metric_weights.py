"""The packages and the weights that a metric needs: what is missing is one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from cxr_cli.errors import CxrError
from cxr_cli.extras import not_installed


@contextmanager
def weights_of(metric: str, extra: str) -> Iterator[None]:
    """CxrError: a package of the extra is missing, or the metric's model cannot be loaded, or fails."""
    try:
        yield
    except CxrError:
        raise
    except ModuleNotFoundError as error:
        raise CxrError(not_installed(error, extra)) from error
    except Exception as error:  # each package raises its own, whose message may quote a report
        raise CxrError(
            f"{metric}: its model cannot be loaded or fails ({type(error).__name__}): are its weights on this "
            "machine? Run it once with network, and look at HF_HOME and HF_HUB_OFFLINE"
        ) from error
