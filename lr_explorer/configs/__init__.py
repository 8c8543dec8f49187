"""Pasted training configurations, read and never executed, as the schedule that their framework would run.

Understood are a Transformers `TrainingArguments(…)` call or its JSON, YAML or command line; PyTorch and Lightning code that makes a
scheduler, and Lightning's YAML; timm's command line or args.yaml. Python goes through `ast.parse` alone.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lr_explorer.configs.code import Code, called, python_in
from lr_explorer.configs.settings import Configuration
from lr_explorer.configs.texts import settings_in
from lr_explorer.configs.timm import read_timm
from lr_explorer.configs.torch import MADE_BY, read_code, read_lightning_yaml
from lr_explorer.configs.transformers import read_arguments
from lr_explorer.params import shortened
from lr_explorer.training import Training

__all__ = ["LONGEST", "Configuration", "read_configuration"]

LONGEST = 100_000  # characters
# Of these every TrainingArguments has some.
_SETTINGS = {"learning_rate", "lr_scheduler_type", "num_train_epochs", "per_device_train_batch_size"}


def read_configuration(text: str, training: Training) -> Configuration:
    """Read a pasted configuration; `training` supplies what it leaves open, such as the size of the data set.

    ValueError with a sentence that says what could not be read, and where.
    """
    if len(text) > LONGEST:
        raise ValueError(f"The text has {len(text):,} characters; at most {LONGEST:,} are read. Paste the part that makes the schedule.")
    if not text.strip():
        raise ValueError("There is nothing to read yet: paste a TrainingArguments call, a scheduler, a timm command line or their YAML or JSON.")
    code = python_in(text)
    if code is not None:
        return _from_python(code, text, training)
    return _from_mapping(settings_in(text), training)


def _from_python(tree: ast.Module, text: str, training: Training) -> Configuration:
    code = Code(tree)
    for call in code.calls:
        if re.search(r"TrainingArguments$|^(SFT|DPO|GRPO|PPO|ORPO|KTO|Reward)Config$", called(call)):
            return read_arguments(code.keywords(call), training, called(call))
    for call in code.calls:
        if called(call) == "dict" and _SETTINGS & code.keywords(call).keys():
            return _from_mapping(code.keywords(call), training)
    scheduler = _outermost([call for call in code.calls if called(call) in MADE_BY])
    if scheduler is None:
        names = ", ".join(dict.fromkeys(filter(None, map(called, code.calls[:20]))))
        raise ValueError(
            f"No TrainingArguments and no scheduler known here is called in this code; it calls {shortened(names, 120)}. Read are "
            "TrainingArguments(…) or its settings in dict(…), and PyTorch's and Transformers' schedulers; those of Keras and Optax are not: put "
            "the schedule of that name into the arm from the gallery."
        )
    return read_code(code, scheduler, text, training)


def _from_mapping(found: Mapping[str, Any], training: Training) -> Configuration:
    inner = {key.rsplit(".", 1)[-1].replace("-", "_"): value for key, value in found.items()}
    classes = [key for key, value in found.items() if key.endswith("class_path") and str(value).rsplit(".", 1)[-1] in MADE_BY]
    if classes:
        return read_lightning_yaml(found, classes[0], training)
    if "sched" in inner or ("warmup_epochs" in inner and "lr" in inner):
        return read_timm(inner, training)
    if _SETTINGS & inner.keys():
        return read_arguments(inner, training, "TrainingArguments")
    if {"lr", "epochs"} & inner.keys():
        return read_timm(inner, training)
    raise ValueError(
        f"None of these settings is about a learning rate known here: {shortened(', '.join(list(inner)[:12]), 120)}. "
        "Known are lr_scheduler_type and learning_rate (Transformers), sched and lr (timm), class_path of a scheduler (Lightning)."
    )


def _outermost(calls: Sequence[ast.Call]) -> ast.Call | None:
    """Return the scheduler that holds the others, or the last that is made."""
    holders = [call for call in calls if called(call) in ("SequentialLR", "ChainedScheduler")]
    return (holders or calls)[-1] if calls else None
