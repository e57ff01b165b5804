"""What the report says of campaigns and their control groups."""

import json
from collections.abc import Hashable
from typing import Any

import pandas as pd
import pytest
from report_pages import Tables, blocks_of, table_of
from shop_toolkit.report import privacy
from shop_toolkit.report.language import Language, speaking
from shop_toolkit.report.sections import answers, first
from shop_toolkit.report.sections.campaigns import campaign_results


def test_cards_say_where_a_control_group_is_too_small_to_measure(tables: Tables) -> None:
    sizes = {"champions": (270, 30), "loyal": (271, 29), "new": (29, 30), "lost": (None, None)}
    ranks = tables["rpt_segments"].copy()
    of_rfm = ranks["segmentation"] == "rfm"
    for place, name in enumerate(("addressed_customer_count", "control_customer_count")):
        found = ranks["segment"].map({segment: counts[place] for segment, counts in sizes.items()})
        ranks[name] = ranks[name].where(~of_rfm, found.fillna(30).mask(ranks["segment"] == "lost"))
    blocks = blocks_of(tables | {"rpt_segments": ranks})
    groups = {card.title: dict(card.facts).get("control group") for card in blocks["rfm_cards"].cards}
    assert {name: groups[name] for name in ("Champions", "Loyal", "New", "Lost")} == {
        "Champions": "30", "Loyal": "29, too few to measure", "New": "30, too few to measure", "Lost": None,
    }  # fmt: skip
    assert blocks["rfm_cards"].note.startswith("A campaign is measured where both groups have 30 customers or more.")
    assert blocks["rfm_cards"].note.endswith(" A campaign of a name of its own holds out exactly its share.")
    enough = ranks.assign(addressed_customer_count=30, control_customer_count=30)
    assert blocks_of(tables | {"rpt_segments": enough})["rfm_cards"].note.startswith("Each customer is held out of ")
    nobody = ranks.assign(addressed_customer_count=float("nan"), control_customer_count=float("nan"))
    assert blocks_of(tables | {"rpt_segments": nobody})["rfm_cards"].note == ""


def campaign(name: str, days: int, verdict: str, difference: float | None = None, **more: Any) -> dict[str, Any]:
    """A row of campaign_results: differences lie 10 around theirs, also of shares in percent."""
    row: dict[str, Any] = {
        "campaign": name, "window_days": days, "verdict": verdict, "segmentation": "detailed", "segment": "loyal",
        "condition": None, "start_date": pd.Timestamp("2024-03-01"), "end_date": None,
        "window_end_date": pd.Timestamp("2024-03-30"), "as_of_date": pd.Timestamp("2024-12-31"),
        "is_complete": verdict != "not over yet", "expected_lift": 0.1, "needed_customers_revenue": 1234.0,
        "decided_on": pd.NaT, "restatement_count": 0,
    }  # fmt: skip
    for arm, customers in (("treatment", 200), ("control", 100)):
        row |= {f"{arm}_customer_count": customers, f"{arm}_buyer_count": 40, f"{arm}_conversion": 40 / customers}
    for place, end in ((0, ""), (-10, "_low"), (10, "_high")):
        row[f"adjusted_revenue_difference{end}"] = None if difference is None else difference + place
        row[f"conversion_difference{end}"] = None if difference is None else (difference + place) / 100
    return row | more


