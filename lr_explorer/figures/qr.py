"""A link as a QR code."""

from dataclasses import dataclass
from io import BytesIO

import segno

# A module of a version above this is less than 1/117 of the picture: cameras at the back of a room lose it.
MOST_PROJECTED = 25
# Light modules around the code, which the standard demands.
BORDER = 4


@dataclass(frozen=True)
class QrCode:
    """A QR code. version: 1 to 40, which tells how dense it is. svg: to show in a page of any size. file: SVG and PNG to keep, by ending."""

    version: int
    svg: str
    files: dict[str, bytes]

    @property
    def is_readable_from_afar(self) -> bool:
        return self.version <= MOST_PROJECTED


def qr_code(text: str) -> QrCode | None:
    """Return the smallest QR code of a text, dark on light whatever the page; None if none holds so much (2,953 bytes)."""
    try:
        # Within the size that the text needs at the lowest error correction, segno takes as much correction as fits.
        code = segno.make(text, error="l", micro=False)
    except segno.DataOverflowError:
        return None
    look = {"border": BORDER, "dark": "#000", "light": "#fff"}
    files = {}
    for ending, scale in {"svg": 8, "png": 8}.items():
        file = BytesIO()
        code.save(file, kind=ending, scale=scale, **look)
        files[ending] = file.getvalue()
    return QrCode(int(code.version), code.svg_inline(omitsize=True, **look), files)
