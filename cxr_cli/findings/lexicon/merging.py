"""A lexicon file merged over another."""

from typing import Any


def merge_tables(base: Any, extra: Any) -> Any:
    """`extra` over `base`: lists grow, tables merge, findings merge by name, everything else is replaced."""
    if isinstance(base, dict) and isinstance(extra, dict):
        return {**base, **{k: merge_tables(base[k], v) if k in base else v for k, v in extra.items()}}
    if isinstance(base, list) and isinstance(extra, list):
        if any(isinstance(item, dict) for item in base):
            by_name = {item["name"]: item for item in base}
            for item in extra:
                by_name[item["name"]] = merge_tables(by_name.get(item["name"], {}), item)
            return list(by_name.values())
        return [*base, *(item for item in extra if item not in base)]
    return extra
