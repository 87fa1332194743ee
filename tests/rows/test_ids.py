"""The ids of a run."""

import pytest

from cxr_cli.rows import ids
from cxr_cli.rows.ids import Ids


def test_a_doubled_id_is_known_in_memory_and_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "IN_MEMORY", 3)
    with Ids() as seen:
        assert [seen.see(str(n), f"a:{n}") for n in range(5)] == [None] * 5
        assert [seen.see(str(n), "b:1") for n in range(5)] == [f"a:{n}" for n in range(5)]
        assert (seen.place("0"), seen.place("4"), seen.place("5")) == ("a:0", "a:4", "?")


def test_a_finished_row_that_is_not_read_is_a_stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "IN_MEMORY", 3)
    with Ids() as seen:
        for n in range(9):
            seen.finish({"id": str(n)})
        for n in range(5):
            seen.see(str(n), f"a:{n}")
        assert seen.strangers() == (4, "5")
