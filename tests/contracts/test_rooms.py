"""Imports run one way, from the lower rooms to the higher ones; read from the source, so that nothing needs to be installed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Lowest first. A new room is written in here, at its height.
ROOMS = (
    "expressions", "calculus", "params", "registry", "links", "grids", "draws", "surfaces", "schedules", "optimizers", "controllers", "wrappers",
    "clipping", "freezing", "averaging", "batches", "noise", "start", "scenario", "outcome", "update", "simulate", "theory", "basins", "story",
    "statistics", "experiments", "claims", "lessons", "training", "rescaling", "configs", "export", "figures", "ui",
)  # fmt: skip
# Who may import what draws: from this room upward.
LOWEST_USER = {"plotly": "figures", "streamlit": "ui"}
NEVER = {"torch", "jax", "numba", "numexpr", "optax", "keras", "tensorflow", "transformers", "matplotlib"}

CORE = sorted((ROOT / "lr_explorer").rglob("*.py"))
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))]


def imported(path):
    """Return the full names of all modules that a file imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(path):
    """Return the room of a file of the package, "" for the package's own front door."""
    first, *_ = path.relative_to(ROOT / "lr_explorer").parts
    return "" if first in ("__init__.py", "__main__.py") else first.removesuffix(".py")


def written(path):
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", CORE, ids=written)


def test_every_room_has_its_height():
    assert {room_of(path) for path in CORE} == {"", *ROOMS}


@every_file
def test_no_import_runs_upward(path):
    room = room_of(path)
    if not room:
        return
    own = [name for name in imported(path) if name.split(".")[0] == "lr_explorer"]
    for name in own:
        target = name.split(".")[1]
        assert target in ROOMS, f"{written(path)} imports {name}: name the room, not the package"
        assert ROOMS.index(target) <= ROOMS.index(room), f"{written(path)} imports {name}, which is higher up"


@every_file
def test_what_draws_is_imported_by_the_upper_rooms_alone(path):
    room = room_of(path)
    for name in imported(path):
        package = name.split(".")[0]
        assert package not in NEVER
        if package in LOWEST_USER:
            assert room, f"{written(path)} imports {package}"
            assert ROOMS.index(room) >= ROOMS.index(LOWEST_USER[package]), f"{written(path)} imports {package}"


@pytest.mark.parametrize("path", PAGES, ids=written)
def test_pages_import_the_interface_alone(path):
    for name in imported(path):
        if name.split(".")[0] == "lr_explorer":
            assert name.startswith("lr_explorer.ui."), f"{written(path)} imports {name}"
        assert name.split(".")[0] not in ("numpy", "scipy", "plotly")


def test_the_core_is_imported_without_anything_that_draws():
    heavy = ("plotly", "streamlit", "pandas", "sympy", "torch")
    program = f"import sys, lr_explorer; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
