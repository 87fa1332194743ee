"""Reports a second of medspaCy, by its own interpreter, since its dependencies are others. stdin: terms, reports."""

import json
import sys
import time

import medspacy
from medspacy.ner import TargetRule

given = json.load(sys.stdin)
nlp = medspacy.load(medspacy_enable=["medspacy_pyrush", "medspacy_target_matcher", "medspacy_context"])
nlp.get_pipe("medspacy_target_matcher").add([TargetRule(phrase, name) for name, phrase in given["terms"]])
nlp(given["reports"][0])
start = time.perf_counter()
for report in given["reports"]:
    for entity in nlp(report).ents:
        entity._.is_negated, entity._.is_uncertain, entity._.is_historical  # noqa: B018 - what a user reads off
print(len(given["reports"]) / (time.perf_counter() - start))
