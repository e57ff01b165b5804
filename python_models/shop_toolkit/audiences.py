"""Audiences as files that people upload: one per campaign and per segment, without who is held out."""

from collections.abc import Iterator, Sequence
from typing import Any

from shop_toolkit.campaigns import file_name_of
from shop_toolkit.ingest.quoting import quote_text
from shop_toolkit.publishing import Extract, Mart

FOLDER = "audiences"


def audience_files(session: Any, marts: Sequence[Mart]) -> list[Extract]:
    """The files of all audiences.

    Args:
        session: A connection that can run the marts' queries.
        marts: The marts to publish; without those of audiences and campaigns there are no files.

    Returns:
        Files of customer ids: of each segment as it is today, and of each campaign as it was at its start.
    """
    queries = {mart.name: mart.query for mart in marts}
    if not {"audiences", "campaign_members", "campaign_results"} <= queries.keys():
        return []
    return [
        Extract(f"{FOLDER}/{name}-customer-ids.csv", mart, f"select customer_id from ({members})")
        for name, mart, members in [*segments(session, queries["audiences"]), *campaigns(session, queries)]
    ]


def segments(session: Any, audiences: str) -> Iterator[tuple[str, str, str]]:
    """Of each segment of each segmentation: the name of its files, the mart, and SQL of its members."""
    found = session.execute(
        f"select distinct segmentation, segment from ({audiences}) where not is_control order by 1, 2"
    ).fetchall()
    names = unique_names(f"{segmentation}/{file_name_of(segment)}" for segmentation, segment in found)
    for name, (segmentation, segment) in zip(names, found, strict=True):
        condition = f"segmentation = {quote_text(segmentation)} and segment = {quote_text(segment)}"
        yield name, "audiences", f"select customer_id from ({audiences}) where {condition} and not is_control"


def campaigns(session: Any, queries: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Likewise of each campaign of this shop, which is one that has results."""
    found = session.execute(
        f"select distinct model_version, campaign from ({queries['campaign_results']}) order by 1, 2"
    ).fetchall()
    names = unique_names(f"campaigns/{file_name_of(campaign)}" for _, campaign in found)
    for name, (version, campaign) in zip(names, found, strict=True):
        condition = f"model_version = {version} and campaign = {quote_text(campaign)}"
        members = f"select customer_id from ({queries['campaign_members']}) where {condition} and not is_control"
        yield name, "campaign_members", members


def unique_names(names: Any) -> Iterator[str]:
    """The names of files in their order; one that occurs again gets a number."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"
