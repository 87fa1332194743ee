"""Result files that other people published: read as rows, recounted, and searched for defects."""

from cxr_cli.registry import Registry

PUBLISHED_RESULTS = Registry({"chestx-reasoner": "cxr_cli.published.results:find_results"})
"""`cxr score --from NAME`: what gives the rows of a folder in the layout of this name, as a Source."""
