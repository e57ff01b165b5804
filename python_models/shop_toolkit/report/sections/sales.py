"""What happened? Sales by month, by weekday and hour, by country, and how many newcomers order again."""

import math
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    MUTED,
    Block,
    Figure,
    Panel,
    Table,
    Tables,
    axis,
    column,
    heat_map,
    largest,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.language import date_text, marked, ngettext, number_text
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.months import month
from shop_toolkit.report.privacy import LEAST_CUSTOMERS, OTHERS
from shop_toolkit.report.words import count, listed, money, percent, unit_of_money

COUNTRIES = 15
# What `sales_by_country` calls orders that name no country.
NOT_LOGGED = marked("not logged")
COHORTS = 24
# On which days orders are placed, by the name of the day.
ON_DAYS = {
    "Monday": marked("Mondays"),
    "Tuesday": marked("Tuesdays"),
    "Wednesday": marked("Wednesdays"),
    "Thursday": marked("Thursdays"),
    "Friday": marked("Fridays"),
    "Saturday": marked("Saturdays"),
    "Sunday": marked("Sundays"),
}
WEEKDAYS = (
    marked("Monday"),
    marked("Tuesday"),
    marked("Wednesday"),
    marked("Thursday"),
    marked("Friday"),
    marked("Saturday"),
    marked("Sunday"),
)


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    return [
        by_month(tables["sales_by_month"]),
        by_weekday_and_hour(tables["sales_by_weekday_and_hour"], tables["sales_by_weekday"]),
        by_country(tables["sales_by_country"]),
        cohorts(tables["cohorts"]),
    ]


def by_month(months: pd.DataFrame) -> Block:
    """Revenue by month, of customers and anonymous; `months` is sales_by_month."""
    name = "sales_by_month"
    if months.empty:
        return without_chart(name, _("Sales by month"), _("There is no sale to count by month."))
    months = months.sort_values("month_start_date")
    pale = "" if months["is_complete"].all() else " " + _("Pale: the log covers only part of the month.")
    columns = {
        "month_start_date": (_("month from"), "date"),
        "order_count": (_("orders"), "count"),
        "customer_count": (_("customers"), "count"),
        "new_customer_count": (_("new customers"), "count"),
        "units": (_("units"), "count"),
        "revenue": (_("revenue"), "money"),
        "anonymous_order_count": (_("anonymous orders"), "count"),
        "anonymous_units": (_("anonymous units"), "count"),
        "anonymous_revenue": (_("anonymous revenue"), "money"),
        "is_complete": (_("whole month"), "text"),
    }
    return Block(
        name,
        best_month(months),
        note=_("Revenue is sales minus what was cancelled of them later. Sales without a customer are shown apart.")
        + pale,
        panels=[month_bars(months)],
        legend=[[_("customers"), ACCENT, "●"], [_("unknown buyers"), MUTED, "●"]],
        table=table_of(months, columns),
    )


def best_month(months: pd.DataFrame) -> str:
    """The title: the whole month of most revenue, beside the mean."""
    whole = months[months["is_complete"]]
    compared = whole if len(whole) else months
    best = largest(compared, compared["revenue"])
    parts = {"month": month(best["month_start_date"]), "amount": money(best["revenue"])}
    is_apart = (months["anonymous_revenue"] != 0).any()
    if len(compared) > 1 and compared["revenue"].mean() > 0:
        parts["times"] = number_text(best["revenue"] / compared["revenue"].mean(), 1)
        if is_apart:
            return _("{month} brought {amount} from known customers, {times} times their mean month", **parts)
        return _("{month} brought {amount}, {times} times the mean month", **parts)
    if is_apart:
        return _("{month} brought {amount} from known customers", **parts)
    return _("{month} brought {amount}", **parts)


