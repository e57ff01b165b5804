"""Make a gift shop: `python -m generator --customers 650 --output shop`."""

import argparse
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from generator.shop import Shop, customers_for_lines, write_csv, write_parquet


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return an argparse type for a whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9_]+", text) or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {lowest:,} to {highest:,}.")
        return int(text)

    return read


def positive_number(text: str) -> float:
    """Read a factor above 0 and up to 50."""
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", text) or not 0 < float(text) <= 50:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0 and up to 50.")
    return float(text)


def first_day(text: str) -> date:
    """Read a date that exists in every month."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date like 2024-12-01.") from None
    if day.day > 28:
        raise argparse.ArgumentTypeError(f"'{text}' is after the 28th, a day that not every month has.")
    return day


def memory_limit(text: str) -> str:
    """Read an amount of memory as DuckDB takes it."""
    if not re.fullmatch(r"[0-9]+ ?(MB|GB|MiB|GiB)", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not an amount of memory like 4GB or 500MB.")
    return text


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m generator", description="Make a gift shop's transaction log and the truth behind it."
    )
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--customers", type=whole_number(1, 100_000_000), help="how many named customers")
    size.add_argument("--lines", type=whole_number(1, 10_000_000_000), help="about how many lines")
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv", help="csv is for small shops")
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=1, help="another seed, another shop")
    parser.add_argument("--first-day", type=first_day, default=Shop.first_day, help="first day of the log")
    parser.add_argument("--months", type=whole_number(1, 120), default=Shop.months, help="length of the log")
    parser.add_argument(
        "--basket-factor",
        type=positive_number,
        default=1.0,
        help="multiple of archetypes.csv's lines per order",
    )
    parser.add_argument("--clean", action="store_true", help="named sales only, none of the dirt")
    parser.add_argument("--encoding", choices=["utf-8", "latin-1"], default="utf-8", help="of csv files")
    parser.add_argument("--line-ending", choices=["lf", "crlf"], default="lf", help="of csv files")
    parser.add_argument("--threads", type=whole_number(1, 256), default=os.cpu_count(), help="chunks made side by side")
    parser.add_argument("--memory-limit", type=memory_limit, help="for all threads together, like 4GB")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Make the shop that the arguments describe. Bad arguments end with exit code 2 and a sentence."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.output.exists() and not options.output.is_dir():
        parser.error(f"argument --output: '{options.output}' is a file, not a folder.")
    shop = Shop(
        customers=options.customers or 1,
        seed=options.seed,
        first_day=options.first_day,
        months=options.months,
        basket_factor=options.basket_factor,
        is_clean=options.clean,
    )
    if options.lines:
        shop = replace(shop, customers=customers_for_lines(shop, options.lines))

    if options.format == "parquet":
        write_parquet(shop, options.output, options.threads, options.memory_limit)
    else:
        line_ending = {"lf": "\n", "crlf": "\r\n"}[options.line_ending]
        write_csv(shop, options.output, options.memory_limit, options.encoding, line_ending)


if __name__ == "__main__":
    main()