def test_campaigns_claim_what_the_mart_claims(tables: Tables) -> None:
    rows = [
        campaign("a", 30, "gain", 12.5),
        campaign("a", 60, "loss", -12.5),
        campaign("a", 90, "not over yet"),
        campaign("b", 30, "no effect shown", 0.0, start_date=pd.Timestamp("2024-04-01")),
        # What so few spent could be computed from the difference.
        campaign("b", 60, "too few to say", 98765.43, start_date=pd.Timestamp("2024-04-01")),
        campaign("c", 30, "no control group", start_date=pd.Timestamp("2024-01-01")),
    ]
    block = blocks_of(tables | {"campaign_results": pd.DataFrame(rows)})["campaign_results"]
    assert block.title == "Campaigns with a gain: 0 of 3; with a loss: 1"
    assert "98765" not in json.dumps(block.as_dict())
    for panel in block.panels:
        assert [trace["y"] for trace in panel.data] == [["a, 30"], ["a, 60"], ["b, 30"]]
        assert len({trace["marker"]["symbol"] for trace in panel.data}) == 3
        # The last campaign is on top.
        assert panel.layout["yaxis"]["categoryarray"] == ["b, 30", "a, 30", "a, 60"]
    assert block.panels[0].data[0]["text"] == ["a, 30 days: 12.50 (2.50 to 22.50, 95 %)"]
    assert block.panels[1].data[1]["text"] == ["a, 60 days: −12 % (−22 % to −2.5 %, 95 %)"]
    assert [[text[1].split(":")[0] for text in card.texts] for card in block.cards] == [
        ["detailed", "No effect shown", "Too few to say"],
        ["detailed", "A gain", "A loss", "Not over yet"],
        ["detailed", "Nothing to compare with"],
    ]
    assert block.cards[1].texts[2][1] == (
        "A loss: customers who were addressed spent 12.50 less on average than those who were held out (95 % interval:"
        " 22.50 less to 2.50 less), adjusted by what they had spent before."
    )
    unclear = block.cards[0].texts[1][1]
    assert "which can be chance (95 % interval: 10.00 less to 10.00 more)" in unclear
    assert unclear.endswith(
        "To find 10 % more spend in 30 days four times in five, 1,234 customers in each group are needed."
    )
    unknown = campaign_results(pd.DataFrame([rows[2]]))
    assert unknown.title == "What campaigns brought: too early to say, no 30 days are over yet"
    assert not unknown.panels
    assert not unknown.legend
    late = (
        " The warehouse first saw this campaign when the log ended on {day}, which is not before its start: unless it"
        " was sent by this very draw, as from the list of a week's action or of an earlier build, the difference says"
        " nothing."
    )
    for day, sentence in {29: "", 1: late.format(day="1 March 2024")}.items():
        decided = pd.Timestamp(2024, 2 if day == 29 else 3, day)
        found = campaign_results(pd.DataFrame([rows[0] | {"decided_on": decided}]))
        assert found.cards[0].texts[1][1] == block.cards[1].texts[1][1] + sentence
        # What says nothing isn't counted.
        title = "What campaigns brought: none of 1 shows an effect so far"
        assert found.title == (title if sentence else "Campaigns with a gain: 1 of 1; with a loss: 0")
    few = "Before anything is claimed, each group needs 30 customers: the smaller one has 29."
    buyers = "Before anything is claimed, 5 of the smaller group have to order if both groups are alike: here that is "
    for held_out, bought, own, reasons in (
        (29, 40, 29, few), (100, 9, 4, f"{buyers}4.3."), (29, 20, 4, f"{few} {buyers}3.0."),
    ):  # fmt: skip
        small = rows[4] | {"control_customer_count": held_out, "treatment_buyer_count": bought}
        found = campaign_results(pd.DataFrame([small | {"control_buyer_count": own}]))
        assert f" who were held out. {reasons} To find" in found.cards[0].texts[1][1]
    # Its members are decided on the day before, and nobody has been written to.
    waits = campaign("d", 30, "not over yet", start_date=pd.Timestamp("2025-01-01"))
    waiting = campaign_results(pd.DataFrame([waits]))
    assert waiting.title == "What campaigns brought: none has begun"
    assert waiting.cards[0].texts[1][1] == (
        "Not begun yet: it starts on 1 January 2025, and the log ends on 31 December 2024."
    )
    # One that begins later isn't decided yet: its row is all that is known.
    days = ["2026-05-01", " 2026-03-01", "2026-03-01", "2026-01-01", "2024-01-01", "2026-02-30"]
    plan = pd.DataFrame({"name": ["e", "f ", "d", "tomorrow", "over", "no day"], "start_date": days})
    planned = (
        "Planned: f (1 March 2026), e (1 May 2026). The first build whose log reaches the day before the start decides"
        " whom a campaign addresses."
    )
    shown = blocks_of(tables | {"campaigns": plan, "campaign_results": pd.DataFrame([*rows, waits])})
    assert shown["campaign_results"].note == f"{block.note} {planned}"
    nothing = blocks_of(tables | {"campaigns": plan, "campaign_results": tables["campaign_results"].head(0)})
    assert nothing["campaign_results"].problem.endswith(
        f"and its results are shown here. {planned.replace('f (', 'd (1 March 2026), f (')}"
    )
    # Names that begin alike look different, as those of a week's action are.
    weekly = [rows[0] | {"campaign": f"win back 2024-02-{day}"} for day in (21, 28)]
    (revenue, *_others) = campaign_results(pd.DataFrame([*weekly, rows[3] | {"campaign": "a & b"}])).panels
    assert revenue.layout["yaxis"]["ticktext"] == [
        "a &amp; b, 30 days", "win back …24-02-21, 30 days", "win back …24-02-28, 30 days",
    ]  # fmt: skip
    # One has the same label in each panel, also where another has no figure.
    missing: dict[str, Any] = dict.fromkeys(f"conversion_difference{end}" for end in ("", "_low", "_high"))
    for panel in campaign_results(pd.DataFrame([weekly[0], weekly[1] | missing])).panels:
        assert "win back …24-02-21, 30 days" in panel.layout["yaxis"]["ticktext"]
    # Nor does one count whose first days aren't over.
    assert campaign_results(pd.DataFrame([*rows, rows[2] | {"campaign": "e"}, waits])).title == block.title


def test_without_campaigns_a_sentence_stands_below_the_cards(tables: Tables) -> None:
    none = tables | {"campaign_results": tables["campaign_results"].head(0)}
    (names,) = ([block.name for block in own] for section, own in answers(none) if section.name == "campaigns")
    assert names == ["broad_cards", "detailed_cards", "rfm_cards", "campaign_results"]
    assert blocks_of(none)["campaign_results"].problem.startswith("No campaign has begun: a row in seeds/campaigns.csv")
    (names,) = ([block.name for block in own] for section, own in answers(tables) if section.name == "campaigns")
    assert names == ["campaign_results", "broad_cards", "detailed_cards", "rfm_cards"]


