"""Compile a list of words into the automaton of features.language_tables.

The trie of all words is built level by level, states that accept the same endings are merged by a
hash of 64 bits of those endings, and the states are laid out as a double array.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from malicious_domains.names import encoding
from malicious_domains.names.array_types import Bools, Bytes, Hashes, Ints, Narrow
from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.names.parse import MAX_LABEL

_WINDOW = 4096  # cells that are looked at together when a state is placed


class _Graph(NamedTuple):
    """A word graph; edges are sorted by (source, code)."""

    final: Bools  # (states,) a word ends here
    root: int
    source: Ints  # (edges,)
    code: Ints
    target: Ints


def read_words(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file; raises MaliciousDomainsError if it cannot be read.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = Path(file.name).write_text("book\\nshop\\n")
    ...     read_words(Path(file.name))
    ['book', 'shop']
    """
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise MaliciousDomainsError(f"{path}: not a readable word list: {error}") from error


def select_usable(words: Iterable[str]) -> list[str]:
    """Return the distinct words that can occur in a label, sorted: LDH, 2 to 63 characters.

    As in H2O's num_valid_substrings, a word with a capital letter, a proper noun, never matches.

    >>> select_usable(["shop", "a", "book", "Paris", "it's", "shop"])
    ['book', 'shop']
    """
    allowed = set(encoding.ALPHABET)
    return sorted({w for w in words if 2 <= len(w) <= MAX_LABEL and allowed.issuperset(w)})


def compile_words(words: Iterable[str]) -> Narrow:
    """Return the cells of a Lexicon of usable words, (cells,); none: MaliciousDomainsError.

    >>> from malicious_domains.features import language_tables, registry
    >>> lexicon = language_tables.Lexicon(compile_words(["book", "shop"]))
    >>> registry.compute_matrix(["bookshop"], ["num_words"], language_tables.Tables(lexicon))
    array([[2.]])
    """
    kept = select_usable(words)
    if not kept:
        wanted = "lower-case letters, digits or hyphens, two characters or more"
        raise MaliciousDomainsError(f"no usable word: expected one word a line, {wanted}")
    graph = _merge_states(*_build_trie(kept)[:3])
    return _fill_cells(graph, _place_states(graph))


def compile_tree(words: list[str]) -> tuple[Narrow, Ints]:
    """Return the cells of a Vocabulary of usable words, (cells,), and where each ends, (words,).

    >>> cells, ends = compile_tree(["book", "books"])
    >>> cells[ends] >> encoding.WORD_BIT & 1
    array([1, 1], dtype=int32)
    """
    parents, codes, final, ends = _build_trie(words)
    source, code = np.concatenate(parents), np.concatenate(codes)
    graph = _Graph(final, 0, source, code, target=np.arange(1, len(final)))
    base = _place_states(graph)
    return _fill_cells(graph, base), (base[source] + code)[ends - 1]


def _build_trie(words: list[str]) -> tuple[list[Ints], list[Ints], Bools, Ints]:
    """Return parents and codes by depth, whether a word ends in each node, the node of each word.

    Nodes are numbered by depth, the root is 0.
    """
    rows, lengths, order = _sort_words(words)
    n, width = rows.shape
    node = np.zeros((n, width + 1), np.int64)
    parents, codes, total = [], [], 1
    differs = np.zeros(n, np.bool_)  # from the row above, up to this depth
    differs[0] = True
    for depth in range(width):
        differs[1:] |= rows[1:, depth] != rows[:-1, depth]
        first = differs & (rows[:, depth] != encoding.OTHER)
        node[:, depth + 1] = total - 1 + np.cumsum(first)
        parents.append(node[first, depth])
        codes.append(rows[first, depth].astype(np.int64))
        total += int(first.sum())
    ends = np.empty(n, np.int64)
    ends[order] = node[np.arange(n), lengths]
    final = np.zeros(total, np.bool_)
    final[ends] = True
    return parents, codes, final, ends


