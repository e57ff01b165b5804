"""The setting of e-mail addresses: what is wrong is a sentence that quotes no address."""

import json
from pathlib import Path

import duckdb
import pytest
from shop_toolkit.audiences import EMAILS, emails_problem, is_emails, read_emails, unique_names
from shop_toolkit.publishing import PublicationError
from shop_toolkit.settings import SETTINGS, wrong_settings


def emails_in(path: Path, **columns: str) -> list[tuple[str, str]]:
    with duckdb.connect() as database:
        emails = {"file": str(path), "customer_id": "Id", "email": "Mail"} | columns
        read_emails(database, emails, "nullif(trim(customer_text), '')")
        return database.execute(f"from {EMAILS} order by all").fetchall()


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
    sentences = [sentence for sentence in json.loads(wrong_settings("[]", values)) if "customer_emails" in sentence]
    assert len(sentences) == 1
    assert sentences[0].startswith("The setting 'customer_emails' is wrong. Its file ")


def test_files_of_one_name_are_numbered() -> None:
    assert list(unique_names(["a", "b", "a", "a"])) == ["a", "b", "a-2", "a-3"]
