"""Findings as spans of a spaCy document, with the extra `spacy`.

import cxr_cli.adapters.spacy_component
nlp.add_pipe("cxr_findings", config={"lexicon": "my-lexicon.toml"})
for span in nlp("No edema.").spans["findings"]:
    print(span.text, span.label_, span._.finding.status)      # edema edema absent
"""

from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc, Span

from cxr_cli.findings import Finding
from cxr_cli.library.rules import Rules


def finding_of(span: Span) -> Finding | None:
    values = (span._.cxr_findings or {}).get(span.label_)
    return values and Finding(*values[:-2], *(span.start_char + offset for offset in values[-2:]))


# Of the extensions spaCy keeps those alone that hold plain values when a document goes to another process or into
# another document: label -> the finding's values, its place counted from the span. Two findings may stand at one place.
Span.set_extension("cxr_findings", default=None, force=True)
Span.set_extension("finding", getter=finding_of, force=True)


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
            place = (finding.start - span.start_char, finding.end - span.start_char)
            span._.cxr_findings = {**(span._.cxr_findings or {}), finding.name: [*finding[:-2], *place]}
            doc.spans["findings"].append(span)
        return doc
