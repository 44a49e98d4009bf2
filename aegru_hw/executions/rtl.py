"""The RTL engine, compiled by Verilator from the sources in its project."""

from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class Rtl(Execution):
    name = "rtl"
    label = "RTL"
    what = "SystemVerilog engine, compiled with Verilator"
    needs = ("verilator", "c++")
    made_by = "synth --backend rtl"

    def is_there(self, context: Context) -> bool:
        return context.engine.is_dir()

    def made_of(self, context: Context) -> dict[str, str]:
        from aegru_hw.rtl.sources import project_digest

        return {"engine": project_digest(context.engine)}

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from aegru_hw.fixedpoint.rate import at_output_rate
        from aegru_hw.rtl.project import project_lanes
        from aegru_hw.rtl.verification import run_engine

        at_rate, sums = at_output_rate(decoder, counts)
        engine = run_engine(
            at_rate,
            project_lanes(context.engine),
            sums,
            sources_folder=context.engine / "rtl",
            progress=context.progress,
        )
        return Output(engine.velocity, {"rtl": engine.macs}, engine)
