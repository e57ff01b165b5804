"""Product categories from the log to the marts: the embedded shop, another language, later products, no texts."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path

from conftest import ROOT, Shop
from sklearn.metrics import adjusted_rand_score

# What things are, and their variants: each thing in each way is a product.
KINDS_RUSSIAN = {
    "посуда": (("Кружка", "Тарелка", "Чайник", "Блюдце"), ("фарфор чайный", "керамика чайный", "фарфор керамика")),
    "игрушки": (("Медведь", "Заяц", "Кукла", "Лошадка"), ("плюш мягкий", "игрушка мягкий", "плюш игрушка")),
    "бумага": (("Открытка", "Блокнот", "Конверт", "Тетрадь"), ("картон письмо", "линейка письмо", "картон линейка")),
    "сад": (("Лейка", "Грабли", "Горшок", "Секатор"), ("садовый сталь", "цветник сталь", "садовый цветник")),
    "свет": (("Свеча", "Фонарик", "Лампа", "Подсвечник"), ("воск аромат", "ночник аромат", "воск ночник")),
}
COLOURS = ("красный", "синий", "белый")
HEADINGS = "Description,StockCode,InvoiceNo,CustomerID,InvoiceDate,Quantity,UnitPrice"


def russian_products() -> list[tuple[str, str, str]]:
    """Product, its kind, and its description."""
    described = [
        (kind, f"{thing} {way} {COLOURS[(row + column) % len(COLOURS)]}")
        for kind, (things, ways) in KINDS_RUSSIAN.items()
        for (row, thing), (column, way) in itertools.product(enumerate(things), enumerate(ways))
    ]
    return [(f"P{number:03}", kind, text) for number, (kind, text) in enumerate(described)]


def sale(product: str, text: str, number: int, day: str = "") -> str:
    """A line of the log: forty customers who order on some days of half a year."""
    customer = number % 40
    day = day or f"2025-{1 + number % 6:02}-{1 + number % 27:02}"
    return f"{text},{product},{day}-{customer},c{customer},{day},{1 + number % 4},{1 + number % 9}.50"


def write_log(path: Path, lines: list[str]) -> str:
    path.write_text("\n".join((HEADINGS, *lines)) + "\n", encoding="utf-8")
    return str(path)


def built_with_tests(shop: Shop) -> None:
    models = ("product_categories", "products", "segment_rules")
    (shop.run(*models) if shop.warehouse.exists() else shop.build(*models)).pass_data_tests()


def test_categories_are_those_of_the_embedded_shop(demo_shop: Shop) -> None:
    with (ROOT / "seeds/demo_shop/product_truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["product_id"]: row["category"] for row in csv.DictReader(file)}
    for run in ("live", "backtest"):
        found = dict(demo_shop.rows(
            f"select product_id, category_id from products.int_products_by_category where prediction_run = '{run}'"
        ))  # fmt: skip
        assert len(found) == demo_shop.row("select count(*) from products")[0]
        assert adjusted_rand_score([truth[product] for product in found], list(found.values())) >= 0.9
    assert demo_shop.row(
        "select min(silhouette) > 0.5, count(failure_reason), count(*) > 4 from product_categories"
    ) == (True, 0, True)


def test_a_shop_in_russian_has_categories_that_products_of_later_days_join(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    products = russian_products()
    lines = [sale(product, text, 7 * number + place) for place in range(6)
             for number, (product, _, text) in enumerate(products)]  # fmt: skip
    shop = make_shop(transactions=write_log(tmp_path / "log.csv", lines))
    shop.build("product_categories", "products", "segment_rules")
    found = dict(shop.rows("select product_id, category_name from products"))
    assert adjusted_rand_score([kind for _, kind, _ in products], [found[product] for product, *_ in products]) >= 0.9
    fitted = ("products.product_embeddings", "products.category_labels", "products.category_names")
    stored = shop.checksums(*fitted)
    assert shop.row("select count(*) from products.new_product_categories") == (0,)
    names = shop.rows("select category_name, top_terms from product_categories order by 1")

    # later a mug is added, an odd thing, a thing without a name, and a name that was given to another thing
    lines += [sale(product, text, number, "2025-07-05") for number, (product, text) in enumerate([
        ("NEW", "Кружка керамика большой"), ("ODD", "Голограмма"), ("BLANK", ""), ("P000", "Грабли садовый красный"),
    ])]  # fmt: skip
    write_log(tmp_path / "log.csv", lines)
    built_with_tests(shop)
    assert shop.checksums(*fitted) == stored
    assert shop.rows("select product_id from products.new_product_categories order by 1") == [
        ("BLANK",), ("NEW",), ("ODD",),
    ]  # fmt: skip
    now = dict(shop.rows("select product_id, category_name from products"))
    assert (now["NEW"], now["ODD"], now["BLANK"]) == (found["P000"], "other", "other")
    assert set(names) <= set(shop.rows("select category_name, top_terms from product_categories"))


def test_categories_in_a_column_of_the_log_are_used_as_given(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Of three levels the one with five values; a product of a later day joins its category."""
    headings = f"{HEADINGS},Department,Sub-Category,Area"

    def line(number: int, product: int, kind: int) -> str:
        return f"{sale(f'P{product:02}', f'Thing {product}', number)},D{kind % 2},Kind {kind},{number % 7}"

    lines = [line(number, number % 30, number % 30 % 5) for number in range(300)]
    log = tmp_path / "log.csv"
    log.write_text("\n".join((headings, *lines)) + "\n", encoding="utf-8")
    shop = make_shop(transactions=str(log))
    built_with_tests(shop)
    assert shop.rows(
        "select category_name, product_count, reason, is_fallback, k from product_categories order by 1"
    ) == [(f"Kind {kind}", 6, "given by the shop, not learned", False, 5) for kind in range(5)]
    assert dict(shop.rows("select product_id, category_name from products")) == {
        f"P{product:02}": f"Kind {product % 5}" for product in range(30)
    }

    late = [line(300, 30, 4), line(301, 31, 9)]
    log.write_text("\n".join((headings, *lines, *late)) + "\n", encoding="utf-8")
    built_with_tests(shop)
    now = dict(shop.rows("select product_id, category_name from products"))
    assert (now["P30"], now["P31"], now["P00"]) == ("Kind 4", "other", "Kind 0")


def test_a_shop_without_texts_reports_why_it_has_no_categories(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    """That a shop without products does, too, is among odd shops (tests/segmentation/test_learned_segments.py)."""
    lines = [sale(f"P{number % 30}", "", number) for number in range(60)]
    shop = make_shop(transactions=str(write_csv(HEADINGS, *lines)))
    for _ in ("fitted", "read from the registry"):
        built_with_tests(shop)
        assert shop.rows("select category_name, failure_reason, category_id from product_categories") == [
            ("no categories", "no product has a description in words", None),
        ]  # fmt: skip
        assert shop.row("select count(category_name) from products") == (0,)
        assert shop.row("select count(*) from products.int_products_by_category") == (0,)
