"""Intervals and paired tests: literals where a resample can only fall on a lattice, exact identities elsewhere."""

import numpy as np
import pytest

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.intervals import interval
from cxr_cli.scoring.summaries.significance import holm, paired

TEN = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def test_interval_of_ten_answers() -> None:
    assert interval(TEN) == pytest.approx((0.1, 0.7))
    assert interval(TEN, level=0.5) == pytest.approx((0.3, 0.5))


def test_nulls_are_left_out() -> None:
    assert interval([None, *TEN, None]) == interval(TEN)
    assert interval(np.array([*TEN, np.nan])) == interval(TEN)


@pytest.mark.parametrize("values", [[], [None, None], [1.0], [None, 0.5]])
def test_one_value_has_no_interval(values: list[float | None]) -> None:
    assert interval(values) is None


def test_one_patient_has_no_interval() -> None:
    assert interval(TEN, ["p1"] * 10) is None
    assert interval([1.0, None], ["p1", "p2"]) is None


def test_constant_scores_do_not_vary() -> None:
    assert interval([0.25] * 7) == (0.25, 0.25)


def test_whole_patients_are_drawn() -> None:
    """Ten rows of one patient are worth one row: copies of rows narrow nothing."""
    copies = [value for value in TEN for _ in range(10)]
    patients = [f"p{i}" for i in range(10) for _ in range(10)]
    assert interval(copies, patients) == pytest.approx(interval(TEN))
    low, high = interval(copies)
    assert high - low < 0.25


def test_patients_of_different_size_weigh_by_their_rows() -> None:
    """Two patients, of 1 row (0) and 3 rows (1): resampled means are 0, 3/4 or 1."""
    assert interval([0, 1, 1, 1], ["a", "b", "b", "b"]) == (0.0, 1.0)
    assert interval([0, 1, 1, 1], ["a", "b", "b", "b"], level=0.2) == (0.75, 0.75)


def test_seeded() -> None:
    values = np.random.default_rng(5).random(200)
    assert interval(values, seed=1) == interval(values, seed=1)
    assert interval(values, seed=1) != interval(values, seed=2)


def test_many_rows_are_bundled_and_keep_their_width() -> None:
    values = np.random.default_rng(7).random(200_000)
    low, high = interval(values)
    expected = 2 * 1.96 * values.std() / len(values) ** 0.5
    assert low < values.mean() < high
    assert high - low == pytest.approx(expected, rel=0.15)


def test_wrong_arguments() -> None:
    with pytest.raises(CxrError, match="10 values but 2 groups"):
        interval(TEN, ["a", "b"])
    with pytest.raises(CxrError, match="between 0 and 1"):
        interval(TEN, level=95)


def test_paired_shift() -> None:
    a = [i / 20 for i in range(20)]
    b = [value - 0.25 for value in a]
    result = paired(a, b)
    assert (result.n, result.nulls) == (20, 0)
    assert (result.mean, result.low, result.high) == pytest.approx((0.25, 0.25, 0.25))
    assert result.p == pytest.approx(1 / 10_001)
    assert paired(b, a).mean == pytest.approx(-0.25)


def test_paired_equal_lists() -> None:
    assert paired([0.5, 1.0, 0.0], [0.5, 1.0, 0.0]) == (3, 0.0, 0.0, 0.0, 1.0, 0)


def test_permutation_p_of_three_differences() -> None:
    """All three differences are 1: two of the eight sign patterns are as large."""
    assert paired([1, 1, 1], [0, 0, 0]).p == pytest.approx(0.25, abs=0.03)


def test_permutation_p_of_ten_differences() -> None:
    """Two of the 1,024 sign patterns are as large: too few to stop early."""
    assert paired([1] * 10, [0] * 10, seed=1).p == pytest.approx(2 / 1024, abs=0.0006)


def test_paired_takes_items_that_both_score() -> None:
    a = [1.0, None, 0.0, 1.0]
    b = [0.0, 1.0, None, 1.0]
    result = paired(a, b)
    assert (result.n, result.mean, result.nulls) == (2, 0.5, 2)
    assert paired(np.array(a, float), np.array(b, float)) == result


def test_paired_without_anything_to_compare() -> None:
    assert paired([], []) == (0, None, None, None, None, 0)
    assert paired([None], [1.0]) == (0, None, None, None, None, 1)
    assert paired([1.0], [0.0]) == (1, 1.0, None, None, None, 0)
    with pytest.raises(CxrError, match="1 values cannot be paired with 2"):
        paired([1.0], [1.0, 0.0])


def test_paired_by_patient() -> None:
    """Twelve rows of three patients test like three rows."""
    a, b, patients = [1.0] * 12, [0.0] * 12, [patient for patient in "pqr" for _ in range(4)]
    assert paired(a, b).p == pytest.approx(2 / 4096, abs=0.0005)
    assert paired(a, b, patients).p == pytest.approx(0.25, abs=0.03)
    assert paired(a, b, ["p"] * 12).p is None


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.6]) == [1.0, None, 1.0]
    assert holm([None, 0.02]) == [None, 0.02]
    assert holm([]) == []
