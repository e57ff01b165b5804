"""Which heading of the input holds which of our columns."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from shop_toolkit.errors import LONGEST_LIST, LONGEST_SENTENCE, InputError, listed, shortened
from shop_toolkit.ingest.cells import are_days, can_hold, look_like
from shop_toolkit.ingest.exports import Export, comparable, export_of, words_of

# Best first; those that could mean something else last. Only letters and digits count: 'Invoice No.', 'invoice_no' and
# 'INVOICENO' are one heading.
COLUMN_ALIASES: dict[str, tuple[str, ...]] = {
    "invoice_id": (
        "invoiceno", "invoice", "invoiceid", "invoicenumber", "orderid", "orderno", "ordernumber", "idorder",
        "orderreference", "incrementid", "transactionid", "receiptid", "receiptno", "receiptnumber", "basketid",
        "salesorderid", "saleid", "billno", "order", "номерзаказа", "noзаказа", "номерчека", "noчека", "номернакладной",
        "номердокумента", "номерреализации", "номерсчета", "документ", "регистратор", "номер",
    ),
    "product_id": (
        "stockcode", "productid", "productcode", "prodcode", "sku", "itemid", "itemcode", "articleid", "articleno",
        "itemno", "productsku", "variantsku", "lineitemsku", "itemsku", "productreference", "артикул",
        "кодноменклатуры", "номенклатуракод", "номенклатураартикул", "кодтовара", "артикултовара",
    ),
    "product_description": (
        "description", "productdescription", "productname", "itemname", "itemdescription", "itemtitle",
        "lineitemname", "title", "product", "item", "article", "номенклатура", "наименование", "наименованиетовара",
        "названиетовара", "товар",
    ),
    "quantity": (
        "quantity", "qty", "units", "quantityordered", "qtyordered", "orderquantity", "lineitemquantity",
        "productquantity", "productqty", "itemquantity", "quantitypurchased", "quantitysold", "itemcount",
        "количество", "колво", "кол",
    ),
    "ordered_at": (
        "invoicedate", "orderdate", "orderedat", "transactiondate", "purchasedate", "saledate", "createdat",
        "orderpurchasetimestamp", "transactiontimestamp", "invoicedatetime", "invoicetime", "dateadd", "dateorder",
        "datecreated", "createddate", "createdutc", "shopdate", "datetime", "timestamp", "date", "датазаказа",
        "датапродажи", "датадокумента", "датареализации", "датачека", "датаивремя", "датавремя", "дата",
    ),
    "unit_price": (
        "unitprice", "priceeach", "itemprice", "priceperunit", "lineitemprice", "productunitprice", "unitpricetaxincl",
        "priceunit", "price", "ценазаединицу", "ценапродажи", "цена",
    ),
    "amount": (
        "lineamount", "linetotal", "rowtotal", "amount", "totalprice", "totalamount", "salesamount", "salesvalue",
        "amountspent", "transactionamount", "grossamount", "netsales", "spend", "revenue", "sales", "total", "value",
        "суммапродажи", "сумма", "стоимость", "выручка",
    ),
    # One shop may give an order's customer a new number: what identifies the person comes first.
    "customer_id": (
        "customeruniqueid", "customerid", "idcustomer", "customerno", "customernumber", "customercode", "custid",
        "custcode", "clientid", "userid", "buyerid", "buyeruserid", "buyerusername", "memberid", "accountid",
        "householdid", "householdkey", "customeremail", "buyeremail", "billingemail", "emailbilling", "email",
        "emailaddress",
        "customer", "buyer", "кодконтрагента", "кодклиента", "кодпокупателя", "idклиента", "idпокупателя",
        "номерклиента", "контрагент", "покупатель", "клиент",
    ),
    "country": (
        "country", "customercountry", "shippingcountry", "shipcountry", "billingcountry", "countryname", "market",
        "страна",
    ),
    "order_status": (
        "orderstatus", "financialstatus", "paymentstatus", "invoicestatus", "salestatus", "transactionstatus", "status",
        "bookingstatus", "reservationstatus", "ticketstatus", "статусзаказа", "статус",
    ),
    "transaction_type": (
        "transactiontype", "invoicetype", "documenttype", "recordtype", "linetype", "eventtype", "transactionkind",
        "transtype", "kind", "type", "видоперации", "хозяйственнаяоперация", "виддокумента", "типдокумента",
    ),
    "currency": (
        "currency", "currencycode", "ordercurrency", "ordercurrencycode", "transactioncurrency", "isocurrency",
        "валюта", "кодвалюты",
    ),
}  # fmt: skip
# What a quantity is counted in, behind its heading: `Qty (cases)`, `Кол-во, шт.`
COUNTED_IN = re.compile(
    r"(.+?)\s*[(\[,]\s*(?:cases?|cs|box(?:es)?|cartons?|ctns?|packs?|packages?|pieces?|pcs|units?|each|ea|bottles?|kgs?|kg|g|lbs?"
    r"|l|st|stk|stück|kartons?|kisten|paletten|cajas|cartones|pezzi|szt|шт|штук|уп|кор|кг)\.?\s*[)\]]?"
)
# What the setting may name beside our columns: the time of day, where the date has a column of its own.
TIME_OF_DAY = "ordered_time"
# Words of headings in other languages. They are too loose to be read by, and good enough for a hint.
HINTS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "kunde", "client", "cliente", "klant", "kund", "mitglied", "member", "shopper", "person", "soldto",
        "soldtoparty", "auftraggeber", "besteller", "nabywca", "kontrahent", "klient", "loyaltyid", "cardnumber",
        "patient", "guest", "donor", "passenger", "subscriber", "debitor", "müşteri", "客户编号", "客户id", "고객id",
        "고객번호",
        "顧客id", "顧客番号", "顧客コード", "会員id", "会員番号", "お客様番号", "購入者", "購入者id", "得意先コード",
    ),
    "ordered_at": (
        "datum", "fecha", "data", "tag", "zeit", "jour", "giorno", "when", "day", "time", "placed", "bestelltag",
        "kauftag", "verkaufstag", "bestelltam", "gekauftam", "verkauftam", "erstelltam", "gebuchtam", "bookedon",
        "bookedat", "bookingdate",
        "fakturadatum", "posteddate", "postingdate", "注文日", "注文日時", "受注日", "受注日時", "購入日", "購入日時",
        "売上日", "取引日", "日付", "tarih", "下单时间", "订单日期", "주문일시", "주문일",
    ),
    "unit_price": (
        "preis", "prix", "precio", "prezzo", "prijs", "preco", "cena", "rate", "fare", "unitamount", "unitpriceexclvat",
        "pu", "puht", "puttc", "fiyat", "単価", "価格", "販売価格", "单价", "단가",
    ),
    "amount": (
        "betrag", "summe", "montant", "importe", "importo", "bedrag", "gesamt", "wert", "umsatz", "paid", "turnover",
        "gross", "net", "netvalue", "grossvalue", "nettowert", "lineamountexclvat", "debit", "credit",
        "tutar",
        "金額", "売上金額", "合計金額", "小計", "金额", "금액",
    ),
    "invoice_id": (
        "beleg", "rechnung", "bestell", "bestellung", "auftrag", "commande", "facture", "pedido", "factura", "ordine",
        "fattura", "encomenda", "zamówienie", "zamowienie",
        "faktura", "receipt", "check", "booking", "document", "ordername", "注文番号", "注文id", "受注番号", "伝票番号",
        "取引番号", "sipariş", "订单号", "주문번호",
    ),
    # Rows that are no sales count, until it is named.
    "order_status": (
        "statuszamówienia", "statuszamowienia", "bestellstatus", "auftragsstatus", "statutdelacommande",
        "estadodelpedido", "estadopedido", "statoordine", "statodellordine", "statusdopedido", "bestelstatus",
        "siparişdurumu", "注文ステータス", "订单状态", "주문상태",
    ),
    "quantity": (
        "menge", "anzahl", "stück", "stueck", "stückzahl", "quantité", "quantite", "qté", "cantidad", "quantità",
        "quantita",
        "quantidade", "aantal", "ilość", "ilosc", "antal", "fakturiertemenge", "stk", "stck", "pcs", "pieces", "count",
        "tickets", "seats", "cases", "casesordered", "cartons", "adet", "数量", "個数", "수량",
    ),
    "product_id": (
        "artikelnr", "artikelnummer", "artnr", "artikelcode", "artikelid", "produktnr", "produktnummer", "produktcode",
        "materialnr", "materialnummer", "matnr", "ean", "gtin", "plu", "upc", "barcode", "référence", "réf",
        "商品コード", "商品番号", "商品id", "品番", "商品编码", "상품코드",
    ),
    "product_description": (
        "artikel", "artikelname", "artikelbezeichnung", "bezeichnung", "produkt", "produktname", "produit", "producto",
        "prodotto", "produto", "libellé", "libelle", "désignation", "descripción", "descripcion", "descrizione",
        "omschrijving", "nazwaproduktu", "nazwatowaru", "nomduproduit", "nombredelproducto", "nombreproducto",
        "nomeprodotto", "nomeproduto", "productnaam", "ürün", "商品名", "品名", "商品名称", "상품명",
    ),
    "currency": (
        "ccy", "währung", "waehrung", "waluta", "moneda", "devise", "valuta", "divisa", "měna", "mena", "moeda",
        "通貨",
    ),
    "country": ("land", "pays", "país", "pais", "paese", "kraj", "国"),
}  # fmt: skip
# Words of what a number is of, where others beside them say that it is one: `Numero ordine`, `N° de facture`.
NUMBERED: dict[str, tuple[str, ...]] = {
    "invoice_id": (
        *HINTS["invoice_id"], "order", "invoice", "trans", "txn", "ticket", "doc", "bill", "sale", "book",
        "appointment", "reservation", "confirmation", "donation", "visit", "bon", "bestel", "bestelling", "factuur",
        "zamówienia", "zamowienia", "faktury", "paragonu", "scontrino",
    ),
    "product_id": (
        "product", "article", "item", "artikel", "produkt", "producto", "articulo", "artículo", "prodotto", "articolo",
        "produit", "produto", "artigo", "produktu", "towaru", "material",
    ),
}  # fmt: skip
NUMBER_WORDS = {
    "n", "no", "nr", "num", "number", "nummer", "numer", "numero", "número", "numéro", "id", "ref", "reference",
    "référence", "code", "codigo", "código", "codice", "kod",
}  # fmt: skip
# Small words between them.
OF_WORDS = {"de", "di", "du", "da", "del", "der", "des", "d", "la", "le", "el", "of"}
# The last words of headings that hold neither money nor days.
NO_AMOUNTS = {*NUMBER_WORDS, "key", "name", "type", "status"}
NO_MONEY_OF_LINES = (
    "tax", "vat", "steuer", "mwst", "fee", "gebühr", "discount", "rabat", "nachlass", "remise", "rabais", "ristourne",
    "descuento", "desconto", "sconto", "korting", "скидк", "percent", "prozent", "pourcent", "refund", "shipping",
    "versand", "delivery", "freight", "cost", "date", "datum", "fecha", "debitor", "kreditor", "creditor", "card",
)  # fmt: skip
# Words in headings of what one of our columns can't hold, however alike the rest of the heading is.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "date", "datum", "fecha", "price", "preis", "prix", "amount", "betrag", "total", "quantity", "qty", "menge",
        "tax", "table", "till", "phone", "tracking", "points", "shipment",
    ),
    "unit_price": (
        *NO_MONEY_OF_LINES, "amount", "betrag", "montant", "total", "gesamt", "listprice", "listenpreis", "msrp", "rrp",
    ),
    "amount": NO_MONEY_OF_LINES,
    # What was booked is of the day of the booking, and what came back of the day of the order.
    "ordered_at": (
        "birth", "geburt", "due", "ship", "deliver", "liefer", "updat", "expir", "checkin", "arriv", "depart",
        "startdate", "enddate", "validfrom", "validto", "payout", "refund", "return", "cancel", "retour", "rück",
        "storn",
    ),
}  # fmt: skip
# Words of places and goods, beside which no word makes a heading one of customers: a `Kundenartikel` is none.
NO_CUSTOMERS = (
    "country", "страна", "product", "produkt", "produit", "prodotto", "produto", "article", "artikel", "artículo",
    "articulo", "articolo", "артикул", "towar", "товар", "номенклатур", "material", "merchandise", "sku",
    "postcode", "postalcode", "zipcode", "postleitzahl", "plz", "city", "town", "street",
)  # fmt: skip
# Of something; a `Preis inkl. 19 %` has the rate of its tax in its heading, and is one.
IN_PERCENT = re.compile(r"(^|[^\d\s])\s*%\W*$|^\W*%")
# Half of the name of a person.
FIRST_NAMES = ("firstname", "givenname", "vorname", "prenom", "prénom", "voornaam", "imie", "imię")
# Of a price, what it holds; a price without VAT is one, and the VAT is none. The amount of a unit is a price.
WITH_OR_WITHOUT_TAX = re.compile("(ex|in)c(l|luding)?(vat|tax|mwst)")
PRICE_OF_A_UNIT = re.compile("unitamount|amountperunit")
# Words by which money is with or without tax: what is left of two such headings says whether they are of one thing.
WITH_TAX = re.compile("gross|brutt?o|ttc|tax(es)?incl(uded|usive)?|inc(l|luding)?(vat|tax|mwst|gst)")
WITHOUT_TAX = re.compile(
    "net(t?o)?(?!t)|ht$|tax(es)?excl(uded|usive)?|(exc(l|luding)?|before|without|ohne)(vat|tax|mwst|gst)|безндс"
)
# What may follow the word for an order.
NUMBER_TAILS = ("", "nr", "no", "id", "nummer", "snr", "snummer", "number")
REQUIRED = ("customer_id", "ordered_at")
MONEY = ("unit_price", "amount")
# How alike a heading and a known one have to be for a hint.
ALIKE = 0.6
# Of so few letters a heading is a known one, or none.
SHORT = 5
# An example with columns that a log can do without leaves room for the sentence.
LONGEST_EXAMPLE = 230
# Where no heading is likely.
YOURS = "your heading"
# The first cells of the columns, by heading.
Cells = Mapping[str, Sequence[str]]


def match_headings(
    headings: Sequence[str],
    input_name: str,
    column_mapping: Mapping[str, str],
    cells: Callable[[], Cells] = dict,
) -> dict[str, str]:
    """Find the heading of each of our columns.

    Args:
        headings: Unique headings of the input, in its order.
        input_name: How sentences call the input.
        column_mapping: The setting of that name: our column to heading. It wins over the known aliases. An empty
            heading says that the input lacks the column.
        cells: The first cells of each heading's column, where they are known. They are looked at for hints alone.

    Returns:
        Our column to heading, without the columns that the input lacks; and that of the time of day where the mapping
        has one.

    Raises:
        InputError: The mapping names an unknown column or heading, a required column has no heading, or money is there
            with tax and without it.
    """
    check_mapping(headings, input_name, {column: heading for column, heading in column_mapping.items() if heading})
    found = _found(headings, column_mapping)
    if missing := _missing(found):
        raise _missing_columns(missing, found, headings, input_name, column_mapping, cells())
    if export_of(headings) is None:
        _check_tax(found, headings, input_name, column_mapping)
    return {column: heading for column, heading in found.items() if heading}


def _check_tax(
    found: Mapping[str, str], headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str]
) -> None:
    """Raise InputError where money with tax would be read beside the same without it, and the setting names neither."""
    for column in MONEY:
        heading = found.get(column)
        if column in column_mapping or heading is None or not WITH_TAX.search(comparable(heading)):
            continue
        of = WITH_TAX.sub("", comparable(heading))
        net = next((other for other in headings if WITHOUT_TAX.subn("", comparable(other)) == (of, 1)), None)
        if net is not None:
            example = mapping_example(column_mapping, in_quotes({column: net}))
            raise InputError(
                f"'{shortened(heading, 60)}' and '{shortened(net, 60)}' of {input_name} are the same money, with tax"
                f" and without. Say which counts, e.g. --vars '{example}'."
            )


def _found(headings: Sequence[str], column_mapping: Mapping[str, str]) -> dict[str, str]:
    """As `match_headings`, whatever is missing; with an empty heading where the setting says that no column is it."""
    found = dict(column_mapping)
    # Of headings that compare equal the first one counts.
    heading_of = {comparable(heading): heading for heading in reversed(headings) if heading not in found.values()}
    export = export_of(headings)
    meaning = {} if export is None else _meaning(export, heading_of, found)
    found |= {column: heading for column, heading in meaning.items() if heading}
    free = {name: heading for name, heading in heading_of.items() if heading not in meaning.values()}
    for column, aliases in COLUMN_ALIASES.items():
        if column not in found and column not in meaning:
            alias = next((alias for alias in aliases if alias in free), None)
            if alias is not None:
                found[column] = free[alias]
    if "quantity" not in found and "quantity" not in meaning:
        counted = [heading for heading in free.values() if _is_counted(heading) and heading not in found.values()]
        # Of cases and of pieces, the rows say which the price is of.
        found |= {"quantity": counted[0]} if len(counted) == 1 else {}
    # A total may be the invoice's: the price counts, unless the setting names the amount. The other column stays raw.
    if found.get("unit_price") and found.get("amount"):
        prefers_amount = "unit_price" not in column_mapping and "amount" in column_mapping
        del found["unit_price" if prefers_amount else "amount"]
    return found


def _is_counted(heading: str) -> bool:
    """Whether a heading is one of quantities with what they are counted in behind it."""
    parts = COUNTED_IN.fullmatch(heading.strip().casefold())
    return parts is not None and comparable(parts[1]) in COLUMN_ALIASES["quantity"]


def _meaning(export: Export, heading_of: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Our columns that the export names and the setting doesn't, to their headings; an empty text where it has none."""
    meaning: dict[str, str] = {}
    named = {column for column, heading in found.items() if heading}
    for column, names in export.columns.items():
        # Of a total and a price the setting names one, or the export lists the better one first.
        if column in found or (column in MONEY and (set(MONEY) & (named | meaning.keys()))):
            continue
        heading = next((heading_of[name] for name in names.split("|") if name in heading_of), "")
        if heading or not names:
            meaning[column] = heading
    if set(MONEY) & meaning.keys():
        meaning = dict.fromkeys(MONEY, "") | meaning
    return meaning


