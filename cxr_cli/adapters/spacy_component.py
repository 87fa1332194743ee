"""Findings as spans of a spaCy document, with the extra `spacy`.

import cxr_cli.adapters.spacy_component
nlp.add_pipe("cxr_findings", config={"lexicon": "my-lexicon.toml"})
for span in nlp("No edema.").spans["findings"]:
    print(span.text, span.label_, span._.finding.status)      # edema edema absent
"""

from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc, Span

from cxr_cli.library.rules import Rules


def _place_of(span: Span) -> tuple[object, ...]:
    """Two findings may stand at one place."""
    return ("cxr_finding", span.start_char, span.end_char, span.label_)


Span.set_extension("finding", getter=lambda span: span.doc.user_data.get(_place_of(span)), force=True)


@Language.factory("cxr_findings", assigns=["doc.spans"], default_config={"lexicon": None})  # type: ignore[untyped-decorator]
def finding_component(nlp: Language, name: str, lexicon: str | None) -> "FindingComponent":
    return FindingComponent(Rules(lexicon))


@dataclass(frozen=True)
class FindingComponent:
    """Sets `doc.spans["findings"]`: one span a finding, widened to whole tokens, the finding's name as its label, and
    the Finding itself as `span._.finding`."""

    rules: Rules

    def __call__(self, doc: Doc) -> Doc:
        doc.spans["findings"] = []
        for finding in self.rules.read(doc.text):
            span = doc.char_span(finding.start, finding.end, label=finding.name, alignment_mode="expand")
            doc.user_data[_place_of(span)] = finding
            doc.spans["findings"].append(span)
        return doc
