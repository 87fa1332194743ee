"""`cxr label`: reports in, labels out."""

import csv
from pathlib import Path

import pytest

from cxr_cli.rows.signatures import signature
from tests.cases import LEXICON, lines, rows
from tests.conftest import Cxr
from tests.mimic_tree import write_tree

LABELER = (
    "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Lesion,Lung Opacity,Edema,Consolidation,Pneumonia,"
    "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)
