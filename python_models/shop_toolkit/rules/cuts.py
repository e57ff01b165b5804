"""Trees cut back exactly: for every number of leaves the one with the fewest errors."""

from dataclasses import dataclass

import numpy as np
from sklearn.tree._tree import Tree


@dataclass(frozen=True)
class Cuts:
    """A tree cut back to the one with the fewest errors, for every number of leaves.

    Exact, by dynamic programming (OPT, Bohanec & Bratko 1994, "Trading accuracy for simplicity in decision trees"):
    each node's fewest errors with 1, 2, … leaves follow from those of its two children. scikit-learn's cost-complexity
    pruning gives only some of these trees, and limits no support.

    Attributes:
        children: The two children of each node (nodes, 2).
        fewest: Of each node the fewest errors below it with 1, 2, … leaves, as far as more leaves leave fewer.
        on_the_left: How many of these leaves are below its left child.
    """

    children: np.ndarray
    fewest: list[np.ndarray]
    on_the_left: list[np.ndarray]

    @classmethod
    def of(cls, tree: Tree, errors: np.ndarray, supported: np.ndarray, most_leaves: int) -> "Cuts":
        """Cut a tree back in every way.

        Args:
            tree: The tree.
            errors: Weight that each node would label wrong as a leaf (nodes,).
            supported: Whether each node may be a leaf (nodes,).
            most_leaves: Leaves at most.
        """
        children = np.stack([tree.children_left, tree.children_right], axis=1)
        fewest = [errors[node : node + 1] for node in range(len(children))]
        on_the_left = [np.zeros(1, dtype=int)] * len(children)
        apart = (children[:, 0] >= 0) & supported[children].all(axis=1) & (errors > 0)
        # Children follow their parents.
        for node in np.flatnonzero(apart)[::-1].tolist():
            left, right = (fewest[child] for child in children[node])
            leaves = min(most_leaves, len(left) + len(right))
            best, share = np.full(leaves, np.inf), np.zeros(leaves, dtype=int)
            best[0] = errors[node]
            for count in range(1, min(leaves, len(left) + 1)):
                together = left[count - 1] + right[: leaves - count]
                here = np.arange(count, count + len(together))
                better = here[together < best[here]]
                best[better], share[better] = together[better - count], count
            # More leaves never leave more errors. Those that leave as many are in no smallest tree.
            enough = int(best.argmin()) + 1
            fewest[node], on_the_left[node] = best[:enough], share[:enough]
        return cls(children, fewest, on_the_left)

    def sizes(self) -> list[int]:
        """Numbers of leaves that leave fewer errors than any smaller number, from the greatest down to 1."""
        steps = np.flatnonzero(np.diff(self.fewest[0]) < 0) + 2
        return [*steps[::-1].tolist(), 1]

    def ends(self, most_leaves: int) -> set[int]:
        """Nodes where to end the tree with at most so many leaves; of equally good trees those of the smallest."""
        ends, open_nodes = set(), [(0, int(self.fewest[0][:most_leaves].argmin()) + 1)]
        while open_nodes:
            node, leaves = open_nodes.pop()
            if leaves == 1:
                ends.add(node)
            else:
                left_leaves = int(self.on_the_left[node][leaves - 1])
                left, right = self.children[node].tolist()
                open_nodes += [(left, left_leaves), (right, leaves - left_leaves)]
        return ends
