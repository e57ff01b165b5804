"""Lines whose total has another sign than they: price and quantity are positive, and the total is negative.

They count as sales and may be refunds, which only a type can say: rows that arrive later have to be read as these.
"""

# So far may price × quantity be from an amount, as both are rounded to the cent: of the amount, and of each unit.
CENT, CENT_OF_UNIT = 0.006, 0.005
TOLERANCE = f"{CENT} + {CENT_OF_UNIT} * abs(quantity)"


def signed_lines(lines: str, total: str) -> str:
    """A query of lines, and `contradicts`: whether the total of each is negative although price and quantity are not.

    The total of an order with a purchase and a larger return is negative, too, with whatever fee: that contradicts
    nothing.

    Args:
        lines: The table of lines.
        total: The column of the total.
    """
    order = "(partition by file_name, coalesce(invoice_id, concat('line ', signed_line)))"
    return f"""
        select
            *,
            coalesce(quantity > 0 and price > 0 and {total} < 0, false)
            and not coalesce(
                signed_least = signed_most
                and (
                    abs(signed_gross - {total}) <= signed_tolerance
                    or abs(signed_prices - {total}) <= signed_tolerance
                    or (signed_has_return and abs(price * quantity + {total}) > {TOLERANCE})
                ),
                false
            ) as contradicts
        from (
            select
                *,
                min({total}) over {order} as signed_least,
                max({total}) over {order} as signed_most,
                sum(price * quantity) over {order} as signed_gross,
                sum(price) over {order} as signed_prices,
                sum({TOLERANCE}) over {order} as signed_tolerance,
                bool_or(quantity < 0 or price < 0) over {order} as signed_has_return
            from (select *, row_number() over () as signed_line from {lines})
        )
    """
