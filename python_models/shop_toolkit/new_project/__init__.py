"""`make new SHOP=path`: a small dbt project of one's own that uses this one as a package.

Run in this project's folder: `python -m shop_toolkit.new_project ../my_shop`
"""

import os
import re
import shutil
from importlib import resources
from pathlib import Path
from string import Template

from shop_toolkit.errors import InputError, named

NAME = re.compile("[a-z_][a-z0-9_]*")
PACKAGE = "customer_segmentation"
# Git would apply a file of its own name to this project.
RENAMED = {"gitignore": ".gitignore"}
# What people edit first, and a log to begin with.
COPIED = {
    "seeds/non_product_codes.csv": "seeds/non_product_codes.csv",
    "seeds/demo_shop/transactions.csv": "data/transactions.csv",
}


def create_project(folder: Path, package: Path) -> list[Path]:
    """Write the project.

    Args:
        folder: Where it goes; created if necessary. Its name becomes the project's.
        package: The folder of this project.

    Returns:
        The files, sorted.

    Raises:
        InputError: The folder has something in it, or its name can't be a project's.
    """
    name = folder.resolve().name.lower().replace("-", "_").replace(" ", "_")
    if not NAME.fullmatch(name) or name == PACKAGE:
        raise InputError(
            f"A dbt project can't be called {named(name)}: name a folder with letters, digits and underscores, e.g."
            " SHOP=../my_shop."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{named(str(folder))} exists and is not empty: name a new folder, e.g. SHOP=../my_shop.")
    names = {"name": name, "package": Path(os.path.relpath(package, folder)).as_posix()}
    templates = resources.files(__name__).joinpath("files")
    with resources.as_file(templates) as source:
        written = [
            _write(folder / path.relative_to(source).with_name(RENAMED.get(path.name, path.name)), path, names)
            for path in sorted(source.rglob("*"))
            if path.is_file()
        ]
    for place, copy in COPIED.items():
        (folder / copy).parent.mkdir(parents=True, exist_ok=True)
        written.append(Path(shutil.copyfile(package / place, folder / copy)))
    return sorted(written)


def _write(path: Path, template: Path, names: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(template.read_text("utf-8")).substitute(names), "utf-8")
    return path
