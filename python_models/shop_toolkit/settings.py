"""Every setting of the project: the values it accepts, and the sentences about those that are wrong.

`shop_toolkit.settings_plugin` makes `wrong_settings` an SQL function, which a hook calls before any table changes.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from shop_toolkit.audiences import emails_problem, is_emails
from shop_toolkit.grids import grid_problem
from shop_toolkit.ingest.encodings import ENCODING_ALIASES, ENCODINGS
from shop_toolkit.publishing import folder_problem
from shop_toolkit.scores import MOST_VALUE, cut_points_problem, is_score_count

DATE_ORDERS = (
    "year-month-day", "month-day-year", "day-month-year", "month-name", "unix-seconds", "unix-milliseconds",
    "unix-microseconds", "unix-nanoseconds", "excel-serial",
)  # fmt: skip
# What DuckDB's strptime knows.
STRPTIME_FORMAT = re.compile("([^%]|%-?[aAwdbBhmyYHIpMSgfzZjUWcxXGVun%])*")
DATE = re.compile("[12][0-9]{3}-[0-9]{2}-[0-9]{2}")
SCHEMA_NAME = re.compile("[a-z_][a-z0-9_]*")
LOCALE = re.compile("[a-z]{2,3}([_-]([A-Z][a-z]{3}|[A-Z]{2}|[0-9]{3})){0,2}")
# As `get_close_matches` counts: `lokale` is nearer to `locale`, the name of another package's setting is not.
NEARLY_EQUAL = 0.8
CANDIDATE = re.compile("(rfm|log_rfm|rfm_plane|rfm_tsne) (kmeans|gaussian_mixture|ward|hdbscan) ([2-9]|10)")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        takes: The values it accepts, as the end of the sentence "it takes …".
        accepts: Whether a value is such a one.
        problem: What else is wrong with an accepted value, as a sentence; None if nothing is.
        is_optional: Whether null is a value, too: detect it, or leave it out.
    """

    takes: str
    accepts: Callable[[object], bool]
    problem: Callable[[object], str | None] = lambda value: None
    is_optional: bool = False


def _text(value: object) -> bool:
    return isinstance(value, str)


