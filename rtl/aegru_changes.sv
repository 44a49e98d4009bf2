/// Finds the latents and the past states that differ from the tick before, and sends the differences.
///
/// Two walks, each one operand a cycle through three stages: read, round, offer. Over the latents:
/// every latent is requantised from its lane's accumulator; one that changed is a column of the input
/// matrix. Over the past states, unit by unit and the chains of each: those of a unit that changed are
/// sent, and close a column of the recurrent matrix together. The walk waits while the lanes cannot
/// take a column. What was sent is kept for the next tick; the kept past states are also the cell
/// unit's. Example, three chains: unit 5 changed by 2 in chain 0 and by -1 in chain 2 sends
/// (chain 0, 2), nothing, (chain 2, -1, column of unit 5).
module aegru_changes import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxLatent = 64,
  /// Past states of a tick: (steps - 1)·hidden.
  parameter int unsigned StateDepth = 256,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  config_t  config_i,
  /// Start-up: forget what was sent, an address a cycle.
  input  logic     clear_i,
  input  index_t   clear_address_i,
  /// Begin a walk in the next cycle.
  input  logic     latents_i,
  input  logic     states_i,
  /// The last operand of the walk leaves in this cycle.
  output logic     done_o,
  /// The accumulator of a slot of one lane, shown in the cycle after it was asked for; zero of others.
  output logic [6:0] latent_slot_o,
  output logic [Lanes-1:0] latent_read_o,
  input  acc_t     accumulator_i[Lanes],
  /// States in the slot of the ring, shown likewise.
  output index_t   ring_offset_o,
  output logic     ring_read_o,
  input  operand_t ring_data_i,
  output change_t  change_o,
  input  logic     ready_i,
  /// The past states that were sent last, for the cell unit: shown in the cycle after, and on.
  input  index_t   past_address_i,
  input  logic     past_read_i,
  output operand_t past_o,
  /// A word was read that is not what was written.
  output logic     upset_o
);
  localparam int unsigned LatentBits = $clog2(MaxLatent);
  localparam int unsigned StateBits = $clog2(StateDepth);
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  typedef logic [LatentBits-1:0] latent_at_t;
  typedef logic [StateBits-1:0] state_at_t;
  typedef logic [LaneBits-1:0] lane_t;

  // The walk: a column's number, the chain, and the place of the state.
  logic walking_q, of_states_q, advance, chain_last, column_last, valid1_q, valid2_q;
  index_t column_q, chain_q, state_q, chains, columns, hidden;
  assign hidden = config_i[CfgHidden][15:0];
  assign chains = config_i[CfgSteps][15:0] - 16'd1;
  assign columns = of_states_q ? hidden : config_i[CfgLatent][15:0];
  assign chain_last = ~of_states_q | (chain_q + 16'd1 == chains);
  assign column_last = column_q + 16'd1 == columns;
  always_ff @(posedge clk_i) begin
    if (walking_q && advance) begin
      chain_q <= chain_last ? '0 : chain_q + 16'd1;
      state_q <= chain_last ? column_q + 16'd1 : state_q + hidden;
      if (chain_last) column_q <= column_q + 16'd1;
      if (chain_last && column_last) walking_q <= 1'b0;
    end
    if (latents_i || states_i) begin
      walking_q <= 1'b1;
      of_states_q <= states_i;
      column_q <= '0;
      chain_q <= '0;
      state_q <= '0;
    end
    if (!rst_ni) walking_q <= 1'b0;
  end

  // 0 -> 1: read what is new and what was sent.
  index_t column1_q, chain1_q;
  logic read_latent, walks_states;
  state_at_t state1_q;
  logic chain_last1_q, last1_q;
  operand_t latent_before_q, past_q;
  if (Lanes > 1) begin : gen_lanes
    assign latent_slot_o = 7'(column_q >> LaneBits);
  end else begin : gen_lane
    assign latent_slot_o = 7'(column_q);
  end
  assign read_latent = walking_q & ~of_states_q & advance;
  assign latent_read_o = Lanes'(read_latent) << ((Lanes > 1) ? lane_t'(column_q) : '0);
  assign ring_offset_o = state_q;
  assign walks_states = walking_q & of_states_q;
  assign ring_read_o = walks_states & advance;
  always_ff @(posedge clk_i) begin
    if (advance) begin
      valid1_q <= walking_q;
      column1_q <= column_q;
      chain1_q <= chain_q;
      state1_q <= state_at_t'(state_q);
      chain_last1_q <= chain_last;
      last1_q <= chain_last & column_last;
    end
    if (!rst_ni) valid1_q <= 1'b0;
  end
  assign past_o = past_q;

  // 1 -> 2: the code, and what was sent before.
  operand_t code2_q, before2_q;
  index_t column2_q, chain2_q;
  state_at_t state2_q;
  logic chain_last2_q, last2_q;
  wide_t latent;
  acc_t accumulator;
  always_comb begin
    accumulator = '0;
    for (int p = 0; p < int'(Lanes); p++) accumulator |= accumulator_i[p];
  end
  assign latent = requantize(wide_t'(accumulator), shift_t'(config_i[CfgLatentShift]),
                             config_i[CfgLatentMax]);
  always_ff @(posedge clk_i) begin
    if (advance) begin
      valid2_q <= valid1_q;
      code2_q <= of_states_q ? ring_data_i : operand_t'(latent);
      before2_q <= of_states_q ? past_q : latent_before_q;
      column2_q <= column1_q;
      chain2_q <= chain1_q;
      state2_q <= state1_q;
      chain_last2_q <= chain_last1_q;
      last2_q <= last1_q;
    end
    if (!rst_ni) valid2_q <= 1'b0;
  end

  // 2: offered; with the last chain of a unit, its column if any chain changed. All stages wait where
  // the lanes do not take a column, also for an operand that did not change: nearly as early, and the
  // comparison is not in the way.
  logic changed, column_changed_q, offers;
  assign changed = valid2_q & (code2_q != before2_q);
  assign offers = changed | (valid2_q & chain_last2_q & column_changed_q);
  assign advance = ready_i;
  assign done_o = valid2_q & last2_q & advance;
  always_comb begin
    change_o.operand = changed & ready_i;
    change_o.chain = chain2_q;
    change_o.difference = code2_q - before2_q;
    change_o.column = offers & chain_last2_q & ready_i;
    change_o.index = config_i[CfgChannels][15:0] + column2_q +
                     (of_states_q ? config_i[CfgLatent][15:0] : '0);
  end
  always_ff @(posedge clk_i) begin
    if (valid2_q && advance) column_changed_q <= ~chain_last2_q & (column_changed_q | changed);
    if (!rst_ni) column_changed_q <= 1'b0;
  end
  logic write_latent, write_past, latents_upset, past_upset;
  assign write_latent = change_o.operand & ~of_states_q;
  assign write_past = change_o.operand & of_states_q;
  aegru_memory #(
    .Width(OperandWidth), .Depth(MaxLatent), .Protected(Protected)
  ) i_latents (
    .clk_i, .write_i(clear_i | write_latent),
    .write_address_i(clear_i ? latent_at_t'(clear_address_i) : latent_at_t'(column2_q)),
    .write_data_i(clear_i ? '0 : code2_q), .read_i(read_latent),
    .read_address_i(latent_at_t'(column_q)), .clear_i(1'b0), .data_o(latent_before_q),
    .upset_o(latents_upset)
  );
  aegru_memory #(
    .Width(OperandWidth), .Depth(StateDepth), .Protected(Protected)
  ) i_past (
    .clk_i, .write_i((clear_i && 32'(clear_address_i) < StateDepth) || write_past),
    .write_address_i(clear_i ? state_at_t'(clear_address_i) : state2_q),
    .write_data_i(clear_i ? '0 : code2_q), .read_i(ring_read_o | past_read_i),
    .read_address_i(walks_states ? state_at_t'(state_q) : state_at_t'(past_address_i)),
    .clear_i(1'b0), .data_o(past_q), .upset_o(past_upset)
  );
  assign upset_o = latents_upset | past_upset;

`ifdef SIMULATION
  one_reader: assert property (@(posedge clk_i) disable iff (!rst_ni)
    !(walking_q && of_states_q && past_read_i));
`endif
endmodule
