"""What a build claims of customers, judged on what they did afterwards, beside naive guesses.

`python -m benchmarks.later_data FIRST.csv LATER.csv` fits on the first log and judges on the later one;
`python -m benchmarks.later_data LOG.csv --cut 2011-09-09` splits one log after that day. Both are cleaned by the same
rules, together, so that a later cancellation finds its sale; the fits never see the later rows. `--quick` makes rough
fits, `--keep FOLDER` keeps both warehouses.

Judged, over the 90 days after the cut, or as many as the later log holds:

- segments: later revenue by customer in the order of what segments spent so far; the revenue in their best fifth;
- spend: sum, error and interval of `expected_spend_90_days`;
- interests: the category that customers spent most on, of the categories learned on the first log;
- newcomers: the segment of customers at the end of their 180 days, by the rules of the first log;
- alerts: whether overdue customers stayed away.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd

from benchmarks.ground_floor import ROOT

HORIZON_DAYS = 90
SEGMENTATIONS = ("broad", "detailed", "rfm")
# Fewer customers have no mean worth an order.
FEWEST_CUSTOMERS = 20
TOO_EARLY = "too early to say"
# Rough where it costs much and changes little: stabilities, the map, and the classifiers that rarely win.
QUICK_FIT = {
    "bootstrap_samples": 4,
    "category_bootstrap_samples": 2,
    "tsne_iterations": 250,
    "rule_folds": 3,
    "classification_param_grids": {"logistic_regression": {"C": [0.1]}},
}
FIRST_MODELS = ("+customers", "+segment_rules", "+new_customer_predictions", "+customer_alerts", "+products")
LATER_MODELS = ("+order_lines", "+cancellation_matches", "+int_order_states_scd2")


class Figure(NamedTuple):
    """A claim, how good it was, and how good a naive guess."""

    claim: str
    metric: str
    product: float
    naive: dict[str, float]
    sample_size: int


def split_log(log: Path, cut: date, folder: Path, column: str, form: str) -> tuple[Path, Path]:
    """Write the rows up to a day to `first.csv` and the others to `later.csv`, in UTF-8; all columns stay text."""
    try:
        log.read_text("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "latin-1"
    reader = f"read_csv('{log}', all_varchar = true, encoding = '{encoding}')"
    day = f"strptime({column}, '{form}')::date"
    paths = folder / "first.csv", folder / "later.csv"
    for path, comparison in zip(paths, ("<=", ">"), strict=True):
        duckdb.execute(f"copy (from {reader} where {day} {comparison} date '{cut}') to '{path}' (header)")
    return paths


def build(name: str, transactions: str, folder: Path, quick: bool, *selection: str) -> Path:
    """Build models of a log in a warehouse of its own, and return its path."""
    warehouse = folder / f"{name}.duckdb"
    settings = (QUICK_FIT if quick else {}) | {"transactions": transactions, "published_folder": None}
    command = [
        str(Path(sys.executable).parent / "dbt"), "build", "--quiet", "--vars", json.dumps(settings),
        "--exclude-resource-type", "test", "unit_test", "--target-path", str(folder / "target"),
        "--log-path", str(folder / "logs"), *(("--select", *selection) if selection else ()),
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, env=os.environ | {"SHOP_WAREHOUSE": str(warehouse)}, check=True)
    return warehouse


class Later:
    """The warehouse of the first log, and what the lines of both show."""

    def __init__(self, first: Path, both: Path, cut: date | None = None) -> None:
        self.first = duckdb.connect(str(first), read_only=True)
        self.both = duckdb.connect(str(both), read_only=True)
        self.customers = self.first.sql("from customers order by customer_id").df().set_index("customer_id")
        self.cut = cut or self.customers["as_of_date"].iloc[0].date()
        ((last,),) = self.both.execute("select max(ordered_at)::date from order_lines").fetchall()
        self.last = last
        self.until = min(self.cut + timedelta(HORIZON_DAYS), last)

    def bought(self, after: date, until: date, known: date | None = None) -> pd.Series:
        """Money by customer of the first log: lines sold in a window, less what of them was cancelled by a day."""
        rows = self.both.execute(
            """
            select customer_id, sum(amount)::double as amount from (
                select customer_id, ordered_at::date as sold, ordered_at::date as seen, gross_amount as amount
                from order_lines
                union all
                select customer_id, ordered_at::date, cancelled_at::date, -amount from cancellation_matches
            ) where sold > $after and sold <= $until and seen <= $known group by 1
            """,
            {"after": after, "until": until, "known": known or until},
        ).df()
        return rows.set_index("customer_id")["amount"].reindex(self.customers.index, fill_value=0.0)

    def top_categories(self) -> pd.Series:
        """By customer the category of the first log that most was spent on afterwards; `other` is none."""
        categories = self.first.sql("select product_id, category_name from products").df()
        lines = self.both.execute(
            """
            select customer_id, product_id, sum(gross_amount - cancelled_amount)::double as amount from order_lines
            where ordered_at::date > $after and ordered_at::date <= $until group by 1, 2
            """,
            {"after": self.cut, "until": self.until},
        ).df()
        spent = lines.merge(categories, on="product_id")
        spent = spent[spent["category_name"].notna() & (spent["category_name"] != "other") & (spent["amount"] > 0)]
        totals = spent.groupby(["customer_id", "category_name"])["amount"].sum().reset_index()
        totals = totals.sort_values(["customer_id", "amount", "category_name"], ascending=[True, False, True])
        return totals.drop_duplicates("customer_id").set_index("customer_id")["category_name"]

    def segments_on(self, days: pd.Series) -> pd.DataFrame:
        """The three segments of customers on a day each, by the cut-points and rules of the first log."""
        wanted = pd.DataFrame({"customer_id": days.index, "day": pd.to_datetime(days.to_numpy())})
        # A connection that only reads a file can hold no table, but a view of a data frame.
        self.both.register("wanted", wanted)
        facts = self.both.execute(
            """
            select customer_id, (max(day::date) - max(order_date) filter (where is_net))::integer as recency_days,
                count(*) filter (where is_net) as frequency, sum(amount)::double as monetary
            from wanted inner join core.int_order_states_scd2 using (customer_id)
            where valid_from <= day and (valid_until is null or valid_until >= day) group by 1 order by 1
            """
        ).df()
        return self.segments_of(facts)

    def segments_of(self, facts: pd.DataFrame) -> pd.DataFrame:
        """The three segments by customer of `facts`: customer_id, recency_days, frequency and monetary."""
        return pd.DataFrame(
            {"broad": by_rules(self.first, facts, "broad"), "detailed": by_rules(self.first, facts, "detailed"),
             "rfm": by_scores(self.first, facts)}
        )  # fmt: skip


def by_rules(first: duckdb.DuckDBPyConnection, facts: pd.DataFrame, segmentation: str) -> pd.Series:
    """Segment by customer, by the newest version's rules; `facts` has recency_days, frequency and monetary."""
    rules = first.execute(
        """
        select segment, coalesce(columns('(recency|frequency|monetary)_min')::double, '-infinity'),
            coalesce(columns('(recency|frequency|monetary)_max')::double, 'infinity')
        from segment_rules where segmentation = $segmentation
        qualify model_version = max(model_version) over () order by rule_number
        """,
        {"segmentation": segmentation},
    ).df()
    found = pd.Series("all cancelled", index=facts["customer_id"])
    for rule in rules.itertuples():
        inside = facts["frequency"] > 0
        for measure in ("recency", "frequency", "monetary"):
            values = facts["recency_days" if measure == "recency" else measure].astype(float)
            inside &= values.ge(getattr(rule, f"{measure}_min")) & values.lt(getattr(rule, f"{measure}_max"))
        found[inside.to_numpy()] = rule.segment
    return found


