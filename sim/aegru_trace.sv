/// Writes every named intermediate of the engine to the file of +trace=FILE, one a line.
///
/// A line is the tensor's name as in aegru_hw/fixedpoint, the unit's position and the code; a line
/// `tick` opens each tick. Bound to aegru_engine, so that rtl/ holds only what is synthesised.
/// Example: tick / latent 0 -5 / ... / reset 0 128 / update 0 77 / ... / velocity 1 -311
module aegru_trace import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4
) (
  input logic     clk_i,
  input logic     tick_i,
  input logic     tick_done_i,
  input logic     rst_ni,
  input index_t   latent_count_i,
  input logic     latent_valid_i,
  input index_t   latent_slot_i,
  input operand_t latent_i[Lanes],
  input logic     recurrent_candidate_valid_i,
  input index_t   recurrent_candidate_unit_i,
  input code_t    recurrent_candidate_i,
  input logic     gates_valid_i,
  input index_t   gates_unit_i,
  input code_t    reset_i,
  input code_t    update_i,
  input logic     candidate_valid_i,
  input index_t   candidate_unit_i,
  input code_t    candidate_i,
  input logic     mixed_state_valid_i,
  input index_t   mixed_state_unit_i,
  input code_t    mixed_state_i,
  input logic     normalised_valid_i,
  input index_t   normalised_unit_i,
  input code_t    normalised_i,
  input logic     state_valid_i,
  input index_t   state_unit_i,
  input operand_t state_i,
  input logic     velocity_valid_i,
  input logic signed [31:0] velocity_i[2]
);
  string path;
  int file = 0;
  initial if ($value$plusargs("trace=%s", path)) file = $fopen(path, "w");

  always_ff @(posedge clk_i) begin
    if (file != 0) begin
      if (tick_i) $fdisplay(file, "tick");
      if (latent_valid_i)
        for (int unsigned p = 0; p < Lanes; p++)
          if (32'(latent_slot_i) * Lanes + p < 32'(latent_count_i))
            $fdisplay(file, "latent %0d %0d", 32'(latent_slot_i) * Lanes + p, latent_i[p]);
      if (recurrent_candidate_valid_i)
        $fdisplay(file, "recurrent_candidate %0d %0d", recurrent_candidate_unit_i,
                  recurrent_candidate_i);
      if (gates_valid_i) begin
        $fdisplay(file, "reset %0d %0d", gates_unit_i, reset_i);
        $fdisplay(file, "update %0d %0d", gates_unit_i, update_i);
      end
      if (candidate_valid_i) $fdisplay(file, "candidate %0d %0d", candidate_unit_i, candidate_i);
      if (mixed_state_valid_i)
        $fdisplay(file, "mixed_state %0d %0d", mixed_state_unit_i, mixed_state_i);
      if (normalised_valid_i)
        $fdisplay(file, "normalised %0d %0d", normalised_unit_i, normalised_i);
      if (state_valid_i) $fdisplay(file, "state %0d %0d", state_unit_i, state_i);
      if (velocity_valid_i)
        for (int axis = 0; axis < 2; axis++)
          $fdisplay(file, "velocity %0d %0d", axis, velocity_i[axis]);
      if (tick_done_i || !rst_ni) $fflush(file);
    end
  end
endmodule

bind aegru_engine aegru_trace #(.Lanes(Lanes)) i_trace (
  .clk_i(aclk), .tick_i(tick_start), .tick_done_i(tick_done), .rst_ni(reset_n),
  .latent_count_i(cfg[CfgLatent][15:0]),
  .latent_valid_i(latent_valid_q), .latent_slot_i(16'(latent_slot_q)), .latent_i(lane_latent),
  .recurrent_candidate_valid_i(i_cell.gather_q[2]),
  .recurrent_candidate_unit_i(16'(i_cell.unit_at_q[3])),
  .recurrent_candidate_i(i_cell.recurrent_candidate_q[3]),
  .gates_valid_i(i_cell.gather_q[4]), .gates_unit_i(16'(i_cell.unit_at_q[5])),
  .reset_i(i_cell.reset5_q), .update_i(i_cell.update_q[5]),
  .candidate_valid_i(i_cell.gather_q[8]), .candidate_unit_i(16'(i_cell.unit_at_q[9])),
  .candidate_i(i_cell.candidate9_q),
  .mixed_state_valid_i(i_cell.gather_q[12]), .mixed_state_unit_i(16'(i_cell.unit_at_q[13])),
  .mixed_state_i(i_cell.mixed13_q),
  .normalised_valid_i(i_cell.normalise_q[4] & (cfg[CfgNorm] != '0)),
  .normalised_unit_i(16'(i_cell.unit2_q[5])), .normalised_i(i_cell.normalised5_q),
  .state_valid_i(i_cell.normalise_q[7]), .state_unit_i(16'(i_cell.unit2_q[8])),
  .state_i(i_cell.state8_q),
  .velocity_valid_i(velocity_valid), .velocity_i(velocity)
);
