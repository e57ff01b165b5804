"""Audiences as files that people upload: one per campaign and per segment, without who is held out.

E-mail addresses are read from the shop's own file while the files are written, and are nowhere else: in no table of the
warehouse, no other published file and no message.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from shop_toolkit.campaigns import file_name_of
from shop_toolkit.errors import listed, named
from shop_toolkit.progress import log_line
from shop_toolkit.publishing import Extract, Mart, PublicationError
from shop_toolkit.quoting import quote_name, quote_text

FOLDER = "audiences"
# Audiences of what the report proposes, and their campaigns as rows of seeds/campaigns.csv.
ACTIONS = "actions"
EMAIL_KEYS = ("file", "customer_id", "email")
# A temporary table of the connection that publishes.
EMAILS = "emails_of_audiences"
# The forms with e-mail addresses: heading and value. Each address once, as Klaviyo takes none twice. Meta and Google
# match the SHA-256 of the address in lower case and without blanks.
FORMS = {
    "klaviyo": ("Email", "address"),
    "mailchimp": ("Email Address", "address"),
    "meta": ("email", "sha256(address)"),
    "google": ("Email", "sha256(address)"),
}


class Audience(NamedTuple):
    """Whom a campaign or a segment addresses.

    Attributes:
        name: What the names of its files begin with.
        mart: The mart that its members are in.
        members: SQL of the customers who are addressed.
        held_out: SQL of those who are not.
    """

    name: str
    mart: str
    members: str
    held_out: str


@contextlib.contextmanager
def audience_files(session: Any, marts: Sequence[Mart], folder: Path | None = None) -> Iterator[list[Extract]]:
    """The files of all audiences, for as long as the block lasts.

    Args:
        session: The connection that publishes; its variable `publication_context` says where the addresses are.
        marts: The marts to publish; without those of audiences and campaigns there are no files.
        folder: Where the last publication is, if any: that its files of addresses go is logged.

    Yields:
        Files of each segment as it is today, and of each campaign as it was at its start.

    Raises:
        PublicationError: The file of addresses can't be read.
    """
    queries = {mart.name: mart.query for mart in marts}
    if not {"audiences", "campaign_members", "campaign_results"} <= queries.keys():
        yield []
        return
    ((context,),) = session.execute("select getvariable('publication_context')").fetchall()
    context = json.loads(context)
    left_out = context.get("left_out_segments", ())
    # By action SQL of its members: as a campaign of the last day, with the share that is held out and who that is.
    weekly = context.get("actions", {})
    audiences = [*segments(session, queries["audiences"], left_out), *campaigns(session, queries), *actions(weekly)]
    files = [
        Extract(f"{FOLDER}/{name}-customer-ids.csv", mart, f"select customer_id from ({members})")
        for name, mart, members, _ in audiences
    ]
    if weekly:
        lines = rows_of_campaigns(weekly)
        files.append(Extract(f"{FOLDER}/{ACTIONS}/campaigns.csv", "customers", lines))
    if context["customer_emails"] is None:
        if folder and has_addresses(folder):
            log_line(
                f"WARNING: The lists with e-mail addresses in {folder / FOLDER} are removed, as this build has no"
                " setting 'customer_emails'. To have them back, write it into dbt_project.yml or repeat it with"
                " --vars, and build again."
            )
        yield files
        return
    try:
        read_emails(session, context["customer_emails"], context["clean_identifier"])
        yield files + [
            Extract(
                f"{FOLDER}/{name}-{form}.csv",
                mart,
                f"select distinct {value} as {quote_name(heading)} from ({addresses_of(members, held_out)})",
                is_personal=True,
            )
            for name, mart, members, held_out in audiences
            for form, (heading, value) in FORMS.items()
        ]
    finally:
        session.execute(f"drop table if exists {EMAILS}")


def read_emails(session: Any, emails: Mapping[str, str], clean_identifier: str) -> None:
    """Make the temporary table of addresses by customer, as both vendors normalise them.

    `is_chosen` marks the most frequent one of each customer.

    Args:
        session: The connection that gets the table.
        emails: The setting `customer_emails`.
        clean_identifier: SQL that cleans the text `customer_text` as the build cleans customers.

    Raises:
        PublicationError: The file can't be read. What DuckDB says may quote a row, so the sentence does not.
    """
    try:
        session.execute(
            f"""
            create or replace temporary table {EMAILS} as
            with texts as (
                select
                    cast({quote_name(emails["customer_id"])} as varchar) as customer_text,
                    lower(regexp_replace(cast({quote_name(emails["email"])} as varchar), '\\s', '', 'g')) as address
                from {scan_of(emails["file"])}
            ),
            counted as (
                select {clean_identifier} as customer_id, address, count(*) as row_count
                from texts
                where regexp_full_match(address, '[^@,;<>"]+@[^@,;<>"]+[.][^@,;<>".]+')
                group by all
            )
            select
                customer_id,
                address,
                row_number() over (partition by customer_id order by row_count desc, address desc) = 1 as is_chosen
            from counted
            where customer_id is not null
            """
        )
    except duckdb.Error:
        raise PublicationError(
            f"The marts are not published: {named(emails['file'])}, the file of the setting 'customer_emails', can't "
            "be read to its end. Look for a row with another number of cells, or set customer_emails: null."
        ) from None


def addresses_of(members: str, held_out: str) -> str:
    """SQL of the addresses of members: without those that somebody who is held out has, too.

    Args:
        members: SQL of the customers who are addressed.
        held_out: SQL of those who are not.
    """
    return (
        f"select address from {EMAILS} where is_chosen and customer_id in ({members})"
        f" and address not in (select address from {EMAILS} where customer_id in ({held_out}))"
    )


def has_addresses(folder: Path) -> bool:
    """Whether the publication in a folder has lists with addresses."""
    return any(next(folder.glob(f"{FOLDER}/*/*-{form}.csv"), None) for form in FORMS)


def emails_problem(emails: Mapping[str, str]) -> str | None:
    """What is wrong with the setting `customer_emails`, as a sentence; None if nothing is."""
    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            headings = [name for name, *_ in connection.execute(f"describe from {scan_of(emails['file'])}").fetchall()]
    except duckdb.Error:
        return f"Its file {named(emails['file'])} can't be read: it takes a CSV or Parquet file, or a glob of them."
    missing = [emails[key] for key in ("customer_id", "email") if emails[key] not in headings]
    return f"Its file {named(emails['file'])} has no column {listed(missing)}." if missing else None


def is_emails(value: object) -> bool:
    """Whether a value has the form of the setting `customer_emails`."""
    return (
        isinstance(value, Mapping)
        and set(value) == set(EMAIL_KEYS)
        and all(isinstance(text, str) and text.strip() for text in value.values())
    )


def scan_of(file: str) -> str:
    """SQL that reads a CSV or a Parquet file, every cell of a CSV as text."""
    if Path(file).suffix.lower() == ".parquet":
        return f"read_parquet({quote_text(file)}, union_by_name = true)"
    return f"read_csv({quote_text(file)}, all_varchar = true, header = true, union_by_name = true)"


def segments(session: Any, audiences: str, left_out: Sequence[str] = ()) -> Iterator[Audience]:
    """The audience of each segment of each segmentation.

    Args:
        session: The connection that publishes.
        audiences: SQL of the mart `audiences`.
        left_out: Segments of customers whom the settings leave out: nobody of them is addressed.
    """
    names = ", ".join(map(quote_text, left_out)) or "null"
    excluded = f"select customer_id from ({audiences}) where segmentation = 'rfm' and segment in ({names})"
    audiences = f"select * from ({audiences}) where customer_id not in ({excluded})"
    found = session.execute(
        f"select distinct segmentation, segment from ({audiences}) where not is_control order by 1, 2"
    ).fetchall()
    for name, (segmentation, segment) in zip(names_of_segments(found), found, strict=True):
        condition = f"segmentation = {quote_text(segmentation)} and segment = {quote_text(segment)}"
        yield Audience(name, "audiences", *both_groups(f"select * from ({audiences}) where {condition}"))


def names_of_segments(found: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What the names of files of segments begin with; `found` are segmentation and segment, in order."""
    return unique_names(f"{segmentation}/{file_name_of(segment)}" for segmentation, segment in found)


