"""The version of the project: pyproject.toml and the signatures of rows take it from here."""

__version__ = "0.1.0"