def _sort_words(words: list[str]) -> tuple[Bytes, Ints, Ints]:
    """Return the codes of the words, sorted, their lengths, and the word of each row."""
    batch = encoding.encode_labels(words)
    column = np.arange(int(batch.lengths.max()))
    inside = column < batch.lengths[:, None]
    rows = np.full(inside.shape, encoding.OTHER, np.uint8)
    rows[inside] = batch.codes[(batch.starts[:, None] + column)[inside]]
    order = np.lexsort(rows.T[::-1])
    return rows[order], batch.lengths[order], order


def _merge_states(parents: list[Ints], codes: list[Ints], final: Bools) -> _Graph:
    ends = np.cumsum([1, *map(len, codes)])
    endings = np.where(final, _mix(np.ones(1, np.uint64)), np.uint64(0))
    for depth in range(len(codes), 0, -1):
        below = endings[ends[depth - 1] : ends[depth]]
        edge = _mix(below * np.uint64(64) + codes[depth - 1].astype(np.uint64) + np.uint64(1))
        np.add.at(endings, parents[depth - 1], edge)
    _, example, state = np.unique(endings, return_index=True, return_inverse=True)
    parent, code = np.concatenate(parents), np.concatenate(codes)
    edges = np.unique(np.stack([state[parent], code, state[1:]], axis=1), axis=0)
    return _Graph(final[example], int(state[0]), *edges.T)


def _mix(x: Hashes) -> Hashes:
    """Hash numbers by the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _fill_cells(graph: _Graph, base: Ints) -> Narrow:
    cells = np.full(int(base.max()) + 2 * encoding.SIZE, encoding.OTHER, np.int64)
    cells[base[graph.source] + graph.code] = (
        graph.code
        | graph.final[graph.target].astype(np.int64) << encoding.WORD_BIT
        | base[graph.target] << encoding.BASE_BIT
    )
    cells[0] = base[graph.root]
    return cells.astype(np.int32)


def _place_states(graph: _Graph) -> Ints:
    """Return a distinct base for each state, 0 for those without transitions.

    States with many transitions are placed first, each kind from where the last one of it was
    placed; those with a single transition fill the gaps.
    """
    begin = np.searchsorted(graph.source, np.arange(len(graph.final) + 1))
    degree, base = np.diff(begin), np.zeros(len(graph.final), np.int64)
    size = 2 * len(graph.source) + 4 * _WINDOW
    free, unused = np.ones(size, np.bool_), np.ones(size, np.bool_)
    free[0] = unused[0] = False
    look_from = dict.fromkeys(range(encoding.SIZE + 1), 1)
    branching = np.flatnonzero(degree > 1)
    for state in branching[np.argsort(-degree[branching], kind="stable")]:
        codes = graph.code[begin[state] : begin[state + 1]]
        at = _first_fit(free, unused, codes, look_from[len(codes)])
        base[state], look_from[len(codes)] = at, at + int(codes[0])
        free[at + codes] = unused[at] = False
    single = np.flatnonzero(degree == 1)
    _fill_gaps(free, unused, single, graph.code[begin[single]], base)
    return base


def _first_fit(free: Bools, unused: Bools, codes: Ints, start: int) -> int:
    """Return the first base from `start` on whose cells are free for all codes."""
    while True:
        at = np.flatnonzero(free[start : start + _WINDOW]) + (start - codes[0])
        at = at[at > 0]
        fits = unused[at]
        for code in codes[1:]:
            fits = fits & free[at + code]
        places = np.flatnonzero(fits)
        if places.size:
            return int(at[places[0]])
        start += _WINDOW


def _fill_gaps(free: Bools, unused: Bools, states: Ints, codes: Ints, base: Ints) -> None:
    """Give each state of one transition the first free cell that it can use."""
    cells = iter(np.flatnonzero(free).tolist())
    passed: list[int] = []  # free cells that did not suit an earlier state
    taken = (~unused).tolist()
    for state, code in zip(states.tolist(), codes.tolist(), strict=True):
        for i, cell in enumerate(passed):
            if cell > code and not taken[cell - code]:
                del passed[i]
                break
        else:
            for cell in cells:
                if cell > code and not taken[cell - code]:
                    break
                passed.append(cell)
        base[state] = cell - code
        taken[cell - code] = True
