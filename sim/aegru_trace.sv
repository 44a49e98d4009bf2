/// Writes every named intermediate of the engine to the file of +trace=FILE, one a line.
///
/// A line is the tensor's name as in aegru_hw/fixedpoint, the unit's position and the code; a line
/// `tick` opens each tick. Bound to aegru_engine, so that rtl/ holds only what is synthesised.
/// Example: tick / latent 0 -5 / ... / reset 0 128 / update 0 77 / ... / velocity 1 -311
module aegru_trace import aegru_pkg::*; (
  input logic     clk_i,
  input logic     tick_i,
  input logic     tick_done_i,
  input logic     rst_ni,
  /// Units of each tensor come in order, over and over.
  input index_t   latent_count_i,
  input index_t   hidden_count_i,
  input logic     latent_valid_i,
  input operand_t latent_i,
  input logic     recurrent_candidate_valid_i,
  input code_t    recurrent_candidate_i,
  input logic     reset_valid_i,
  input code_t    reset_i,
  input logic     update_valid_i,
  input code_t    update_i,
  input logic     candidate_valid_i,
  input code_t    candidate_i,
  input logic     mixed_state_valid_i,
  input code_t    mixed_state_i,
  input logic     normalised_valid_i,
  input code_t    normalised_i,
  input logic     state_valid_i,
  input operand_t state_i,
  input logic     velocity_valid_i,
  input logic     velocity_axis_i,
  input logic signed [31:0] velocity_i
);
  localparam int unsigned Tensors = 8;
  string path;
  int file = 0;
  initial if ($value$plusargs("trace=%s", path)) file = $fopen(path, "w");

  string names[Tensors] = '{"latent", "recurrent_candidate", "reset", "update", "candidate", "mixed_state",
                            "normalised", "state"};
  logic valid[Tensors];
  code_t code[Tensors];
  int unit[Tensors];
  assign valid = '{latent_valid_i, recurrent_candidate_valid_i, reset_valid_i, update_valid_i,
                   candidate_valid_i, mixed_state_valid_i, normalised_valid_i, state_valid_i};
  assign code = '{code_t'(latent_i), recurrent_candidate_i, reset_i, update_i, candidate_i,
                  mixed_state_i, normalised_i, code_t'(state_i)};

  always_ff @(posedge clk_i) begin
    if (file != 0) begin
      if (tick_i) $fdisplay(file, "tick");
      for (int i = 0; i < int'(Tensors); i++) begin
        if (valid[i]) $fdisplay(file, "%s %0d %0d", names[i], unit[i], code[i]);
        if (valid[i])
          unit[i] <= (unit[i] + 1 == 32'((i == 0) ? latent_count_i : hidden_count_i)) ? 0
                                                                                      : unit[i] + 1;
        if (!rst_ni) unit[i] <= 0;
      end
      if (velocity_valid_i) $fdisplay(file, "velocity %0d %0d", velocity_axis_i, velocity_i);
      if (tick_done_i || !rst_ni) $fflush(file);
    end
  end
endmodule

bind aegru_engine aegru_trace i_trace (
  .clk_i(aclk), .tick_i(tick_start), .tick_done_i(tick_done), .rst_ni(reset_n),
  .latent_count_i(cfg[CfgLatent][15:0]), .hidden_count_i(cfg[CfgHidden][15:0]),
  .latent_valid_i(i_changes.valid2_q & i_changes.advance & ~i_changes.of_states_q),
  .latent_i(i_changes.code2_q),
  .recurrent_candidate_valid_i(i_cell.gather_q[i_cell.Serial ? 3 : 4]),
  .recurrent_candidate_i(i_cell.gen_gates.i_gates.recurrent_candidate),
  .reset_valid_i(i_cell.gather_q[6]),
  .reset_i(i_cell.gen_gates.i_gates.reset_gate),
  .update_valid_i(i_cell.gather_q[i_cell.Out]), .update_i(i_cell.update),
  .candidate_valid_i(i_cell.gather_q[i_cell.Out]), .candidate_i(i_cell.candidate),
  .mixed_state_valid_i(i_cell.gather_q[i_cell.Out+4]), .mixed_state_i(16'(i_cell.mixed4_q)),
  .normalised_valid_i(i_cell.normalise_q[5] & (cfg[CfgNorm] != '0)),
  .normalised_i(16'(i_cell.normalised5_q)),
  .state_valid_i(i_cell.normalise_q[8]), .state_i(i_cell.state8_q),
  .velocity_valid_i(velocity_valid), .velocity_axis_i(velocity_axis), .velocity_i(velocity)
);
