"""How good are the predictions? Each task beside its baselines, calibration, and confusion."""

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    LINE,
    MUTED,
    PALE,
    Block,
    Card,
    Figure,
    Panel,
    Row,
    Table,
    Tables,
    axis,
    bars,
    column,
    heat_map,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    rows_of,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.data_texts import OWN_CATEGORIES, said
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text
from shop_toolkit.report.words import count, label, listed, money, percent, sentence, wrapped

# The metric that a task is shown by, and its unit; the first that a task has.
METRICS = {
    "accuracy": marked("share right"),
    "agreement": marked("share that agrees with the clustering"),
    "rmse": marked("RMSE (spend), less is better"),
}
FOLD = "fold "
# The task whose classes are categories, which are the shop's words.
INTEREST = marked("predict next interest")
NO_PREDICTION = marked("no prediction")
# Clusters of the backtest have a number instead of a name.
UNNAMED = r"\w+ cluster \d+"
# How much better a model is than the best baseline, and the ends of the interval.
GAINS = ("gain", "gain_lower_bound", "gain_upper_bound")
# What the evidence of `macros/prediction/active_models.sql` means.
WHY = {
    "better": marked("Better than the best baseline by {low} at least (95 % sure), on {count} customers."),
    "no better": marked("The best learned model, “{model}”, was no better, on {count} customers."),
    "too few customers": marked(
        "Too early to say whether the best learned model, “{model}”, is better: {count} customers were evaluated,"
        " {least} are needed."
    ),
    "may be chance": marked(
        "The best learned model, “{model}”, was between {low} worse and {high} better than the best baseline (90 %"
        " interval) on {count} customers: that may be chance."
    ),
}
# The same where the lower end of the gain rounds to nothing.
AS_GOOD = marked(
    "The best learned model, “{model}”, was as good as the best baseline or up to {high} better (90 % interval) on"
    " {count} customers: that may be chance."
)
# The same where the upper end does, too.
NO_DIFFERENCE = marked(
    "The best learned model, “{model}”, was as good as the best baseline (90 % interval) on {count} customers: any"
    " difference may be chance."
)
# With this evidence it is known whether a model beats its baselines.
DECIDED = ("better", "no better")
PREDICTED = ("predict ", "forecast ")
IN_SAMPLE = "(in-sample)"


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    evaluations = tables["model_evaluations"]
    least = tables["settings"]["min_test_customers"].astype(int).max()
    undecided = undecided_tasks(evaluations)
    return [
        models_in_use(evaluations, least),
        beside_baselines(evaluations, undecided),
        calibration(tables["prediction_calibration"], evaluations, undecided),
        confusion(tables["prediction_confusion"], undecided),
    ]


def model_words(model: str) -> str:
    """A model's name in a text: `soft_vote` → `soft vote`."""
    return said(model.replace("_", " "))


def what(task: str) -> str:
    """What a task predicts: `predict next interest` → `next interest`."""
    for verb in PREDICTED:
        task = task.removeprefix(verb)
    return said(task)


def without_horizon(task: str) -> str:
    """`predict broad segment at day 180` → `predict broad segment`."""
    return task.split(" at day ")[0]


def outcome(task: str, name: str) -> str:
    """What a task predicted or what was observed: a segment in the current language, or a category as it is called."""
    return name if task == INTEREST and name not in (*OWN_CATEGORIES, NO_PREDICTION) else said(name)


def active_models(evaluations: pd.DataFrame) -> dict[str, str]:
    """The active model by task; of a segment also for the shorter horizon that it was evaluated at."""
    today = evaluations[evaluations["split"] == "today"]
    known = dict(zip(today["task"], today["model"], strict=True))
    for task in evaluations["task"].unique():
        same = [other for other in known if " at day " in task and without_horizon(other) == without_horizon(task)]
        if task not in known and same:
            known[task] = known[same[0]]
        # The rules assign learned segments.
        if task.endswith(IN_SAMPLE):
            known[task] = "rules"
    return known


def undecided_tasks(evaluations: pd.DataFrame) -> set[str]:
    """Tasks whose evidence is too thin to say whether a model beats its baseline, at any horizon.

    Args:
        evaluations: model_evaluations.
    """
    today = evaluations[evaluations["split"] == "today"]
    undecided = today.loc[~today["evidence"].isin(DECIDED), "task"]
    names = set(map(without_horizon, undecided))
    return {task for task in evaluations["task"].unique() if without_horizon(task) in names}


