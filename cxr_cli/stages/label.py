"""The stage `cxr label`: adds to each report the labels that it states, or compares them with gold labels."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from cxr_cli.errors import CxrError
from cxr_cli.labelling import readings
from cxr_cli.labelling.gold import Gold
from cxr_cli.labelling.label_tables import flat_row, label_table
from cxr_cli.library.rules import Rules
from cxr_cli.rows import Flow, FlowOptions, Row, Signed, note, write_text
from cxr_cli.rows.files.csv_format import csv_line
from cxr_cli.rows.files.formats import is_csv
from cxr_cli.sources.inputs import labeler_csv
from cxr_cli.sources.shapes import own_shape


@dataclass(frozen=True)
class LabelOptions:
    """label_set: a name, None for `chexpert`, or for `all` where `findings` are named. findings: names between commas.
    format: a name in LABEL_TABLES. mentions, sections: add these keys. explain: print what was read. gold: a file of
    labels to compare with. lexicon: a file. jobs: processes."""

    flow: FlowOptions
    label_set: str | None = None
    findings: str | None = None
    format: str | None = None
    mentions: bool = False
    sections: bool = False
    explain: bool = False
    gold: str | None = None
    lexicon: str | None = None
    jobs: int = 1


def run(options: LabelOptions) -> int:
    """Writes the labelled rows, or prints how they agree with gold labels. Returns how many rows were rejected."""
    labelling = _Labelling(options)
    return labelling.compare() if options.gold else labelling.write()


class _Labelling:
    """One run: the labels by the options, and where they go."""

    def __init__(self, options: LabelOptions) -> None:
        self.options, self.table = options, label_table(options.format) if options.format else None
        rules = Rules(options.lexicon)
        self.lexicon = rules.reader.lexicon
        self.additions = rules.row_labeller(
            options.label_set, options.findings, mentions=options.mentions, sections=options.sections
        )
        self.labeller, self.labelled_by = self.additions.labeller, self.additions.signature
        self.reader = self.labeller.reader

    def write(self) -> int:
        """The rows, each with its labels; as a CSV file in columns."""
        printed = self.table is not None and self.options.flow.output is None
        flow = self._flow(dry_run=printed)
        if printed:
            flow.pipe(lambda rows: self._print(self._labelled(rows, flow)))
        else:
            signed = None if self.table else Signed("labelled_by", self.labelled_by)
            flow.pipe(lambda rows: map(self._shaped, self._labelled(rows, flow)), signed=signed)
        return flow.rejected

    def compare(self) -> int:
        """Prints precision, recall, F1 and kappa; the rows that differ go to the output."""
        from cxr_cli.scoring.label_agreement import LabelAgreement, document
        from cxr_cli.scoring.tables.format_table import formatted

        options = self.options
        id_columns = options.flow.mapping.get("id", ())
        source = labeler_csv.find(str(options.gold))
        gold = Gold(source, self.labeller.names, self.lexicon, id_columns[0] if len(id_columns) == 1 else None)
        agreement = LabelAgreement(gold.names)
        flow = self._flow(dry_run=options.flow.output is None)
        without_gold = silent = 0

        def differing(rows: Iterable[Row]) -> Iterator[Row]:
            nonlocal without_gold, silent
            for row in self._labelled(rows, flow):
                gold_labels, labels = gold.labels(row), row["labels"]
                without_gold += gold_labels is None
                silent += gold_labels is not None and labels is None
                if gold_labels is not None and labels is not None:
                    ours = labels if gold.has_blanks else {name: value or 0 for name, value in labels.items()}
                    if differs := agreement.add(ours, gold_labels, row.get("patient") or row["id"]):
                        yield {**row, "gold": gold_labels, "differs": differs}

        flow.pipe(differing, signed=Signed("labelled_by", self.labelled_by))
        if not len(agreement):
            raise CxrError(f"--gold: no report with an id of {options.gold} can be compared")
        notes = [
            f"{len(agreement)} reports compared with {source.name}",
            *(["it has no blanks: a label that the report does not state counts as 0"] if not gold.has_blanks else []),
            *([f"no labels in it of: {', '.join(gold.missing)}"] if gold.missing else []),
            *([f"left out: {without_gold} reports that are not in it"] if without_gold else []),
            *([f"left out: {silent} reports without findings to read"] if silent else []),
            *([f"left out: {gold.unused} of its rows, which have no report"] if gold.unused else []),
        ]
        table = document(agreement, notes, self.labelled_by)
        write_text(formatted(table, "table").rstrip("\n"))
        return flow.rejected

    def _flow(self, *, dry_run: bool) -> Flow:
        flow, gold = self.options.flow, self.options.gold
        find = partial(labeler_csv.find, column="+".join(flow.mapping.get("report", ())) or None)
        settings = {"format": self.options.format, "labels": self.labelled_by} if self.table else {}
        protected = (gold,) if gold else ()
        return Flow(flow, find_source=find, shape=own_shape, protected=protected, dry_run=dry_run, settings=settings)

    def _labelled(self, rows: Iterable[Row], flow: Flow) -> Iterator[Row]:
        for row, additions in flow.each(self.additions, iter(rows), self.options.jobs):
            if self.options.explain:
                note(*readings.explained_reading(row["id"], row["report"] or "", self.reader))
            yield row | additions

    def _shaped(self, row: Row) -> Row:
        """As the output takes it: a table of another tool, a CSV file with a column for each label, or the row."""
        if self.table:
            return self.table.row(row)
        output = self.options.flow.output
        if output is None or not is_csv(output):
            return row
        if clashes := [name for name in self.labeller.names if name in row]:
            raise CxrError(f"{output}: the rows have a column `{clashes[0]}` already: write .jsonl, or give --format")
        return flat_row(row, self.labeller.names)

    def _print(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Prints the table; gives no rows."""
        for number, row in enumerate(map(self._shaped, rows)):
            if not number:
                write_text(csv_line(row))
            write_text(csv_line(row.values()))
        return iter(())
