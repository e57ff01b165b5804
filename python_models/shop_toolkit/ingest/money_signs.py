"""Lines that give back by the sign of their total alone: price and quantity have one sign, and the total is negative.

The same money with another sign is proof: where a total is price × quantity, -40.00 beside 2 × 20.00 is a refund, and
so it is beside -2 × -20.00.
"""

# So far may price × quantity be from an amount, as both are rounded to the cent: of the amount, and of each unit.
CENT, CENT_OF_UNIT = 0.006, 0.005
TOLERANCE = f"{CENT} + {CENT_OF_UNIT} * abs(quantity)"
# What the columns of numbers are called here; discount, tax and the units that a price is of have no sign.
SIGNED = "signed"
NUMBERS = ("quantity", "price", "total", "discount", "tax", "per")
GROSS = f"abs({SIGNED}_price * {SIGNED}_quantity)"
# A total that nothing explains may still be price × quantity in these rows.
LINE_TOTAL = "line total"
# What a line's total is, by what the rows show of it (see `money_meaning`); or which sum of its lines an order's is.
AMOUNTS_OF_LINES = {
    LINE_TOTAL: (GROSS,),
    "divided": tuple(
        f"{GROSS} / coalesce(nullif({SIGNED}_per, 0), 1){less}"
        for less in ("", f" - {SIGNED}_discount")
    ),
    "equal": (f"abs({SIGNED}_price)",),
    "discounted": (f"{GROSS} - {SIGNED}_discount",),
    "percent": tuple(
        f"{GROSS} * (1 - {SIGNED}_discount{part})" for part in ("", " / 100")
    ),
    "taxed": tuple(f"{GROSS}{tax}" for tax in ("", f" + {SIGNED}_tax")),
}  # fmt: skip
SUMS_OF_ORDERS = {"order total": f"{SIGNED}_gross", "total of amounts": f"{SIGNED}_prices"}


def signed_lines(rows: str, of: str) -> str:
    """A query of rows, with what the sign of their total says.

    Args:
        rows: A query with `signed_file`, `signed_invoice`, `signed_line` (its number) and the numbers of a line.
        of: What the total is: one of `AMOUNTS_OF_LINES` or `SUMS_OF_ORDERS`.

    Returns:
        The same rows, and `signed_contradicts`: whether their total is negative although their price × quantity is not;
        and `signed_gives_back`: whether it is the same money but for its sign. The total of an order with a purchase
        and a larger return is negative, too, with whatever fee: that contradicts nothing.
    """
    order = f"(partition by {SIGNED}_file, coalesce({SIGNED}_invoice, concat('line ', {SIGNED}_line)))"
    is_positive = f"coalesce({SIGNED}_quantity > 0 and {SIGNED}_price > 0, false)"
    tolerance = f"{CENT} + {CENT_OF_UNIT} * abs({SIGNED}_quantity)"
    has_one_total = f"{SIGNED}_least = {SIGNED}_most"
    # Of one unit, the price is the total, whatever both mean.
    sums = SUMS_OF_ORDERS.values() if of in ("equal", "total of amounts") else [SUMS_OF_ORDERS["order total"]]
    is_sum = " or ".join(f"abs({total} - {SIGNED}_total) <= {SIGNED}_tolerance" for total in sums)
    is_line = f"abs({GROSS} + {SIGNED}_total) <= {tolerance}"
    if of in SUMS_OF_ORDERS:
        same_money = (
            f"{has_one_total} and {SIGNED}_most < 0 and {SIGNED}_is_positive"
            f" and abs({SUMS_OF_ORDERS[of]} + {SIGNED}_most) <= {SIGNED}_tolerance"
        )
    else:
        fits = (f"abs({amount} + {SIGNED}_total) <= {tolerance}" for amount in AMOUNTS_OF_LINES[of])
        same_money = f"{SIGNED}_contradicts and ({' or '.join(fits)})"
    return f"""
        select *, coalesce({same_money}, false) as {SIGNED}_gives_back
        from (
            select
                *,
                coalesce({SIGNED}_price * {SIGNED}_quantity > 0 and {SIGNED}_total < 0, false)
                and not coalesce(
                    {has_one_total} and ({is_sum} or ({SIGNED}_has_return and not {is_line})), false
                ) as {SIGNED}_contradicts
            from (
                select
                    *,
                    min({SIGNED}_total) over {order} as {SIGNED}_least,
                    max({SIGNED}_total) over {order} as {SIGNED}_most,
                    sum({SIGNED}_price * {SIGNED}_quantity) over {order} as {SIGNED}_gross,
                    sum({SIGNED}_price) over {order} as {SIGNED}_prices,
                    sum({tolerance}) over {order} as {SIGNED}_tolerance,
                    bool_and({is_positive}) over {order} as {SIGNED}_is_positive,
                    bool_or({SIGNED}_quantity < 0 or {SIGNED}_price < 0) over {order} as {SIGNED}_has_return
                from ({rows})
            )
        )
    """