def why_not_evaluated(evaluations: pd.DataFrame) -> str:
    """Why predictions could not be evaluated."""
    notes = evaluations.loc[(evaluations["metric"] == "origins") & (evaluations["value"].fillna(0) == 0), "note"]
    return said(str(next(iter(sorted(notes)), marked("the history is too short"))))


def evaluated(evaluations: pd.DataFrame) -> pd.DataFrame:
    """One row per task, model and settings: the metric that the task is shown by, over its whole sample."""
    rows = evaluations[
        evaluations["metric"].isin(METRICS)
        & evaluations["value"].notna()
        & ~evaluations["split"].str.startswith("from ")
        & ~evaluations["split"].isin(["today", "choice"])
        & ~evaluations["split"].str.startswith("all origins, ")
    ]
    tables = []
    for _task, own in rows.groupby("task", sort=False):
        metric = next(metric for metric in METRICS if metric in set(own["metric"]))
        own = own[own["metric"] == metric]
        whole = own[~own["split"].str.startswith(FOLD)]
        tables.append(whole if len(whole) else own)
    return pd.concat(tables) if tables else rows


def models_in_use(evaluations: pd.DataFrame, least_customers: int) -> Block:
    """Which model makes each prediction, and why.

    Args:
        evaluations: model_evaluations.
        least_customers: So many customers have to be evaluated.
    """
    name, heading = "models_in_use", _("Which model makes each prediction, and why")
    today = evaluations[evaluations["split"] == "today"].sort_values("task")
    if today.empty:
        return without_chart(name, heading, _("Nothing is predicted: {why}.", why=why_not_evaluated(evaluations)))
    chosen = [(row, why_in_use(row, evaluations, least_customers)) for row in rows_of(today)]
    used = today.assign(why=[why for _row, why in chosen])
    columns = {
        "task": (_("task"), "word"),
        "model": (_("in use"), "word"),
        "is_baseline": (_("baseline"), "text"),
        "why": (_("why"), "text"),
        "sample_size": (_("evaluated on"), "count"),
        "note": (_("figures"), "word"),
    }
    return Block(
        name,
        heading,
        note=_(
            "A learned model is used only where it was better than the best baseline on past dates, by more than"
            " chance: at least {least} customers were evaluated, and the lower end of the one-sided 95 % interval of"
            " its gain is above zero. Else a baseline is used.",
            least=count(least_customers),
        ),
        cards=[
            Card(
                sentence(what(row["task"])),
                lead=_("By “{model}”, a baseline", model=model_words(row["model"]))
                if row["is_baseline"]
                else _("By “{model}”, a learned model", model=model_words(row["model"])),
                texts=[[why, ""]],
            )
            for row, why in chosen
        ],
        table=table_of(used, columns),
    )


def why_in_use(today: Row, evaluations: pd.DataFrame, least_customers: int) -> str:
    """Why a model is in use, by the evidence that decided, in a sentence.

    Args:
        today: The task's row of the split `today`.
        evaluations: model_evaluations.
        least_customers: So many customers have to be evaluated.
    """
    if today["evidence"] == "not evaluated":
        return _("No learned model could be evaluated.")
    # A short history may have been evaluated at another horizon than today's predictions have.
    is_same = evaluations["task"].map(without_horizon) == without_horizon(today["task"])
    gains = evaluations[is_same & evaluations["metric"].isin(GAINS)]
    known = gains.drop_duplicates("metric").set_index("metric")
    parts = {
        "model": model_words(known.loc["gain", "model"]),
        "count": count(known.loc["gain", "sample_size"]),
        "low": gain_words(abs(float(known.loc["gain_lower_bound", "value"])), today["metric"]),
        "high": gain_words(float(known.loc["gain_upper_bound", "value"]), today["metric"]),
        "least": count(least_customers),
    }
    nothing = gain_words(0, today["metric"])
    words = WHY[today["evidence"]]
    if today["evidence"] == "may be chance" and parts["low"] == nothing:
        words = NO_DIFFERENCE if parts["high"] == nothing else AS_GOOD
    return _(words, **parts)


def gain_words(gain: float, metric: str) -> str:
    """By how much a model is better: an amount, or percentage points.

    Args:
        gain: The difference of the metric.
        metric: rmse or a share.
    """
    return money(gain) if metric == "rmse" else _("{points} percentage points", points=number_text(100 * gain, 1))


