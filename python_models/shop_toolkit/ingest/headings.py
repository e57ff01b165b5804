"""Which heading of the input holds which of our columns."""

from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from shop_toolkit.ingest.errors import LONGEST_LIST, LONGEST_SENTENCE, InputError, listed, shortened
from shop_toolkit.ingest.exports import Export, comparable, export_of

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
        "customer", "buyer", "кодконтрагента", "кодклиента", "кодпокупателя", "idклиента", "idпокупателя",
        "номерклиента", "контрагент", "покупатель", "клиент",
    ),
    "country": (
        "country", "customercountry", "shippingcountry", "shipcountry", "billingcountry", "countryname", "market",
        "страна",
    ),
    "order_status": (
        "orderstatus", "financialstatus", "paymentstatus", "invoicestatus", "salestatus", "transactionstatus", "status",
        "статусзаказа", "статус",
    ),
    "transaction_type": (
        "transactiontype", "invoicetype", "documenttype", "recordtype", "linetype", "eventtype", "transactionkind",
        "kind", "type", "видоперации", "хозяйственнаяоперация", "виддокумента", "типдокумента",
    ),
    "currency": (
        "currency", "currencycode", "ordercurrency", "ordercurrencycode", "transactioncurrency", "isocurrency",
        "валюта", "кодвалюты",
    ),
}  # fmt: skip
# Words of headings in other languages. They are too loose to be read by, and good enough for a hint.
HINTS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "kunde", "client", "cliente", "klant", "kund", "mitglied", "member", "shopper", "person", "soldto",
        "soldtoparty",
    ),
    "ordered_at": (
        "datum", "fecha", "data", "tag", "zeit", "jour", "giorno", "when", "day", "time", "placed", "bestelltag",
        "kauftag", "verkaufstag", "bestelltam", "gekauftam", "verkauftam", "erstelltam", "gebuchtam",
    ),
    "unit_price": ("preis", "prix", "precio", "prezzo", "prijs", "preco", "cena", "rate"),
    "amount": (
        "betrag", "summe", "montant", "importe", "importo", "bedrag", "gesamt", "wert", "umsatz", "paid", "turnover",
        "gross", "net", "netvalue", "grossvalue",
    ),
    "invoice_id": (
        "beleg", "rechnung", "bestell", "bestellung", "auftrag", "commande", "facture", "pedido", "factura", "ordine",
        "fattura", "encomenda", "zamówienie", "zamowienie",
    ),
    "quantity": (
        "menge", "anzahl", "stück", "stueck", "stückzahl", "quantité", "quantite", "cantidad", "quantità", "quantita",
        "quantidade", "aantal", "ilość", "ilosc", "antal",
    ),
    "product_id": (
        "artikelnr", "artikelnummer", "artnr", "artikelcode", "artikelid", "produktnr", "produktnummer", "produktcode",
        "codeproduit", "codearticle", "referenceproduit", "référenceproduit", "codigoproducto", "códigoproducto",
        "codiceprodotto", "codicearticolo", "kodproduktu",
    ),
    "product_description": (
        "artikel", "artikelname", "artikelbezeichnung", "bezeichnung", "produkt", "produktname", "produit", "producto",
        "prodotto", "produto", "libellé", "libelle", "descripción", "descripcion", "descrizione", "omschrijving",
    ),
    "currency": (
        "ccy", "währung", "waehrung", "waluta", "moneda", "devise", "valuta", "divisa", "měna", "mena", "moeda",
    ),
    "country": ("land", "pays", "país", "pais", "paese", "kraj"),
}  # fmt: skip
# Words in headings of what one of our columns can't hold, however alike the rest of the heading is.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "date", "datum", "fecha", "price", "preis", "prix", "amount", "betrag", "total", "quantity", "qty", "menge",
        "tax",
    ),
    **dict.fromkeys(
        ("unit_price", "amount"),
        ("tax", "vat", "steuer", "mwst", "fee", "gebühr", "discount", "rabatt", "refund"),
    ),
}  # fmt: skip
# What may follow the word for an order.
NUMBER_TAILS = ("", "nr", "no", "id", "nummer", "snr", "snummer", "number")
REQUIRED = ("customer_id", "ordered_at")
MONEY = ("unit_price", "amount")
# How alike a heading and a known one have to be for a hint.
ALIKE = 0.6


def match_headings(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str]) -> dict[str, str]:
    """Find the heading of each of our columns.

    Args:
        headings: Unique headings of the input, in its order.
        input_name: How sentences call the input.
        column_mapping: The setting of that name: our column to heading. It wins over the known aliases. An empty
            heading says that the input lacks the column.

    Returns:
        Our column to heading, without the columns that the input lacks.

    Raises:
        InputError: The mapping names an unknown column or heading, or a required column has no heading.
    """
    check_mapping(headings, input_name, {column: heading for column, heading in column_mapping.items() if heading})
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
    # A total may be the invoice's: the price counts, unless the setting names the amount. The other column stays raw.
    if "unit_price" in found and "amount" in found:
        prefers_amount = "unit_price" not in column_mapping and "amount" in column_mapping
        del found["unit_price" if prefers_amount else "amount"]
    _check_required(found, headings, input_name, column_mapping)
    return {column: heading for column, heading in found.items() if heading}