def month_bars(months: pd.DataFrame) -> Panel:
    """Stacked bars of revenue by month, with and without a customer."""
    starts = column(months, "month_start_date")
    opacity = [1 if whole else 0.45 for whole in months["is_complete"]]
    traces = [
        {
            "type": "bar",
            "x": starts,
            "y": column(months, field),
            "name": words,
            "xperiod": "M1",
            "marker": {"color": colour, "opacity": opacity},
            "hovertemplate": "%{x|%B %Y}: %{y:,.0f}, " + words + "<extra></extra>",
        }
        for field, words, colour in (
            ("revenue", _("customers"), ACCENT),
            ("anonymous_revenue", _("unknown buyers"), MUTED),
        )
    ]
    layout = {
        "barmode": "relative",
        "bargap": 0.25,
        # The name of a month is below its bar, not where the month begins.
        "xaxis": axis(_("month"), type="date", tickformat="%b\n%Y", ticklabelmode="period"),
        "yaxis": axis(_("revenue ({unit})", unit=unit_of_money())),
    }
    return Panel(traces, layout, 360)


def by_weekday_and_hour(hours: pd.DataFrame, days: pd.DataFrame) -> Block:
    """Orders by weekday and hour of the day, or by weekday alone where the log has no hours.

    Args:
        hours: sales_by_weekday_and_hour.
        days: sales_by_weekday.
    """
    name = "sales_by_weekday_and_hour"
    total = days["order_count"].sum() if len(days) else 0
    if not total:
        return without_chart(name, _("Sales by weekday and hour"), _("There is no order to count by hour."))
    days = days.sort_values("weekday_number")
    by_day = days.set_index("weekday")["order_count"]
    weekdays = list(by_day.index)
    silent = [_(ON_DAYS[day]) for day in weekdays if not by_day[day]]
    if hours.empty:
        return by_weekday(by_day, silent)
    hours = hours.sort_values(["weekday_number", "hour_of_day"])
    best = largest(hours, hours["order_count"])
    title = _(
        "The busiest hour is from {hour} to {next_hour} o'clock on {days}: {share} of all orders",
        days=_(ON_DAYS[best["weekday"]]),
        hour=best["hour_of_day"],
        next_hour=best["hour_of_day"] + 1,
        share=percent(best["order_count"] / total),
    )
    if 0 < len(silent) < 4:
        title += _("; none on {days}", days=listed(silent))
    open_hours = hours.loc[hours["order_count"] > 0, "hour_of_day"]
    shown = list(range(open_hours.min(), open_hours.max() + 1))
    orders = pivot(hours, "weekday", "hour_of_day", "order_count", weekdays, shown)
    texts = [[count(cell) if cell else "" for cell in row] for row in orders]
    hover = _("{day}, {hour} o'clock: {count} orders", day="%{y}", hour="%{x}", count="%{z:,}")
    figure = heat_map(shown, [_(day) for day in weekdays], orders, texts, hover)
    layout = {"xaxis": axis(_("hour of the day"), dtick=2, showgrid=False), "yaxis": names_axis(ticklabelstandoff=4)}
    columns = {
        "weekday": (_("weekday"), "word"),
        "hour_of_day": (_("hour"), "count"),
        "order_count": (_("orders"), "count"),
    }
    return Block(
        name,
        title,
        note=_("Orders of known customers, in the log's own time."),
        panels=[Panel([figure], layout, 320)],
        # Without revenue: in a quiet hour it would be that of one order.
        table=table_of(hours, columns),
    )