def beside_baselines(evaluations: pd.DataFrame, undecided: set[str]) -> Block:
    """Every task: its models and baselines, the best on top.

    Args:
        evaluations: model_evaluations.
        undecided: Tasks without evidence.
    """
    name, heading = "evaluations", _("Models beside baselines")
    rows = evaluated(evaluations)
    if rows.empty:
        problem = _("No prediction could be evaluated: {why}.", why=why_not_evaluated(evaluations))
        return without_chart(name, heading, problem)
    active = active_models(evaluations)
    tasks = sorted(rows["task"].unique(), key=lambda task: (not task.startswith(PREDICTED), task))
    today = evaluations[evaluations["split"] == "today"].sort_values("task")
    today = today[today["task"].isin(rows["task"])]
    columns = {
        "task": (_("task"), "word"),
        "model": (_("model"), "word"),
        "settings": (_("settings"), "word"),
        "metric": (_("metric"), "word"),
        "value": (_("value"), "number"),
        "sample_size": (_("evaluated on"), "count"),
        "is_baseline": (_("baseline"), "text"),
        "is_in_sample": (_("in-sample"), "text"),
        "split": (_("split"), "word"),
        "note": (_("note"), "word"),
    }
    return Block(
        name,
        models_ahead(today, undecided)
        or _("No prediction could be evaluated yet: {why}", why=why_not_evaluated(evaluations)),
        note=_(
            "Predicted from past dates, evaluated on what was observed after them. In-sample tasks reproduce what is"
            " known and predict nothing. RMSE: typical error of a customer's spend; large errors weigh more."
        )
        + next_quarter(evaluations),
        panels=[task_bars(task, rows[rows["task"] == task], active.get(task)) for task in tasks],
        panel_width="middle",
        legend=[[_("in use"), ACCENT, "■"], [_("other models"), PALE, "■"], [_("baselines"), MUTED, "■"]],
        table=table_of(pd.concat([rows, today]).sort_values(["task", "model", "settings", "split"]), columns),
    )


def next_quarter(evaluations: pd.DataFrame) -> str:
    """What all customers are expected to spend, and whether the season is known; empty without a forecast.

    Args:
        evaluations: model_evaluations.
    """
    rows = evaluations[evaluations["split"] == "next 90 days"].set_index("metric")
    if "expected_total" not in rows.index:
        return ""
    values = rows["value"]
    expected = _(
        "The customers of today are expected to spend {amount} in the next 90 days ({low} to {high} in nine cases of"
        " ten).",
        amount=money(values["expected_total"]),
        low=money(values["expected_total_low"]),
        high=money(values["expected_total_high"]),
    )
    return f" {expected} {sentence(said(rows.loc['expected_total', 'note']))}."


def models_ahead(today: pd.DataFrame, undecided: set[str]) -> str:
    """The title: in how many tasks with evidence a model beats the best baseline; empty without any task.

    Args:
        today: The active model of each task that was evaluated.
        undecided: Tasks without evidence.
    """
    if today.empty:
        return ""
    decided = today[~today["task"].isin(undecided)]
    early = listed([what(task) for task in today["task"] if task in undecided])
    if decided.empty:
        return _("Too early to say whether models beat their baselines: {tasks}", tasks=early)
    better = decided.loc[~decided["is_baseline"], "task"]
    baselines = [what(task) for task in decided.loc[decided["is_baseline"], "task"]]
    title = ngettext(
        "Models beat the best baseline in {better} of {count} task",
        "Models beat the best baseline in {better} of {count} tasks",
        len(decided),
        better=len(better),
        count=count(len(decided)),
    )
    if len(better) and baselines:
        title += _("; a baseline predicts {tasks}", tasks=listed(baselines))
    return title + (_("; too early to say: {tasks}", tasks=early) if early else "")


def task_bars(task: str, own: pd.DataFrame, active: str | None) -> Panel:
    """A bar per model of a task, the best on top.

    Args:
        task: The task.
        own: Its rows of one metric.
        active: The active model, if any.
    """
    metric = own["metric"].iloc[0]
    own = own.sort_values(["value", "model", "settings"], ascending=[metric == "rmse", True, True])
    # A model may have rows of several settings: the best of each.
    own = own.drop_duplicates("model")
    words = money if metric == "rmse" else percent
    colours = [
        ACCENT if active == model else MUTED if baseline else PALE
        for model, baseline in zip(own["model"], own["is_baseline"], strict=True)
    ]
    names = [label(model_words(model), 26) for model in own["model"]]
    figure = bars(names, column(own, "value"), [words(value) for value in own["value"]], colours)
    unit, limits = METRICS[metric], {"range": [0, 1], "tickformat": ".0%"}
    if metric == "rmse":
        limits = {}
    layout = {"xaxis": axis(_(unit), **limits), "yaxis": names_axis()}
    note = f" ({_('in-sample')})" if own["is_in_sample"].any() and not task.endswith(IN_SAMPLE) else ""
    return Panel([figure], layout, rows_height(len(own)), wrapped(sentence(said(task)) + note, 60, 2))


