"""Whom the report's actions of the week address and hold out, worked out without the project's SQL."""

import datetime
import hashlib
from decimal import Decimal
from typing import NamedTuple

from conftest import Shop, exact_share

MEMBERS = {
    "win back": """select customer_id from customer_alerts where state <> 'resolved'
        order by expected_loss desc, customer_id limit 100""",
    "second order": """select customer_id from customers where frequency = 1 and recency_days <= 60
        and customer_id not in (select customer_id from customer_alerts where state <> 'resolved')
        order by expected_spend_90_days desc nulls last, customer_id limit 100""",
    "keep the best": """select customer_id from customers where detailed_segment = (
        select segment from segments where segmentation = 'detailed' order by revenue desc, display_order limit 1
    )""",
}
SHARES = [Decimal(hundredths) / 100 for hundredths in range(10, 51)]


class Action(NamedTuple):
    """An action's members, the share that is held out, 0 where none leaves 30 in both groups, and who that is."""

    members: set[str]
    share: float
    held_out: set[str]


def weekly_actions(shop: Shop, day: datetime.date) -> dict[str, Action]:
    """The actions of a shop whose last day this is, by name; the first by a hash are held out."""
    found = {}
    for action, query in MEMBERS.items():
        members = sorted(
            (hashlib.md5(f"|{action} {day}|{customer}".encode()).hexdigest()[:8], customer)
            for (customer,) in shop.rows(query)
        )
        held_out = {share: exact_share(share, len(members)) for share in SHARES}
        least = {share: min(number, len(members) - number) for share, number in held_out.items()}
        enough = [share for share in SHARES if least[share] >= 35] + [share for share in SHARES if least[share] >= 30]
        # The setting itself needs no more than the least.
        share = SHARES[0] if least[SHARES[0]] >= 30 else [*enough, Decimal(0)][0]
        drawn = {customer for _, customer in members[: held_out.get(share, 0)]}
        found[action] = Action({customer for _, customer in members}, float(share), drawn)
    return found