def by_weekday(orders: "pd.Series[Any]", silent: list[str]) -> Block:
    """Orders by weekday, for a log of days without hours.

    Args:
        orders: Orders of each weekday, by its name.
        silent: The weekdays without orders, as plurals.
    """
    best = orders.index[orders == orders.max()]
    parts = {"days": listed([_(ON_DAYS[day]) for day in best]), "share": percent(orders.max() / orders.sum())}
    if len(best) > 1:
        title = _("Most orders are placed on {days}: {share} of all each", **parts)
    else:
        title = _("Most orders are placed on {days}: {share} of all", **parts)
    if 0 < len(silent) < 4:
        title += _("; none on {days}", days=listed(silent))
    figure = {
        "type": "bar",
        "x": [_(day) for day in orders.index],
        "y": [int(number) for number in orders],
        "marker": {"color": ACCENT},
        "hovertemplate": _("{day}: {count} orders", day="%{x}", count="%{y:,}") + "<extra></extra>",
    }
    columns = {"weekday": (_("weekday"), "word"), "order_count": (_("orders"), "count")}
    return Block(
        "sales_by_weekday_and_hour",
        title,
        note=_("Orders of known customers. The log says on which day they were placed, not at which hour."),
        panels=[Panel([figure], {"xaxis": axis(_("weekday")), "yaxis": axis(_("orders"))}, 320)],
        table=table_of(orders.rename("order_count").rename_axis("weekday").reset_index(), columns),
    )


def by_country(countries: pd.DataFrame) -> Block:
    """Revenue of the largest countries; `countries` is sales_by_country, with small ones added up."""
    name = "sales_by_country"
    countries = countries.sort_values(["revenue", "country"], ascending=[False, True])
    total = countries["revenue"].sum() if len(countries) else 0
    drawn = countries[countries["revenue"] > 0].head(COUNTRIES)
    if drawn.empty or total <= 0:
        return without_chart(name, _("Sales by country"), _("There is no revenue to split by country."))
    if set(countries["country"]) == {NOT_LOGGED}:
        problem = _("The log doesn't say in which country an order was placed.")
        return without_chart(name, _("Sales by country"), problem)
    left_out = len(countries) - len(drawn)
    rest = pooled = ""
    if left_out:
        rest = ngettext(
            "{count} more country is in the table.",
            "{count} more countries are in the table.",
            left_out,
            count=count(left_out),
        )
    if (countries["country"] == OTHERS).any():
        pooled = _(
            "Countries of fewer than {least} customers are added up as {others}.",
            least=LEAST_CUSTOMERS,
            others=_(OTHERS),
        )
    columns = {
        "country": (_("country"), "text"),
        "order_count": (_("orders"), "count"),
        "customer_count": (_("customers"), "count"),
        "units": (_("units"), "count"),
        "revenue": (_("revenue"), "money"),
        "anonymous_revenue": (_("anonymous revenue"), "money"),
    }
    return Block(
        name,
        best_country(drawn, total, len(countries)),
        note=" ".join(filter(None, [pooled, rest])),
        panels=[country_marks(shown_countries(drawn), total)],
        table=table_of(shown_countries(countries), columns),
    )


def shown_countries(countries: pd.DataFrame) -> pd.DataFrame:
    """The countries, with what stands for several or for none in the current language."""
    return countries.assign(country=countries["country"].replace({name: _(name) for name in (OTHERS, NOT_LOGGED)}))


def best_country(drawn: pd.DataFrame, total: float, number: int) -> str:
    """The title: the countries of most revenue.

    Args:
        drawn: The countries in the chart, largest first.
        total: Revenue of all.
        number: How many countries there are.
    """
    named = drawn[drawn["country"] != OTHERS]
    first = (named if len(named) else drawn).iloc[0]
    if number == 1:
        return _("All revenue is from one country: {country}", country=first["country"])
    parts = {"country": first["country"], "share": percent(first["revenue"] / total)}
    if len(named) > 1:
        parts |= {"next": named.iloc[1]["country"], "next_share": percent(named.iloc[1]["revenue"] / total)}
        return _("{country} brings {share} of the revenue, then {next} {next_share}", **parts)
    return _("{country} brings {share} of the revenue", **parts)


