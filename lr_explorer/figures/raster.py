"""A surface's heights as a picture: for pages that hold many maps, and for animations, whose frames take a contour trace away."""

import base64
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lr_explorer.figures.theme import SURFACE_SCALE

if TYPE_CHECKING:
    from PIL.Image import Image

Array = NDArray[np.float64]

_LINE = {False: 0.82, True: 1.35}  # what a contour line multiplies the colour by, on the light page and the dark one


def raster(heights: Array, size: tuple[int, int], span: tuple[float, float], bands: int, *, flat: bool = False, dark: bool = False) -> "Image":
    """Return heights of shape (rows, columns), from low y to high y, as a picture of `size` pixels (width, height), high y at the top.

    span: the heights at both ends of the colour scale. bands: so many have contour lines between them; flat: and one colour each.
    """
    # A session's first picture needs neither, and should not wait for them.
    from PIL import Image
    from scipy.ndimage import zoom

    low, high = span
    width, height = size
    fine = zoom(np.nan_to_num(heights, nan=high), (height / heights.shape[0], width / heights.shape[1]), order=1)
    share = np.clip((fine - low) / ((high - low) or 1.0), 0, 1)
    band = np.floor(share * bands)
    if flat:
        share = (band + 0.5) / bands
    colours = SURFACE_SCALE["dark" if dark else "light"]
    stops = np.linspace(0, 1, len(colours))
    channels = [np.interp(share, stops, [int(colour[i : i + 2], 16) for colour in colours]) for i in (1, 3, 5)]
    # A contour line runs where a pixel's band differs from its neighbour's.
    line = (np.diff(band, axis=0, append=band[-1:]) != 0) | (np.diff(band, axis=1, append=band[:, -1:]) != 0)
    pixels = np.where(line[..., None], _LINE[dark], 1.0) * np.stack(channels, axis=-1)
    return Image.fromarray(np.minimum(pixels[::-1], 255).astype(np.uint8))


def data_address(picture: "Image") -> str:
    """Return the picture as an address that holds it: a PNG of at most 256 colours."""
    file = BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
