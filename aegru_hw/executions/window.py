"""The window form: the definition, which all others are compared with."""

from aegru_hw.executions.execution import Context, Execution, Macs, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class Window(Execution):
    name = "fixed"
    label = "Simulator"
    what = "window form: the definition, numpy"

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.fixedpoint.rate import at_outputs
        from aegru_hw.fixedpoint.window_form import run_window_form

        decoded, every = run_window_form(decoder, counts), decoder.geometry.every
        macs: Macs = {
            "reference_dense": decoded.macs_dense,
            "reference_effective": at_outputs(decoded.macs_effective, every),
        }
        return Output(at_outputs(decoded.velocity, every), macs)
