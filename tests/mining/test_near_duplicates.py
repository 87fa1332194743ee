"""Reports that say nearly the same."""

import random

from cxr_cli.mining.near_duplicates import LEAST_OVERLAP, Reports, shingles
from tests.cases import rows
from tests.conftest import Cxr
from tests.shared import needs_shared, openi_reports, report_text

NORMAL = "FINDINGS: The heart is of normal size. The lungs are clear. No effusion."


def twins(*reports: str) -> list[str | None]:
    with Reports() as seen:
        return [seen.near_duplicate(report, str(number)) for number, report in enumerate(reports)]


def test_case_punctuation_and_blanks_are_nothing() -> None:
    assert twins(NORMAL, "the heart is of NORMAL size - the XXXX lungs are clear; no ___ effusion", "Edema.") == [
        None,
        "0",
        None,
    ]


def test_only_what_is_found_counts() -> None:
    asked = "INDICATION: Cough for three weeks, rule out pneumonia.\n"
    assert twins(NORMAL, asked + NORMAL, "INDICATION: Cough.", "INDICATION: Cough.") == [None, "0", None, None]


def test_a_short_report_has_no_near_twin() -> None:
    assert twins("There is a left effusion.", "There is a right effusion.", "Effusion.", "effusion") == [
        None,
        None,
        None,
        "2",
    ]


def test_one_word_in_sixty_may_differ() -> None:
    words = [f"w{number}" for number in range(62)]  # 60 shingles, 3 of them with the word in the middle
    one, two = [*words], [*words]
    one[30] = two[30] = "other"
    two[10] = "more"
    assert twins(" ".join(words), " ".join(one), " ".join(two)) == [None, "0", None]


def test_a_text_that_is_no_report_takes_no_longer_than_it_must() -> None:
    long = " ".join(f"w{number}" for number in range(100_000))
    assert twins(long, f"{long} more", long) == [None, "0", "0"]


def test_no_pair_is_missed() -> None:
    draw = random.Random(1)
    reports: list[str] = []
    for _ in range(400):
        base = (draw.choice(reports).split() if reports and draw.random() < 0.8 else []) or [
            f"w{draw.randrange(40)}" for _ in range(draw.randrange(1, 150))
        ]
        for _ in range(draw.choice((0, 1, 1, 2, 3))):
            base[draw.randrange(len(base))] = f"w{draw.randrange(40)}"
        reports.append(" ".join(base))
    kept: list[int] = []
    slow: list[str | None] = []
    for number, report in enumerate(reports):
        own = shingles(report)
        near = (k for k in kept if len(own & shingles(reports[k])) / len(own | shingles(reports[k])) >= LEAST_OVERLAP)
        slow.append(next(map(str, near), None))
        if slow[-1] is None:
            kept.append(number)
    assert 20 < len(kept) < 380
    assert twins(*reports) == slow


def test_mine_drops_them_and_says_so(cxr: Cxr) -> None:
    studies = "".join(
        f'{{"id":"{id}","report":"{text}"}}\n' for id, text in [("a", "Edema."), ("b", "edema"), ("c", "")]
    )
    done = cxr("mine", "--dedupe", "--task", "anomaly", stdin=studies)
    assert [row["id"] for row in rows(done.stdout)] == ["a/anomaly"]
    assert done.stderr.startswith("cxr: 1 of 3 studies dropped: an earlier one has nearly the same report\n")
    done = cxr("mine", "--dedupe", "--per-finding", 1, "--findings", "edema", stdin=studies)
    assert [row["id"] for row in rows(done.stdout)] == ["a/binary/edema"]


@needs_shared
def test_how_many_there_are_of_real_ones() -> None:
    found = twins(*(report_text(row) for row in openi_reports()))
    assert len(found) - found.count(None) == 602
