"""The setting of e-mail addresses: what is wrong is a sentence that quotes no address."""

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT
from jinja2 import Environment
from shop_toolkit import audiences
from shop_toolkit.audiences import EMAILS, audience_files, emails_problem, is_emails, read_emails, unique_names
from shop_toolkit.publishing import Extract, Mart, PublicationError, write_extract
from shop_toolkit.settings import SETTINGS, wrong_settings


def emails_in(path: Path, **columns: str) -> list[tuple[str, str]]:
    with duckdb.connect() as database:
        emails = {"file": str(path), "customer_id": "Id", "email": "Mail"} | columns
        read_emails(database, emails, "nullif(trim(customer_text), '')")
        return database.execute(f"select customer_id, address from {EMAILS} where is_chosen order by all").fetchall()


def test_each_customer_has_the_most_frequent_address_as_vendors_normalise_it(tmp_path: Path) -> None:
    path = tmp_path / "emails.csv"
    path.write_text(
        "Id,Mail\n1, Ann@Shop.com\n1,b@shop.com\n1,ann@shop.com \n2,no address\n2,@x.com\n,c@shop.com\n"
        "3,=d@shop.com\n4,z@shop.com\n4,e@shop.com\n5,a@b@c.com\n6,x y@shop.com\n"
    )
    expected = [("1", "ann@shop.com"), ("3", "=d@shop.com"), ("4", "z@shop.com"), ("6", "xy@shop.com")]
    assert emails_in(path) == expected
    parquet = tmp_path / "emails.parquet"
    duckdb.execute(f"copy (select Id as key, Mail from read_csv('{path}', all_varchar = true)) to '{parquet}'")
    assert emails_in(parquet, customer_id="key") == expected


def test_an_address_of_a_member_who_is_held_out_is_in_no_file(tmp_path: Path) -> None:
    """Not even one that they have beside a more frequent one. Who is left out by the settings is in none, either."""
    path = tmp_path / "emails.csv"
    path.write_text(
        "Id,Mail\n1,ours@shop.com\n2,two@shop.com\n2,two@shop.com\n2,Ours@shop.com\n3,c@shop.com\n4,d@shop.com\n"
    )
    context = {
        "customer_emails": {"file": str(path), "customer_id": "Id", "email": "Mail"},
        "clean_identifier": "customer_text", "left_out_segments": ["too much revenue"],
    }  # fmt: skip
    rows = {
        "audiences": "values ('1', 'rfm', 'new', false), ('2', 'rfm', 'new', true), ('3', 'rfm', 'new', false),"
        " ('4', 'rfm', 'too much revenue', false), ('4', 'custom', 'mine', false), ('3', 'custom', 'mine', false)",
        "campaign_members": "values ('1', 1, 'c', false), ('2', 1, 'c', true), ('3', 1, 'c', false)",
        "campaign_results": "values (1, 'c')",
    }
    columns = {
        "audiences": "customer_id, segmentation, segment, is_control",
        "campaign_members": "customer_id, model_version, campaign, is_control",
        "campaign_results": "model_version, campaign",
    }
    marts = [Mart(name, f"select * from ({query}) as given ({columns[name]})") for name, query in rows.items()]
    with duckdb.connect() as database:
        database.execute("set variable publication_context = $context", {"context": json.dumps(context)})
        with audience_files(database, marts) as files:
            found = {
                file.path.removeprefix("audiences/").removesuffix(".csv"): sorted(
                    database.execute(file.query).fetchall()
                )
                for file in files
            }
    hashed = [(hashlib.sha256(b"c@shop.com").hexdigest(),)]
    for audience in ("rfm/new", "campaigns/c"):
        assert found[f"{audience}-customer-ids"] == [("1",), ("3",)]
    for audience in ("rfm/new", "campaigns/c", "custom/mine"):
        assert [found[f"{audience}-{form}"] for form in ("klaviyo", "mailchimp", "meta", "google")] == [
            [("c@shop.com",)], [("c@shop.com",)], hashed, hashed,
        ]  # fmt: skip
    assert found["custom/mine-customer-ids"] == [("3",)]
    assert len(found) == 15


