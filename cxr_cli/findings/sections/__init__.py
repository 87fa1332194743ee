"""How a report is cut into its sections.

>>> [section[:3] for section in sections("INDICATION: Cough. FINDINGS: Clear lungs.")]
[('indication', 12, 19), ('findings', 29, 41)]
"""

from cxr_cli.findings.sections.cutting import (
    NO_FINDINGS,
    NO_REPORT,
    WITHOUT_FINDINGS,
    Section,
    has_findings,
    sections,
    why_silent,
)
from cxr_cli.findings.sections.markup_signs import plain_text

__all__ = [
    "NO_FINDINGS",
    "NO_REPORT",
    "WITHOUT_FINDINGS",
    "Section",
    "has_findings",
    "plain_text",
    "sections",
    "why_silent",
]
