"""The shares of RadRScore on observations as texts."""

import pytest

from cxr_cli.findings import observations, reader
from cxr_cli.scoring.metrics.radrscore import effective_share, recalled_share

LUNGS_CLEAR = "The lungs are clear."


@pytest.mark.parametrize(
    ("predicted", "reference", "effective", "recalled"),
    [
        ("No consolidation is seen.", "No consolidation.", 1.0, 1.0),
        ("No consolidation is seen.", LUNGS_CLEAR, 0.5, 0.0),  # clear lungs deny more
        (LUNGS_CLEAR, "No consolidation.", 0.0, 0.0),  # and are not denied by less
        ("No right consolidation.", "The left lung is clear.", 0.0, 0.0),
        ("There is consolidation.", LUNGS_CLEAR, 0.0, 0.0),
        ("No pneumothorax is seen.", LUNGS_CLEAR, 0.0, 0.0),  # the pleura is no lung
    ],
)
def test_a_broader_denial_of_the_reference_is_half(
    predicted: str, reference: str, effective: float, recalled: float
) -> None:
    engine = reader()
    p, g = observations([predicted], engine), observations([reference], engine)
    assert effective_share(p, g, engine.lexicon) == effective
    assert recalled_share(p, g, engine.lexicon) == recalled
