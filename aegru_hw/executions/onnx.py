"""The exported ONNX model in onnxruntime, called output by output."""

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class Onnx(Execution):
    name = "onnx"
    label = "ONNX"
    what = "integer operators, onnxruntime"
    needs = ("onnx", "onnxruntime")
    is_optional = True

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.export.onnx_session import run_onnx
        from aegru_hw.fixedpoint.rate import at_output_rate

        return Output(run_onnx(*at_output_rate(decoder, counts), progress=context.progress))