def test_a_build_without_the_setting_says_that_lists_with_addresses_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(audiences, "log_line", logged.append)
    marts = [
        Mart("audiences", "select '1' as customer_id, 'rfm' as segmentation, 'new' as segment, false as is_control"),
        Mart("campaign_members", "select 1 as model_version, 'c' as campaign, '1' as customer_id, false as is_control"),
        Mart("campaign_results", "select 1 as model_version, 'c' as campaign"),
    ]

    def publish() -> None:
        with duckdb.connect() as database:
            database.execute("""set variable publication_context = '{"customer_emails": null}'""")
            with audience_files(database, marts, tmp_path) as files:
                assert [file.path.rsplit("-", 2)[1:] for file in files] == [["customer", "ids.csv"]] * 2

    lists = tmp_path / "audiences" / "rfm"
    lists.mkdir(parents=True)
    (lists / "new-customer-ids.csv").touch()
    publish()
    assert logged == []
    (lists / "new-meta.csv").touch()
    publish()
    assert len(logged) == 1
    assert f"in {tmp_path / 'audiences'} are removed, as this build has no setting 'customer_emails'." in logged[0]


def test_a_file_of_addresses_is_readable_by_nobody_else_while_it_is_written(tmp_path: Path) -> None:
    statements: list[str] = []

    class Connection:
        def execute(self, statement: str) -> Any:
            statements.append(statement)
            return database.execute(statement)

    with duckdb.connect() as database:
        extract = Extract("audiences/rfm/new.csv", "audiences", "select 'a@b.com' as Email", is_personal=True)
        assert write_extract(Connection(), extract, tmp_path) == 1  # type: ignore[arg-type]
    path = tmp_path / extract.path
    assert path.read_text("utf-8") == "Email\na@b.com\n"
    assert (path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o750, 0o640)
    # without it DuckDB writes `tmp_new.csv` beside the file first, which all may read
    assert "use_tmp_file false" in statements[-1]


def test_a_file_that_breaks_off_is_named_without_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "emails.csv"
    path.write_text("Id,Mail\n" + "1,ann@shop.com\n" * 50_000 + "2,secret@shop.com,more,cells\n")
    with pytest.raises(PublicationError, match=r"customer_emails.* can't be read to its end") as error:
        emails_in(path)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_wrong_setting_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "emails.csv"
    path.write_text("Id,Mail\n1,ann@shop.com\n")
    right = {"file": str(path), "customer_id": "Id", "email": "Mail"}
    assert is_emails(right)
    assert emails_problem(right) is None
    assert "has no column E-Mail." in str(emails_problem(right | {"email": "E-Mail"}))
    assert "can't be read" in str(emails_problem(right | {"file": str(tmp_path / "none.csv")}))
    for wrong in ("emails.csv", {"file": "x"}, right | {"more": "x"}, right | {"email": ""}):
        assert not is_emails(wrong)
    values = json.dumps(dict.fromkeys(SETTINGS) | {"customer_emails": right | {"email": "E-Mail"}})
    sentences = [sentence for sentence in json.loads(wrong_settings("{}", values)) if "customer_emails" in sentence]
    assert len(sentences) == 1
    assert sentences[0].startswith("The setting 'customer_emails' is wrong. Its file ")


def test_files_of_one_name_are_numbered() -> None:
    assert list(unique_names(["a", "b", "a", "a"])) == ["a", "b", "a-2", "a-3"]


@pytest.mark.parametrize(
    ("configured", "members", "share"),
    [
        (0.1, 1000, 0.1),
        (0.3, 100, 0.3),  # 30 are enough
        (0.1, 100, 0.35),  # where the share is raised, to some more
        (0.29, 100, 0.35),
        (0.1, 90, 0.39),  # 34.2 of 90 at 0.38
        (0.1, 128, 0.27),
        (0.1, 70, 0.5),
        (0.1, 69, 0.43),  # no more than 34 in each group
        (0.7, 1000, 0.7),
        (0.7, 80, 0.5),  # 24 would be addressed
        (0.7, 104, 0.7),
        (0.72, 104, 0.5),  # 29 would be addressed
        (0.1, 60, 0.5),
        (0.1, 59, 0),
        (0, 1000, 0),
        ("20%", 1000, 0),  # while dbt parses: a build stops with a sentence
    ],
)
def test_an_action_holds_out_enough_to_measure_it_or_nobody(
    configured: float | str, members: int, share: float
) -> None:
    files = ("reporting/action_members.sql", "marts/control_draw.sql")
    macros = "".join((ROOT / "macros" / file).read_text("utf-8") for file in files)
    template = Environment(extensions=["jinja2.ext.do"]).from_string(
        macros + "{{ control_shares_of_actions('members') }}"
    )
    sql = template.render(var=lambda _: configured, least_campaign_customers=lambda: 30)
    draws = f"select 'win back' as campaign, (range + 0.5) / {members} as draw from range({members})"
    assert duckdb.execute(f"with members as ({draws}) {sql}").fetchall() == [("win back", members, share)]
