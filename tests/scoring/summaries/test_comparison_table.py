"""The table of `cxr score --compare` in each format, in literals."""

import json

from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from tests.scoring.summaries.test_comparison import add, printed, three

TABLE = """\
task    metric    model   n  nulls   mean     95% interval       p
binary  accuracy  a      20      0  1.000*  [1.000, 1.000]    best
                  b      20      0  0.000   [0.000, 0.000]  <0.001
                  c_1    19      1  1.000*  [1.000, 1.000]    best
single  accuracy  a       1      0  1.000                -    best
                  b       1      0  1.000                -    best
all     accuracy  a      20      0  1.000*  [1.000, 1.000]    best
                  b      20      0  0.000   [0.000, 0.000]  <0.001
                  c_1    19      1  1.000*  [1.000, 1.000]    best

*: the best, and those that do not differ significantly (p 0.05 or more); no mark where no model
    differs

null scores, left out of the means:
  c_1: accuracy: 1 judge: refused

21 items, 3 models; intervals: 1000 bootstrap draws by patient, seed 0
p: against the best, on the items that both score; a paired sign-flip test, up to 10,000 draws by
    patient, seed 0; corrected for all pairs of models in a line (Holm)
note: binary: on the 20 items that all its models have; left out: a 1, b 1
note: single: no rows of c_1
note: all: on the items that all models with that metric share
note: where models differ in nulls, their means are over different items; p is over items that both
    score
scored_by: judge:x
"""


def test_table() -> None:
    assert printed(Comparison(three(), common=True), "table") == TABLE


def test_markdown() -> None:
    shown = printed(Comparison(three(), common=True), "markdown").splitlines()
    assert shown[:7] == [
        "| task | metric | model | n | nulls | mean | 95% interval | p |",
        "| :-- | :-- | :-- | --: | --: | --: | --: | --: |",
        "| binary | accuracy | a | 20 | 0 | **1.000** | [1.000, 1.000] | best |",
        "|  |  | b | 20 | 0 | 0.000 | [0.000, 0.000] | \\<0.001 |",
        "|  |  | c_1 | 19 | 1 | **1.000** | [1.000, 1.000] | best |",
        "| single | accuracy | a | 1 | 0 | 1.000 | - | best |",
        "|  |  | b | 1 | 0 | 1.000 | - | best |",
    ]
    assert shown[10:14] == [
        "",
        "- bold: the best, and those that do not differ significantly (p 0.05 or more); no mark where no model differs",
        "- null scores, left out of the means:",
        "  - c_1: accuracy: 1 judge: refused",
    ]
    assert shown[-1] == "- `scored_by: judge:x`"


def test_latex() -> None:
    shown = printed(Comparison(three(), common=True), "latex").splitlines()
    assert shown[:11] == [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{lllrrrrr}",
        r"\toprule",
        r"task & metric & model & n & nulls & mean & 95\% interval & p \\",
        r"\midrule",
        r"binary & accuracy & a & 20 & 0 & \textbf{1.000} & [1.000, 1.000] & best \\",
        r" &  & b & 20 & 0 & 0.000 & [0.000, 0.000] & \textless{}0.001 \\",
        r" &  & c\_1 & 19 & 1 & \textbf{1.000} & [1.000, 1.000] & best \\",
        r"\midrule",
        r"single & accuracy & a & 1 & 0 & 1.000 & - & best \\",
        r" &  & b & 1 & 0 & 1.000 & - & best \\",
    ]
    assert r"\par{\footnotesize c\_1: accuracy: 1 judge: refused\par}" in shown
    assert shown[-1] == "% scored_by: judge:x"


def test_csv() -> None:
    assert printed(Comparison(three(), common=True), "csv").splitlines()[:6] == [
        "task,metric,centre,model,n,nulls,mean,low,high,best,bold,p,reasons",
        "binary,accuracy,all,a,20,0,1.0,1.0,1.0,True,True,,",
        "binary,accuracy,all,b,20,0,0.0,0.0,0.0,False,False,0.00029997000299970003,",
        "binary,accuracy,all,c_1,19,1,1.0,1.0,1.0,True,True,1.0,1 judge: refused",
        "single,accuracy,all,a,1,0,1.0,,,True,False,,",
        "single,accuracy,all,b,1,0,1.0,,,True,False,,",
    ]


def test_json() -> None:
    document = json.loads(printed(Comparison(three(), common=True, seed=4), "json"))
    assert (document["models"], document["items"]) == (["a", "b", "c_1"], {"binary": 20, "single": 1})
    assert (document["seed"], document["resampled_by"]) == (4, "patient")
    assert document["lines"][2]["reasons"] == {"judge: refused": 1}
    assert document["pairs"][1]["p_holm"] == 1.0
    assert document["signatures"]["c_1"] == {"scored_by": {"judge:x": 20}}
    assert document["notes"][1] == "single: no rows of c_1"


def test_no_model_is_bold_where_none_can_be_told() -> None:
    matrix = ScoreMatrix()
    for n, (a, b) in enumerate([(1, 0), (1, 1), (0, 1), (1, 1)]):
        add(matrix, "a", n, a)
        add(matrix, "b", n, b)
    found = Comparison(matrix).lines
    assert [(line.mean, line.best, line.bold) for line in found] == [(0.75, True, False), (0.75, True, False)]
    assert "*" not in printed(Comparison(matrix), "table")
