"""Cues that mean something else together."""

import pytest

from cxr_cli.findings import read


@pytest.mark.parametrize(
    ("text", "status", "change"),
    [
        ("A left effusion cannot be excluded.", "uncertain", None),
        ("A left effusion is excluded.", "absent", None),
        ("The left effusion has not yet resolved.", "present", None),
        ("The left effusion has resolved.", "absent", "resolved"),
        ("The left effusion is no worse.", "present", "stable"),
        ("A left effusion that was not seen before.", "present", "new"),
    ],
)
def test_cues_together(text: str, status: str, change: str | None) -> None:
    assert [(f.name, f.status, f.change) for f in read(text)] == [("pleural effusion", status, change)]
