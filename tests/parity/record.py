"""Ask the real frameworks for all cases and keep the answers: `python -m tests.parity.record`, or with the names of some."""

import sys

from tests.parity import (
    controller_cases,
    keras_optimizers,
    keras_schedules,
    optax_optimizers,
    optax_schedules,
    records,
    torch_optimizers,
    torch_schedules,
    transformers_schedules,
)  # fmt: skip

SCHEDULE_TABLES = {table.FRAMEWORK: table for table in (torch_schedules, optax_schedules, keras_schedules, transformers_schedules)}
TABLES = {table.FRAMEWORK: table for table in (*SCHEDULE_TABLES.values(), torch_optimizers, optax_optimizers, keras_optimizers, controller_cases)}
# Of optimizers only some points are kept; Optax's answers come in pairs.
KEPT = {
    torch_optimizers: torch_optimizers.RECORDED,
    keras_optimizers: torch_optimizers.RECORDED,
    optax_optimizers: (slice(None), torch_optimizers.RECORDED),
}


def record(name: str) -> None:
    table = TABLES[name]
    answers = {case.id: table.answer(case)[KEPT.get(table, ...)].ravel() for case in table.CASES}
    records.save(name, table.version(), answers)
    print(f"{name} {table.version()}: {len(answers)} cases, {records.path(name).stat().st_size} bytes")


if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        record(name)
