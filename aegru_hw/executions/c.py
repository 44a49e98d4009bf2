"""The exported C, compiled with cc and called tick by tick."""

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class C(Execution):
    name = "c"
    label = "C"
    what = "exported C99, compiled here"
    needs = ("cc",)
    is_optional = True

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.export.compiled import run_compiled

        return Output(run_compiled(decoder, counts))
