"""The data sets of the field, by name, and what each module of one defines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cxr_cli.registry import Registry
from cxr_cli.rows import Source

SOURCES = Registry(
    {
        "mimic-cxr": "cxr_cli.sources.mimic_cxr:DATA_SET",
        "chexpert": "cxr_cli.sources.chexpert:DATA_SET",
        "chexpert-plus": "cxr_cli.sources.chexpert_plus:DATA_SET",
        "ms-cxr-t": "cxr_cli.sources.ms_cxr_t:DATA_SET",
        "rsna": "cxr_cli.sources.rsna:DATA_SET",
        "siim": "cxr_cli.sources.siim:DATA_SET",
        "openi": "cxr_cli.sources.openi:DATA_SET",
        "vindr-cxr": "cxr_cli.sources.vindr:DATA_SET",
        "rexvqa": "cxr_cli.sources.question_sets.rexvqa:DATA_SET",
        "vqa-rad": "cxr_cli.sources.question_sets.vqa_rad:DATA_SET",
        "slake": "cxr_cli.sources.question_sets.slake:DATA_SET",
        "mimic-diff-vqa": "cxr_cli.sources.question_sets.mimic_diff_vqa:DATA_SET",
        "mimic-cxr-vqa": "cxr_cli.sources.question_sets.mimic_cxr_vqa:DATA_SET",
        "pmc-vqa": "cxr_cli.sources.question_sets.pmc_vqa:DATA_SET",
        "chexbench": "cxr_cli.sources.question_sets.chexbench:DATA_SET",
        "padchest-gr": "cxr_cli.sources.question_sets.padchest_gr:DATA_SET",
    }
)


@dataclass(frozen=True)
class DataSet:
    """A data set of the field as it is downloaded.

    signs: the files by which a folder of it is recognised, for messages. fits: is a folder one? Cheap: it looks at a
    few names. find: gives the Study rows; it takes what stands after the colon of NAME:FOLDER, an existing path or
    several joined by colons.
    """

    signs: str
    fits: Callable[[Path], bool]
    find: Callable[[str], Source]
