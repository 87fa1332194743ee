"""The status of words that are no finding: that of a finding in their place.

"The aortic knob is not calcified": of "calcified" the engine says what it says of a pneumothorax that stands there.
"""

from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.findings import reader as findings_reader

_FAR = 600  # characters
_STAND_IN_FINDING = "pneumothorax"


def stand_in_status(reader: OptionReader, a: int, b: int, start: int, end: int) -> str | None:
    """The status of text[a:b] in the sentence text[start:end]: that of a finding in its place.

    Of a sentence that never ends the words near by are read, so that many such places cost no more than their number.
    """
    before = reader.text[max(start, a - _FAR) : a]
    findings = findings_reader().read(before + _STAND_IN_FINDING + reader.text[b : min(end, b + _FAR)])
    return next((f.status for f in findings if f.start <= len(before) < f.end), None)