def by_scores(first: duckdb.DuckDBPyConnection, facts: pd.DataFrame) -> pd.Series:
    """The rfm segment by customer, by the newest version's cut-points."""
    cuts = first.sql(
        "from scoring.rfm_cut_points qualify model_version = max(model_version) over () order by measure, cut_number"
    ).df()
    blocks = first.sql("from seeds.rfm_segments").df()
    scores = {}
    for measure in ("recency_days", "frequency", "monetary"):
        points = cuts.loc[cuts["measure"] == measure, "cut_point"].astype(float).to_numpy()
        passed = (facts[measure].astype(float).to_numpy()[:, None] > points).sum(axis=1)
        scores[f"{measure.removesuffix('_days')}_score"] = 5 - passed if measure == "recency_days" else 1 + passed
    named = pd.Series(pd.NA, index=range(len(facts)), dtype=object)
    has_repeated = (facts["frequency"] > 1).to_numpy()
    for block in blocks.itertuples():
        inside = np.full(len(facts), fill_value=True)
        for name in ("recency", "frequency", "monetary"):
            score = scores[f"{name}_score"]
            inside &= (score >= getattr(block, f"{name}_min")) & (score <= getattr(block, f"{name}_to"))
        named[inside] = block.segment
        # Who has ordered more than once may have another name.
        if isinstance(block.repeat_segment, str):
            named[inside & has_repeated] = block.repeat_segment
    named[(facts["frequency"] == 0).to_numpy()] = "all cancelled"
    return pd.Series(named.to_numpy(), index=facts["customer_id"])


