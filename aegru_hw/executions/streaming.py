"""The streaming form: one cell a chain and output, whole recordings at once."""

from aegru_hw.executions.execution import Context, Execution, Macs, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class Streaming(Execution):
    name = "streaming"
    label = "Streaming"
    what = "streaming form, numpy"

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.fixedpoint.rate import at_output_rate
        from aegru_hw.fixedpoint.streaming_form import run_streaming_form

        decoded = run_streaming_form(*at_output_rate(decoder, counts))
        macs: Macs = {
            "streaming_dense": decoded.macs_dense,
            "streaming_effective": decoded.macs_effective,
        }
        return Output(decoded.velocity, macs)
