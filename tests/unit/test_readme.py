"""What the README prints is what works."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.S)


def test_ci_runs_the_readmes_test_command():
    (command,) = [text.strip() for kind, text in BLOCKS if kind == "sh" and "pytest" in text]
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_there_are_two_commands_and_each_is_one_line():
    commands = [text for kind, text in BLOCKS if kind == "sh"]
    assert len(commands) == 2
    assert all(len(text.strip().splitlines()) == 1 and ".venv" in text for text in commands)


@pytest.mark.parametrize("example", [text for kind, text in BLOCKS if kind == "python"])
def test_the_examples_run(example, capsys):
    exec(compile(example, "README.md", "exec"), {})
    assert "(501, 2, 400)" in capsys.readouterr().out


def test_the_pictures_exist():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
