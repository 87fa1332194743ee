"""What `cxr label` adds to a row: the labels that its report states."""

from cxr_cli.errors import RowError
from cxr_cli.findings.sections import why_silent
from cxr_cli.labelling import readings
from cxr_cli.labelling.labeller import Labeller
from cxr_cli.records import Row, merge_reasons
from cxr_cli.rows.signatures import in_use, listed, signature


class RowLabeller:
    """label_set: the name of the labeller's set. by_name: were its labels chosen by name? mentions, sections: adds
    these keys. signature: of all that changes a row."""

    def __init__(
        self, labeller: Labeller, label_set: str, *, by_name: bool, mentions: bool = False, sections: bool = False
    ) -> None:
        self.labeller, self.mentions, self.sections = labeller, mentions, sections
        settings = in_use(findings=listed(labeller.names) if by_name else "", mentions=mentions, sections=sections)
        self.signature = signature("rules", labeller.reader.lexicon.digest, set=label_set, **settings)

    def __call__(self, row: Row) -> Row:
        """The keys that the row gets: its `labels`; null, with the reason, where no findings can be read. RowError: it
        has no report."""
        if "report" not in row:
            raise RowError("", "no report (if it has another name: --map report=COLUMN)")
        report = row["report"] or ""
        reason = why_silent(report)
        result: Row = {"labels": None if reason else self.labeller.labels(report)}
        if self.mentions:
            result["mentions"] = readings.mentions(report, self.labeller.reader)
        if self.sections:
            result["sections"] = readings.section_rows(report)
        why = merge_reasons(row, ["labels"], {"labels": reason} if reason else {})
        return result | {"labelled_by": self.signature} | why
