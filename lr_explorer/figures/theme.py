"""The one table of colours, dashes, markers and fonts that every figure uses.

Arms are told apart three times over: by colour, by dash and by marker, so that no reader depends on colour alone. The colours
follow Okabe and Ito, darkened for the light page and lightened for the dark one until each has at least 3:1 against it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shade:
    """A colour as it appears on the light and on the dark page."""

    light: str
    dark: str

    def on(self, *, dark: bool) -> str:
        return self.dark if dark else self.light

    def as_dict(self) -> dict[str, str]:
        return {"light": self.light, "dark": self.dark}


# The names are those of `scenario.ARM_COLOURS`; a test holds the two together.
ARM_SHADES: dict[str, Shade] = {
    "blue": Shade("#005A9C", "#5B9DF5"),
    "orange": Shade("#C25400", "#F2A33A"),
    "green": Shade("#007F5F", "#2FC79B"),
    "pink": Shade("#B0478C", "#E58BC4"),
    "sky": Shade("#2A8BC4", "#8ADCFF"),
    "grey": Shade("#3A3F45", "#D5DAE0"),
}

# By an arm's position. Pixels of ink and gap, in turn; none at all is a solid line.
DASHES: tuple[tuple[int, ...], ...] = ((), (9, 4), (2, 3), (10, 3, 2, 3), (16, 4), (5, 2, 2, 2, 2, 2))
MARKERS: tuple[str, ...] = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")

PAGE = Shade("#FBFCFD", "#10161D")
INK = Shade("#16202B", "#E6EDF3")
QUIET = Shade("#4A5867", "#AAB7C4")
GRID = Shade("#D9E0E7", "#2B3743")

# Low loss first. Muted and narrow in lightness, so that every arm colour stays readable on all of it.
SURFACE_SCALE: dict[str, tuple[str, ...]] = {
    "light": ("#A9BACB", "#BFCCD9", "#D3DDE6", "#E5EBF1", "#F5F7FA"),
    "dark": ("#0B1219", "#16212D", "#213040", "#2C3F52", "#384E64"),
}

# Shares from none to all: one hue, whose lightness alone tells them.
SHARE_SCALE = (Shade("#F1F5F9", "#18222D"), Shade("#8DB9D8", "#2F5F86"), Shade("#0B4F82", "#8FD0FF"))

# Names with a digit need quotes, or a browser drops all of them.
FONT = "'Source Sans', 'Source Sans 3', system-ui, sans-serif"


def arm_dash(position: int) -> str:
    """Return the dash of the arm at `position`, counted from 0, as plotly spells it."""
    return ",".join(f"{length}px" for length in DASHES[position % len(DASHES)]) or "solid"


def arm_marker(position: int) -> str:
    """Return the marker symbol of the arm at `position`, counted from 0."""
    return MARKERS[position % len(MARKERS)]


def surface_scale(*, dark: bool) -> list[tuple[float, str]]:
    """Return the surface's colour scale as plotly takes it: pairs of a share from 0 to 1 and a colour."""
    colours = SURFACE_SCALE["dark" if dark else "light"]
    return [(place / (len(colours) - 1), colour) for place, colour in enumerate(colours)]