def campaigns(session: Any, queries: dict[str, str]) -> Iterator[Audience]:
    """Likewise of each campaign of this shop, which is one that has results."""
    found = session.execute(
        f"select distinct model_version, campaign from ({queries['campaign_results']}) order by 1, 2"
    ).fetchall()
    names = unique_names(f"campaigns/{file_name_of(campaign)}" for _, campaign in found)
    for name, (version, campaign) in zip(names, found, strict=True):
        condition = f"model_version = {version} and campaign = {quote_text(campaign)}"
        members = f"select * from ({queries['campaign_members']}) where {condition}"
        yield Audience(name, "campaign_members", *both_groups(members))


def actions(weekly: Mapping[str, str]) -> Iterator[Audience]:
    """Whom the report's actions of the week address; `weekly` is SQL of the members of each."""
    for action, members in weekly.items():
        yield Audience(f"{ACTIONS}/{file_name_of(action)}", "customers", *both_groups(members))


def rows_of_campaigns(weekly: Mapping[str, str]) -> str:
    """SQL of the rows of seeds/campaigns.csv that measure the actions, from the day after the last one.

    A campaign to a whole segment names it; any other names its customers by their ids, which are few. An action that
    holds nobody out has no row, as it can't be measured.

    Args:
        weekly: SQL of the members of each action.
    """
    identifier = "concat(chr(39), replace(customer_id, chr(39), concat(chr(39), chr(39))), chr(39))"
    return " union all ".join(
        f"""
        select
            campaign as name,
            segmentation,
            segment,
            case
                when segment is null
                    then concat('customer_id in (', string_agg({identifier}, ', ' order by customer_id), ')')
            end as condition,
            strftime(as_of_date + 1, '%Y-%m-%d') as start_date,
            null::varchar as end_date,
            cast(control_share as varchar) as control_share,
            null::varchar as expected_lift
        from ({members})
        where control_share > 0
        group by campaign, segmentation, segment, as_of_date, control_share
        """
        for members in weekly.values()
    )


def both_groups(members: str) -> tuple[str, str]:
    """SQL of the customers who are addressed, and of those who are held out."""
    return (
        f"select customer_id from ({members}) where not is_control",
        f"select customer_id from ({members}) where is_control",
    )


def unique_names(names: Any) -> Iterator[str]:
    """The names of files in their order; one that occurs again gets a number."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}"
