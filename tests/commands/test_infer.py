"""`cxr infer`: flags that do not go together."""

import pytest

from tests.conftest import Cxr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--samples", "2"], "add --temperature 1"),
        (["--vote"], "--vote needs more than one sample"),
        (["--shard", "0/3"], "not K/N"),
    ],
)
def test_wrong_usage(cxr: Cxr, flags: list[str], message: str) -> None:
    done = cxr("infer", "-m", "x", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