def calibration(rows: pd.DataFrame, evaluations: pd.DataFrame, undecided: set[str]) -> Block:
    """What the active models predicted beside what was observed.

    Args:
        rows: prediction_calibration.
        evaluations: model_evaluations.
        undecided: Tasks without evidence: the title leaves them out.
    """
    name, heading = "calibration", _("Predicted beside observed")
    active = active_models(evaluations)
    own = rows[[active.get(task) == model for task, model in zip(rows["task"], rows["model"], strict=True)]]
    if own.empty:
        return without_chart(name, heading, _("No active model has a confidence, or none could be evaluated."))
    own = own.sort_values(["task", "bin"])
    silent = sorted(what(task) for task in set(active) - set(own["task"]) if task.startswith(PREDICTED))
    note = _("On the line, predicted equals observed; the larger a dot, the more customers.")
    if silent:
        note += " " + _("Baselines have no confidence: {tasks}.", tasks=listed(silent))
    columns = {
        "task": (_("task"), "word"),
        "model": (_("model"), "word"),
        "bin": (_("tenth"), "count"),
        "predicted": (_("predicted"), "number"),
        "observed": (_("observed"), "number"),
        "sample_size": (_("samples"), "count"),
    }
    return Block(
        name,
        least_calibrated(own[(own["measure"] != "spend") & ~own["task"].isin(undecided)]) or heading,
        note=note,
        panels=[calibration_curve(str(task), points) for task, points in own.groupby("task")],
        panel_width="middle",
        table=table_of(own, columns),
    )


def calibration_curve(task: str, points: pd.DataFrame) -> Panel:
    """A dot per bin beside the line of equal values.

    Args:
        task: The task.
        points: Its rows of prediction_calibration.
    """
    spend = points["measure"].iloc[0] == "spend"
    top = max(points["predicted"].max(), points["observed"].max()) if spend else 1
    largest = points["sample_size"].max()
    if spend:
        hover = _("predicted {predicted}, observed {observed}", predicted="%{x:,.0f}", observed="%{y:,.0f}")
    else:
        hover = _("confidence {confidence}, right {right}", confidence="%{x:.0%}", right="%{y:.0%}")
    diagonal: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, top],
        "y": [0, top],
        "hoverinfo": "skip",
        "line": {"color": LINE, "width": 2},
    }
    dots: Figure = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": column(points, "predicted"),
        "y": column(points, "observed"),
        "line": {"color": ACCENT, "width": 1.5},
        "customdata": column(points, "sample_size"),
        "marker": {"color": ACCENT, "size": [6 + 10 * (size / largest) ** 0.5 for size in points["sample_size"]]},
        "hovertemplate": hover + " (%{customdata:,})<extra></extra>",
    }
    form: Figure = {} if spend else {"tickformat": ".0%", "range": [0, 1.03]}
    layout = {
        "xaxis": axis(_("predicted (spend, mean of a tenth)") if spend else _("confidence"), **form),
        "yaxis": axis(_("observed (spend)") if spend else _("share right"), **form),
    }
    title = f"{sentence(said(task))}: {model_words(points['model'].iloc[0])}"
    return Panel([diagonal, dots], layout, 280, wrapped(title, 60, 2))


def least_calibrated(points: pd.DataFrame) -> str:
    """The title: the task whose confidence is furthest off, and in which direction; empty without any confidence."""
    tasks = []
    for task, own in points.groupby("task"):
        sure, right = (
            (own[field] * own["sample_size"]).sum() / own["sample_size"].sum() for field in ("predicted", "observed")
        )
        tasks.append((abs(sure - right), what(str(task)), sure, right))
    if not tasks:
        return ""
    gap, worst, sure, right = max(tasks)
    if gap < 0.01:
        return _("The models are right as often as their confidence says")
    parts = {"task": worst, "confidence": percent(sure), "right": percent(right)}
    if sure > right:
        title = _(
            "The model for {task} is too sure: its confidence is {confidence} and it is right in {right}", **parts
        )
    else:
        title = _(
            "The model for {task} is too unsure: its confidence is {confidence} and it is right in {right}", **parts
        )
    return title + (_("; the others are nearer") if len(tasks) > 1 else "")


