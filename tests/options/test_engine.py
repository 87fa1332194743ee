"""Which model, and how: flags that are refused."""

import pytest

from tests.conftest import Cxr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--price-per-million", "1"], "is for --dry-run"),
        (["--engine-arg", "x"], "not NAME=VALUE"),
    ],
)
def test_wrong_usage(cxr: Cxr, flags: list[str], message: str) -> None:
    done = cxr("infer", "-m", "x", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_infer_needs_a_model(cxr: Cxr) -> None:
    assert "Missing option '-m'" in cxr("infer").stderr
