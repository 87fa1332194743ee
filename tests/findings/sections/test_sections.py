"""How reports are cut: headings, titles, silent sections, bodies without a heading, several readings of a film."""

import pytest

from cxr_cli.findings import read
from cxr_cli.findings.sections import has_findings, plain_text, sections, why_silent
from cxr_cli.findings.sections.headings import kind_of
from cxr_cli.findings.sentences import sentences
from tests.bench.quality.layouts import agreement, openi_parts
from tests.findings.sections.layouts import LAYOUTS, Parts
from tests.shared import needs_shared

SILENT = """Indication|Clinical indication|Reason for this examination|Reason for study|History|Patient history
Past medical history|Clinical details|Clinical information|Indications|Technique|Comparison|Comparisons|Examination
Recommendation(s)|Recommendations|Notification|Clinical data|Chief complaint|NDICATION|Prior studies|Old films
Order comments|Admitting diagnosis|Type of exam
Relevant clinical history|Dictated by|Klinische Angaben""".replace("\n", "|").split("|")
SPEAKING = """Findings|Impression|Conclusion|Opinion|Narrative|Report|Body|Observations|Interpretation|Result|Summary
Findings and impression|Findings/Impression|FINDNGS|IMPRESION|Radiographic findings|Befund|Beurteilung|Final report
Impression and recommendation|Technique and findings""".replace("\n", "|").split("|")
FORMS = """{}: @|{}:@|{} - @|{} – @|{}:%@|{}%@|{}%%@|**{}:** @|**{}**: @|**{}**%@|**{}** @|# {}%%@|## {} ##%@|__{}__%@
1. {}: @|  {}:  @|<b>{}</b><br>@|<p><strong>{}</strong></p><p>@</p>|{}\t@|[{}] @|{}.%@|{}%--------%@|=== {} ===%@
* {}: @|{}:\r%@|{}\r@|{}:\\n@|{}&nbsp;: @|<h2>{}</h2>@""".replace("\n", "|").split("|")


def stated(report: str) -> set[str]:
    return {finding.name for finding in read(report) if finding.status == "present"}


def cut(report: str) -> list[tuple[str, str]]:
    """Name and text of the sections that have text."""
    found = [(s.name, report[s.start : s.end].strip()) for s in sections(report)]
    return [(name, text) for name, text in found if text]


@pytest.mark.parametrize("form", FORMS)
def test_a_heading_in_every_manner_of_writing(form: str) -> None:
    def headed(heading: str, text: str) -> str:
        return form.replace("%", "\n").format(heading).replace("@", text)

    wrong = []
    for case in (str, str.upper):
        for silent in SILENT:
            report = headed(case(silent), "Edema.") + "\n\n" + headed(case("Findings"), "Small left effusion.")
            wrong += [] if stated(report) == {"pleural effusion"} else [report]
        for speaking in SPEAKING:
            report = headed(case("Indication"), "Edema.") + "\n\n" + headed(case(speaking), "Small left effusion.")
            wrong += [] if stated(report) == {"pleural effusion"} else [report]
    assert wrong == []


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("INDICTAION", "indication"),
        ("Tecnique", "technique"),
        ("COMPARISION", "comparison"),
        ("Findings of the prior exam", "comparison"),
        ("Clinical findings", "indication"),
        ("History and findings", "findings"),
        ("WET READ", "preliminary"),
        ("Preliminary findings", "preliminary"),
        ("END OF IMPRESSION", "administrative"),
        ("Referring physician", "administrative"),
        ("PORTABLE CHEST X-RAY AT 5:45 AM", "title"),
        ("Chest, two views", "title"),
        ("Lungs", None),
        ("Location", None),
        ("Reasoning", None),
        ("Pleural effusion", None),
        ("Compared to the prior study", None),
        ("No comparison is available", None),
    ],
)
def test_what_a_phrase_heads(phrase: str, kind: str | None) -> None:
    assert kind_of(phrase) == kind


MIMIC = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PORTABLE AP)
 
 INDICATION:  ___ year old man with fever  // edema?
 
 COMPARISON:  ___ at 05:12, which showed a pneumothorax.
 
 The heart is enlarged.  There is a band of atelectasis at the
 left base.
 
 No effusion.
 
 IMPRESSION:  Atelectasis.
 
 RECOMMENDATION(S):  CT for a nodule.
 
 NOTIFICATION:  The mass was discussed with ___ at 9:30 AM.