def _character(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1


def _filled_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _schema_name(value: object) -> bool:
    return isinstance(value, str) and SCHEMA_NAME.fullmatch(value) is not None


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(_filled_text(text) for text in value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _one_of(*values: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in values


def _date(value: object) -> bool:
    """Whether a value is a day of the calendar, written YYYY-MM-DD."""
    if not (isinstance(value, str) and DATE.fullmatch(value)):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _date_format(value: object) -> bool:
    return isinstance(value, str) and (
        value in DATE_ORDERS or ("%" in value and STRPTIME_FORMAT.fullmatch(value) is not None)
    )


def _candidate(value: object) -> bool:
    return isinstance(value, str) and CANDIDATE.fullmatch(value) is not None


def _locale(value: object) -> bool:
    """Whether a value is a locale that Babel knows."""
    if not (isinstance(value, str) and LOCALE.fullmatch(value)):
        return False
    # Here, because most runs keep the default.
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(value.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return False
    return True


def whole(what: str, least: int, most: int) -> Setting:
    """A setting that takes a whole number from `least` to `most`."""

    def accepts(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return Setting(f"a whole number of {what}, from {least} to {most}", accepts)


def _amount(value: object) -> bool:
    """Whether a value is an amount of money that DECIMAL(18, 2) holds."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MOST_VALUE
        and round(value, 2) == value
    )


def optional(setting: Setting) -> Setting:
    """The setting, which also takes null."""
    return replace(setting, is_optional=True)


def share(what: str, least: float, most: float) -> Setting:
    """A setting that takes a number from `least` to `most`."""

    def accepts(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most

    return Setting(f"{what}, from {least:g} to {most:g}", accepts)


def _grids(task: str) -> Setting:
    return Setting(
        "a mapping from models to their settings, and from each setting to a list of values",
        _mapping,
        lambda value: grid_problem(json.dumps(value), task),
    )


_AMOUNT = Setting("an amount of money with two decimals at most, from 0 on", _amount, is_optional=True)
_LISTED = Setting(
    "a list of texts, e.g. [Germany, France]", lambda value: value != [] and _texts(value), is_optional=True
)
_DAY = Setting("a date that exists, as YYYY-MM-DD", _date, is_optional=True)
SETTINGS: dict[str, Setting] = {
    "transactions": Setting(
        "a file, a glob, the name of a table in the warehouse, or a ref such as ref('sales')", _filled_text
    ),
    "column_mapping": Setting(
        "a mapping from our columns to your headings, e.g. {customer_id: Kundennummer}", _mapping
    ),
    "csv_delimiter": Setting("one character, e.g. ';'", _character, is_optional=True),
    "csv_encoding": Setting(
        f"{', '.join(ENCODINGS)} (save a file in another one as UTF-8)",
        _one_of(*ENCODINGS, *ENCODING_ALIASES),
        is_optional=True,
    ),
    "date_format": Setting(
        f"{', '.join(DATE_ORDERS)}, or a strptime format such as '%d.%m.%Y %H:%M'", _date_format, is_optional=True
    ),
    "decimal_separator": Setting("'.' or ','", _one_of(".", ","), is_optional=True),
    "cancellation_invoice_prefix": Setting(
        "the text that cancelling invoices begin with, e.g. C, or '' for every negative quantity", _text
    ),
    "refund_invoice_prefixes": Setting(
        "a list of texts that refunding invoices begin with, e.g. [CN, R]", _texts, is_optional=True
    ),
    "currency": Setting("a currency of the input, e.g. EUR", _filled_text, is_optional=True),
    "duplicates": Setting("drop or keep", _one_of("drop", "keep"), is_optional=True),
    "plausible_from": _DAY,
    "plausible_to": _DAY,
    "max_unreadable_share": share("a share of the rows", 0, 1),
    "max_order_days": whole("days", 0, 3_650),
    "as_of_date": _DAY,
    "baseline_date": _DAY,
    "refit": Setting("true or false", _flag),
    "rfm_cut_points": Setting(
        "a number of quantiles, from 3 to 10, or a mapping from measures to such a number or to a list of bounds,"
        " e.g. {recency_days: [30, 90, 180], monetary: 4}",
        lambda value: _mapping(value) or is_score_count(value),
        cut_points_problem,
        is_optional=True,
    ),
    "score_within": Setting("country", _one_of("country"), is_optional=True),
    "min_orders": optional(whole("orders", 1, 1_000_000)),
    "max_orders": optional(whole("orders", 1, 1_000_000)),
    "min_revenue": _AMOUNT,
    "max_revenue": _AMOUNT,
    "included_countries": _LISTED,
    "excluded_countries": _LISTED,
    "excluded_customers": _LISTED,
    "max_fit_customers": whole("customers", 100, 20_000),
    "tsne_iterations": whole("steps", 250, 5_000),
    "max_clusters": whole("clusters", 2, 10),
    "bootstrap_samples": whole("refits", 2, 1000),
    "min_segment_share": share("a share of the customers", 0, 0.5),
    "min_stability": share("a Jaccard coefficient", 0, 1),
    "silhouette_tolerance": share("a share of the best silhouette", 0, 1),
    "force_broad_clustering": Setting(
        "a space, an algorithm and a number of clusters, e.g. rfm_plane kmeans 3", _candidate, is_optional=True
    ),
    "force_detailed_clustering": Setting(
        "a space, an algorithm and a number of clusters, e.g. rfm_tsne kmeans 7", _candidate, is_optional=True
    ),
    "max_broad_rules": whole("rules", 2, 100),
    "max_detailed_rules": whole("rules", 2, 100),
    "rule_folds": whole("folds", 2, 20),
    "max_fit_products": whole("products", 100, 100_000),
    "category_bootstrap_samples": whole("refits", 2, 1000),
    "backtest_origins": whole("origins", 1, 12),
    "max_training_customers": whole("customers", 100, 200_000),
    "min_precision": share("a share of the newcomers", 0.5, 1),
    "min_test_customers": whole("customers", 20, 100_000),
    "control_share": share("a share of each audience", 0, 0.9),
    "control_salt": Setting("any text", _text),
    "overdue_quantile": share("a share of the pauses between orders", 0.5, 0.99),
    "spend_param_grids": _grids("amounts"),
    "classification_param_grids": _grids("classes"),
    "published_folder": Setting(
        "a folder, or null to publish no files",
        _filled_text,
        lambda value: folder_problem(str(value)),
        is_optional=True,
    ),
    "customer_emails": Setting(
        "the file of e-mail addresses and its headings, {file: …, customer_id: …, email: …}",
        is_emails,
        lambda value: emails_problem(value) if isinstance(value, Mapping) else None,
        is_optional=True,
    ),
    "on_change": Setting("a command of the shell, e.g. ./send_changes.sh, or null", _filled_text, is_optional=True),
    "schema_prefix": Setting("the name of a schema, e.g. segmentation", _schema_name, is_optional=True),
    "postgres_schema": Setting("the name of a schema, e.g. shop", _filled_text),
    "locale": Setting("a locale such as en, en_GB, de_DE or ru", _locale),
    "report_customer_rows": Setting("true or false", _flag),
}

# A setting that became two has both names, with a blank between them.
RENAMED = {
    "column_names": "column_mapping",
    "sample_limit": "max_fit_customers",
    "bootstrap_refits": "bootstrap_samples",
    "smallest_segment_share": "min_segment_share",
    "least_stability": "min_stability",
    "silhouette_band": "silhouette_tolerance",
    "broad_clustering": "force_broad_clustering",
    "detailed_clustering": "force_detailed_clustering",
    "maximum_rules": "max_broad_rules max_detailed_rules",
    "max_rules": "max_broad_rules max_detailed_rules",
    "catalogue_limit": "max_fit_products",
    "category_refits": "category_bootstrap_samples",
    "rolling_origins": "backtest_origins",
    "training_limit": "max_training_customers",
    "least_precision": "min_precision",
    "usual_gap_quantile": "overdue_quantile",
    "spend_grids": "spend_param_grids",
    "class_grids": "classification_param_grids",
}


def setting_names() -> list[str]:
    """The names of all settings."""
    return list(SETTINGS)


def wrong_settings(given: str, values: str) -> str:
    """Sentences about the settings of a run that are wrong.

    Args:
        given: JSON mapping from each name that the command line and the project give to whether it must be one of
            ours: other packages may have settings, too, and only what is nearly one of ours is taken for a mistake.
        values: JSON mapping from every setting to its value in this run; without those that the project has lost.

    Returns:
        JSON list of sentences; an empty one where all settings are right.
    """
    in_effect = json.loads(values)
    sentences = [
        _unknown(name)
        for name, is_ours in json.loads(given).items()
        if name not in SETTINGS and (is_ours or name in RENAMED or get_close_matches(name, SETTINGS, 1, NEARLY_EQUAL))
    ]
    if missing := [name for name in SETTINGS if name not in in_effect]:
        return json.dumps(sentences + [_lost(name) for name in missing])
    sentences += [sentence for name in SETTINGS if (sentence := _wrong(name, in_effect[name]))]
    broad, detailed = (in_effect[f"force_{segmentation}_clustering"] for segmentation in ("broad", "detailed"))
    if broad is not None and broad == detailed:
        sentences.append(
            "The settings 'force_broad_clustering' and 'force_detailed_clustering' ask for the same candidate;"
            " set one of them to another."
        )
    return json.dumps(sentences + ([] if sentences else _contradictions(in_effect)))


def _contradictions(in_effect: Mapping[str, Any]) -> list[str]:
    """Sentences about settings of who takes part that leave nobody in."""
    sentences = [
        f"The setting 'min_{what}' is {in_effect[f'min_{what}']}, more than 'max_{what}', {in_effect[f'max_{what}']};"
        " nobody is between them."
        for what in ("orders", "revenue")
        if (least := in_effect[f"min_{what}"]) is not None
        and (most := in_effect[f"max_{what}"]) is not None
        and least > most
    ]
    both = set(in_effect["included_countries"] or ()) & set(in_effect["excluded_countries"] or ())
    if both:
        sentences.append(
            f"The settings 'included_countries' and 'excluded_countries' both list {', '.join(sorted(both))};"
            " take it out of one."
        )
    return sentences


def _unknown(name: str) -> str:
    if name in RENAMED:
        now = " and ".join(f"'{new}'" for new in RENAMED[name].split())
        return f"The setting '{name}' is now called {now}."
    near = get_close_matches(name, SETTINGS, n=1)
    known = f"Did you mean '{near[0]}'?" if near else f"Known settings: {', '.join(SETTINGS)}."
    return f"The setting '{name}' is not known. {known}"


def _lost(name: str) -> str:
    return (
        f"There is no setting '{name}' in dbt_project.yml. Write its line there again, with the value that"
        " docs/settings.md gives."
    )


def _wrong(name: str, value: object) -> str | None:
    setting = SETTINGS[name]
    if value is None and setting.is_optional:
        return None
    if not setting.accepts(value):
        return f"The setting '{name}' is {json.dumps(value, ensure_ascii=False)}; it takes {setting.takes}."
    problem = setting.problem(value)
    return f"The setting '{name}' is wrong. {problem}" if problem else None
