"""The flags of `cxr score`."""

import pytest

from tests.conftest import Cxr


@pytest.mark.parametrize("flag", ["--summary", "--findings", "--compare"])
@pytest.mark.parametrize(
    "part", [("-o", "out.jsonl", "--resume"), ("-o", "out.jsonl", "--retry-failed"), ("--shard", "1/2")]
)
def test_a_summary_of_a_part_of_the_rows_is_refused(cxr: Cxr, flag: str, part: tuple[str, ...]) -> None:
    done = cxr("score", *part, flag, stdin="")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--summary, --compare, --findings and --plot need every row" in done.stderr


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
