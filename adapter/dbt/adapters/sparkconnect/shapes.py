"""Forms of a query that the engine lacks, written in forms that it has: before types are known.

DuckDB's SQL in, DuckDB's SQL out; what a query means stays.
"""

from collections.abc import Callable, Iterator

from dbt.adapters.sparkconnect.joins import cross_first
from dbt.adapters.sparkconnect.rules.nodes import UntranslatableError, call, place_of
from sqlglot import exp

# Marks what a select gives a name to, and so each copy of it that SQLGlot writes where the name is used.
NAMED = "number of a named expression"
# What all copies in a select have to have at least, as parts, to be worth a query of its own.
PARTS_WORTH_A_QUERY = 100


def with_plain_shapes(query: exp.Expr) -> exp.Expr:
    """A query without named windows, hints on common tables, series as tables and `unpivot`.

    Args:
        query: As DuckDB's parser read it; it is changed.
    """
    for common_table in query.find_all(exp.CTE):
        common_table.set("materialized", None)
    for select in list(query.find_all(exp.Select)):
        _inline_windows(select)
    for function in list(query.find_all(exp.Anonymous)):
        if function.name.lower() == "generate_subscripts":
            size = exp.ArraySize(this=function.expressions[0].copy())
            function.replace(exp.Explode(this=exp.GenerateSeries(start=exp.Literal.number(1), end=size)))
        elif function.name.lower() == "to_json":
            _write_out_table(function)
    for table in list(query.find_all(exp.Table)):
        if isinstance(table.this, exp.GenerateSeries):
            table.replace(_selected_series(table, table.this))
    for lateral in query.find_all(exp.Lateral):
        if lateral.this.find(exp.Explode) is not None and lateral.this.find(exp.Column) is not None:
            raise UntranslatableError(
                f"{place_of(lateral.this)}a lateral query can't both unnest a list and read columns here: unnest the"
                " list in a query of its own"
            )
    for join in query.find_all(exp.Join):
        if join.side and isinstance(join.this, exp.Unnest | exp.Lateral):
            raise UntranslatableError("a list can't be unnested by an outer join here: its rows would be left out")
    for pivot in list(query.find_all(exp.Pivot)):
        if pivot.args.get("unpivot"):
            _unnest_instead(pivot)
    _mark_names(query)
    return query


def _mark_names(query: exp.Expr) -> None:
    """Number what a select gives a name to."""
    for number, alias in enumerate(one for select in query.find_all(exp.Select) for one in _named_in(select)):
        alias.this.unnest().meta[NAMED] = number


def _named_in(select: exp.Select) -> Iterator[exp.Alias]:
    for one in select.selects:
        if isinstance(one, exp.Alias) and not isinstance(one.this.unnest(), exp.Column | exp.Literal):
            yield one


def compute_names_once(query: exp.Expr) -> exp.Expr:
    """A query in which what a select gives a name to and uses by it is computed in a query below, once.

    SQLGlot writes a copy for each use, and copies in it for what that one uses: of ten lines of statistics it makes
    600,000 letters, and Spark and Sail compute all of them.

    Args:
        query: With its columns qualified and types known; it is changed.
    """
    return _with_each_select(query, _computed_in_stages)


def _computed_in_stages(select: exp.Select) -> exp.Select:
    parts = ("group", "having", "distinct", "qualify", "order", "limit")
    if any(select.args.get(part) is not None for part in parts) or not all(map(_is_of_one_row, select.selects)):
        return select
    # What `* replace (…)` names has no number.
    named = {_number_of(one): one for one in (alias.this.unnest() for alias in _named_in(select)) if NAMED in one.meta}
    copies = [copy for one in select.selects for copy in _copies_in(one, named)]
    if sum(len(list(copy.walk())) for copy in copies) < PARTS_WORTH_A_QUERY:
        return select
    used = sorted({_number_of(copy) for copy in copies})
    # Names are used behind the place where they are given.
    stage_of: dict[int, int] = {}
    for number in used:
        below_it = (stage_of[_number_of(copy)] for copy in _copies_in(named[number], named))
        stage_of[number] = 1 + max(below_it, default=-1)

    columns: list[exp.Expr] = []
    projections = [_read_below(one, named, used, columns) for one in select.selects]
    stages = [[number for number in used if stage_of[number] == stage] for stage in range(1 + max(stage_of.values()))]
    # The columns of the tables that are needed above are known once all that is above is written.
    computed = {
        number: _read_below(named[number], named, used, columns) if stage_of[number] else named[number].copy()
        for number in used
    }
    result = select.copy()
    result.set("with_", None)
    result.set("expressions", [_aliased(one.copy(), f"_column_{place}", one) for place, one in enumerate(columns)])
    for stage, numbers in enumerate(stages):
        if stage:
            kept = [_aliased(_column(one.alias, one), one.alias, one) for one in result.selects]
            result = exp.select(*kept, copy=False).from_(result.subquery("computed", copy=False), copy=False)
        for number in numbers:
            result.append("expressions", _aliased(computed[number], f"_name_{number}", named[number]))
    outer = exp.select(*projections, copy=False).from_(result.subquery("computed", copy=False), copy=False)
    outer.type = select.type
    if select.args.get("with_") is not None:
        outer.set("with_", select.args["with_"].copy())
    return outer


