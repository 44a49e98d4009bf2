/// aegru_sequencer: the order of a tick, and that it ends within the cost model's bound.
///
/// Its neighbours are free but for how long they take at most; bounds.py has that, and the tick's
/// length, from aegru_hw/rtl/cycles.py.
module sequencer import aegru_pkg::*; #(
  parameter bit OnePort = 1'b0,
  parameter int unsigned Hidden = 4,
  parameter int unsigned Steps = 3,
  parameter int unsigned Window = 2,
  /// Cycles from the first one of a phase to the one in which the scan, the latents' walk and the
  /// states' walk end, and to the first one in which the lanes do nothing more.
  parameter int unsigned Scan = 40,
  parameter int unsigned ScanRest = 9,
  parameter int unsigned Latents = 12,
  parameter int unsigned LatentsRest = 7,
  parameter int unsigned States = 0,
  parameter int unsigned StatesRest = 0,
  /// Cycles from the first one after a cell began to the one in which another may begin; after the
  /// last cell, to the one in which the past states are read, and in which the cell unit has ended.
  parameter int unsigned Ready = 13,
  parameter int unsigned Past = 3,
  parameter int unsigned Cell = 44,
  /// Cycles of the longest tick.
  parameter int unsigned Tick = 1000
) (
  input logic clk_i,
  input logic rst_ni,
  input logic begin_i,
  input logic tick_start_i,
  input logic scan_done_i,
  input logic changes_done_i,
  input logic lanes_busy_i,
  input logic cell_ready_i,
  input logic cell_busy_i,
  input logic past_busy_i
);
  typedef logic [15:0] count_t;
  typedef enum logic [3:0] {PhaseSilence, PhaseIdle, PhaseScan, PhaseEncoded, PhaseLatents,
    PhaseMultiplied, PhaseCells, PhaseStates, PhaseEnded} phase_e;
  localparam int unsigned Stride = (Steps - 1) * Hidden;
  localparam bit OneSlot = OnePort || Window == 1;
  config_t config_i;
  always_comb begin
    config_i = '0;
    config_i[CfgSteps] = Steps;
    config_i[CfgRingStride] = Stride;
    config_i[CfgRingLast] = (Window - 1) * Stride;
  end
  index_t slot_o, next_slot_o, cell_chain_o;
  matrix_e matrix_o;
  logic begun_o, scanning_o, latents_o, states_o, cell_start_o, cell_first_o, cell_readout_o;
  logic busy_o, done_o;
  aegru_sequencer #(.OnePort(OnePort)) dut (.*);

  // The cycle of the tick in which each phase begins at the latest, the cycle after the last cell
  // began, and the last cycle.
  localparam int unsigned Encoded = Scan + 1;
  localparam int unsigned LatentsBegin = Encoded + ScanRest + 3;
  localparam int unsigned Multiplied = LatentsBegin + Latents + 1;
  localparam int unsigned Cells = Multiplied + LatentsRest + 3;
  localparam int unsigned Begun = Cells + (Steps - 1) * (Ready + 1) + 1;
  localparam int unsigned Free = OneSlot ? Cell : Past;
  localparam int unsigned StatesBegin = Begun + Free + 1;
  localparam int unsigned Rested = StatesBegin + States + 1 + StatesRest + 2;
  localparam int unsigned Last = (Steps == 1 || Rested < Begun + Cell) ? Begun + Cell : Rested;

  logic started_q = 1'b0, ticking_q, was_reset_q;
  logic [3:0] phase, before_q;
  count_t age_q, phase_age_q, since_q, cells_q;
  assign phase = dut.phase_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    before_q <= phase;
    was_reset_q <= ~rst_ni;
    ticking_q <= (phase == PhaseIdle && tick_start_i) || (ticking_q && !done_o);
    age_q <= (phase == PhaseIdle) ? '0 : age_q + count_t'(1);
    phase_age_q <= (dut.phase_d != dut.phase_q) ? '0 : phase_age_q + count_t'(phase_age_q != '1);
    since_q <= (cell_start_o || phase == PhaseMultiplied) ? '0 : since_q + count_t'(since_q != '1);
    cells_q <= (phase == PhaseIdle) ? '0 : cells_q + count_t'(cell_start_o);
    if (!rst_ni) {ticking_q, age_q, phase_age_q, since_q, cells_q} <= '0;
  end

  logic follows, all_begun, ended_late, rests;
  assign all_begun = cells_q == count_t'(Steps);
  always_comb begin
    case (before_q)
      PhaseSilence: follows = phase == PhaseLatents;
      PhaseIdle: follows = phase == PhaseScan;
      PhaseScan: follows = phase == PhaseEncoded;
      PhaseEncoded: follows = phase == PhaseLatents;
      PhaseLatents: follows = phase == PhaseMultiplied;
      PhaseMultiplied: follows = phase == (ticking_q ? PhaseCells : (Steps > 1) ? PhaseStates : PhaseIdle);
      PhaseCells: follows = phase == ((Steps > 1) ? PhaseStates : PhaseIdle);
      PhaseStates: follows = phase == PhaseEnded;
      default: follows = phase == PhaseIdle;
    endcase
    case (phase)
      PhaseEncoded: rests = phase_age_q >= count_t'(ScanRest);
      PhaseMultiplied: rests = phase_age_q >= count_t'(LatentsRest);
      PhaseEnded: rests = phase_age_q >= count_t'(StatesRest);
      default: rests = 1'b0;
    endcase
  end

  always_comb begin
    reset_first: assume (started_q || !rst_ni);
    scan_ends: assume (phase != PhaseScan || phase_age_q < count_t'(Scan) || scan_done_i);
    latents_end: assume (phase != PhaseLatents || phase_age_q < count_t'(Latents) || changes_done_i);
    states_end: assume (phase != PhaseStates || phase_age_q < count_t'(States) || changes_done_i);
    lanes_come_to_rest: assume (!rests || !lanes_busy_i);
    idle_cell_unit_is_ready: assume (phase != PhaseCells || cells_q != '0 || cell_ready_i);
    cell_gets_ready: assume (phase != PhaseCells || since_q < count_t'(Ready) || cell_ready_i);
    past_is_read: assume (phase != PhaseCells || !all_begun || since_q < count_t'(Past) || !past_busy_i);
    last_cell_ends: assume (!all_begun || since_q < count_t'(Cell) || !cell_busy_i);
    if (started_q) begin
      witness: cover (done_o && all_begun);
      tick_ends_within_the_cost_model: assert (!ticking_q || age_q < count_t'(Tick));
      bound_is_the_cost_model_s: assert (Last + 1 == Tick);
      phases_come_in_order: assert (phase == before_q || was_reset_q || follows);
      every_cell_begins_once: assert (!done_o || all_begun);
      velocity_cell_comes_first: assert (!cell_start_o || cell_readout_o == (cells_q == '0));
      g_1_comes_last: assert (!cell_start_o || cell_first_o == (cells_q + count_t'(1) == count_t'(Steps)));
      chains_come_in_order: assert (!cell_start_o || cell_first_o ||
        cell_chain_o == ((cells_q == '0) ? count_t'(Steps - 2) : cells_q - count_t'(1)));
      cells_begin_in_their_phase: assert (!cell_start_o || (phase == PhaseCells && cell_ready_i));
      done_ends_a_tick: assert (!done_o || ticking_q);
      a_walk_begins_with_its_phase: assert (!(latents_o || states_o) || phase_age_q == '0);
      invariant_phases: assert (phase <= 4'(PhaseEnded));
      invariant_ticking: assert (ticking_q == (!dut.starting_q &&
        !(phase inside {PhaseSilence, PhaseIdle})));
      invariant_silence: assert (phase != PhaseSilence || dut.starting_q);
      invariant_starting: assert (!dut.starting_q || !(phase inside {PhaseScan, PhaseEncoded, PhaseCells}));
      invariant_drain: assert (dut.drain_q <= 2'd2 || (dut.starting_q &&
        phase inside {PhaseSilence, PhaseLatents, PhaseMultiplied}));
      invariant_cells: assert (!ticking_q || ((dut.cell_q == cells_q || phase == PhaseScan) &&
        cells_q <= count_t'(Steps)));
      invariant_no_cell_yet: assert (!(ticking_q && phase < 4'(PhaseCells)) || cells_q == '0);
      invariant_all_cells: assert (!(ticking_q && phase > 4'(PhaseCells)) || (all_begun && Steps > 1));
      invariant_entered: assert (dut.entered_q == (phase_age_q == '0) ||
        phase inside {PhaseSilence, PhaseIdle});
      invariant_scan: assert (!ticking_q || phase != PhaseScan || (age_q == phase_age_q &&
        phase_age_q <= count_t'(Scan)));
      invariant_encoded: assert (!ticking_q || phase != PhaseEncoded ||
        (age_q <= count_t'(Encoded) + phase_age_q &&
          phase_age_q + count_t'(dut.drain_q) <= count_t'(ScanRest + 2)));
      invariant_latents: assert (!ticking_q || phase != PhaseLatents ||
        (age_q <= count_t'(LatentsBegin) + phase_age_q && phase_age_q <= count_t'(Latents)));
      invariant_multiplied: assert (!ticking_q || phase != PhaseMultiplied ||
        (age_q <= count_t'(Multiplied) + phase_age_q &&
          phase_age_q + count_t'(dut.drain_q) <= count_t'(LatentsRest + 2)));
      invariant_first_cell: assert (!ticking_q || phase != PhaseCells || cells_q != '0 || (since_q == '0 &&
        age_q <= count_t'(Cells)));
      invariant_next_cell: assert (!ticking_q || phase != PhaseCells || cells_q == '0 ||
        (age_q <= count_t'(Cells + 1) + (cells_q - count_t'(1)) * count_t'(Ready + 1) + since_q &&
         since_q <= (all_begun ? count_t'((Steps == 1) ? Cell : Free) : count_t'(Ready))));
      invariant_age: assert (!ticking_q || phase_age_q <= age_q);
      invariant_since: assert (!(ticking_q && phase >= 4'(PhaseCells)) || since_q <= age_q);
      invariant_states: assert (!ticking_q || phase != PhaseStates ||
        (age_q <= count_t'(StatesBegin) + phase_age_q && phase_age_q <= count_t'(States) &&
          age_q <= count_t'(Begun) + since_q));
      invariant_ended: assert (!ticking_q || phase != PhaseEnded || (age_q <= count_t'(Begun) + since_q &&
        age_q <= count_t'(StatesBegin + States + 1) + phase_age_q &&
        (phase_age_q + count_t'(dut.drain_q) <= count_t'(StatesRest + 2) || since_q <= count_t'(Cell))));
    end
  end
endmodule
