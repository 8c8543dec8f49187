"""Parameters that many optimizers share, each in the same words, so that choosing another optimizer keeps its value."""

from typing import Any

from lr_explorer.params import flag, number

L2 = "Adds this multiple of x to the gradient (L2, coupled: it passes through the scaling)."
DECOUPLED = "Shrinks x by this multiple of the rate at every update (decoupled)."


def weight_decay(help: str, default: float = 0.0) -> Any:
    return number(default, 0.0, 100.0, "Weight decay", help, symbol=r"\lambda", scale="log", slider=(1e-6, 1.0))


def decoupled_weight_decay() -> Any:
    return flag(False, "Decoupled decay", "Shrink x by η·λ as AdamW does, instead of adding λx to the gradient (PyTorch's decoupled_weight_decay).")


def eps(
    default: float, help: str = "Added to the root, outside it, so that a vanishing gradient does not divide by zero.", *, shown_from: float = 1e-12
) -> Any:
    return number(default, 0.0, 1.0, "Epsilon ε", help, symbol=r"\varepsilon", scale="log", slider=(shown_from, 1e-1))


def eps_root(default: float = 0.0, help: str = "Added inside the root (Optax's eps_root); 0 in PyTorch and Keras.") -> Any:
    return number(default, 0.0, 1.0, "Epsilon in the root", help, symbol=r"\varepsilon_r", scale="log", slider=(1e-16, 1e-1))


def eps_in_sqrt() -> Any:
    return flag(False, "Epsilon inside the root", "Divide by √(v + ε), as Optax and Keras do by default, instead of √v + ε (Optax's eps_in_sqrt).")


def lr_in_buffer() -> Any:
    return flag(
        False, "Rate inside the buffer",
        "Multiply by the rate before the buffer instead of after it: the same while the rate is constant, and after a drop old, large steps go on.",
    )  # fmt: skip


def initial_accumulator(default: float, help: str, symbol: str = "s_0") -> Any:
    return number(default, 0.0, 1e6, "Initial accumulator", help, symbol=symbol, slider=(0.0, 1.0))


def momentum(default: float, help: str) -> Any:
    return number(default, 0.0, 0.9999, "Momentum μ", help, symbol=r"\mu", scale="near_one", slider=(0.0, 0.999))


def beta(which: str, default: float, help: str, symbol: str = "") -> Any:
    """Describe a share that a running mean keeps; `which`: 1, 2 or 3."""
    return number(
        default, 0.0, 0.9999999, f"β{'₀₁₂₃'[int(which)]}", help, symbol=symbol or rf"\beta_{which}", scale="near_one", slider=(0.0, 0.99999)
    )


def beta1(default: float = 0.9, help: str = "Share of the running mean gradient that is kept.") -> Any:
    return number(default, 0.0, 0.999999, "β₁", help, symbol=r"\beta_1", scale="near_one", slider=(0.0, 0.999))


def beta2(default: float = 0.999, help: str = "Share of the running mean square that is kept.") -> Any:
    return number(default, 0.0, 0.9999999, "β₂", help, symbol=r"\beta_2", scale="near_one", slider=(0.5, 0.99999))