def _read_below(expression: exp.Expr, named: dict[int, exp.Expr], used: list[int], columns: list[exp.Expr]) -> exp.Expr:
    """A copy of an expression that reads what it needs from the query below.

    Args:
        expression: A projection of a select, or what it gives a name to.
        named: What that select gives names to, by number.
        used: The numbers of those that the query below has.
        columns: Of the tables of the select, those that the query below has; what is missing is added.
    """
    changed = expression.copy()
    own = _number_of(expression)

    def is_below(node: exp.Expr) -> bool:
        return _number_of(node) in used and _number_of(node) != own

    for node in list(changed.walk(prune=is_below)):
        if is_below(node):
            column = _column(f"_name_{_number_of(node)}", named[_number_of(node)])
        elif isinstance(node, exp.Column) and node.table:
            if node not in columns:
                columns.append(node.copy())
            column = _column(f"_column_{columns.index(node)}", node)
        else:
            continue
        if node is changed:
            return column
        node.replace(column)
    return changed


def _is_of_one_row(projection: exp.Expr) -> bool:
    """Whether a projection is computed of the columns of a row, or by a window, and of no query in it."""
    several = (exp.Explode, exp.Unnest, exp.Query, exp.Star, exp.AggFunc)
    return all(
        isinstance(one, exp.AggFunc) and isinstance(one.find_ancestor(exp.Window, exp.Select), exp.Window)
        for one in projection.find_all(*several)
    )


def _number_of(node: exp.Expr) -> int:
    """The number of a named expression, or of a copy of it; -1 of anything else."""
    number: int = node.meta.get(NAMED, -1)
    return number


def _copies_in(expression: exp.Expr, named: dict[int, exp.Expr]) -> list[exp.Expr]:
    """The copies of named expressions in one, not those in another copy."""

    def is_copy(node: exp.Expr) -> bool:
        return _number_of(node) in named and node is not named[_number_of(node)]

    return [node for node in expression.walk(prune=is_copy) if is_copy(node)]


def _column(name: str, like: exp.Expr) -> exp.Expr:
    """A column of the query below."""
    column = exp.column(name, table="computed", quoted=True)
    column.type = like.type
    return column


def _aliased(expression: exp.Expr, name: str, like: exp.Expr) -> exp.Expr:
    alias = exp.alias_(expression, name, quoted=True, copy=False)
    alias.type = like.type
    return alias


def _inline_windows(select: exp.Select) -> None:
    """Put named windows where they are used: a name can't be extended elsewhere."""
    named = {window.name: window for window in select.args.get("windows") or []}
    if not named:
        return
    select.set("windows", None)
    for window in named.values():
        _extend(window, named)
    for window in select.find_all(exp.Window):
        if window.find_ancestor(exp.Select) is select:
            _extend(window, named)


def _extend(window: exp.Window, named: dict[str, exp.Window]) -> None:
    alias = window.args.get("alias")
    base = named.get(alias.name) if alias is not None else None
    if base is None or base is window or not isinstance(alias, exp.Identifier):
        return
    _extend(base, named)
    window.set("alias", None)
    for part in ("partition_by", "order", "spec"):
        value = base.args.get(part)
        if value and not window.args.get(part):
            window.set(part, [one.copy() for one in value] if isinstance(value, list) else value.copy())


def _write_out_table(function: exp.Anonymous) -> None:
    """`to_json` of a table is one of the row of all its columns; there, it leaves out those that are null."""
    (value,) = function.expressions
    select = function.find_ancestor(exp.Select)
    if select is None or not isinstance(value, exp.Column) or value.table:
        return
    sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
    if value.name in {source.this.alias_or_name for source in sources if source is not None}:
        value.replace(call("struct", exp.Column(this=exp.Star(), table=exp.to_identifier(value.name))))