def top_fifth(ranking: pd.Series, later: pd.Series) -> float:
    """The share of later revenue that the best fifth of a ranking brings; customers of one rank count in part."""
    by_rank = pd.DataFrame({"rank": ranking, "later": later}).groupby("rank")["later"].agg(["size", "sum"])
    left, found = 0.2 * len(later), 0.0
    for size, revenue in by_rank.sort_index(ascending=False).itertuples(index=False):
        part = min(1.0, left / size)
        left, found = left - part * size, found + part * revenue
    return float(found / later.sum())


def judge_segments(shop: Later) -> Iterator[Figure]:
    """Whether segments that were worth more went on to be: by pairs, and by their best fifth."""
    later = shop.bought(shop.cut, shop.until)
    monetary = shop.customers["monetary"].astype(float)
    for name in SEGMENTATIONS:
        segments = shop.customers[f"{name}_segment"]
        means = pd.DataFrame({"past": monetary, "later": later}).groupby(segments).agg(
            past=("past", "mean"), later=("later", "mean"), size=("past", "size")
        )  # fmt: skip
        rows = means[means["size"] >= FEWEST_CUSTOMERS].itertuples()
        pairs = list(combinations(rows, 2))
        ordered = [(a.past - b.past) * (a.later - b.later) > 0 for a, b in pairs]
        yield Figure(f"{name} segments", "pairs in order", float(np.mean(ordered)), {"chance": 0.5}, len(pairs))
        found = top_fifth(segments.map(means["past"]), later)
        naive = {"chance": 0.2, "spend to date": top_fifth(monetary, later), "perfect": top_fifth(later, later)}
        yield Figure(f"{name} segments", "revenue in best fifth", found, naive, len(later))


def mean_error(errors: pd.Series, power: int) -> float:
    """The mean of absolute errors (power 1), or the root of that of squared ones (power 2)."""
    return float((errors.abs() ** power).mean() ** (1 / power))


def judge_spend(shop: Later) -> Iterator[Figure]:
    """The sum, the error and the intervals of the expected spend."""
    observed = shop.bought(shop.cut, shop.until)
    customers = shop.customers
    expected = customers["expected_spend_90_days"].astype(float)
    tenure = (pd.Timestamp(shop.cut) - customers["first_order_date"]).dt.days.clip(lower=HORIZON_DAYS)
    guesses = {
        "zero": 0 * observed,
        "past rate": customers["monetary"].astype(float).clip(lower=0) * HORIZON_DAYS / tenure,
        "last 90 days": shop.bought(shop.cut - timedelta(HORIZON_DAYS), shop.cut),
    }
    ((began,),) = shop.both.execute("select min(ordered_at)::date from order_lines").fetchall()
    same = shop.cut - timedelta(364)
    if began <= same + timedelta(1):
        guesses["same days last year"] = shop.bought(same, same + timedelta(HORIZON_DAYS))
    basis = customers["expected_spend_basis"].iloc[0]
    ratios = {name: float(guess.sum() / observed.sum()) for name, guess in guesses.items()}
    yield Figure("spend", f"sum / observed ({basis})", float(expected.sum() / observed.sum()), ratios, len(observed))
    for metric, power in {"RMSE": 2, "MAE": 1}.items():
        errors = {name: mean_error(guess - observed, power) for name, guess in guesses.items()}
        yield Figure("spend", metric, mean_error(expected - observed, power), errors, len(observed))
    low, high = (customers[f"expected_spend_{side}"].astype(float) for side in ("low", "high"))
    if high.notna().any():
        inside = ((low <= observed) & (observed <= high)).mean()
        yield Figure("spend", "customers in the interval", float(inside), {"promised": 0.9}, len(observed))
    ((least, most),) = shop.first.execute(
        """
        select sum(expected_spend)::double * any_value(total_low_factor),
            sum(expected_spend)::double * any_value(total_high_factor)
        from prediction.int_expected_spend
        """
    ).fetchall()
    yield Figure("spend", "observed sum", float(observed.sum()), {"interval from": least, "to": most}, 1)


