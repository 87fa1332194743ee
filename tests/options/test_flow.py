"""INPUT, -o, --resume, --on-error, --map: flags that do not go together."""

import pytest

from tests.conftest import Run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--on-error", "skip"], "--on-error skip and --rejects FILE go together"),
        (["--rejects", "bad.jsonl"], "--on-error skip and --rejects FILE go together"),
        (["--resume"], "--resume needs -o OUT"),
        (["--retry-failed"], "--retry-failed needs -o OUT"),
        (["--retry-failed", "--overwrite", "-o", "x.jsonl"], "--retry-failed continues OUT"),
        (["--resume", "--overwrite", "-o", "x.jsonl"], "give one of them"),
        (["--map", "id"], "`id` is not NAME=COLUMN"),
        (["--map", "id=a,id=b"], "`id` is named twice"),
        (["--map", "labels.edema=a,labels=b"], "`labels` is named twice, whole and in part"),
        (["--map", "id=a+"], "`id=a+` is not NAME=COLUMN"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], said: str) -> None:
    done = run("copy", *arguments, stdin='{"id":"a"}\n')
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
