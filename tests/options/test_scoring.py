"""The flags of `cxr score`."""

import pytest

from tests.conftest import Cxr


def test_a_summary_of_a_resumed_run_is_refused(cxr: Cxr) -> None:
    done = cxr("score", "-o", "out.jsonl", "--resume", "--summary", stdin="")
    assert done.returncode == 2
    assert "--summary, --findings and --plot need every row" in done.stderr


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--compare", "--summary", "a.jsonl"], "--compare prints a comparison and no rows"),
        (["--compare", "-o", "out.jsonl", "a.jsonl"], "--compare prints a comparison and no rows"),
        (["--common", "a.jsonl"], "--common and --in-domain are for --compare."),
    ],
)
def test_flags_of_a_comparison(cxr: Cxr, flags: list[str], said: str) -> None:
    done = cxr("score", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