def judge_interests(shop: Later) -> Iterator[Figure]:
    """Of those who bought on, whether the category of most money was the one named."""
    actual = shop.top_categories()
    interests = shop.customers["interest_category"]
    largest = interests.value_counts().sort_index().idxmax() if interests.notna().any() else None
    known = interests[interests.notna()].index.intersection(actual.index)
    if largest is not None and len(known):
        hits = float((interests[known] == actual[known]).mean())
        yield Figure("interest", "right", hits, {"largest": float((actual[known] == largest).mean())}, len(known))
    newcomers = shop.first.sql("select customer_id, predicted_interest from new_customer_predictions").df()
    predicted = newcomers.set_index("customer_id")["predicted_interest"]
    sure = predicted[predicted != TOO_EARLY].index.intersection(known)
    if len(sure):
        naive = {
            "largest": float((actual[sure] == largest).mean()),
            "own so far": float((actual[sure] == interests[sure]).mean()),
        }
        yield Figure(
            "interest of newcomers", "right", float((predicted[sure] == actual[sure]).mean()), naive, len(sure)
        )


def without_order(shop: Later, days: pd.Series) -> pd.DataFrame:
    """The three segments that customers are in on a day each if they neither order nor cancel until then."""
    known = shop.customers.loc[days.index, ["recency_days", "frequency", "monetary"]].reset_index()
    waited = (days - pd.Timestamp(shop.cut)).dt.days.to_numpy()
    return shop.segments_of(known.assign(recency_days=known["recency_days"] + waited))


def judge_newcomers(shop: Later) -> Iterator[Figure]:
    """The segments predicted of newcomers for day 180, where the later log holds that day."""
    newcomers = shop.first.sql("from new_customer_predictions order by customer_id").df().set_index("customer_id")
    newcomers = newcomers[newcomers["horizon_date"].dt.date <= shop.last]
    if newcomers.empty:
        return
    actual = shop.segments_on(newcomers["horizon_date"]).reindex(newcomers.index)
    idle = without_order(shop, newcomers["horizon_date"]).reindex(newcomers.index)
    settled = shop.customers["first_order_date"].dt.date <= shop.cut - timedelta(180)
    for name in SEGMENTATIONS:
        today = shop.customers[f"{name}_segment"]
        naive = {
            "without another order": float((idle[name] == actual[name]).mean()),
            "today's": float((today[newcomers.index] == actual[name]).mean()),
            "largest": float((actual[name] == today[settled].value_counts().sort_index().idxmax()).mean()),
        }
        likely = newcomers[f"most_likely_{name}_segment"] == actual[name]
        claim = f"newcomer's {name} segment"
        yield Figure(claim, "most likely is right", float(likely.mean()), naive, len(newcomers))
        sure = newcomers[newcomers[f"predicted_{name}_segment"] != TOO_EARLY]
        if len(sure):
            right = float((sure[f"predicted_{name}_segment"] == actual.loc[sure.index, name]).mean())
            naive = {
                "promised": 0.8,
                "without another order": float((idle[name] == actual[name])[sure.index].mean()),
                "today's": float((today[sure.index] == actual.loc[sure.index, name]).mean()),
            }
            yield Figure(claim, "sure and right", right, naive, len(sure))


