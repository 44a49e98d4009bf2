"""One-line faults in copies of the RTL, and the property that each breaks."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from proof.properties.proofs import proof_of
from proof.properties.prover import find_trace, prove_variant


@dataclass(frozen=True)
class Fault:
    """One line of a module, changed.

    name: what the change does. before, after: text of the module, which is there once. breaks: the
    property that no longer holds. depth: clock cycles within which a trace from reset shows it; 0
    where that takes too long, and the induction fails instead. variant: of the proof's parameters.
    """

    name: str
    harness: str
    module: str
    before: str
    after: str
    breaks: str
    depth: int = 12
    variant: int = 0


FAULTS = (
    Fault(
        "full one word too late",
        "fifo",
        "aegru_fifo",
        "full = write_q == {~read_q[PointerWidth], read_q[PointerWidth-1:0]}",
        "full = write_q == {~read_q[PointerWidth], read_q[PointerWidth-1:0]} + 1'b1",
        "no_overflow",
    ),
    Fault(
        "clear forgets that a word leaves",
        "fifo",
        "aegru_fifo",
        "write_q <= read_q + (PointerWidth + 1)'(pop);",
        "write_q <= read_q;",
        "offers_what_it_holds",
    ),
    Fault(
        "the word beside the oldest",
        "fifo",
        "aegru_fifo",
        "memory[read_q[PointerWidth-1:0]]",
        "memory[read_q[PointerWidth-1:0] + 1'b1]",
        "order",
    ),
    Fault(
        "the response does not wait for BREADY",
        "axil",
        "aegru_axil",
        "if (s_axil_bvalid && s_axil_bready) begin",
        "if (s_axil_bvalid) begin",
        "write_response_stays",
    ),
    Fault(
        "the value does not wait for RREADY",
        "axil",
        "aegru_axil",
        "if (s_axil_rvalid && s_axil_rready) begin",
        "if (s_axil_rvalid) begin",
        "read_response_stays",
    ),
    Fault(
        "a write waits for the read channel",
        "axil",
        "aegru_axil",
        "if (written_q && !hold_i) s_axil_bvalid",
        "if (written_q && !hold_i && arready_q) s_axil_bvalid",
        "write_is_answered_in_2_cycles",
    ),
    Fault(
        "data wait for the address",
        "axil",
        "aegru_axil",
        "assign s_axil_wready = wready_q;",
        "assign s_axil_wready = wready_q & ~awready_q;",
        "data_is_taken_unless_a_word_waits",
    ),
    Fault(
        "written again and again",
        "axil",
        "aegru_axil",
        "~awready_q & ~wready_q & ~written_q",
        "~awready_q & ~wready_q",
        "written_once",
    ),
    Fault(
        "half rounds up",
        "rounding",
        "aegru_pkg",
        "up: kept[0] & (sticky | kept[1])",
        "up: kept[0]",
        "cut_right_is_exact",
        depth=1,
        variant=1,
    ),
    Fault(
        "half rounds up, in cut",
        "rounding",
        "aegru_pkg",
        "up: guard & (sticky | floor[0])",
        "up: guard",
        "cut_is_exact",
        depth=1,
        variant=1,
    ),
    Fault(
        "rounds up beyond the limit",
        "rounding",
        "aegru_pkg",
        "x.up & ~at_high",
        "x.up",
        "saturate_is_exact",
        depth=1,
        variant=1,
    ),
    Fault(
        "the CRC is not compared",
        "gate",
        "aegru_loader",
        "(section_q == Crc) & (crc_q == CrcResidue)",
        "(section_q == Crc)",
        "loaded_needs_all_memories_and_the_crc",
        depth=0,
    ),
    Fault(
        "a foreign format is taken",
        "gate",
        "aegru_loader",
        "misfit = exact ? differs_q : beyond;",
        "misfit = exact ? differs_q : 1'b0;",
        "first_unfit_word_ends_the_loading",
        depth=0,
    ),
    Fault(
        "a memory may be a word too long",
        "gate",
        "aegru_loader",
        "2'((pair < 1024 ? limit(6'(pair / 16))",
        "2'((pair < 1024 ? limit(6'(pair / 16)) + 1",
        "no_write_beyond_a_memory",
        depth=0,
    ),
    Fault(
        "a select is not compared",
        "gate",
        "aegru_loader",
        "missing = data_i[31:24] != 8'(index_q);",
        "missing = 1'b0;",
        "memories_are_filled_in_order",
        depth=0,
    ),
    Fault(
        "LoadBegin leaves the image valid",
        "gate",
        "aegru_control",
        "      image_valid_q <= 1'b0;\n      enable_q <= 1'b0;\n    end\n    if (load_o",
        "      enable_q <= 1'b0;\n    end\n    if (load_o",
        "valid_image_is_whole_and_fits",
        depth=0,
    ),
    Fault(
        "enabled without an image",
        "gate",
        "aegru_control",
        "enable_o = enable_q & image_valid_q",
        "enable_o = enable_q",
        "runs_only_with_a_valid_image",
    ),
    Fault(
        "states begin while the past is read",
        "tick",
        "aegru_sequencer",
        ": ~past_busy_i;",
        ": 1'b1;",
        "no_past_read_once_the_states_walk",
        depth=0,
    ),
    Fault(
        "states of one slot are read while they are written",
        "tick",
        "aegru_sequencer",
        "(OnePort || config_i[CfgRingLast] == '0)",
        "OnePort",
        "no_slot_is_written_while_read",
        depth=0,
        variant=1,
    ),
    Fault(
        "one port is read and written at once",
        "tick",
        "aegru_sequencer",
        "(OnePort || config_i[CfgRingLast] == '0)",
        "(config_i[CfgRingLast] == '0)",
        "one_port_reads_or_writes",
        depth=0,
        variant=5,
    ),
    Fault(
        "a tick begins while a velocity waits",
        "tick",
        "aegru_engine",
        "~busy & ~done_q & (waits_q == '0)",
        "~busy & ~done_q",
        "no_tick_while_a_velocity_waits",
        depth=0,
    ),
    Fault(
        "a soft reset takes the velocity away",
        "tick",
        "aegru_engine",
        "if (!aresetn) waits_q <= '0;",
        "if (!reset_n) waits_q <= '0;",
        "velocity_stays",
        depth=0,
    ),
    Fault(
        "TLAST with the first word",
        "tick",
        "aegru_engine",
        "assign m_axis_tlast = axis;",
        "assign m_axis_tlast = ~axis;",
        "last_on_every_second_word_only",
        depth=0,
    ),
    Fault(
        "events are taken in a soft reset",
        "tick",
        "aegru_engine",
        "fifo_ready & running & ~soft_reset;",
        "fifo_ready & running;",
        "no_events_in_a_soft_reset",
        depth=0,
    ),
    Fault(
        "the ring's slot begins one word late",
        "tick",
        "aegru_cell",
        "== slot_i + config_i[CfgRingStride][15:0]) ?",
        "== slot_i + config_i[CfgRingStride][15:0] + 16'd1) ?",
        "ring_is_written_in_the_tick_slot",
        depth=0,
    ),
    Fault(
        "a cell is left out",
        "sequencer",
        "aegru_sequencer",
        "assign all_begun = cell_q == steps;",
        "assign all_begun = cell_q + 16'd1 == steps;",
        "every_cell_begins_once",
        depth=25,
    ),
    Fault(
        "the lanes rest a cycle longer",
        "sequencer",
        "aegru_sequencer",
        "drain_q <= lanes_busy_i ? 2'd2",
        "drain_q <= lanes_busy_i ? 2'd3",
        "tick_ends_within_the_cost_model",
        depth=0,
    ),
    Fault(
        "a tick that never ends",
        "sequencer",
        "aegru_sequencer",
        "Ended: if (drained && !cell_busy_i) phase_d = Idle;",
        "Ended: if (drained && !cell_busy_i && tick_start_i) phase_d = Idle;",
        "tick_ends_within_the_cost_model",
        depth=0,
    ),
)


def write_broken(fault: Fault, rtl: Path, folder: Path) -> None:
    """Copy the RTL with the fault in it. Raises UserError where the text is not there once."""
    for path in rtl.glob("aegru_*.sv"):
        shutil.copyfile(path, folder / path.name)
    path = folder / f"{fault.module}.sv"
    text = path.read_text(encoding="utf-8")
    if text.count(fault.before) != 1:
        raise UserError(f"{path.name} has {text.count(fault.before)} times {fault.before!r}")
    path.write_text(text.replace(fault.before, fault.after), encoding="utf-8")


def seen_at(fault: Fault, broken: Path) -> tuple[str, ...]:
    """Return the properties and invariants of which a broken copy shows that they fail."""
    proof = proof_of(fault.harness)
    if fault.depth:
        return find_trace(proof, fault.breaks, broken, fault.depth, fault.variant)
    return prove_variant(proof, proof.variants[fault.variant], broken).failed
