"""Mini-batches of a surface that is made of data: the gradient of some of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.draws import Draws
from lr_explorer.noise.base import NOISES, Array, Noise, Source
from lr_explorer.params import choice, whole
from lr_explorer.surfaces import SURFACES, DataSurface, Surface

Rows = NDArray[np.integer[Any]]

ORDERS = {"without": "random, without replacement", "with": "random, with replacement", "cycle": "in their order, round and round"}


@NOISES.register("minibatch")
@dataclass(frozen=True)
class MiniBatch(Noise):
    """The gradient of a few rows of the data in place of all: its error is what training really sees, smaller where the model fits all rows."""

    label = "Mini-batch of the data"
    formula = r"\tilde g = \frac1B \sum_{i \in \mathcal B_t} \nabla f_i,\quad \operatorname{Cov} \tilde g = \frac{\Sigma}{B}\,\frac{n - B}{n - 1}"
    source = (
        "Cochran, Sampling Techniques (1977), for the covariance, Σ being that of the rows' gradients and n their number; with replacement its last "
        "factor is 1. Every update draws afresh: no order is kept for a pass through the data."
    )

    size: int = whole(
        5, 1, 1000, "Batch size B", "Rows in a batch, before a batch schedule multiplies it, but never more than there are.",
        unit="rows", symbol="B", slider=(1, 50),
    )  # fmt: skip
    order: str = choice("without", ORDERS, "Rows are taken", "How a batch is chosen. In their order, every replicate sees the same.")

    @property
    def is_silent(self) -> bool:
        return False

    @property
    def is_random(self) -> bool:
        return self.order != "cycle"

    @classmethod
    def refusal(cls, surface: Surface) -> str:
        if isinstance(surface, DataSurface):
            return ""
        known = ", ".join(name for name, known in SURFACES.items() if issubclass(known, DataSurface))
        return f"needs a surface with data ({known}); got {type(surface).name}"

    def begins(self, surface: Surface, batch: Array) -> Source:
        assert isinstance(surface, DataSurface)  # others are refused before
        sizes = np.minimum(np.round(self.size * batch).astype(int), surface.rows)
        most = int(sizes.max())

        def seen(t: int, x: Array, drawn: Rows, arms: slice) -> Array:
            mine = sizes[t, arms]
            if len(set(mine)) == 1:
                return surface.batch_gradient(x, drawn[: mine[0]])
            grad = np.empty_like(x)
            for size in set(mine):
                grad[:, mine == size] = surface.batch_gradient(x[:, mine == size], drawn[:size])
            return grad

        taken = self._in_turn if self.order == "cycle" else self._anew if self.order == "with" else self._shuffled
        return Source(lambda draws: taken(draws, surface.rows, most), seen, words=-(-most // 2))

    # Each returns the rows that every step takes, shape (steps, most, replicates); a smaller batch takes the first of them.

    def _in_turn(self, draws: Draws, rows: int, most: int) -> Rows:
        step = draws.first + np.arange(draws.steps)
        taken = (step[:, None] * self.size + np.arange(most)) % rows
        return np.repeat(taken[:, :, None], len(draws.replicates), axis=2)

    def _anew(self, draws: Draws, rows: int, most: int) -> Rows:
        return np.stack([(share * rows).astype(np.uint16) for share in _shares(draws, most)], axis=1)

    def _shuffled(self, draws: Draws, rows: int, most: int) -> Rows:
        # Fisher and Yates's shuffle, as far as it is needed.
        order = np.empty((draws.steps, rows, len(draws.replicates)), dtype=np.uint16)
        order[:] = np.arange(rows)[:, None]
        for place, share in enumerate(_shares(draws, most)):
            other = (place + share * (rows - place)).astype(np.intp)[:, None]
            chosen = np.take_along_axis(order, other, axis=1)
            np.put_along_axis(order, other, order[:, place : place + 1], axis=1)
            order[:, place : place + 1] = chosen
        return order[:, :most]


def _shares(draws: Draws, count: int) -> Iterator[Array]:
    """Yield `count` independent uniforms in (0, 1), each of shape (steps, replicates); a word gives two."""
    for number in range(-(-count // 2)):
        yield from np.moveaxis(draws.uniforms(number), 1, 0)[: count - 2 * number]
