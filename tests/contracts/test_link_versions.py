"""What a short link leaves out takes the default of the link's version: under one version no default may change.

A change of a recorded default needs another VERSION, and a reader that still knows the old ones. What is new is recorded, before it is
released, by `python -m tests.contracts.test_link_versions`.
"""

import json
from pathlib import Path

from lr_explorer.scenario import ARM_COLOURS, VERSION
from tests.helpers import DESCRIBED

RECORD = Path(__file__).with_name(f"defaults_of_version_{VERSION}.json")


def defaults():
    """Return what every described thing is by default: the texts of its parameters, and the kinds and the own defaults of its parts, by name."""
    found = {"colour of an arm by its place": {str(place): colour for place, colour in enumerate(ARM_COLOURS, 1)}}
    for key, cls in DESCRIBED.items():
        usual = cls()
        found[key] = usual.texts() | {name: type(getattr(usual, name)).name for name in cls.parts()}
        found[key] |= {f"{name}.{field}": repr(value) for name, part in cls.parts().items() for field, value in part.defaults.items()}
    return found


def test_no_default_of_this_version_has_changed():
    now = defaults()
    for key, recorded in json.loads(RECORD.read_text(encoding="utf-8")).items():
        assert key in now
        assert recorded.items() <= now[key].items(), f"{key}: links of version {VERSION} leave out what is at these defaults"


if __name__ == "__main__":
    RECORD.write_text(json.dumps(defaults(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
