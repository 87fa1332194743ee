"""Where a model's files are: a folder, the folder of an adapter, or a name on the Hugging Face hub."""

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from cxr_cli.engines.model_files.loading_errors import read_object, reported
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

_BLOCKS, _BLOCK = 256, 4096  # so many blocks of so many bytes of each file go into the digest of its folder
_FILES = ("*.safetensors", "config.json", "adapter_config.json", "*.jinja", "tokenizer*.json", "preprocessor*.json")
_HUB_TIMEOUT = 10.0  # seconds


class ModelFiles(NamedTuple):
    """Where a model's files are.

    name: for signatures; of a folder its last part. base: the folder or hub name of the full model. adapter: the folder
    of a LoRA adapter for it, or None. revision: a commit of the hub, or the digest of the folder.
    """

    name: str
    base: str
    adapter: Path | None
    revision: str


def locate(model: str, revision: str | None = None) -> ModelFiles:
    """The files of a model. Raises CxrError if there is no such model, or if its weights are not safetensors."""
    folder = Path(model).expanduser()
    try:
        kind = "file" if folder.is_file() else "folder" if folder.is_dir() else None
    except (OSError, ValueError):
        kind = None
    if kind == "file":
        raise CxrError(f"{model} is a file: name the folder of the model")
    if kind == "folder" and (folder / "adapter_config.json").is_file():
        return _adapter(model, folder, revision)
    if kind == "folder":
        if not (folder / "config.json").is_file():
            raise CxrError(f"{model} is not a model: the folder has no config.json")
        read_object(folder / "config.json")
        if not any(path.is_file() for path in folder.glob("*.safetensors")):
            raise CxrError(f"{model} has no .safetensors file; other kinds of weights are not loaded")
        return ModelFiles(folder.resolve().name, str(folder), None, folder_digest(folder))
    if not model.isprintable() or model.startswith((".", "/", "~")) or model.count("/") > 1 or "://" in model:
        raise CxrError(f"{model!r}: no such folder" if not model.isprintable() else f"{model}: no such folder")
    return _on_hub(model, revision)


def model_folders(model: str) -> list[Path]:
    """The folders that a model is loaded from: its own, and that of an adapter's base. Raises CxrError for an adapter
    whose configuration is damaged."""
    folder = Path(model).expanduser()
    config = folder / "adapter_config.json"
    base = read_object(config).get("base_model_name_or_path") if config.is_file() else None
    folders = [folder, *([Path(base).expanduser()] if isinstance(base, str) else ())]
    return [path for path in folders if path.is_dir()]


def _adapter(model: str, folder: Path, revision: str | None) -> ModelFiles:
    base = read_object(folder / "adapter_config.json").get("base_model_name_or_path")
    if not base or not isinstance(base, str):
        raise CxrError(f"{folder / 'adapter_config.json'} does not name its base model")
    if not (folder / "adapter_model.safetensors").is_file():
        raise CxrError(f"{model} has no adapter_model.safetensors; other kinds of weights are not loaded")
    base_folder = Path(base).expanduser()
    if (base_folder / "adapter_config.json").is_file():
        itself = base_folder.resolve() == folder.resolve()
        what = "itself" if itself else "another adapter"
        raise CxrError(f"{folder / 'adapter_config.json'} names {what} as its base model: name the full model")
    full = locate(base, revision)
    return ModelFiles(folder.resolve().name, full.base, folder, f"{full.revision}+{folder_digest(folder)}")


@cache
def _on_hub(model: str, revision: str | None) -> ModelFiles:
    """A model of the hub, by one request; without a network its copy in the hub's cache, if there is one."""
    with need("train"):
        from huggingface_hub import HfApi, errors, try_to_load_from_cache
    try:
        commit = HfApi().model_info(model, revision=revision, timeout=_HUB_TIMEOUT).sha
        return ModelFiles(model, model, None, str(commit)[:12])
    except errors.GatedRepoError as error:
        raise CxrError(f"{model} is gated: accept its terms on its page, and log in by `hf auth login`") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.HFValidationError) as error:
        raise CxrError(f"{model}: neither a folder nor a model of the Hugging Face hub that you may read") from error
    except Exception as error:  # no network, of whichever library
        copy = try_to_load_from_cache(model, "config.json", revision=revision)
        if not isinstance(copy, str):
            raise CxrError(
                f"{model}: neither a folder nor downloaded before, and the Hugging Face hub cannot be reached"
            ) from error
        folder = Path(copy).parent  # by its name each file would be looked for on the hub again, for half a minute
        return ModelFiles(model, str(folder), None, folder.name[:12])


def folder_digest(folder: Path) -> str:
    """12 hex digits of a model's files: of large ones the size and evenly spread blocks. Training changes them all."""
    digest = blake2b(digest_size=6)
    with reported(str(folder), "files"):
        for path in sorted({path for pattern in _FILES for path in folder.glob(pattern) if path.is_file()}):
            size = path.stat().st_size
            digest.update(f"{path.name}:{size}:".encode())
            with path.open("rb") as file:
                for start in range(0, size, max(_BLOCK, size // _BLOCKS)):
                    file.seek(start)
                    digest.update(file.read(_BLOCK))
    return digest.hexdigest()
