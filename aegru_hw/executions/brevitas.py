"""The trained network itself: Brevitas in eval mode, window by window."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder

TICKS_AT_ONCE = 4096


class Brevitas(Execution):
    name = "brevitas"
    label = "Brevitas"
    what = "quantised network in eval mode, PyTorch"
    needs = ("torch", "brevitas")
    is_trained_network = True

    def is_there(self, context: Context) -> bool:
        return context.weights.is_file()

    def made_of(self, context: Context) -> dict[str, str]:
        return {"weights": sha256_of_file(context.weights)}

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        import torch
        from tqdm import tqdm

        from aegru_hw.decoder.saved import load_quantized
        from aegru_hw.fixedpoint.rate import at_outputs

        geometry = decoder.geometry
        network = load_quantized(context.weights, geometry, norm=decoder.norm is not None)
        windows = _window_counts(counts, geometry.window, geometry.history)
        outputs = at_outputs(np.arange(len(counts)), geometry.every)
        velocity = np.empty((len(outputs), 2), dtype=np.int64)
        bar = tqdm(
            total=len(outputs),
            desc=self.name,
            unit="tick",
            disable=not context.progress,
            leave=False,
        )
        with bar, torch.no_grad():
            for first in range(0, len(outputs), TICKS_AT_ONCE):
                ticks = outputs[first : first + TICKS_AT_ONCE]
                # Of tick t, the windows that end at t - (N - k)·WS; row 0 lies N·WS ticks back.
                back = np.arange(geometry.steps - 1, -1, -1) * geometry.window
                history = ticks[:, None] + geometry.history - back
                normalised = network(torch.from_numpy(windows[history])).double().numpy()
                codes = np.ldexp(normalised, decoder.velocity.fraction)
                velocity[first : first + len(ticks)] = codes
                bar.update(len(ticks))
        return Output(velocity)


def _window_counts(counts: NDArray[Any], window: int, silent: int) -> NDArray[np.int16]:
    """Return the window counts (silent + T, C) of counts (T, C) with silent ticks before them."""
    total = np.zeros((silent + len(counts) + 1, counts.shape[1]), dtype=np.int64)
    np.cumsum(counts, axis=0, out=total[silent + 1 :])
    windows = total[1:].copy()
    windows[window:] -= total[1:-window]
    # Features saturate long before 16 bits do.
    return np.minimum(windows, np.iinfo(np.int16).max).astype(np.int16)