def _selected_series(table: exp.Table, series: exp.GenerateSeries) -> exp.Subquery:
    """`range(3)` in a `from` as a query of its elements; the column and the table have the function's name at first."""
    if series.find(exp.Column) is not None:
        raise UntranslatableError("a series in a `from` can't read columns here: write `select unnest(range(…))`")
    function = "range" if series.args.get("is_end_exclusive") else "generate_series"
    alias = table.args.get("alias")
    column = alias.columns[0].name if alias is not None and alias.columns else function
    elements = exp.alias_(exp.Explode(this=series.copy()), column, quoted=True)
    return exp.select(elements).subquery(table.alias or function)


def _unnest_instead(pivot: exp.Pivot) -> None:
    """`unpivot` as lists of names and values, side by side; as there, values that are null make no row."""
    table = pivot.parent
    assert table is not None
    (field,) = pivot.args["fields"]
    columns = [column.this if isinstance(column, exp.PivotAlias) else column for column in field.expressions]
    (value,) = pivot.expressions
    name = field.this.name
    source = table.copy()
    source.set("pivots", None)
    alias = pivot.alias or table.alias_or_name
    selected = exp.select(
        exp.Star(except_=[exp.to_identifier(column.name) for column in columns]),
        exp.alias_(_unnested([exp.Literal.string(column.name) for column in columns]), name),
        exp.alias_(_unnested([exp.column(column.name) for column in columns]), value.name),
    ).from_(source)
    kept = (
        exp.select("*")
        .from_(selected.subquery("unpivoted"))
        .where(exp.Not(this=exp.Is(this=exp.column(value.name), expression=exp.Null())))
    )
    table.replace(kept.subquery(alias))


def _unnested(elements: list[exp.Expr]) -> exp.Expr:
    return exp.Explode(this=exp.Array(expressions=elements))


def with_engine_shapes(query: exp.Expr) -> exp.Expr:
    """A query with lists unnested beside a select instead of in it, rows written out and names used once.

    Args:
        query: With its columns qualified; it is changed.
    """
    _name_common_tables_apart(query)
    for select in list(query.find_all(exp.Select)):
        _write_out_rows(select)
        cross_first(select)
    for membership in list(query.find_all(exp.In)):
        _look_up(membership)
    for comparison in list(query.find_all(exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In)):
        _compare_by_column(comparison)
    for union in reversed(list(query.find_all(exp.SetOperation))):
        _order_columns(union)
        _type_nulls(union)
    query = _with_each_select(query, _filtered_beside)
    return query if query.find(exp.Explode) is None else _with_each_select(query, _unnested_beside)


def _with_each_select(query: exp.Expr, change: Callable[[exp.Select], exp.Select]) -> exp.Expr:
    """A query with each of its selects as it is changed, the innermost first."""
    for select in reversed(list(query.find_all(exp.Select))):
        changed = change(select)
        if select is query:
            query = changed
        elif changed is not select:
            select.replace(changed)
    return query


def _name_common_tables_apart(query: exp.Expr) -> None:
    """Give common tables inside of others names that none has: SQLGlot moves all of them to the top."""
    names = {one.alias for one in query.find_all(exp.CTE)}
    for tables in reversed(list(query.find_all(exp.With))):
        select = tables.parent
        if select is None or select.parent is None:
            continue
        read = [table for table in select.find_all(exp.Table) if not table.db]
        for position, common_table in enumerate(tables.expressions):
            old = common_table.alias
            new = next(name for number in range(1, 1000) if (name := f"{old}_{number}") not in names)
            names.add(new)
            before = {id(one) for one in tables.expressions[: position + 1]}
            for table in read:
                if table.name != old or any(id(one) in before for one in _ancestors(table, select)):
                    continue
                if not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(old, quoted=True)))
                table.set("this", exp.to_identifier(new, quoted=True))
            common_table.args["alias"].set("this", exp.to_identifier(new, quoted=True))


