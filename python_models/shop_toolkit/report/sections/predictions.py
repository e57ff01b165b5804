"""How good are the predictions? Each task beside its naive guesses, calibration, and what is taken for what."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    LINE,
    MUTED,
    PALE,
    Block,
    Panel,
    axis,
    bars,
    column,
    heat_map,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.words import count, label, listed, money, percent, plural, sentence, wrapped

# Of each task the metric that it is told by, and its unit; the first that a task has.
METRICS = {"accuracy": "share told right", "agreement": "share told as by the clustering", "rmse": "RMSE (money)"}
FOLD = "fold "
UNNAMED = r"\w+ cluster \d+"


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    evaluations = tables["model_evaluations"]
    return [
        beside_baselines(evaluations),
        calibration(tables["prediction_calibration"], evaluations),
        confusion(tables["prediction_confusion"]),
    ]


def model_words(model: str) -> str:
    """`soft_vote` → `soft vote`."""
    return model.replace("_", " ")


def in_use(evaluations: pd.DataFrame) -> dict[str, str]:
    """The model in use of each task; of a segment also for the shorter horizon that it was judged at."""
    today = evaluations[evaluations["split"] == "today"]
    known = dict(zip(today["task"], today["model"], strict=True))
    for task in evaluations["task"].unique():
        same = [
            other for other in known if " at day " in task and other.split(" at day ")[0] == task.split(" at day ")[0]
        ]
        if task not in known and same:
            known[task] = known[same[0]]
        # Customers get their learned segments from the rules.
        if task.startswith("tell the "):
            known[task] = "rules"
    return known


def why_unjudged(evaluations: pd.DataFrame) -> str:
    """What stood against judging predictions."""
    notes = evaluations.loc[(evaluations["metric"] == "origins") & (evaluations["value"].fillna(0) == 0), "note"]
    return next(iter(sorted(notes)), "the history is too short")


def judged(evaluations: pd.DataFrame) -> pd.DataFrame:
    """One row per task, model and settings: the metric that the task is told by, over all that it was judged on."""
    rows = evaluations[
        evaluations["metric"].isin(METRICS)
        & evaluations["value"].notna()
        & ~evaluations["split"].str.startswith("from ")
        & (evaluations["split"] != "today")
        & ~evaluations["split"].str.startswith("all origins, ")
    ]
    tables = []
    for task, own in rows.groupby("task", sort=False):
        metric = next(metric for metric in METRICS if metric in set(own["metric"]))
        own = own[own["metric"] == metric]
        whole = own[~own["split"].str.startswith(FOLD)]
        tables.append((whole if len(whole) else own).assign(task=task))
    return pd.concat(tables) if tables else rows


def beside_baselines(evaluations: pd.DataFrame) -> Block:
    """Every task: its models and naive guesses, the best on top."""
    name, heading = "evaluations", "Models beside naive guesses"
    rows = judged(evaluations)
    if rows.empty:
        return without_chart(name, heading, f"No prediction could be judged: {why_unjudged(evaluations)}.")
    used, panels = in_use(evaluations), []
    for task in sorted(rows["task"].unique(), key=lambda task: (not task.startswith("foretell"), task)):
        own = rows[rows["task"] == task]
        metric = own["metric"].iloc[0]
        own = own.sort_values(["value", "model", "settings"], ascending=[metric == "rmse", True, True])
        # The same model may stand with several settings: the best of each.
        own = own.drop_duplicates("model")
        words = money if metric == "rmse" else percent
        colours = [
            ACCENT if used.get(task) == model else MUTED if baseline else PALE
            for model, baseline in zip(own["model"], own["is_baseline"], strict=True)
        ]
        names = [label(model_words(model), 26) for model in own["model"]]
        figure = bars(names, column(own, "value"), [words(value) for value in own["value"]], colours)
        limits = {} if metric == "rmse" else {"range": [0, 1], "tickformat": ".0%"}
        better = ", less is better" if metric == "rmse" else ""
        layout = {"xaxis": axis(METRICS[metric] + better, **limits), "yaxis": names_axis()}
        note = " (in-sample)" if own["is_in_sample"].any() else ""
        panels.append(Panel([figure], layout, rows_height(len(own)), wrapped(sentence(task) + note, 60, 2)))
    today = evaluations[evaluations["split"] == "today"].sort_values("task")
    today = today[today["task"].isin(rows["task"])]
    models_better = [task.removeprefix("foretell ") for task in today.loc[~today["is_baseline"], "task"]]
    guessed = [task.removeprefix("foretell ") for task in today.loc[today["is_baseline"], "task"]]
    title = f"No prediction could be judged yet: {why_unjudged(evaluations)}"
    if len(today):
        title = f"Models beat the best naive guess in {len(models_better)} of {plural(len(today), 'task')}"
    if models_better and guessed:
        title += f"; {listed(guessed)} {'is' if len(guessed) == 1 else 'are'} left to a guess"
    columns = {
        "task": ("task", "text"),
        "model": ("model", "text"),
        "settings": ("settings", "text"),
        "metric": ("metric", "text"),
        "value": ("value", "number"),
        "sample_size": ("judged on", "count"),
        "is_baseline": ("naive guess", "text"),
        "is_in_sample": ("in-sample", "text"),
        "split": ("judged by", "text"),
        "note": ("note", "text"),
    }
    return Block(
        name,
        title,
        note="Foretold from days of the past, judged by what came after. In-sample tasks re-learn what is"
        " known and foretell"
        " nothing. RMSE: typical error of a customer's spend, large errors weigh more.",
        panels=panels,
        panel_width="middle",
        legend=[["in use", ACCENT, "■"], ["other models", PALE, "■"], ["naive guesses", MUTED, "■"]],
        table=table_of(pd.concat([rows, today]).sort_values(["task", "model", "settings", "split"]), columns),
    )


def calibration(rows: pd.DataFrame, evaluations: pd.DataFrame) -> Block:
    """What the models in use said beside what happened."""
    name, heading = "reliability", "What is foretold beside what happens"
    used = in_use(evaluations)
    own = rows[[used.get(task) == model for task, model in zip(rows["task"], rows["model"], strict=True)]]
    if own.empty:
        return without_chart(name, heading, "No model in use says how sure it is, or none could be judged.")
    own, panels = own.sort_values(["task", "bin"]), []
    for task, points in own.groupby("task"):
        spend = points["measure"].iloc[0] == "spend"
        top = max(points["predicted"].max(), points["observed"].max()) if spend else 1
        largest = points["sample_size"].max()
        figure = [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [0, top],
                "y": [0, top],
                "hoverinfo": "skip",
                "line": {"color": LINE, "width": 2},
            },
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": column(points, "predicted"),
                "y": column(points, "observed"),
                "line": {"color": ACCENT, "width": 1.5},
                "customdata": column(points, "sample_size"),
                "marker": {
                    "color": ACCENT,
                    "size": [6 + 10 * (size / largest) ** 0.5 for size in points["sample_size"]],
                },
                "hovertemplate": ("foretold %{x:,.0f}, came %{y:,.0f}" if spend else "said %{x:.0%}, right %{y:.0%}")
                + " (%{customdata:,})<extra></extra>",
            },
        ]
        form = {} if spend else {"tickformat": ".0%", "range": [0, 1.03]}
        layout = {
            "xaxis": axis("foretold (money, mean of a tenth)" if spend else "confidence", **form),
            "yaxis": axis("came (money)" if spend else "told right", **form),
        }
        panels.append(
            Panel(figure, layout, 280, wrapped(f"{sentence(task)}: {model_words(points['model'].iloc[0])}", 60, 2))
        )
    title = surest(own[own["measure"] != "spend"]) or heading
    silent = sorted(task for task in set(used) - set(own["task"]) if task.startswith("foretell"))
    note = "On the line what is said comes true; the larger a dot, the more customers."
    if silent:
        note += f" Naive guesses say no confidence: {listed([task.removeprefix('predict ') for task in silent])}."
    columns = {
        "task": ("task", "text"),
        "model": ("model", "text"),
        "bin": ("tenth", "count"),
        "predicted": ("predicted", "number"),
        "observed": ("observed", "number"),
        "sample_size": ("customers at a day", "count"),
    }
    return Block(name, title, note=note, panels=panels, panel_width="middle", table=table_of(own, columns))


def surest(points: pd.DataFrame) -> str:
    """The task whose model says most wrongly how sure it is, and in which direction; nothing where none says it."""
    tasks = []
    for task, own in points.groupby("task"):
        told, right = (
            (own[field] * own["sample_size"]).sum() / own["sample_size"].sum() for field in ("predicted", "observed")
        )
        tasks.append((abs(told - right), task.removeprefix("foretell "), told, right))
    if not tasks:
        return ""
    gap, task, told, right = max(tasks)
    if gap < 0.01:
        return "The models are as often right as they say"
    return (
        f"Of {task} the model is too {'sure' if told > right else 'unsure'}: it says {percent(told)}"
        f" and is right in {percent(right)}" + ("; the others are nearer" if len(tasks) > 1 else "")
    )


def confusion(rows: pd.DataFrame) -> Block:
    """What came beside what was said, as shares of what came."""
    name, heading = "confusion", "What is taken for what"
    if rows.empty:
        return without_chart(
            name, heading, "No class was foretold and judged, so nothing could be taken for something else."
        )
    panels = []
    for task, own in rows.groupby("task"):
        sizes = own.groupby("actual")["sample_size"].sum().sort_values(ascending=False, kind="stable")
        actual = list(sizes.index)
        said = [*actual, *sorted(set(own["predicted"]) - set(actual))]
        shares = pivot(own, "actual", "predicted", "share_of_actual", actual, said)
        shares = [[cell or 0 for cell in row] for row in shares]
        often = named_short(actual, 20)
        often["ticktext"] = [
            f"{tick} ({count(sizes[name])})" for tick, name in zip(often["ticktext"], actual, strict=True)
        ]
        figure = heat_map(
            said,
            actual,
            shares,
            percents(shares),
            "%{y} came: %{z:.1%} told as %{x}",
        )
        layout = {
            "xaxis": axis("told (% of what came)", type="category", tickangle=-40, showgrid=False)
            | named_short(said, 18),
            "yaxis": names_axis("came (how often)", names=often),
        }
        right = own.loc[own["actual"] == own["predicted"], "sample_size"].sum() / own["sample_size"].sum()
        heading_of = f"{sentence(task)}: {model_words(own['model'].iloc[0])}, {percent(right)} right"
        panels.append(Panel([figure], layout, rows_height(len(actual), 150), wrapped(heading_of, 60, 2)))
    wrong = rows[rows["actual"] != rows["predicted"]]
    title = "Nothing is taken for something else: all is told right"
    if len(wrong):
        right = 1 - wrong["sample_size"].sum() / rows["sample_size"].sum()
        title = f"{percent(right)} of what was told came"
    # What was learned on a day of the past has numbers and no names there.
    wrong = wrong[~wrong["predicted"].str.fullmatch(UNNAMED) & ~wrong["actual"].str.fullmatch(UNNAMED)]
    if len(wrong):
        worst = wrong.sort_values(
            ["sample_size", "task", "actual", "predicted"], ascending=[False, True, True, True]
        ).iloc[0]
        title = (
            f"The commonest mistake: “{worst['predicted']}” was told and “{worst['actual']}” came"
            f" ({count(worst['sample_size'])} times, {worst['task'].removeprefix('predict ')})"
        )
    return Block(
        name,
        title,
        note="Of the models in use, in the backtest. The row is what came; a perfect model has 100 on its"
        " diagonal. Learned segments"
        " and categories are those that were learned on the backtest's earliest day, not today's.",
        panels=panels,
        panel_width="middle",
        table=table_of(
            rows.sort_values(["task", "actual", "predicted"]),
            {
                "task": ("task", "text"),
                "model": ("model", "text"),
                "actual": ("came", "text"),
                "predicted": ("told", "text"),
                "sample_size": ("customers at a day", "count"),
                "share_of_actual": ("share of what came", "share"),
            },
        ),
    )