def mapping_for(headings: Sequence[str], column_mapping: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Our column to heading, for a file with these headings.

    The setting may list several headings of a column, where files differ: the first one that is there counts. Where
    none is, the column stays mapped to the first for `check_mapping` to report it, unless the known aliases find one.
    An empty list says that no column is it, which is an empty heading here.
    """
    mapping = {}
    for column, value in column_mapping.items():
        names = (
            [str(value)] if isinstance(value, str) or not isinstance(value, Sequence) else [str(one) for one in value]
        )
        if there := [name for name in names if name in headings]:
            mapping[column] = there[0]
        elif not names:
            mapping[column] = ""
    return mapping


def check_mapping(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str | Sequence[str]]) -> None:
    """Raise InputError where the setting names a column that is none of ours, or headings that no file has.

    Or where it says that no column is one that every log needs. What is wrong beside that is in the same sentence.
    """
    names_of = {
        column: [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        for column, value in column_mapping.items()
    }
    if unknown := next((column for column in names_of if column not in (*COLUMN_ALIASES, TIME_OF_DAY)), None):
        raise InputError(
            f"The setting 'column_mapping' names '{shortened(str(unknown), 40)}', which is none of our columns."
            f" {_meant(str(unknown))}"
        )
    _check_needed(headings, input_name, column_mapping)
    absent = {
        column: shortened(str(names[0]), 60)
        for column, names in names_of.items()
        if names and not set(names) & set(headings)
    }
    if absent:
        raise _absent_headings(absent, headings, input_name, column_mapping)


def _check_needed(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str | Sequence[str]]) -> None:
    """Raise InputError where the setting says that no column is one that every log needs."""
    denied = {column for column, value in column_mapping.items() if value == []}
    needed = [column for column in REQUIRED if column in denied] + (
        [" or ".join(MONEY)] if denied >= set(MONEY) else []
    )
    if needed:
        example = mapping_example(column_mapping, in_quotes({column.split()[0]: YOURS for column in needed}))
        problem = (
            f"The setting 'column_mapping' says that no column of {input_name} holds {' and '.join(needed)}, which"
            " every log needs."
        )
        raise _with_headings(problem, headings, f"Say which does, e.g. --vars '{example}'.")


def _absent_headings(
    absent: Mapping[str, str],
    headings: Sequence[str],
    input_name: str,
    column_mapping: Mapping[str, str | Sequence[str]],
) -> InputError:
    """The error that the setting maps columns to headings that no file has, and what else has none if there is room."""
    mapped = listed([f"{column} to '{heading}'" for column, heading in absent.items()], 100)
    problem = f"The setting 'column_mapping' maps {mapped}, but {input_name} has no such heading"
    problem += "." if len(absent) == 1 else "s."
    there = {column: value for column, value in column_mapping.items() if column not in absent}
    denied = [column for column, value in there.items() if value in ("", [])]
    found = _found(headings, mapping_for(headings, there))
    hints: dict[str, str] = {}
    for column, heading in absent.items():
        others = [one for one in headings if one not in hints.values()]
        hint = _likely(others, [comparable(heading)]) or found.get(column)
        hints |= {column: hint} if hint else {}
    missing = _missing({**absent, **found})
    more = f" No heading is known to hold {', '.join(missing)} either." if missing else ""
    entries = {column: hints.get(column, YOURS) for column in absent}
    free = [heading for heading in headings if heading not in hints.values()]
    example = _short_example(there, entries | _likely_missing(missing, free, denied))
    advice = f"Say which they are, e.g. --vars '{example}'."
    if (more or len(absent) > 1) and len(problem + more + advice) < LONGEST_SENTENCE:
        return _with_headings(problem + more, headings, advice)
    hint = next(iter(hints.values()), None)
    return _with_headings(problem, headings, f"Perhaps you mean '{shortened(hint, 60)}'." if hint else "")


def _with_headings(problem: str, headings: Sequence[str], advice: str) -> InputError:
    """The error of a problem and an advice, and between them as many headings as there is room for."""
    present = _present(headings, LONGEST_SENTENCE - len(problem) - len(advice))
    return InputError(f"{problem} {present}{advice}".rstrip())


def _meant(name: str) -> str:
    """Which of our columns somebody may have meant, else all of them, as a sentence."""
    text = comparable(name)
    near = [column for column, aliases in COLUMN_ALIASES.items() if text in (*aliases, *HINTS.get(column, ()))]
    near = near or get_close_matches(name, COLUMN_ALIASES, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"They are {', '.join(COLUMN_ALIASES)}."


def _missing(found: Mapping[str, str]) -> list[str]:
    """What has no heading that every log needs."""
    missing = [column for column in REQUIRED if not found.get(column)]
    return missing if any(found.get(column) for column in MONEY) else [*missing, "unit_price (or amount)"]


def _missing_columns(
    missing: Sequence[str],
    found: Mapping[str, str],
    headings: Sequence[str],
    input_name: str,
    column_mapping: Mapping[str, str],
    cells: Cells,
) -> InputError:
    """The error that columns have no heading, with the likely ones: also of those that a log can do without."""
    export = export_of(headings)
    if "ordered_at" in missing and export is not None and export.undated:
        return InputError(f"{input_name} is an export of {export.name}: {export.undated}")
    free = [heading for heading in headings if heading not in found.values()]
    denied = [column for column, heading in column_mapping.items() if not heading]
    hints = _likely_missing(missing, free, denied, cells)
    likely = likely_columns(found, [one for one in free if one not in hints.values()])
    problem = f"No heading of {input_name} is known to hold {', '.join(missing)}.{_in_several(hints, free)}"
    example = _short_example(column_mapping, hints | likely, len(hints))
    return _with_headings(problem, headings, f"Say which it is, e.g. --vars '{example}'.")


def _in_several(hints: Mapping[str, str], free: Sequence[str]) -> str:
    """What to do where a person, or money, is in several columns, as a sentence with a blank before it."""
    names = {comparable(heading): heading for heading in free}
    if hints.get("customer_id") == YOURS and any(word in name for word in FIRST_NAMES for name in names):
        return " Where names alone say who it is, join them, best with a postcode, in a view of the warehouse."
    amount = hints.get("amount", "")
    for side, other in (("debit", "credit"), ("credit", "debit")):
        if heading := side in comparable(amount) and names.get(comparable(amount).replace(side, other)):
            return f" If '{shortened(heading, 40)}' holds what was paid back, have one amount of both in a view."
    return ""


def _short_example(column_mapping: Mapping[str, Any], entries: Mapping[str, str], least: int = 1) -> str:
    """The setting with as many other entries, at least so many, as leave room for the sentence that they are in."""
    shown = list(entries.items())
    while len(example := mapping_example(column_mapping, in_quotes(dict(shown)))) > LONGEST_EXAMPLE and shown[least:]:
        shown.pop()
    return example


def _likely_missing(
    missing: Sequence[str], free: Sequence[str], denied: Sequence[str] = (), cells: Cells | None = None
) -> dict[str, str]:
    """The likely heading of each column that is missing, or the words for it; no heading stands for two columns."""
    hints: dict[str, str] = {}
    for column in missing:
        name, heading = _hint(
            column.split()[0], [one for one in free if one not in hints.values()], denied, cells or {}
        )
        hints[name] = heading or YOURS
    return hints


def mapping_example(column_mapping: Mapping[str, Any], entries: Mapping[str, str], room: int = LONGEST_LIST) -> str:
    """The setting `column_mapping` with other entries, as an example for `--vars`, e.g. `{column_mapping: {…}}`.

    The whole setting is replaced: what it holds already is repeated, if there is room.

    Args:
        column_mapping: The setting as it is; an empty heading says that the input lacks the column.
        entries: Our columns to what the example says of them, already written as YAML.
        room: How many characters what it holds already may have.
    """
    known = [f"{column}: {_written(value)}" for column, value in column_mapping.items() if column not in entries]
    added = [f"{column}: {text}" for column, text in entries.items()]
    shown = [*known, *added] if len("".join(known)) < room else [*added, "…"]
    return f"{{column_mapping: {{{', '.join(shown)}}}}}"


def _written(value: object) -> str:
    """The heading of a column, or several, as YAML; an empty one says that no heading holds the column."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_quoted(str(heading)) for heading in value)}]"
    return "[]" if value == "" else _quoted(str(value))


def in_quotes(headings: Mapping[str, str]) -> dict[str, str]:
    """Our columns to headings, which are written as YAML."""
    return {column: _quoted(heading) for column, heading in headings.items()}


def _quoted(heading: str) -> str:
    return f'"{shortened(heading, 40)}"'


def _hint(column: str, headings: Sequence[str], denied: Sequence[str], cells: Cells) -> tuple[str, str | None]:
    """The likely heading of one of our columns, or of the amount where a price is missing, and which column that is.

    Words decide, unless the cells contradict; where no word is known, a column is likely by what it holds.
    """
    names = [name for name in (MONEY if column == "unit_price" else (column,)) if name not in denied]
    for name in names:
        known = (*COLUMN_ALIASES[name], *HINTS.get(name, ()))
        possible = [heading for heading in headings if _may_hold(name, heading, cells)]
        # Of words for times, some are of a day and others of an hour.
        days = [heading for heading in possible if name == "ordered_at" and are_days(cells.get(heading, ()))]
        heading = _likely(days, known) or next(iter(days), None) or _likely(possible, known)
        if heading is not None:
            return name, heading
    for name in names:
        for heading in headings:
            if look_like(name, cells.get(heading, ())) and _may_hold(name, heading, cells):
                return name, heading
    return names[0], None


def _may_hold(column: str, heading: str, cells: Cells) -> bool:
    """Whether neither a heading's words nor its cells say that it is none of our column."""
    return not _is_of_another(column, heading) and can_hold(column, cells.get(heading, ()))


def _is_of_another(column: str, heading: str) -> bool:
    """Whether a heading has a word in it that says that it holds something else. A `customer date` may be either."""
    name = comparable(heading)
    if column == "customer_id" and (name in HINTS["country"] or any(word in name for word in NO_CUSTOMERS)):
        return True
    if column in ("ordered_at", *MONEY) and not NO_AMOUNTS.isdisjoint(words_of(heading)[-1:]):
        return True
    if column in MONEY and IN_PERCENT.search(heading):
        return True
    name = WITH_OR_WITHOUT_TAX.sub("", name)
    if column == "unit_price":
        name = PRICE_OF_A_UNIT.sub("unitprice", name)
    has_customer = column == "customer_id" and any(word in name for word in ("customer", "client", "kunde", "buyer"))
    return not has_customer and any(word in name for word in OTHER_WORDS.get(column, ()))


def _likely(headings: Sequence[str], aliases: Sequence[str]) -> str | None:
    """The heading that is most like one of the known ones; None where none is like them."""

    def likeness(heading: str) -> float:
        name = comparable(heading)[:40]
        if name in aliases:
            return 1
        # Three letters are in many a word: a `Betrag` is no `Tag`.
        words = [alias for alias in aliases if len(alias) > 3]
        within = max((0.9 for alias in words if name and alias in name), default=0)
        # Short words are like many others: an `Adet` is no `Debit`.
        if len(name) < SHORT:
            return within
        return max([within, *(SequenceMatcher(None, name, alias).ratio() for alias in words)])

    likenesses = {heading: likeness(heading) for heading in headings[:200]}
    best = max(likenesses, key=lambda heading: likenesses[heading], default=None)
    return best if best is not None and likenesses[best] >= ALIKE else None


def likely_columns(columns: Collection[str], unused: Sequence[str]) -> dict[str, str]:
    """Which headings that are not used may hold which of our columns, as they are called in other languages.

    Args:
        columns: Our columns that have a heading.
        unused: Headings that change nothing.

    Returns:
        Our column to heading. A heading that only has such a word in it is none: a `Rechnungsdatum` is no order.
    """
    names = {comparable(heading): heading for heading in reversed(unused)}
    numbers = {name: heading for heading in reversed(unused) if (name := _numbered(heading))}
    likely: dict[str, str] = {}
    for column, words in HINTS.items():
        if column not in columns and column not in (*REQUIRED, *MONEY):
            numbered = NUMBERED.get(column, ())
            tails = NUMBER_TAILS if column == "invoice_id" else ("",)
            found = [names[name] for word in words for tail in tails if (name := word + tail) in names]
            found += [numbers[word] for word in numbered if word in numbers]
            found += [names[name] for word in numbered for tail in tails[1:] if (name := word + tail) in names]
            if found:
                likely[column] = found[0]
    return likely


def _numbered(heading: str) -> str:
    """What a heading says that its numbers are of, as it compares; an empty text where it says nothing of numbers."""
    words = words_of(heading)
    if NUMBER_WORDS.isdisjoint(words):
        return ""
    return "".join(word for word in words if word not in NUMBER_WORDS | OF_WORDS)


def _present(headings: Sequence[str], room: int) -> str:
    """A sentence with as many headings as fit into so many characters, and a blank; empty where none does."""
    room -= len("The headings there: , … (9,999 in all).  ")
    return f"The headings there: {listed(headings, min(room, LONGEST_LIST))}. " if room > 0 else ""