def confusion(rows: pd.DataFrame, undecided: set[str]) -> Block:
    """Observed beside predicted classes, as shares of the observed.

    Args:
        rows: prediction_confusion.
        undecided: Tasks without evidence: the title leaves them out.
    """
    name, heading = "confusion", _("What is confused with what")
    if rows.empty:
        return without_chart(name, heading, _("No class was predicted and evaluated, so nothing could be confused."))
    counted = rows[~rows["task"].isin(undecided)]
    return Block(
        name,
        heading if counted.empty else commonest_mistake(counted),
        note=_(
            "Active models, in the backtest. A row is what was observed; a perfect model has 100 on the diagonal."
            " Learned segments and categories are those fitted on the backtest's earliest date, not today's."
        ),
        panels=[confusion_map(str(task), own) for task, own in rows.groupby("task")],
        panel_width="middle",
        table=confusion_table(rows),
    )


def confusion_map(task: str, own: pd.DataFrame) -> Panel:
    """The confusion matrix of a task.

    Args:
        task: The task.
        own: Its rows of prediction_confusion.
    """
    sizes = own.groupby("actual")["sample_size"].sum().sort_values(ascending=False, kind="stable")
    observed = list(sizes.index)
    predicted = [*observed, *sorted(set(own["predicted"]) - set(observed))]
    shares = pivot(own, "actual", "predicted", "share_of_actual", observed, predicted)
    shares = [[cell or 0 for cell in row] for row in shares]
    often = named_short(observed, 20) | {
        "ticktext": [f"{label(outcome(task, name), 20)} ({count(sizes[name])})" for name in observed]
    }
    across = named_short(predicted, 18) | {"ticktext": [label(outcome(task, name), 18) for name in predicted]}
    places = {"observed": "%{y}", "share": "%{z:.1%}", "predicted": "%{x}"}
    hover = _("{observed} observed: {share} predicted as {predicted}", **places)
    figure = heat_map(predicted, observed, shares, percents(shares), hover)
    words = _("predicted (% of the observed)")
    layout = {
        "xaxis": axis(words, type="category", tickangle=-40, showgrid=False) | across,
        "yaxis": names_axis(_("observed (how often)"), names=often),
    }
    right = own.loc[own["actual"] == own["predicted"], "sample_size"].sum() / own["sample_size"].sum()
    title = _(
        "{task}: {model}, {share} right",
        task=sentence(said(task)),
        model=model_words(own["model"].iloc[0]),
        share=percent(right),
    )
    # Beside few rows the title of their axis would be cut off.
    return Panel([figure], layout, rows_height(max(len(observed), 5), 150), wrapped(title, 60, 2))


def commonest_mistake(rows: pd.DataFrame) -> str:
    """The title: what was predicted most often instead of what was observed."""
    wrong = rows[rows["actual"] != rows["predicted"]]
    if wrong.empty:
        return _("Nothing is confused: every prediction is right")
    right = 1 - wrong["sample_size"].sum() / rows["sample_size"].sum()
    wrong = wrong[~wrong["predicted"].str.fullmatch(UNNAMED) & ~wrong["actual"].str.fullmatch(UNNAMED)]
    if wrong.empty:
        return _("{share} of the predictions are right", share=percent(right))
    order = ["sample_size", "task", "actual", "predicted"]
    worst = wrong.sort_values(order, ascending=[False, True, True, True]).iloc[0]
    return _(
        "The commonest mistake: “{predicted}” was predicted and “{observed}” observed ({count} times, {task})",
        predicted=outcome(worst["task"], worst["predicted"]),
        observed=outcome(worst["task"], worst["actual"]),
        count=count(worst["sample_size"]),
        task=what(worst["task"]),
    )


def confusion_table(rows: pd.DataFrame) -> Table:
    """The numbers of all confusion matrices."""
    columns = {
        "task": (_("task"), "word"),
        "model": (_("model"), "word"),
        "actual": (_("observed"), "text"),
        "predicted": (_("predicted"), "text"),
        "sample_size": (_("samples"), "count"),
        "share_of_actual": (_("share of the observed"), "share"),
    }
    rows = rows.sort_values(["task", "actual", "predicted"])
    classes = {
        side: [outcome(task, name) for task, name in zip(rows["task"], rows[side], strict=True)]
        for side in ("actual", "predicted")
    }
    return table_of(rows.assign(**classes), columns)
