/// Which velocities an upset may have touched, and what ends a tick that it stopped.
///
/// A rebuild makes the accumulators anew, and what is wrong in history and ring leaves in a window of
/// ticks for each chain: the velocities from an upset on are doubtful until steps + 1 whole windows
/// have gone. An upset that comes back, of a word that only loading writes, keeps them so. A tick
/// that takes longer than any tick can is stalled: the engine starts up anew.
/// Example, steps 5 and window 20: an upset in tick 30 makes the ticks 30 to 159 doubtful.
module aegru_upsets import aegru_pkg::*; #(
  /// More cycles than any tick takes: 2^StallBits.
  parameter int unsigned StallBits = 20
) (
  input  logic    clk_i,
  input  logic    rst_ni,
  input  config_t config_i,
  /// A word was read that is not what was written.
  input  logic    upset_i,
  /// A tick is worked on.
  input  logic    busy_i,
  input  logic    window_ends_i,
  /// One cycle: a tick is stalled.
  output logic    stalled_o,
  /// One cycle: an upset is seen.
  output logic    seen_o,
  output logic    doubtful_o
);
  logic [StallBits:0] cycles_q;
  logic [8:0] windows_q;
  assign stalled_o = cycles_q[StallBits];
  assign seen_o = upset_i | stalled_o;
  assign doubtful_o = windows_q != '0;
  always_ff @(posedge clk_i) begin
    cycles_q <= (busy_i & ~stalled_o) ? cycles_q + 1'b1 : '0;
    if (window_ends_i && doubtful_o) windows_q <= windows_q - 9'd1;
    if (seen_o) windows_q <= {1'b0, config_i[CfgSteps][7:0]} + 9'd2;
    if (!rst_ni) begin
      cycles_q <= '0;
      windows_q <= '0;
    end
  end
endmodule
