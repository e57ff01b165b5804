"""The command; see the package."""

import sys
from pathlib import Path

from shop_toolkit.errors import InputError
from shop_toolkit.new_project import create_project


def main(arguments: list[str]) -> int:
    """Write the project and say how to build it; returns the exit code."""
    folder = arguments[0].strip() if arguments else ""
    if not folder:
        print("Name a folder for the new project, e.g. make new SHOP=../my_shop.", file=sys.stderr)
        return 1
    try:
        create_project(Path(folder), Path.cwd())
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{folder} is a dbt project that uses this one. In the same environment: cd {folder} && dbt deps && dbt build"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