def test_many_campaigns_leave_the_earlier_ones_to_the_table() -> None:
    rows = [
        campaign(f"week {week}", 30, "gain", 12.5, start_date=pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=week))
        for week in range(20)
    ]
    block = campaign_results(pd.DataFrame(rows))
    assert [card.title for card in block.cards] == [f"week {week}" for week in range(19, 13, -1)]
    assert block.panels[0].layout["yaxis"]["categoryarray"] == [f"{card.title}, 30" for card in block.cards]
    assert len(table_of(block).rows) == 20
    assert block.note.endswith("Shown are the last 6 campaigns; the table has all.")
    assert block.title == "Campaigns with a gain: 20 of 20; with a loss: 0"


def test_a_gain_is_expected_by_the_last_campaign_to_the_same_segment(tables: Tables) -> None:
    actions = tables["rpt_findings"]
    best = actions[actions["finding"] == "keep_best"].assign(
        subject="loyal", customer_count=220, control_customer_count=20
    )
    earlier, later = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-06-01")

    def gain(*rows: dict[str, Any]) -> tuple[str, list[list[str]]]:
        results = privacy.claims_alone(pd.DataFrame(rows))
        _, _, block = first.blocks({**tables, "rpt_findings": best, "campaign_results": results})
        assert table_of(block).rows[0][-1] == block.cards[0].facts[-1][1]
        return block.cards[0].facts[-1][1], block.cards[0].texts[3:]

    known = campaign("first", 90, "gain", 12.5, start_date=earlier)
    source = [["Gain expected from", "the 90 days of the campaign “first”"]]
    # 200 customers who get it, 12.50 more each, and 10 less or more
    assert gain(known) == ("2,500 (500 to 4,500, 95 %)", source)
    assert gain(campaign("second", 90, "no effect shown", 1.0, start_date=later), known) == (
        "200 (−1,800 to 2,200, 95 %)",
        [["Gain expected from", "the 90 days of the campaign “second”"]],
    )
    # too few, drawn on its start, another window, a part of the segment, other customers
    for other in (
        campaign("second", 90, "too few to say", 1.0, start_date=later),
        campaign("second", 90, "gain", 11.0, start_date=later, decided_on=later),
        campaign("second", 30, "gain", 11.0, start_date=later),
        campaign("second", 90, "gain", 11.0, start_date=later, condition="recency_days > 60"),
        campaign("second", 90, "gain", 11.0, start_date=later, segment="lost"),
        campaign("second", 90, "gain", 11.0, start_date=later, segmentation="broad"),
        campaign("second", 90, "gain", 11.0, start_date=later, segmentation=None, segment=None, condition="true"),
    ):
        assert gain(other) == ("not known", [])
        assert gain(known, other) == ("2,500 (500 to 4,500, 95 %)", source)


def test_lists_are_named_alike_in_every_language(tables: Tables) -> None:
    """Files are named by the segments' own names."""
    paths = []
    for locale in ("en", "ru"):
        with speaking(Language(locale)):
            blocks = [blocks_of(tables)[f"{name}_cards"] for name in ("broad", "detailed", "rfm")]
        paths.append([path for block in blocks for card in block.cards for _, path in card.files])
    assert paths[0] == paths[1]
    assert "audiences/broad/loyal-customer-ids.csv" in paths[0]


@pytest.mark.parametrize(
    ("customers", "held_out", "are_held_out", "reason"),
    [
        (59, 0, True, "each group needs 30 customers, and these are fewer than 60"),
        (60, 0, False, "the setting control_share is 0"),
        # Who was held out when the list was drawn has left it.
        (90, 29, True, "each group needs 30 customers, and of the list as it is now the smaller one has 29"),
        (59, 30, True, "the smaller one has 29"),
        (60, 0, True, "the smaller one has 0"),
        (60, 30, True, "add the row of its campaign"),
    ],
)
def test_an_action_says_why_it_cant_be_measured(customers: int, held_out: int, are_held_out: bool, reason: str) -> None:
    row: dict[Hashable, Any] = {"customer_count": customers, "control_customer_count": held_out}
    assert first.how_to_measure(row, False, are_held_out).count(reason) == 1
    segments = pd.DataFrame({"control_customer_count": [None, 3 if are_held_out else 0]})
    assert first.holds_out({"rpt_segments": segments}) == are_held_out


def test_a_campaign_to_customers_by_their_ids_names_none_of_them(tables: Tables) -> None:
    results = tables["campaign_results"].assign(condition="Customer_ID in ('ann@shop.example')")
    cards = blocks_of(dict(tables) | {"campaign_results": results})["campaign_results"].cards
    assert cards
    for card in cards:
        assert card.texts[0][0] == "Who"
        assert card.texts[0][1].endswith("customers whom its row names by their ids")
        assert "ann@" not in str(card)