def judge_alerts(shop: Later) -> Iterator[Figure]:
    """Whether customers who were overdue stayed away, of all who ordered in the half year before."""
    open_alerts = shop.first.sql("select customer_id, probability from customer_alerts where state <> 'resolved'").df()
    alerts = set(open_alerts["customer_id"])
    recency = shop.customers["recency_days"]
    customers = recency.index[(recency <= 180) & (shop.customers["frequency"] > 0)]
    stayed = shop.bought(shop.cut, shop.until)[customers] <= 0
    rules = {
        "product": customers.isin(alerts),
        "over 90 days": (recency[customers] > 90).to_numpy(),
        "everyone": np.ones(len(customers), dtype=bool),
    }
    measured = {}
    for name, alerted in rules.items():
        hits = float((alerted & stayed).sum())
        measured[name] = {"precision": hits / max(alerted.sum(), 1), "recall": hits / max(stayed.sum(), 1)}
    for metric in ("precision", "recall"):
        naive = {name: figures[metric] for name, figures in measured.items() if name != "product"}
        yield Figure("alerts", metric, measured["product"][metric], naive, len(customers))
    likely = open_alerts.set_index("customer_id")["probability"].reindex(customers[rules["product"]])
    ((days,),) = shop.first.execute(
        "select coalesce(max(stop_horizon_days) filter (where is_observed), 90) from history.int_alert_backtest"
    ).fetchall()
    end = shop.cut + timedelta(days)
    if len(likely) and end <= shop.last:
        away = float((shop.bought(shop.cut, end)[likely.index] <= 0).mean())
        yield Figure("alerts", f"stayed away for {days} days", away, {"promised": float(likely.mean())}, len(likely))
    elif len(likely):
        # The later log ends before it shows what the probability is of.
        promised = {f"promised for {days} days": float(likely.mean())}
        yield Figure("alerts", "stayed away", measured["product"]["precision"], promised, len(likely))


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""

    def text(value: float) -> str:
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"

    lines = ["| claim | metric | product | naive guesses | n |", "|---|---|---|---|---|"]
    for figure in figures:
        naive = " · ".join(f"{name} {text(value)}" for name, value in figure.naive.items())
        lines.append(
            f"| {figure.claim} | {figure.metric} | {text(figure.product)} | {naive} | {figure.sample_size:,} |"
        )
    return "\n".join(lines)


def judge(shop: Later) -> list[Figure]:
    """All figures of a shop."""
    judges = (judge_segments, judge_spend, judge_interests, judge_newcomers, judge_alerts)
    return [figure for one in judges for figure in one(shop)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logs", type=Path, nargs="+", help="the first log and the later one, or one to be split")
    parser.add_argument("--cut", type=date.fromisoformat, help="the last day that the fits see")
    parser.add_argument("--date-column", default="InvoiceDate", help="of the log that is split")
    parser.add_argument("--date-format", default="%m/%d/%Y %H:%M", help="of that column, for strptime")
    parser.add_argument("--quick", action="store_true", help="rough fits")
    parser.add_argument("--keep", type=Path, help="a folder for both warehouses")
    arguments = parser.parse_args()
    if (len(arguments.logs) == 1) != (arguments.cut is not None) or len(arguments.logs) > 2:
        parser.error("give two logs, or one log and --cut")

    with tempfile.TemporaryDirectory() as name:
        folder = (arguments.keep or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        logs = [log.resolve() for log in arguments.logs]
        if arguments.cut:
            logs = list(split_log(logs[0], arguments.cut, folder, arguments.date_column, arguments.date_format))
        joined = folder / "both"
        joined.mkdir(exist_ok=True)
        for number, log in enumerate(logs):
            link = joined / f"{number}{log.suffix}"
            link.unlink(missing_ok=True)
            link.symlink_to(log)
        first = build("first", str(logs[0]), folder, arguments.quick, *FIRST_MODELS)
        both = build("both", f"{joined}/*{logs[0].suffix}", folder, arguments.quick, *LATER_MODELS)
        shop = Later(first, both)
        print(f"Fitted up to {shop.cut}, judged up to {shop.until}.\n\n{table(judge(shop))}")


if __name__ == "__main__":
    main()
