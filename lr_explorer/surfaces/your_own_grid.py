"""A loss landscape that someone uploads."""

from dataclasses import dataclass

from lr_explorer import grids
from lr_explorer.params import upload
from lr_explorer.surfaces.base import SURFACES
from lr_explorer.surfaces.landscapes import Landscape


@SURFACES.register("grid")
@dataclass(frozen=True)
class UploadedGrid(Landscape):
    """A landscape of your own from a file: a slice of a real network's loss, say, as values on a grid; a bicubic spline goes through them.

    CSV with the columns x, y, loss (one row for each point, sorted) or a matrix with the x axis in its first line and y in its first column;
    or NPZ with the arrays x, y and loss (a row for each y). Four to 401 points along each axis, evenly spaced or not.
    """

    label = "Uploaded grid"
    family = "Your own"
    teaches = "a landscape that you measured"
    formula = r"f(x_j, y_i) = L_{ij}"
    source = "You."

    data: str = upload(
        grids.NETWORK, grids.at_hand, grids.read_grid, "Landscape", "Which of the landscapes at hand; a file of your own stays in this session."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        # Kept, so that the surface lives on where nothing is offered any more, in another thread or a later run.
        object.__setattr__(self, "_grid", grids.at_hand()[self.data])

    @property
    def grid(self) -> grids.Grid:
        return self._grid  # type: ignore[attr-defined, no-any-return]

    @property
    def is_private(self) -> bool:  # type: ignore[override]
        return self.data != grids.NETWORK

    @property
    def remarks(self) -> tuple[str, ...]:
        if not self.is_private:
            return ()
        return (
            "This landscape stays in this session: the link names it, but does not carry it. Whoever opens the link is asked for the file and "
            "finds everything else as it is here.",
        )
