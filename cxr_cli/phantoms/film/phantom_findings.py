"""The findings that can be drawn. Their words in reports are in `phantoms/wording.toml`."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from cxr_cli.phantoms.film import devices, findings
from cxr_cli.phantoms.film.anatomy import Chest
from cxr_cli.phantoms.film.body import Body
from cxr_cli.phantoms.film.canvas import Strokes
from cxr_cli.phantoms.film.drawn_finding import GRADES, DrawnFinding

LUNG_ZONES = ("upper", "mid", "lower")
_ONE = ("left", "right")
_BOTH = (*_ONE, "bilateral")


class PhantomFinding(NamedTuple):
    """How a finding may be drawn. One of the first three draws it.

    body: changes the body. chest: changes the chest that is drawn from the body. device: gives the strokes of a tube, a
    line or an implant. sizes: mm, from and to.
    course: between two films the finding may come and go ("goes"), come and stay ("stays"), or be there "always".
    """

    body: Callable[[Body, DrawnFinding], Body] | None = None
    chest: Callable[[Chest, DrawnFinding], None] | None = None
    device: Callable[[Chest, DrawnFinding], Strokes] | None = None
    sides: Sequence[str] = ()
    zones: Sequence[str] = ()
    grades: Sequence[str] = ()
    sizes: tuple[int, int] | None = None
    course: Literal["goes", "stays", "always"] = "goes"


PHANTOM_FINDINGS = {
    "cardiomegaly": PhantomFinding(body=findings.cardiomegaly, grades=GRADES),
    "pleural effusion": PhantomFinding(chest=findings.pleural_effusion, sides=_BOTH, grades=GRADES),
    "pneumothorax": PhantomFinding(chest=findings.pneumothorax, sides=_ONE, grades=GRADES),
    "consolidation": PhantomFinding(chest=findings.consolidation, sides=_ONE, zones=LUNG_ZONES),
    "atelectasis": PhantomFinding(chest=findings.atelectasis, sides=_BOTH, grades=GRADES[:2]),
    "nodule": PhantomFinding(chest=findings.nodule, sides=_ONE, zones=LUNG_ZONES, sizes=(12, 26), course="stays"),
    "mass": PhantomFinding(chest=findings.mass, sides=_ONE, zones=LUNG_ZONES, sizes=(40, 70), course="stays"),
    "edema": PhantomFinding(chest=findings.edema, grades=GRADES),
    "hyperinflation": PhantomFinding(body=findings.hyperinflation, course="always"),
    "elevated diaphragm": PhantomFinding(body=findings.elevated_diaphragm, sides=_ONE),
    "scoliosis": PhantomFinding(body=findings.scoliosis, grades=GRADES, course="always"),
    "fracture": PhantomFinding(body=findings.fracture, sides=_ONE, course="stays"),
    "pacemaker": PhantomFinding(device=devices.pacemaker, sides=_ONE),
    "endotracheal tube": PhantomFinding(device=devices.endotracheal_tube),
    "central line": PhantomFinding(device=devices.central_line, sides=_ONE),
    "chest tube": PhantomFinding(device=devices.chest_tube, sides=_ONE),
    "enteric tube": PhantomFinding(device=devices.enteric_tube),
    "sternotomy": PhantomFinding(device=devices.sternotomy, course="stays"),
}
