"""The flags of `cxr mine`."""

import pytest

from tests.conftest import Cxr


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--balance"], 2, "Error: --balance needs --per-finding N."),
        (["--per-finding", "2", "--task", "single"], 2, "Error: --per-finding asks binary questions only."),
        (
            ["--findings", "pneumotorax"],
            1,
            "cxr: --findings: `pneumotorax` is no finding of the lexicon; did you mean",
        ),
        (["--findings", " , "], 1, "cxr: --findings: no finding is named; `all` stands for all of the lexicon"),
        (["--lexicon", "none.toml"], 2, "Error: Invalid value for '--lexicon': File 'none.toml' does not exist."),
    ],
)
def test_wrong_usage(cxr: Cxr, flags: list[str], code: int, message: str) -> None:
    done = cxr("mine", "examples", *flags)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1].startswith(message)