def _ancestors(node: exp.Expr, top: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None and node.parent is not top:
        node = node.parent
        yield node


def write_out_groups(query: exp.Expr) -> None:
    """Write out `group by all`.

    Args:
        query: With its columns qualified; it is changed.
    """
    for select in query.find_all(exp.Select):
        _write_out_group(select)


def _write_out_group(select: exp.Select) -> None:
    """`group by all` as the columns that no aggregate is in."""
    group = select.args.get("group")
    if group is None or not group.args.get("all"):
        return
    columns = [
        one.unalias().copy()
        for one in select.selects
        if not one.find(exp.AggFunc) and not isinstance(one.unalias(), exp.Literal | exp.Null)
    ]
    select.set("group", exp.Group(expressions=columns) if columns else None)


def _write_out_rows(select: exp.Select) -> None:
    """A query that is compared with several columns yields columns there, and no row of them."""
    holder = select.parent.parent if isinstance(select.parent, exp.Subquery) else select.parent
    if len(select.selects) == 1 and isinstance(holder, exp.In):
        row = select.selects[0].unalias()
        if isinstance(row, exp.Tuple):
            select.set("expressions", [one.copy() for one in row.expressions])


def _compare_by_column(comparison: exp.Expr) -> None:
    """Rows compared value by value: Sail casts none that has other names or types, and null is null to DuckDB."""
    row = comparison.this
    if not isinstance(row, exp.Tuple):
        return
    others = comparison.expressions if isinstance(comparison, exp.In) else [comparison.expression]
    if not others or not all(isinstance(one, exp.Tuple) for one in others):
        return
    is_unequal = isinstance(comparison, exp.NEQ | exp.NullSafeNEQ)
    kind, together = (exp.NullSafeNEQ, exp.or_) if is_unequal else (exp.NullSafeEQ, exp.and_)
    equal = [
        together(*(kind(this=left.copy(), expression=right.copy()) for left, right in pairs))
        for pairs in (zip(row.expressions, one.expressions, strict=True) for one in others)
    ]
    comparison.replace(exp.Paren(this=exp.or_(*equal)))


def _look_up(membership: exp.In) -> None:
    """`in (select …)` as `exists` where it is no condition but a value: Sail has none there.

    What is compared is a key and never null.
    """
    found = membership.args.get("query")
    clause = membership.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Select)
    if found is None or not isinstance(clause, exp.Select):
        return
    select = found.unnest()
    if not isinstance(select, exp.Select) or len(select.selects) != 1 or select.args.get("group") is not None:
        raise UntranslatableError("`in (select …)` as a value has no translation for this query")
    if select.args.get("from_") is None:
        # What a model stored before, in its first build: nothing.
        condition = select.args["where"].this.copy() if select.args.get("where") else exp.true()
        membership.replace(exp.Paren(this=exp.And(this=condition, expression=exp.EQ(
            this=membership.this.copy(), expression=select.selects[0].unalias().copy()
        ))))  # fmt: skip
        return
    matching = exp.EQ(this=select.selects[0].unalias().copy(), expression=membership.this.copy())
    looked_up = select.copy()
    looked_up.set("expressions", [exp.Literal.number(1)])
    membership.replace(exp.Exists(this=looked_up.where(matching)))


def _order_columns(union: exp.SetOperation) -> None:
    """`union by name` as a union of columns in one order; a column that one side lacks is null there."""
    if not union.args.get("by_name"):
        return
    if any(select.is_star for select in _joined(union)):
        # Of a table that the catalogue doesn't know.
        raise UntranslatableError("a union by name needs the columns that `*` stands for: name them")
    left, right = union.this.unnest(), union.expression.unnest()
    names = list(dict.fromkeys([*left.named_selects, *right.named_selects]))
    columns: list[tuple[exp.Select, list[exp.Expr]]] = []
    for side, other in ((left, right), (right, left)):
        types = dict(zip(other.named_selects, _types_of(other), strict=True))
        for select in _joined(side):
            by_name = dict(zip(side.named_selects, select.selects, strict=True))
            columns.append((select, [by_name.get(one) or _no_value(one, types[one]) for one in names]))
    for select, expressions in columns:
        select.set("expressions", expressions)
    union.set("by_name", None)


def _type_nulls(union: exp.SetOperation) -> None:
    """A null of a union that is written out gets the type of the others: Sail joins no text below two such nulls."""
    try:
        selects = _joined(union)
    except UntranslatableError:
        # Other than selects, such as `values`, it joins what has types.
        return
    if any(select.is_star for select in selects) or len({len(select.selects) for select in selects}) > 1:
        # With a table of unknown columns, or in a faulty query, places don't show what type a null has.
        return
    for place, kind in enumerate(_types_of(union)):
        for select in selects:
            null = select.selects[place].unalias()
            if kind is not None and isinstance(null, exp.Null):
                null.replace(exp.Cast(this=exp.Null(), to=kind.copy()))


def _joined(query: exp.Expr) -> list[exp.Select]:
    """The selects that a query joins, one or more; those of a union are in one order already."""
    query = query.unnest()
    if isinstance(query, exp.SetOperation):
        return [*_joined(query.this), *_joined(query.expression)]
    if not isinstance(query, exp.Select):
        raise UntranslatableError("a union by name can join selects only")
    return [query]


