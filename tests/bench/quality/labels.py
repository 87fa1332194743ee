"""Figure 14: `cxr label` on Open-i, beside the published figures of NegBio and of the CheXpert labeler.

NegBio on Open-i: Wang et al. 2017, arXiv 1705.02315, Table 18 ("our method", the method that became NegBio), on the
human coding of Open-i, with Hernia in the total. The CheXpert labeler's speed: "about 5 reports per second", a user's
measurement, github.com/stanfordmlgroup/chexpert-labeler, issue 34; no figures of it on Open-i are published.
"""

import json
import resource
import subprocess
import sys
import time
from collections import Counter

from cxr_cli.findings import Lexicon, Reader
from cxr_cli.labelling.label_set import labels_of
from cxr_cli.labelling.labeller import Labeller
from tests.bench.quality.findings import f1
from tests.bench.speed.speed import one_core
from tests.shared import DATA, openi_labels, openi_reports, report_text

NEGBIO = {  # finding -> precision, recall, F1
    "Atelectasis": (0.887, 0.965, 0.924),
    "Cardiomegaly": (1.0, 0.855, 0.922),
    "Effusion": (0.966, 0.875, 0.918),
    "Infiltration": (0.81, 1.0, 0.895),
    "Mass": (1.0, 0.667, 0.8),
    "Nodule": (0.824, 0.7, 0.757),
    "Pneumonia": (0.444, 0.8, 0.571),
    "Pneumothorax": (0.8, 0.571, 0.667),
    "Consolidation": (0.778, 0.875, 0.824),
    "Edema": (0.769, 0.909, 0.833),
    "Emphysema": (0.941, 0.64, 0.762),
    "Fibrosis": (1.0, 1.0, 1.0),
    "Pleural_Thickening": (1.0, 0.75, 0.857),
    "Total": (0.898, 0.85, 0.873),
}
CHEXPERT_RATE = 5  # reports a second


def rate(name: str, reports: list[str]) -> float:
    """Reports a second of processor time, with nothing remembered from before."""
    lexicon = Lexicon.load()
    labeller = Labeller(Reader(lexicon), labels_of(name, lexicon))
    start = time.process_time()
    for report in reports:
        labeller.labels(report)
    return len(reports) / (time.process_time() - start)


def command(*flags: str) -> tuple[list[bytes], float]:
    """What `cxr label` prints for Open-i, and the seconds of processor time that it takes, start-up included."""
    reports = str(DATA / "openi" / "reports.csv")
    line = [sys.executable, "-m", "cxr_cli", "label", reports, "--map", "id=uid,report=findings+impression", *flags]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out.splitlines(), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def counts() -> dict[str, Counter[str]]:
    """finding -> tp, fp, fn, with a last line for all."""
    found = {name: Counter[str]() for name in NEGBIO}
    truth = openi_labels()
    for line in command("--set", "openi")[0]:
        row = json.loads(line)
        if row["uid"] in truth:
            for name in [*NEGBIO][:-1]:
                yes, true = (row["labels"] or {}).get(name) == 1, truth[row["uid"]][name]
                for counter in (found[name], found["Total"]):
                    counter["tp" if yes and true else "fp" if yes else "fn" if true else "tn"] += 1
    return found


def main() -> None:
    one_core()
    reports = [text for text in map(report_text, openi_reports()) if text]
    for name in ("chexpert", "openi", "all"):
        print(f"labels, set {name}: {rate(name, reports):.0f} reports/s of processor time")
    _, seconds = command("--format", "chexpert")
    speed = len(reports) / seconds
    print(f"cxr label --format chexpert: {speed:.0f} reports/s, start-up included; ", end="")
    print(f"the CheXpert labeler does about {CHEXPERT_RATE}: {speed / CHEXPERT_RATE:.0f} times as fast")
    print(f"{'Open-i':18}  ours: P     R     F1   NegBio: P     R     F1")
    for name, count in counts().items():
        precision, recall = count["tp"] / (count["tp"] + count["fp"]), count["tp"] / (count["tp"] + count["fn"])
        theirs = "  ".join(f"{value:.3f}" for value in NEGBIO[name])
        print(f"{name:18}  {precision:.3f}  {recall:.3f}  {f1(count):.3f}    {theirs}")
