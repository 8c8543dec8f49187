"""Train a small network and save the slice of its loss landscape that the app shows: python docs/train_landscape.py

Needs torch (requirements-oracles.txt). Writes lr_explorer/surfaces/network_landscape.npz: `x`, `y` and `loss` as any uploaded grid has them, and
beside them everything that the losses can be computed from again: the trained weights, both directions, the data.

The network – two inputs, two hidden layers of 12 tanh units, one output, 205 weights – separates two spirals. After training, two
random directions are drawn and scaled neuron by neuron to the length of the trained weights (filter normalisation: Li et al., Visualizing the
loss landscape of neural nets, 2018, arXiv 1712.09913); biases stay. The loss at (x, y) is that of the weights w + x·u + y·v on all the data.
"""

from pathlib import Path

import numpy as np
import torch

TARGET = Path(__file__).parents[1] / "lr_explorer" / "surfaces" / "network_landscape.npz"
SEED = 3
POINTS = 120
STEPS = 3000
AXIS = np.linspace(-1.5, 1.5, 61)


def spirals() -> tuple[torch.Tensor, torch.Tensor]:
    """Return two noisy spirals: inputs (2 · POINTS, 2) and labels 0 or 1."""
    draw = np.random.default_rng(SEED)
    turn = np.sqrt(draw.uniform(0.05, 1.0, POINTS)) * 3 * np.pi
    arm = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / (3 * np.pi)
    inputs = np.concatenate([arm, -arm]) + draw.normal(0.0, 0.03, (2 * POINTS, 2))
    return torch.tensor(inputs), torch.tensor(np.repeat([0.0, 1.0], POINTS))


def network() -> torch.nn.Sequential:
    torch.manual_seed(SEED)
    layers = torch.nn.Linear(2, 12), torch.nn.Tanh(), torch.nn.Linear(12, 12), torch.nn.Tanh(), torch.nn.Linear(12, 1)
    return torch.nn.Sequential(*layers).double()


def loss_of(model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(model(inputs)[:, 0], labels)


def train(model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """Train by Adam on all the data at once, under a cosine schedule and a little weight decay."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(model, inputs, labels).backward()
        optimizer.step()
        schedule.step()


def direction(model: torch.nn.Module, draw: torch.Generator) -> torch.Tensor:
    """Return a random direction, each neuron's part as long as its trained weights, and 0 for the biases."""
    parts = []
    for weights in model.parameters():
        part = torch.zeros_like(weights)
        if weights.ndim == 2:
            part = torch.randn(weights.shape, generator=draw, dtype=weights.dtype)
            part *= weights.norm(dim=1, keepdim=True) / part.norm(dim=1, keepdim=True)
        parts.append(part.flatten())
    return torch.cat(parts).detach()


def main() -> None:
    inputs, labels = spirals()
    model = network()
    train(model, inputs, labels)
    weights = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
    draw = torch.Generator().manual_seed(SEED)
    along_x, along_y = direction(model, draw), direction(model, draw)
    loss = np.empty((len(AXIS), len(AXIS)))
    with torch.no_grad():
        for row, y in enumerate(AXIS):
            for column, x in enumerate(AXIS):
                torch.nn.utils.vector_to_parameters(weights + x * along_x + y * along_y, model.parameters())
                loss[row, column] = loss_of(model, inputs, labels)
    extra = {"weights": weights, "along_x": along_x, "along_y": along_y, "inputs": inputs, "labels": labels}
    np.savez_compressed(TARGET, x=AXIS, y=AXIS, loss=loss, **{name: tensor.numpy() for name, tensor in extra.items()})
    print(f"loss {loss.min():.4f} … {loss.max():.3f}; {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