def _types_of(query: exp.Expr) -> list[exp.DataType | None]:
    """Of each column, the type in the first of the selects that knows it."""
    columns = zip(*([one.type for one in select.selects] for select in _joined(query)), strict=True)
    unknown = (None, exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL)
    return [next((one for one in types if one is not None and one.this not in unknown), None) for types in columns]


def _no_value(name: str, kind: exp.DataType | None) -> exp.Expr:
    """A column of nulls that has a type, where it is known."""
    null: exp.Expr = exp.Null() if kind is None else exp.Cast(this=exp.Null(), to=kind.copy())
    column = exp.alias_(null, name, quoted=True)
    column.type = kind
    return column


def _filtered_beside(select: exp.Select) -> exp.Select:
    """`qualify` as a condition on a query of the same rows that has it as a column."""
    qualified = select.args.get("qualify")
    if qualified is None:
        return select
    if select.args.get("order") is not None or select.args.get("limit") is not None:
        raise UntranslatableError("`qualify` can't stand with `order by` or `limit` here")
    inner = select.copy()
    inner.set("qualify", None)
    inner.set("with_", None)
    names = inner.named_selects
    inner.append("expressions", exp.alias_(qualified.this.copy(), "_qualified", quoted=True))
    outer = exp.select(*(exp.column(name, table="qualified", quoted=True) for name in names))
    outer = outer.from_(inner.subquery("qualified")).where(exp.column("_qualified", table="qualified", quoted=True))
    if select.args.get("with_") is not None:
        outer.set("with_", select.args["with_"].copy())
    return outer


def _unnested_beside(select: exp.Select) -> exp.Select:
    """Lists of a select are unnested side by side, as DuckDB does; an engine would cross them.

    What the select was becomes a table of its own, with the lists as columns.
    """
    if not any(_lists_in(one, select) for one in select.selects):
        return select
    order, limit, distinct = (select.args.get(part) for part in ("order", "limit", "distinct"))
    if order is not None or limit is not None:
        raise UntranslatableError("unnest() can't be in a select with `order by` or `limit` here")
    inner = select.copy()
    inner.set("distinct", None)
    inner.set("with_", None)
    lists: list[exp.Expr] = []
    columns: dict[str, exp.Expr] = {}
    selected: list[exp.Expr] = []
    outer: list[exp.Expr] = []
    for projection in inner.selects:
        if not _lists_in(projection, inner):
            selected.append(projection.copy())
            outer.append(exp.column(projection.alias_or_name, table="listed", quoted=True))
            continue
        changed = projection.copy()
        for column in list(changed.find_all(exp.Column)):
            if column.find_ancestor(exp.Explode) is None:
                name = f"_column_{len(columns)}"
                columns.setdefault(column.sql(), exp.alias_(column.copy(), name, quoted=True))
                column.replace(exp.column(columns[column.sql()].alias, table="listed", quoted=True))
        for explode in _lists_in(changed, None):
            element = exp.column(f"_element_{len(lists)}", table="elements", quoted=True)
            lists.append(explode.this.copy())
            if explode is changed:
                changed = element
            else:
                explode.replace(element)
        outer.append(changed)
    selected += columns.values()
    names = [f"_list_{number}" for number in range(len(lists))]
    selected += [exp.alias_(one, name, quoted=True) for one, name in zip(lists, names, strict=True)]
    inner.set("expressions", selected)
    at = [exp.column(name, table="listed", quoted=True) for name in names]
    # Beside others, a list that is null is an empty one.
    never_null = [exp.Anonymous(this="coalesce", expressions=[one, exp.Array(expressions=[])]) for one in at]
    zipped = exp.Anonymous(this="arrays_zip", expressions=never_null)
    generator = (
        exp.Anonymous(this="explode", expressions=at)
        if len(at) == 1
        else exp.Anonymous(this="inline", expressions=[zipped])
    )
    beside = exp.Lateral(
        this=generator,
        view=True,
        alias=exp.TableAlias(
            this=exp.to_identifier("elements", quoted=True),
            columns=[exp.to_identifier(f"_element_{number}", quoted=True) for number in range(len(at))],
        ),
    )
    result = exp.select(*outer).from_(inner.subquery("listed"))
    result.append("laterals", beside)
    if distinct is not None:
        result.set("distinct", distinct.copy())
    if select.args.get("with_") is not None:
        result.set("with_", select.args["with_"].copy())
    return result


def _lists_in(projection: exp.Expr, select: exp.Select | None) -> list[exp.Explode]:
    """What a projection of a select unnests, but not what queries inside of it do."""
    return [one for one in projection.find_all(exp.Explode) if one.find_ancestor(exp.Select) is select]
