"""hls4ml firmware, compiled with g++ and called once an output."""

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class HlsFirmware(Execution):
    name = "firmware"
    label = "Firmware"
    what = "hls4ml C++, compiled here"
    needs = ("hls4ml", "g++")
    made_by = "synth"

    def is_there(self, context: Context) -> bool:
        return context.firmware.is_dir()

    def made_of(self, context: Context) -> dict[str, str]:
        from aegru_hw.hls.firmware import Firmware

        return {"firmware": Firmware(context.firmware).sources_digest}

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.fixedpoint.rate import at_output_rate
        from aegru_hw.hls.firmware import Firmware

        _, sums = at_output_rate(decoder, counts)
        firmware = Firmware(context.firmware)
        firmware.compile()
        return Output(firmware.predict(sums))