def _meaning(export: Export, heading_of: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Our columns that the export names and the setting doesn't, to their headings; an empty text where it has none."""
    meaning: dict[str, str] = {}
    for column, names in export.columns.items():
        # Of a total and a price the setting names one, or the export lists the better one first.
        if column in found or (column in MONEY and (set(MONEY) & (found.keys() | meaning.keys()))):
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
    An empty list of headings of currencies says that no column holds them, which is an empty heading here.
    """
    mapping = {}
    for column, value in column_mapping.items():
        names = (
            [str(value)] if isinstance(value, str) or not isinstance(value, Sequence) else [str(one) for one in value]
        )
        if there := [name for name in names if name in headings]:
            mapping[column] = there[0]
        elif says_none(column, names):
            mapping[column] = ""
    return mapping


def says_none(column: str, headings: Sequence[str]) -> bool:
    """Whether the setting `column_mapping` says that no heading is that of a column, which can be but currencies."""
    return column == "currency" and not headings


def check_mapping(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str | Sequence[str]]) -> None:
    """Raise InputError where the setting names a column that is none of ours, or headings that no file has."""
    for column, value in column_mapping.items():
        names = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        if column not in COLUMN_ALIASES:
            raise InputError(
                f"The setting 'column_mapping' names '{shortened(str(column), 40)}', which is none of our columns."
                f" {_meant(str(column))}"
            )
        if not set(names) & set(headings) and not says_none(column, names):
            wanted = shortened(str(names[0] if names else value), 60)
            hint = _likely(headings, [comparable(wanted)])
            problem = f"The setting 'column_mapping' maps {column} to '{wanted}', but {input_name} has no such heading."
            advice = f"Perhaps you mean '{shortened(hint, 60)}'." if hint else ""
            present = _present(headings, LONGEST_SENTENCE - len(problem) - len(advice))
            raise InputError(f"{problem} {present}{advice}".rstrip())


def _meant(name: str) -> str:
    """Which of our columns somebody may have meant, else all of them, as a sentence."""
    text = comparable(name)
    near = [column for column, aliases in COLUMN_ALIASES.items() if text in (*aliases, *HINTS.get(column, ()))]
    near = near or get_close_matches(name, COLUMN_ALIASES, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"They are {', '.join(COLUMN_ALIASES)}."


def _check_required(
    found: Mapping[str, str], headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str]
) -> None:
    missing = [column for column in REQUIRED if column not in found]
    if "ordered_at" in missing and (export := export_of(headings)) is not None and export.undated:
        raise InputError(f"{input_name} is an export of {export.name}: {export.undated}")
    if "unit_price" not in found and "amount" not in found:
        missing.append("unit_price (or amount)")
    if missing:
        free = [heading for heading in headings if heading not in found.values()]
        hints: dict[str, str] = {}
        for column in missing:
            name, heading = _hint(column.split()[0], [one for one in free if one not in hints.values()])
            if heading is not None:
                hints[name] = heading
        hints = hints or {missing[0].split()[0]: "your heading"}
        example = mapping_example(column_mapping, in_quotes(hints))
        problem = f"No heading of {input_name} is known to hold {', '.join(missing)}."
        advice = f"Say which it is, e.g. --vars '{example}'."
        raise InputError(f"{problem} {_present(headings, LONGEST_SENTENCE - len(problem) - len(advice))}{advice}")


def mapping_example(column_mapping: Mapping[str, Any], entries: Mapping[str, str]) -> str:
    """The setting `column_mapping` with other entries, as an example for `--vars`, e.g. `{column_mapping: {…}}`.

    The whole setting is replaced: what it holds already is repeated, if there is room.

    Args:
        column_mapping: The setting as it is; an empty heading says that the input lacks the column.
        entries: Our columns to what the example says of them, already written as YAML.
    """
    known = [f"{column}: {_written(value)}" for column, value in column_mapping.items() if column not in entries]
    added = [f"{column}: {text}" for column, text in entries.items()]
    shown = [*known, *added] if len("".join(known)) < LONGEST_LIST else [*added, "…"]
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


def _hint(column: str, headings: Sequence[str]) -> tuple[str, str | None]:
    """The likely heading of one of our columns, or of the amount where a price is missing, and which column that is."""
    for name in (column, "amount") if column == "unit_price" else (column,):
        known = (*COLUMN_ALIASES[name], *HINTS.get(name, ()))
        heading = _likely([heading for heading in headings if not _is_of_another(name, heading)], known)
        if heading is not None:
            return name, heading
    return column, None


def _is_of_another(column: str, heading: str) -> bool:
    """Whether a heading has a word in it that says that it holds something else. A `customer date` may be either."""
    name = comparable(heading)
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
    likely: dict[str, str] = {}
    for column, words in HINTS.items():
        if column not in columns and column not in (*REQUIRED, *MONEY):
            tails = NUMBER_TAILS if column == "invoice_id" else ("",)
            known = (word + tail for word in words for tail in tails)
            heading = next((names[name] for name in known if name in names), None)
            if heading is not None:
                likely[column] = heading
    return likely


def _present(headings: Sequence[str], room: int) -> str:
    """A sentence with as many headings as fit into so many characters, and a blank; empty where none does."""
    room -= len("The headings there: , … (9,999 in all).  ")
    return f"The headings there: {listed(headings, min(room, LONGEST_LIST))}. " if room > 0 else ""
