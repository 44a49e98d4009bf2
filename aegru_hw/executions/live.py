"""Live use: one tick a call, as a program does it."""

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class Live(Execution):
    name = "live"
    label = "Live"
    what = "step by step, as a program calls it"

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.fixedpoint.live import run_live

        return Output(run_live(decoder, counts, progress=context.progress))