def country_marks(drawn: pd.DataFrame, total: float) -> Panel:
    """Marks on a logarithmic axis, because one country often brings almost all revenue."""
    # Whole decades, or revenues that are much alike would have no line of the axis among them.
    decades = [math.floor(math.log10(drawn["revenue"].min())), math.floor(math.log10(drawn["revenue"].max())) + 1]
    figure: Figure = {
        "type": "scatter",
        "mode": "markers+text",
        "x": column(drawn, "revenue"),
        "y": column(drawn, "country"),
        "text": [percent(revenue / total) for revenue in drawn["revenue"]],
        "textposition": "middle right",
        "marker": {"size": 11, "color": ACCENT},
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:,.0f} (%{text})<extra></extra>",
    }
    unit = _("revenue ({unit}; each line is ten times the one before)", unit=unit_of_money())
    layout = {
        "xaxis": axis(unit, type="log", dtick=1, range=decades),
        "yaxis": names_axis(names=named_short(drawn["country"], 24), showgrid=True),
        "margin": {"r": 56},
    }
    return Panel([figure], layout, rows_height(len(drawn)))


def cohorts(rows: pd.DataFrame) -> Block:
    """Which share of a month's newcomers orders again, by month after it; `rows` is cohorts."""
    name, heading = "cohorts", _("Newcomers who order again")
    later = rows[rows["is_complete"] & (rows["months_since_first"] > 0)] if len(rows) else rows
    if later.empty:
        problem = _("The log has no whole month after the first one, so nobody could order again yet.")
        return without_chart(name, heading, problem)
    # Customers of the log's first month may have been customers for years.
    newcomers = later[later["cohort_month_start_date"] > rows["cohort_month_start_date"].min()]
    first = newcomers[newcomers["months_since_first"] == 1]
    title = heading
    if len(first):
        again = first["active_customer_count"].sum() / first["cohort_customer_count"].sum()
        title = ngettext(
            "Of 100 newcomers {count} orders again in the month after",
            "Of 100 newcomers {count} order again in the month after",
            round(100 * again),
            count=round(100 * again),
        )
    starts = sorted(later["cohort_month_start_date"].unique())[-COHORTS:]
    left_out = later["cohort_month_start_date"].nunique() - COHORTS
    note = _("Customers of the log's first month may have been customers for years: they are not in the title.")
    if left_out > 0:
        note += " " + _("Cohorts earlier than the last {count} are in the mart cohorts.", count=COHORTS)
    shown = later[later["cohort_month_start_date"] >= starts[0]]
    return Block(
        name,
        title,
        note=note,
        panels=[retention_map(shown, starts)],
        table=cohort_table(rows[rows["cohort_month_start_date"] >= starts[0]]),
    )


def retention_map(later: pd.DataFrame, starts: list[pd.Timestamp]) -> Panel:
    """Retention by cohort and months after it.

    Args:
        later: Whole months after the first of each cohort.
        starts: First day of each cohort's month.
    """
    months = list(range(1, int(later["months_since_first"].max()) + 1))
    retention = pivot(later, "cohort_month_start_date", "months_since_first", "retention", starts, months)
    names = [date_text(pd.Timestamp(start), "yMMM", "%b %Y") for start in starts]
    places = {"month": "%{y}", "share": "%{z:.0%}", "later": "%{x}"}
    hover = _("of the newcomers of {month} {share} ordered {later} months later", **places)
    figure = heat_map(months, names, retention, percents(retention), hover)
    layout = {
        "xaxis": axis(_("months after the first order (in the cells: % of the cohort)"), showgrid=False),
        "yaxis": names_axis(_("month of the first order")),
    }
    return Panel([figure], layout, rows_height(len(starts), 80))


def cohort_table(rows: pd.DataFrame) -> Table:
    """The cohorts' numbers of customers, without revenue."""
    return table_of(
        rows.sort_values(["cohort_month_start_date", "months_since_first"]),
        {
            "cohort_month_start_date": (_("first order in"), "date"),
            "months_since_first": (_("months later"), "count"),
            "cohort_customer_count": (_("newcomers"), "count"),
            "active_customer_count": (_("ordered"), "count"),
            "retention": (_("share"), "share"),
            "is_complete": (_("whole month"), "text"),
        },
    )