"""  # noqa: W293


def test_a_raw_report_without_a_findings_heading() -> None:
    assert stated(MIMIC) == {"cardiomegaly", "atelectasis"}
    assert [name for name, _ in cut(MIMIC)] == [
        *("technique", "indication", "comparison", "findings", "impression", "recommendation", "notification")
    ]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("INDICATION: Edema.\n\nCHEST, TWO VIEWS:  Small effusion.", {"pleural effusion"}),
        ("HISTORY: Edema.\n\nPORTABLE CHEST X-RAY AT 5:45 AM: Small effusion.", {"pleural effusion"}),
        ("CHEST PA AND LATERAL\n\nSmall effusion.", {"pleural effusion"}),
        ("HISTORY: Edema.\nCOMPARISON: None.\nLungs: Clear.\nPleura: Small effusion.", {"pleural effusion"}),
        ("Reason for exam: Edema\nThere is a small effusion.\nChest: Effusion.", {"pleural effusion"}),
        ("COMPARISON: None. There is a small effusion. IMPRESSION: Effusion.", {"pleural effusion"}),
        ("INDICATION:\nThere is a small effusion.\nIMPRESSION: Effusion.", {"pleural effusion"}),
        ("COMPARISON:\n\nThere is a small effusion.\n\nIMPRESSION: Effusion.", {"pleural effusion"}),
        ("CHEST 2 VIEWS INDICATION: Edema COMPARISON: None FINDINGS: Small effusion.", {"pleural effusion"}),
        ("indication: edema. findings: small effusion. impression: effusion.", {"pleural effusion"}),
        ("FINDINGS: Effusion.\n\nEXAM: ABDOMEN\nFINDINGS: Edema.", {"pleural effusion", "edema"}),
        ("FINDINGS AND IMPRESSION: Effusion. IMPRESSION: Edema.", {"pleural effusion", "edema"}),
        ("INDICATION: Cough.\n\nIMPRESSION: Effusion.", {"pleural effusion"}),
        ("FINDINGS The lungs are clear.\nIMPRESSION Effusion.", {"pleural effusion"}),
        ("CLINICAL HISTORY\nEDEMA.\n\nFINDINGS\nEFFUSION.", {"pleural effusion"}),
        ("findings colon small effusion period no edema period impression colon effusion", {"pleural effusion"}),
        (
            '<AbstractText Label="INDICATION">Edema</AbstractText><AbstractText Label="FINDINGS">Effusion.',
            {"pleural effusion"},
        ),
        ("DIAGNOSIS: Edema.\nFINDINGS: Effusion.", {"pleural effusion"}),
        ("FINDINGS: Effusion.\nDIAGNOSIS: Edema.", {"pleural effusion", "edema"}),
        ("IMPRESSION:\n1. Effusion.\nEND OF IMPRESSION:\nSUMMARY: 2-ABNORMAL", {"pleural effusion"}),
        # nothing is invented
        ("INDICATION: Cough.\n\nRule out edema.\n\nFINDINGS: Effusion.", {"pleural effusion"}),
        (
            "INDICATION: A man with a long story of fever, cough and\nEdema in May.\n\nFINDINGS: Effusion.",
            {"pleural effusion"},
        ),
        ("TECHNIQUE:\n\nPA and lateral.\n\nFINDINGS: Effusion.", {"pleural effusion"}),
        ("COMPARISON: Film of May 5. Edema was seen there.\n\nIMPRESSION: Effusion.", {"pleural effusion"}),
        ("COMPARISON: Film of May 5. Pneumonia was seen there.\n\nIMPRESSION: Effusion.", {"pleural effusion"}),
        ("COMPARISON: 12 May. Edema.", {"edema"}),
        ("TECHNIQUE: PA and lateral chest.\nModerate emphysema.", {"emphysema"}),
        ("FINDINGS: Effusion.\n\nRECOMMENDATIONS:\n1. CT for a nodule.\n\n2. Treat edema.", {"pleural effusion"}),
        # a text without headings is read whole
        ("There is an effusion. Compared to the prior film: edema.", {"pleural effusion", "edema"}),
        ("The location: an effusion on the left; comparison is made.", {"pleural effusion"}),
    ],
)
def test_what_is_read(report: str, expected: set[str]) -> None:
    assert stated(report) == expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ("WET READ: ABC MON 9:12 PM\n Nodule.\n _______\n FINAL REPORT\n FINDINGS: No nodule. Edema.", {"edema"}),
        ("WET READ: Small effusion.\nFINAL REPORT\nFINDINGS: Edema.", {"pleural effusion", "edema"}),
        ("PRELIMINARY REPORT\nFINDINGS: Nodule.\nFINAL REPORT\nFINDINGS: Clear lungs. No nodule.", set()),
        ("PRELIMINARY REPORT\nFINDINGS: Nodule.", {"nodule"}),
        ("ADDENDUM: There is no nodule.\n______\nFINAL REPORT\nFINDINGS: Nodule. Edema.", {"edema"}),
        ("FINDINGS: No nodule.\nADDENDUM BY DR ___:\nNodule in the left apex.", {"nodule"}),
        ("FINDINGS: Right effusion.\nADDENDUM: No left effusion.", {"pleural effusion"}),
        ("FINDINGS: Nodule.\nADDENDUM: No other abnormality.", {"nodule"}),
    ],
)
def test_which_reading_counts(report: str, expected: set[str]) -> None:
    assert stated(report) == expected


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ("INDICATION: edema.\nCOMPARISON: None.\nTECHNIQUE: PA and lateral.", "no findings section"),
        ("INDICATION:\n\nEdema.", "no findings section"),
        ("ST. MARY HOSPITAL\nPatient name: ___\nINDICATION: edema.", "no findings section"),
        ("INDICATION: edema.\nFINDINGS: ___\nIMPRESSION: See above.", "no findings section"),
        ("CHEST, TWO VIEWS", "no findings section"),
        (" \n", "no report"),
        ("Normal.", None),
        ("INDICATION: edema.\nIMPRESSION: Normal.", None),
    ],
)
def test_a_report_without_findings(report: str, reason: str | None) -> None:
    assert (why_silent(report), has_findings(report)) == (reason, reason is None)


def test_places_are_those_of_the_report_as_it_was_given() -> None:
    report = "<b>INDICATION</b>: edema.<br>FINDINGS:\\r\\nNo&nbsp;edema.\r\nSmall &lt; 3 cm effusion."
    assert [report[f.start : f.end] for f in read(report)] == ["edema", "effusion"]
    assert len(plain_text(report)) == len(report)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Heart normal\nLungs clear\nNo effusion", ["Heart normal", "Lungs clear", "No effusion"]),
        ("A small effusion is seen on the left, and\nRight lung is clear.", 1),
        ("There is a small effusion on the left with\nPICC in place.", 1),
        ("THERE IS A SMALL\nLEFT EFFUSION AND THE HEART IS LARGE.", 1),
    ],
)
def test_lines_that_are_sentences_and_lines_that_are_wrapped(text: str, expected: list[str] | int) -> None:
    found = [text[s.start : s.end] for s in sentences(text)]
    assert found == expected if isinstance(expected, list) else len(found) == expected


OWN = [
    Parts(
        "There is a small left pleural effusion. The heart is enlarged. No pneumothorax.",
        "1. Cardiomegaly.",
        "Fever.",
        "",
    ),
    Parts("Lungs are clear. Heart size is normal.", "No acute disease.", "Chest pain, r/o mass.", "XXXX."),
    Parts("Patchy opacity in the right lower lobe. No effusion.", "Right lower lobe pneumonia.", "Cough", "None."),
    Parts(
        "Mild edema. Right PICC ends in the SVC. Old rib fracture.", "Edema. Rib fracture.", "Dyspnea", "May 5, 2010"
    ),
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_keep_what_our_own_reports_say(layout: str) -> None:
    found = agreement(LAYOUTS[layout], OWN)
    assert (found.kept, found.invented) == (found.wanted, 0)


@needs_shared
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_keep_what_openi_says(layout: str) -> None:
    reports = openi_parts()[::12]
    found = agreement(LAYOUTS[layout], reports)
    assert found.kept >= 0.985 * found.wanted
    assert found.invented <= 0.002 * found.wanted


@pytest.mark.parametrize(
    ("report", "present"),
    [
        (
            "| Part | Finding |\n|---|---|\n| Heart | Enlarged |\n| Pleura | No effusion. ? air |",
            {"cardiomegaly"},
        ),
        ("~~Right pleural effusion.~~ Left basal atelectasis.", {"atelectasis"}),
        ("<del>Right pleural effusion.</del> Left basal atelectasis.", {"atelectasis"}),
        ("<p>No pneumothorax<br>\nor effusion.</p><p>Cardiomegaly.</p>", {"cardiomegaly"}),
        ("PRELIM (night resident): left effusion.\nFINAL (staff): Scarring at the base. No effusion.", {"scarring"}),
        ("WET READ 03:10: Edema.\nFINAL: Cardiomegaly. There is no edema.", {"cardiomegaly"}),
        ("FINDINGS: Possible rib fracture.\n\nADDENDUM (next morning):\nThere is no fracture.", set()),
        ("> **Previous report (02/03):** Left effusion.\n\n**Findings**\n\n* Cardiomegaly.", {"cardiomegaly"}),
        ("Comparison: yesterday. Dense consolidation of the left lower lobe persists.", {"consolidation"}),
        ("71F, fall. Hx CCF, pneumonia. ?pneumothorax\n\nCXR AP supine\nSmall left effusion.", {"pleural effusion"}),
        ("8 y with asthma, pneumonia last month.\nThe lungs are clear.", set()),
        ("80-year-old man with a small left effusion.", {"pleural effusion"}),
    ],
)
def test_what_wraps_a_report(report: str, present: set[str]) -> None:
    assert stated(report) == present


def test_a_table_keeps_its_places() -> None:
    report = "| Heart | Enlarged |\n| Pleura | No effusion |"
    assert [report[f.start : f.end] for f in read(report)] == ["Heart | Enlarged", "effusion"]


def test_a_comparison_that_tells_what_is_seen_is_the_body() -> None:
    report = "FINDINGS: Chest  Comparison: There is a dense mass in the lingula.\nIMPRESSION: Mass."
    assert [(s.name, report[s.start : s.end].strip()) for s in sections(report)] == [
        ("findings", "Chest"),
        ("comparison", ""),
        ("findings", "There is a dense mass in the lingula."),
        ("impression", "Mass."),
    ]
    earlier = "COMPARISON: A film of May, on which there is a nodule.\nIMPRESSION: Clear lungs."
    assert [s.name for s in sections(earlier)] == ["comparison", "impression"]
