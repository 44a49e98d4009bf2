/// Makes anew what lives on from tick to tick, at the end of every window of ticks.
///
/// Accumulators that take differences alone never forget: what an upset leaves in one would stay for
/// ever. So all units but the window's begin anew; accumulators and what was sent are as before the
/// first tick; the history's ticks are counted again, one after the other, which makes the encoder's
/// accumulators; then latents and past states are sent whole, as at start-up, which makes the
/// products. What is not made anew, the history and the ring, leaves with its ticks. The tick ends
/// once all of it is done. Example, window 20: the ticks 19, 39, ... after a reset end so.
module aegru_rebuild (
  input  logic clk_i,
  input  logic rst_ni,
  /// The tick would end in this cycle, and it is the last one of a window.
  input  logic window_ends_i,
  /// All units but the window's begin anew. Clear the window counts, the products and what was sent.
  output logic refill_o,
  input  logic refilled_i,
  /// Count the history's ticks.
  output logic replay_o,
  input  logic replayed_i,
  /// The products are made.
  input  logic begun_i,
  /// From the cycle after window_ends_i until done_o.
  output logic busy_o,
  output logic done_o
);
  typedef enum logic [1:0] {Rest, Refill, Replay, Multiply} phase_e;
  phase_e phase_d, phase_q;
  always_comb begin
    phase_d = phase_q;
    unique case (phase_q)
      Rest: if (window_ends_i) phase_d = Refill;
      Refill: if (refilled_i) phase_d = Replay;
      Replay: if (replayed_i) phase_d = Multiply;
      Multiply: if (begun_i) phase_d = Rest;
      default: phase_d = Rest;
    endcase
  end
  always_ff @(posedge clk_i) phase_q <= rst_ni ? phase_d : Rest;
  assign refill_o = phase_q == Refill;
  assign replay_o = phase_q == Replay;
  assign busy_o = phase_q != Rest;
  assign done_o = (phase_q == Multiply) & begun_i;
endmodule
