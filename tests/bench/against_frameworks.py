"""Measure ensembles against torch and optax, in one run, and print ratios: python tests/bench/against_frameworks.py

Needs requirements-oracles.txt. A bowl, float64 and constant rates on all sides, normal noise drawn inside the loop by each side's own generator:
Philox and Box–Muller here, exact to 24 bits, against torch.randn and JAX's Threefry in float64 and, of a single arm, in float32, which is less to
do. Where arms share their noise, the others are measured both sharing it and drawing for every lane, as a loop over arms or a vmap over runs does.
torch batches the lanes, asks autograd for the gradient and has the better of one and two threads; its optimizers take one rate for a tensor, so
its arms have the same. optax is compiled before it is measured (jit of a scan over vmapped gradients). All keep final losses alone.

Two times are told. Of a processor: all that was computed, here on one core. By the clock: how long one waits on two cores, here with the pool of
processes that ensembles of the product go through. What `simulate` costs in this process, with paths, their losses and endings, is told behind it
where a scenario has so many arms.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

import lr_explorer as lrx
from lr_explorer.experiments.pool import Pool
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import MAX_ARMS
from lr_explorer.start import Point
from tests.bench.lanes import BOWL, SIGMA, START, STEPS, contenders, final_losses, rates

jax.config.update("jax_enable_x64", True)

ROUNDS = 6
CURVATURES = np.array([BOWL.lambda1, BOWL.lambda2])
OPTIMIZERS = ("sgd", "adam")
# Arms and replicates, about 10,000 lanes. Arms see the same noise and differ in their rates.
SIZES = ((1, 10_000), (MAX_ARMS, 1667), (16, 625))
# Processes of the pool, and threads that torch may have; JAX takes what processors there are.
WORKERS = 2


def as_a_run(optimizer: str, arms: int, replicates: int) -> object:
    """Do the same as a user would, which keeps as many paths with their losses as 128 MB hold, and tells how each replicate ended."""
    scenario = lrx.Scenario(surface=BOWL, start=Point(*START), noise=Gaussian(sigma=SIGMA), arms=contenders(optimizer, arms), steps=STEPS)
    return lrx.simulate(scenario, replicates)


def with_torch(optimizer: str, arms: int, replicates: int, drawn: int, dtype: Any, threads: int) -> np.ndarray:
    """Return the final losses, (arms, replicates); drawn: for how many arms noise is drawn, all or one."""
    torch.set_num_threads(threads)
    x = torch.tensor(START, dtype=torch.float64)[:, None, None].repeat(1, arms, replicates).requires_grad_()
    curvatures = torch.tensor(CURVATURES)[:, None, None]
    rule = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]([x], lr=rates(arms)[0])
    for _ in range(STEPS):
        rule.zero_grad()
        (0.5 * curvatures * x * x).sum().backward()
        x.grad += SIGMA * torch.randn(2, drawn, replicates, dtype=dtype)
        rule.step()
    return (0.5 * curvatures * x * x).sum(dim=0).detach().numpy()


def with_optax(optimizer: str, arms: int, replicates: int, drawn: int, dtype: Any) -> Callable[[], np.ndarray]:
    """Return what computes the final losses, (arms, replicates), compiled; drawn: for how many arms noise is drawn, all or one."""
    rule = {"sgd": optax.sgd, "adam": optax.adam}[optimizer](1.0)
    scale = jnp.array(rates(arms))[:, None]

    def loss(point: jax.Array) -> jax.Array:
        return 0.5 * (jnp.array(CURVATURES) * point * point).sum()

    def over_lanes(function: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
        return jax.vmap(jax.vmap(function, in_axes=-1, out_axes=-1), in_axes=-1, out_axes=-1)

    @jax.jit
    def run(key: jax.Array) -> jax.Array:
        def step(carry: Any, t: jax.Array) -> tuple[Any, None]:
            x, state = carry
            noise = jax.random.normal(jax.random.fold_in(key, t), (2, drawn, replicates), dtype).astype(jnp.float64)
            updates, state = rule.update(over_lanes(jax.grad(loss))(x) + SIGMA * noise, state)
            return (x + scale * updates, state), None

        x = jnp.broadcast_to(jnp.array(START)[:, None, None], (2, arms, replicates))
        (x, _), _ = jax.lax.scan(step, (x, rule.init(x)), jnp.arange(STEPS))
        return over_lanes(loss)(x)

    key = jax.random.key(1)
    run(key).block_until_ready()
    return lambda: np.asarray(run(key))


def fastest(works: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Return the least wall and processor time of each in ns an update of a lane, measured in turns so that a busy machine is unfair to none."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            # Threads of the one before may still be spinning.
            time.sleep(0.2)
            began = time.perf_counter(), time.process_time()
            work()
            took[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    return {name: (min(wall for wall, _ in times), min(used for _, used in times)) for name, times in took.items()}


def compare(optimizer: str, arms: int, replicates: int, pool: Pool) -> None:
    works: dict[str, Callable[[], object]] = {
        "ours": partial(final_losses, optimizer, arms, replicates),
        "ours, in the pool": partial(final_losses, optimizer, arms, replicates, pool),
    }
    if arms <= MAX_ARMS:
        works["as a run"] = partial(as_a_run, optimizer, arms, replicates)
    for drawn in dict.fromkeys((1, arms)):
        for bits in (64, 32) if arms == 1 else (64,):
            name = f"{'noise for every lane' if drawn == arms else 'noise shared by arms'}, float{bits} draws"
            case = optimizer, arms, replicates, drawn
            for threads in (1, WORKERS):
                works[f"torch, {name}, {threads}"] = partial(with_torch, *case, getattr(torch, f"float{bits}"), threads)
            works[f"optax, {name}"] = with_optax(*case, getattr(jnp, f"float{bits}"))
    took = fastest(works)
    updates = arms * replicates * STEPS
    used = took.pop("ours")[1] * 1e9 / updates
    wall = took.pop("ours, in the pool")[0] * 1e9 / updates
    print(
        f"{optimizer}, {arms} arms × {replicates:,} replicates × {STEPS} steps: {used:.0f} ns an update on one core, {wall:.0f} by the clock on two"
    )
    for name in dict.fromkeys(name.rstrip(", 12") if name.startswith("torch") else name for name in took):
        clock, processor = (min(times[i] for key, times in took.items() if key.startswith(name)) * 1e9 / updates for i in (0, 1))
        print(f"  {name}: {processor:.0f} and {clock:.0f} ns, {processor / used:.1f} and {clock / wall:.1f} times as long")


def main() -> None:
    with Pool(WORKERS) as pool:
        for optimizer in OPTIMIZERS:
            # The same thing is computed on all sides, up to what the noise does to the mean over ten thousand lanes; it starts the processes, too.
            case = optimizer, 1, 10_000
            alike = final_losses(*case, pool), with_torch(*case, 1, torch.float64, 1), with_optax(*case, 1, jnp.float64)()
            print(f"{optimizer}, mean final losses here, of torch and of optax: {', '.join(f'{losses.mean():.4f}' for losses in alike)}")
            for arms, replicates in SIZES:
                compare(optimizer, arms, replicates, pool)


if __name__ == "__main__":
    main()
