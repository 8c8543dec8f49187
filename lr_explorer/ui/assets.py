"""The browser's part of the app, published where Streamlit's static serving finds it.

Streamlit sends a component's inline script with every message, so ours is a few lines that import the real one from `app/static/`.
That folder stands beside app.py, is generated, and is in no repository. Names carry the content: a browser may keep a file for ever
and still never sees an old one.
"""

import hashlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SCRIPTS = Path(__file__).parent / "script"
STATIC = Path(__file__).parents[2] / "static"
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Published:
    """Addresses of the published files, relative to the app's root; the browser resolves them against the page's base."""

    folder: str
    modules: tuple[str, ...]
    script: str
    styles: str
    plotly: str


def publish(static: Path = STATIC) -> Published:
    """Put our scripts and Plotly's into `static` if they are not there yet, and return their addresses.

    Cheap when there is nothing to do, and safe when several processes do it at once.
    Raises OSError if the folder cannot be written.
    """
    sources = sorted((*SCRIPTS.glob("*.js"), *SCRIPTS.glob("*.css")))
    plotly = _plotly_source()
    folder = f"player-{_digest(sources)}"
    library = f"plotly-{version('plotly')}"
    _place(sources, static / folder)
    _place([plotly], static / library)
    _remove_stale(static, keep={folder, library})
    return Published(
        folder=f"app/static/{folder}",
        modules=tuple(f"app/static/{folder}/{source.name}" for source in sources if source.suffix == ".js"),
        script=f"app/static/{folder}/player.js",
        styles=f"app/static/{folder}/player.css",
        plotly=f"app/static/{library}/{plotly.name}",
    )


def _plotly_source() -> Path:
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("plotly is not installed; install the packages in requirements.txt")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def _digest(sources: list[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _place(sources: list[Path], folder: Path) -> None:
    """Copy `sources` into a new `folder`, which appears complete or not at all."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for source in sources:
            shutil.copyfile(source, waiting / source.name)
        waiting.chmod(0o755)  # mkdtemp's folders are private to their maker
        waiting.rename(folder)
    except OSError:
        # Another process was faster: its folder has the same content.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(waiting, ignore_errors=True)


def _remove_stale(static: Path, keep: set[str]) -> None:
    """Remove what older versions left; a day is kept for servers and open pages that still use theirs."""
    for folder in (*static.glob("player-*"), *static.glob("plotly-*")):
        if folder.name not in keep and folder.stat().st_mtime < time.time() - _STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
