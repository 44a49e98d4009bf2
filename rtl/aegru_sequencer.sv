/// Order of work in a tick: encoder, latents and input product, cells, states.
///
/// The past states of a tick are a window old, so the recurrent products of the next tick are made
/// after the cells of this one, while the device would wait. The cells come in the order g_N, which
/// makes the velocity, g_2, ..., g_(N-1), g_1: the last one reads no recurrent product, so the states
/// need not wait for it, unless the ring has one port or one slot. Start-up makes both products of
/// silence first. Example, N = 3: scan, latents, cells g_3, g_2, g_1, states.
module aegru_sequencer import aegru_pkg::*; #(
  /// The ring reads or writes in a cycle, never both.
  parameter bit OnePort = 1'b0
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  config_t  config_i,
  /// The memories are as in silence: begin.
  input  logic     begin_i,
  output logic     begun_o,
  input  logic     tick_start_i,
  input  logic     scan_done_i,
  output logic     scanning_o,
  output matrix_e  matrix_o,
  /// Walks of aegru_changes.
  output logic     latents_o,
  output logic     states_o,
  input  logic     changes_done_i,
  input  logic     lanes_busy_i,
  input  logic     cell_ready_i,
  input  logic     cell_busy_i,
  input  logic     past_busy_i,
  output logic     cell_start_o,
  /// This is g_1; the chain k - 2 of another g_k.
  output logic     cell_first_o,
  output index_t   cell_chain_o,
  output logic     cell_readout_o,
  /// Slots of the ring: of this tick's states, and of those that the next tick needs.
  output index_t   slot_o,
  output index_t   next_slot_o,
  output logic     busy_o,
  /// High in the last cycle of the tick.
  output logic     done_o
);
  typedef enum logic [3:0] {Silence, Idle, Scan, Encoded, Latents, Multiplied, Cells, States, Ended}
    phase_e;
  phase_e phase_d, phase_q;
  logic entered_q, starting_q, drained, all_begun, past_free;
  logic [1:0] drain_q;
  index_t slot_q, next_slot_q, stride, steps, cell_q;

  assign stride = config_i[CfgRingStride][15:0];
  assign steps = config_i[CfgSteps][15:0];
  // The last sum is written in the third cycle that finds the lanes at rest.
  assign drained = ~lanes_busy_i & (drain_q == 2'd0);
  assign all_begun = cell_q == steps;
  assign past_free = (OnePort || config_i[CfgRingLast] == '0) ? ~cell_busy_i : ~past_busy_i;

  always_comb begin
    phase_d = phase_q;
    unique case (phase_q)
      Silence: if (begin_i && drained) phase_d = Latents;
      Idle: if (tick_start_i) phase_d = Scan;
      Scan: if (scan_done_i) phase_d = Encoded;
      Encoded: if (drained) phase_d = Latents;
      Latents: if (changes_done_i) phase_d = Multiplied;
      Multiplied: if (drained) phase_d = !starting_q ? Cells : (stride == '0) ? Idle : States;
      Cells: if (all_begun)
        if (stride == '0) begin
          if (!cell_busy_i) phase_d = Idle;
        end else if (past_free) phase_d = States;
      States: if (changes_done_i) phase_d = Ended;
      Ended: if (drained && !cell_busy_i) phase_d = Idle;
      default: phase_d = Silence;
    endcase
  end

  always_ff @(posedge clk_i) begin
    phase_q <= phase_d;
    entered_q <= phase_d != phase_q;
    drain_q <= lanes_busy_i ? 2'd2 : (drain_q != '0) ? drain_q - 2'd1 : drain_q;
    if (phase_q == Idle) starting_q <= 1'b0;
    if (cell_start_o) cell_q <= cell_q + 16'd1;
    if (phase_q == Scan) cell_q <= '0;
    if (done_o) slot_q <= next_slot_q;
    // A cycle later: neither changes within a tick.
    next_slot_q <= (starting_q || 32'(slot_q) == config_i[CfgRingLast]) ? '0 : slot_q + stride;
    if (!rst_ni) begin
      phase_q <= Silence;
      starting_q <= 1'b1;
      drain_q <= '0;
      slot_q <= '0;
      cell_q <= '0;
    end
  end

  assign begun_o = ~starting_q;
  assign scanning_o = phase_q == Scan;
  assign busy_o = (phase_q != Idle) & (phase_q != Silence);
  assign done_o = busy_o & (phase_d == Idle) & ~starting_q;
  assign matrix_o = (phase_q == Latents || phase_q == Multiplied) ? Input
                  : (phase_q == States || phase_q == Ended) ? Recurrent : Encoder;
  assign latents_o = (phase_q == Latents) & entered_q;
  assign states_o = (phase_q == States) & entered_q;

  // Cell 0 is g_N, cell j is g_(j+1), the last one g_1.
  assign cell_start_o = (phase_q == Cells) & cell_ready_i & ~all_begun;
  assign cell_first_o = cell_q + 16'd1 == steps;
  assign cell_chain_o = (cell_q == '0) ? steps - 16'd2 : cell_q - 16'd1;
  assign cell_readout_o = cell_q == '0;
  assign slot_o = slot_q;
  assign next_slot_o = next_slot_q;
endmodule
