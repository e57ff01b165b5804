"""The list of rules, and how they are applied to a statement."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dbt.adapters.sparkconnect.rules.nodes import UntranslatableError, place_of
from sqlglot import exp

Change = Callable[[exp.Expr], exp.Expr | None]


@dataclass(frozen=True)
class Rule:
    """One difference.

    Attributes:
        name: What the engine has instead, in a few words.
        kinds: The nodes that it looks at.
        functions: Names of functions that it looks at, too, of those that SQLGlot does not know.
        change: The node as the engine has it; None leaves it.
    """

    name: str
    kinds: tuple[type[exp.Expr], ...]
    functions: frozenset[str]
    change: Change

    def looks_at(self, node: exp.Expr) -> bool:
        """Whether the rule is one for such a node."""
        is_function = isinstance(node, exp.Anonymous) and node.name.lower() in self.functions
        return is_function or isinstance(node, self.kinds)


RULES: list[Rule] = []
# Functions that both engines call alike and SQLGlot does not know.
SAME_THERE = {"factorial"}
# What SQLGlot writes though it means something else there, and why.
REFUSED: dict[type[exp.Expr], str] = {
    exp.SimilarTo: "`similar to` has no translation: write regexp_full_match()",
    exp.Skewness: "skewness() is that of all rows there, and not of a sample",
    exp.Kurtosis: "kurtosis() is that of all rows there, and not of a sample",
}


def rule(name: str, *kinds: type[exp.Expr], functions: Iterable[str] = ()) -> Callable[[Change], Change]:
    """Add a function to the rules."""

    def add(change: Change) -> Change:
        RULES.append(Rule(name, kinds, frozenset(functions), change))
        return change

    return add


def apply_rules(tree: exp.Expr) -> exp.Expr:
    """A tree with every rule applied once to each node, the innermost first.

    Args:
        tree: With types; it is changed.
    """
    by_type: dict[type[exp.Expr], list[Rule]] = {}
    for node in reversed(list(tree.walk())):
        if type(node) not in by_type:
            # A rule for functions by their names looks at all that SQLGlot doesn't know.
            by_type[type(node)] = [
                one for one in RULES if issubclass(type(node), one.kinds) or isinstance(node, exp.Anonymous)
            ]
        for one in by_type[type(node)]:
            if one.looks_at(node):
                try:
                    changed = one.change(node)
                except UntranslatableError as reason:
                    raise UntranslatableError(f"{place_of(node)}{reason}") from None
                if changed is not None and changed is not node:
                    if not isinstance(node, exp.DataType):
                        changed.type = changed.type or node.type
                    if node is tree:
                        tree = changed
                    else:
                        node.replace(changed)
                    node = changed
        changes_list = isinstance(node, exp.Lambda) and isinstance(node.parent, exp.Transform | exp.ArrayFilter)
        if changes_list and len(node.expressions) > 1:
            # DuckDB counts elements from 1, Spark from 0.
            raise UntranslatableError(f"{place_of(node)}a lambda with the place of an element has no translation")
        if type(node) in REFUSED:
            raise UntranslatableError(f"{place_of(node)}{REFUSED[type(node)]}")
        if isinstance(node, exp.Anonymous) and "is_translated" not in node.meta and node.name.lower() not in SAME_THERE:
            raise UntranslatableError(f"{place_of(node)}{node.name}() has no translation")
    return tree
