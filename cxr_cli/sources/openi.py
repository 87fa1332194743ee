"""Open-i, the chest X-rays of Indiana University, in three forms.

    ecgen-radiology/1.xml               as the National Library of Medicine serves it (NLMCXR_reports.tgz)
    CXR1_1_IM-0001-3001.png             beside it, in any folder: NLMCXR_png.tgz, or DICOM, 1/1_IM-0001-3001.dcm
    indiana_reports.csv                 as on Kaggle: uid,MeSH,Problems,image,indication,comparison,findings,impression
    indiana_projections.csv             uid,filename,projection; the films in images/images_normalized/
    reports.csv                         the same table of reports alone

    {"id": "CXR1", "report": "FINDINGS: ..\\nIMPRESSION: ..", "images": ["CXR1_1_IM-0001-3001.png", ..],
     "labels": {"Cardiomegaly": 1}, "source": "openi"}

Demner-Fushman et al. 2016, doi 10.1093/jamia/ocv080. Labels are the MeSH headings that people coded: they are present.
A finding that is not coded has no label.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

from cxr_cli.rows import Item, Row
from cxr_cli.rows.files.lines import escaped_text
from cxr_cli.rows.mapping import join_sections
from cxr_cli.sources.data_sets import DataSet
from cxr_cli.sources.formats.data_set_csv import find_films, in_one_folder, read_table, starts_with

XML = "ecgen-radiology"
REPORT_TABLES = ("indiana_reports.csv", "reports.csv")
PROJECTIONS = "indiana_projections.csv"
HEADINGS_WITHOUT_LABEL = ("No Indexing", "Technical Quality of Image Unsatisfactory")
REPORT_SECTIONS = ("findings", "impression")


def fits(folder: Path) -> bool:
    return _xml(folder) is not None or _report_table(folder) is not None


def _xml(folder: Path) -> Path | None:
    return next((path for path in (folder / XML, *folder.glob(f"*/{XML}")) if path.is_dir()), None)


def _report_table(folder: Path) -> Path | None:
    return next((path for table in REPORT_TABLES if starts_with(path := folder / table, b"uid,MeSH")), None)


def _items(folder: Path) -> Iterator[Item]:
    table, xml = _report_table(folder), _xml(folder)
    if table is not None:
        yield from _from_table(table, _projections(folder))
    elif xml is not None:
        paths = find_films(folder)
        for path in sorted(xml.glob("*.xml"), key=lambda path: (len(path.name), path.name)):
            yield _from_xml(path, paths)


DATA_SET = DataSet(
    f"{XML}/1.xml, {REPORT_TABLES[0]}, or {REPORT_TABLES[1]} beginning with uid,MeSH", fits, in_one_folder(_items)
)


def _from_table(path: Path, projections: dict[str, list[tuple[str, bool]]]) -> Iterator[Item]:
    for where, row, reason in read_table(path, ("uid", "MeSH", *REPORT_SECTIONS)):
        if reason is not None:
            yield where, row, reason
        else:
            study = _study(row["uid"], row, (row["MeSH"] or "").split(";"))
            study_films = projections.get(row["uid"], [])
            laterals = [film for film, lateral in study_films if lateral]
            study["images"] = [film for film, lateral in study_films if not lateral]
            yield where, study | {"laterals": laterals} if laterals else study, None


def _projections(folder: Path) -> dict[str, list[tuple[str, bool]]]:
    """uid -> the path of each of its films, and whether it is a lateral."""
    projections: dict[str, list[tuple[str, bool]]] = {}
    if (path := folder / PROJECTIONS).is_file():
        for _, row, reason in read_table(path, ("uid", "filename", "projection")):
            if reason is None:
                film = f"images/images_normalized/{row['filename']}"
                projections.setdefault(row["uid"], []).append((film, row["projection"] == "Lateral"))
    return projections


def _from_xml(path: Path, paths: dict[str, str]) -> Item:
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as error:
        return str(path), escaped_text(path.read_bytes()), f"broken XML in line {error.position[0]}"
    texts = {(part.get("Label") or "").lower(): part.text for part in root.iter("AbstractText")}
    study = _study(path.stem, texts, (major.text or "" for major in root.iter("major")))
    names = [image.get("id", "") for image in root.iter("parentImage")]
    # the film CXR1_1_IM-0001-3001 has the DICOM file 1_IM-0001-3001.dcm
    films = [paths.get(name) or paths.get(name.partition("_")[2]) for name in names]
    study["images"] = [film for film in films if film]
    if missing := films.count(None):
        study["why"] = study.get("why", {}) | {"images": f"{missing} of {len(films)} films are not in this folder"}
    return str(path), study, None


def _study(uid: str, texts: Row, headings: Iterable[str]) -> Row:
    """headings: of "Cardiomegaly/borderline" the first part counts."""
    names = [heading.partition("/")[0].strip() for heading in headings]
    labels = {
        "No Finding" if name == "normal" else name: 1 for name in names if name and name not in HEADINGS_WITHOUT_LABEL
    }
    study: Row = {
        "id": f"CXR{uid.removeprefix('CXR')}",
        "report": join_sections({name: texts.get(name) for name in REPORT_SECTIONS}),
    }
    if study["report"] is None:  # with labels alone it would give steps that nothing can verify
        return study | {"source": "openi", "why": {"report": "no findings and no impression"}}
    return study | {"labels": labels, "source": "openi"}
