"""Other trainers, as the package index has them: `python build.py FOLDER` installs each into a folder of its own, in a
minute and without the gigabytes that they ask for, so that the tests can load our rewards as they do."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
TRAINERS = (
    *("ms-swift==3.8.3", "ms-swift==3.12.6", "ms-swift==4.0.4", "ms-swift==4.6.0"),
    *("openrlhf==0.11.2", "skyrl-gym==0.4.0", "verl==0.9.1"),
)
SHARED = "shared"  # the folder of what their loaders import


def main(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(install, folder / SHARED, "-r", HERE / "requirements.txt")]
        running += [pool.submit(install, folder / trainer, trainer) for trainer in TRAINERS]
        for installation in running:
            installation.result()


def install(folder: Path, *packages: object) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-compile", "--upgrade", "--prefer-binary", "--target", folder]
    subprocess.run([*pip, "install", *options, *packages], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
