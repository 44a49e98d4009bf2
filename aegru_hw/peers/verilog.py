"""The Verilog that alkaid writes of its logic, and the top in which it is placed and simulated.

A device has no pins for a whole window: the top takes it in words, and holds the state of one step.
"""

from dataclasses import dataclass
from pathlib import Path

from aegru_hw.peers.logic import Logic, bits_of
from aegru_hw.synthesis.design import Design

CORE, TOP, CLOCK = "rival", "rival_top", "clk_i"
STAGE_DELAY = 5.0
"""The longest delay of a pipeline stage, in alkaid's unit: as its command line has it."""
WORD = 32
"""Bits of the window that the top takes a cycle."""

TOP_TEXT = """\
// Takes a window in words, for want of pins, the first one lowest; what is measured is `{core}`.
module {top} (
    input logic {clock},
    input logic load_i,
    input logic [{word_top}:0] word_i,
    input logic first_i,
    input logic step_i,
    output logic [{velocity_top}:0] velocity_o
);
  logic [{window_top}:0] window;
  logic [{found_top}:0] found;
{state}  always_ff @(posedge {clock}) begin
    if (load_i) window <= {{word_i, window[{window_top}:{word}]}};
    if (step_i) velocity_o <= found[{found_top}:{velocity_low}];
  end

  {core} i_core (
      .clk({clock}),
      .model_inp({given}),
      .model_out(found)
  );
endmodule
"""

STATE_TEXT = """\
  logic [{state_top}:0] state;

  always_ff @(posedge {clock}) begin
    if (first_i) state <= '0;
    else if (step_i) state <= found[{state_top}:0];
  end

"""


@dataclass(frozen=True, eq=False)
class Verilog:
    """The Verilog of a logic in a folder: `src` as alkaid writes it, and the top there too.

    stages: cycles from alkaid's inputs to its outputs; every cycle takes new inputs.
    """

    logic: Logic
    folder: Path
    stages: int

    @classmethod
    def written(cls, logic: Logic, folder: Path) -> "Verilog":
        """Write into a folder that alkaid makes."""
        from alkaid.codegen import RTLModel

        model = RTLModel(logic.comb, folder, CORE, latency_cutoff=STAGE_DELAY, print_latency=False)
        model.write()
        (folder / "src" / f"{TOP}.sv").write_text(top_text(logic), encoding="utf-8")
        return cls(logic, folder, max(port.schedule.bias for port in model.fsm.out_signals))

    @property
    def latency(self) -> int:
        """Cycles from a window to its velocity; a step's state takes one to be held."""
        if self.logic.form == "unrolled":
            return self.stages
        return self.logic.steps * (self.stages + 1)

    @property
    def interval(self) -> int:
        """Cycles from one velocity to the next at best."""
        return 1 if self.logic.form == "unrolled" else self.latency

    @property
    def words(self) -> int:
        """Words of the top's window."""
        return _words(self.logic)

    @property
    def sources(self) -> list[Path]:
        """The files of the design, the top last."""
        written = sorted((self.folder / "src").rglob("*.v"))
        core = [path for path in written if path.stem != f"{CORE}_wrapper"]
        return [*core, self.folder / "src" / f"{TOP}.sv"]

    @property
    def design(self) -> Design:
        """What is synthesised."""
        sources = (str(path.relative_to(self.folder)) for path in self.sources)
        return Design(self.folder, tuple(sources), TOP, clock=CLOCK)


def top_text(logic: Logic) -> str:
    """Return the top's SystemVerilog."""
    state, found = logic.state_bits, bits_of(logic.outputs)
    window = f"window[{bits_of(logic.inputs) - state - 1}:0]"
    return TOP_TEXT.format(
        core=CORE,
        top=TOP,
        clock=CLOCK,
        word=WORD,
        word_top=WORD - 1,
        window_top=_words(logic) * WORD - 1,
        found_top=found - 1,
        velocity_low=state,
        velocity_top=found - state - 1,
        state=STATE_TEXT.format(state_top=state - 1, clock=CLOCK) if state else "",
        given=f"{{state, {window}}}" if state else window,
    )


def _words(logic: Logic) -> int:
    return max(2, -(-(bits_of(logic.inputs) - logic.state_bits) // WORD))
