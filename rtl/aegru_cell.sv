/// Elementwise work of one GRU cell: gates, candidate, mixed state, LayerNorm, readout.
///
/// Two passes over the hidden units, U cycles a unit: 1, or 4 where there are few lanes. Pass 1 takes
/// unit q through the gates to the mixed state m = n + z·(h - n) and its sums S = sum m and
/// Q = sum m². Then V = H·Q - S² + epsilon and its 1/sqrt from the table. Pass 2 normalises, scales,
/// sends the state to the ring and adds it to the two velocity accumulators. Takes 2·U·H + 29
/// cycles, the one of start_i included.
module aegru_cell import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxHidden = 64,
  /// Past states of a tick.
  parameter int unsigned StateDepth = 256,
  /// Bits of the address of the gates' and the candidate's table.
  parameter int unsigned TableBits = 10,
  /// Gates whose products the lanes show at once.
  parameter int unsigned GatesAtOnce = 3,
  parameter string ImagePrefix = "",
  parameter config_t FixedConfig = '0
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  load_t    load_i,
  input  config_t  config_i,
  /// Begin a cell; the next six are sampled with it.
  input  logic     start_i,
  /// This is g_1: its past state is 0 and its recurrent product is the bias alone.
  input  logic     first_i,
  /// Half of the product buffer.
  input  logic     half_i,
  /// Where the past state starts among those of the tick, and where the new one goes in the ring.
  input  index_t   read_base_i,
  input  index_t   write_base_i,
  /// The new state is kept in the ring.
  input  logic     keep_i,
  /// This is g_N: its state makes the velocity.
  input  logic     readout_i,
  output logic     busy_o,
  /// High in the last cycle of the cell.
  output logic     done_o,
  /// Slot of the products wanted from the lanes, shown one cycle later: all gates, or the one asked.
  output logic [6:0] product_slot_o,
  output logic [1:0] product_gate_o,
  output logic     product_half_o,
  /// Products are wanted.
  output logic     product_read_o,
  input  acc_t input_product_i[Lanes][GatesAtOnce],
  input  acc_t recurrent_product_i[Lanes][GatesAtOnce],
  /// Past states of the tick.
  input  past_t    past_i,
  output logic     ring_write_o,
  output index_t   ring_address_o,
  output operand_t ring_data_o,
  /// Velocity codes, valid for one cycle.
  output logic     velocity_valid_o,
  output logic signed [31:0] velocity_o[2],
  /// Readout multiply-accumulates done in this cycle, 0 to 2.
  output logic [1:0] readout_macs_o
);
  localparam int unsigned HiddenBits = $clog2(MaxHidden);
  localparam int unsigned StateBits = $clog2(StateDepth);
  localparam int unsigned UnitCycles = unit_cycles(Lanes);
  localparam bit Serial = UnitCycles != 1;
  /// Stage in which a unit leaves the gates.
  localparam int unsigned Out = Serial ? 12 : 11;
  localparam bit IsFixed = FixedConfig != '0;
  localparam int unsigned MixedWidth =
    IsFixed ? bits_between(FixedConfig[CfgMixedMin], FixedConfig[CfgMixedMax]) : CodeWidth;
  localparam int unsigned NormalisedWidth =
    IsFixed ? bits_between(FixedConfig[CfgNormalisedMin], FixedConfig[CfgNormalisedMax])
            : CodeWidth;
  /// Normalising never shifts to the left.
  localparam bit RightOnly = IsFixed && signed'(FixedConfig[CfgNormalisedShift]) >= 0;
  typedef logic [HiddenBits-1:0] unit_t;
  typedef logic signed [MixedWidth-1:0] mixed_t;
  /// The difference between past state and candidate, both aligned.
  typedef logic signed [CodeWidth+7:0] difference_t;
  /// Sums over all units of the mixed state and of its square.
  typedef logic signed [MixedWidth+HiddenBits-1:0] total_t;
  typedef logic signed [2*MixedWidth+HiddenBits-1:0] squares_t;
  localparam int unsigned VarianceWidth =
    (2 * MixedWidth + 2 * HiddenBits + 2 < MaxVarianceWidth)
    ? 2 * MixedWidth + 2 * HiddenBits + 2 : MaxVarianceWidth;
  typedef logic signed [VarianceWidth-1:0] variance_t;
  /// H times a mixed state minus the sum.
  typedef logic signed [MixedWidth+HiddenBits:0] deviation_t;

  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction

  // Sequence of a cell: pass 1, moments, pass 2.
  typedef enum logic [2:0] {Idle, Gather, Moments, Normalise, Finish} phase_e;
  phase_e phase_q;
  logic [4:0] wait_q;
  logic [1:0] beat_q;  // cycle of the unit
  unit_t unit_q;
  logic first_q, half_q, keep_q, makes_velocity_q, unit_last, beat_last, active;
  assign unit_last = 32'(unit_q) + 32'd1 == config_i[CfgHidden];
  assign beat_last = 32'(beat_q) + 32'd1 == UnitCycles;
  assign busy_o = phase_q != Idle;
  // With one gate after the other the unit is busy most of the time: nothing to be saved.
  assign active = Serial | busy_o | start_i;
  assign done_o = (phase_q == Finish) & (wait_q == 5'd0);
  assign product_read_o = phase_q == Gather;

  always_ff @(posedge clk_i) begin
    wait_q <= wait_q - 5'd1;
    if (phase_q == Gather || phase_q == Normalise) begin
      beat_q <= beat_last ? 2'd0 : beat_q + 2'd1;
      if (beat_last) unit_q <= unit_last ? '0 : unit_q + 1'b1;
    end
    case (phase_q)
      Gather: if (unit_last && beat_last) begin phase_q <= Moments; wait_q <= 5'd18; end
      Moments: if (wait_q == 5'd0) phase_q <= Normalise;
      Normalise: if (unit_last && beat_last) begin phase_q <= Finish; wait_q <= 5'd8; end
      Finish: if (wait_q == 5'd0) phase_q <= Idle;
      default: ;
    endcase
    if (start_i) begin
      phase_q <= Gather;
      beat_q <= '0;
      unit_q <= '0;
      first_q <= first_i;
      half_q <= half_i;
      keep_q <= keep_i;
      makes_velocity_q <= readout_i;
    end
    if (!rst_ni) phase_q <= Idle;
  end

  // Pass 1. Stage numbers count from the cycle in which the unit is presented.
  logic [Out+5:1] gather_q;  // stage k holds a unit
  code_t update, candidate;
  if (Serial) begin : gen_gates
    aegru_gates_serial #(
      .Lanes(Lanes), .MaxHidden(MaxHidden), .TableBits(TableBits), .ImagePrefix(ImagePrefix),
      .FixedConfig(FixedConfig)
    ) i_gates (
      .clk_i, .load_i, .config_i, .unit_i(unit_q), .beat_i(beat_q), .first_i(first_q),
      .half_i(half_q), .product_slot_o, .product_gate_o, .product_half_o, .input_product_i,
      .recurrent_product_i, .update_o(update), .candidate_o(candidate)
    );
  end else begin : gen_gates
    assign product_gate_o = '0;
    aegru_gates #(
      .Lanes(Lanes), .MaxHidden(MaxHidden), .TableBits(TableBits), .ImagePrefix(ImagePrefix),
      .FixedConfig(FixedConfig)
    ) i_gates (
      .clk_i, .load_i, .config_i, .active_i(active), .unit_i(unit_q), .first_i(first_q),
      .half_i(half_q),
      .product_slot_o, .product_half_o, .input_product_i, .recurrent_product_i,
      .update_o(update), .candidate_o(candidate)
    );
  end

  // The past state, in time for the candidate.
  operand_t past[StateDepth];
  operand_t past_read_q, past_q;
  index_t past_address_q;
  always_ff @(posedge clk_i) begin
    if (start_i) past_address_q <= read_base_i;
    else if (gather_q[Out-2]) past_address_q <= past_address_q + 16'd1;
    if (past_i.valid) past[past_i.address[StateBits-1:0]] <= past_i.data;
    past_read_q <= past[past_address_q[StateBits-1:0]];
    past_q <= first_q ? '0 : past_read_q;
  end

  // Mixed state, four stages after the gates.
  sum_t candidate1_q, candidate2_q, gated2_q, mixed3_q;
  difference_t difference1_q;
  code_t update1_q;
  mixed_t mixed4_q, mixed5_q;
  always_ff @(posedge clk_i) begin
    gather_q <= {gather_q[Out+4:1], (phase_q == Gather) & (beat_q == '0)};
    if (!rst_ni) gather_q <= '0;
  end
  always_ff @(posedge clk_i) if (active) begin
    candidate1_q <= sum_t'(candidate) <<< config_i[CfgMixCandidateAlign][5:0];
    candidate2_q <= candidate1_q <<< config_i[CfgUpdateFraction][5:0];
    difference1_q <= (difference_t'(past_q) <<< config_i[CfgMixStateAlign][5:0]) -
                     (difference_t'(candidate) <<< config_i[CfgMixCandidateAlign][5:0]);
    update1_q <= update;
    gated2_q <= sum_t'(update1_q) * sum_t'(difference1_q);
    mixed3_q <= candidate2_q + gated2_q;
    mixed4_q <= mixed_t'(requantize(wide_t'(mixed3_q), shift_of(config_i[CfgMixShift]),
                                    config_i[CfgMixedMax]));
    mixed5_q <= mixed4_q;
  end

  // Sums of the mixed state, then 1/sqrt(V), V = H·Q - S² + epsilon; each follows from the ones
  // before, which stay as they are.
  mixed_t mixed_state[MaxHidden];
  logic [11:0] rsqrt[64], rsqrt_q;
  unit_t mixed_unit_q;
  total_t total_q, squared;
  logic signed [2*$bits(total_t)-1:0] square_q;
  squares_t squares_q;
  variance_t variance_q;
  logic [5:0] leading, leading_q, rsqrt_address_q, exponent_q;
  logic [VarianceWidth-1:0] mantissa;
  logic signed [HiddenBits+1:0] hidden;
  assign hidden = config_i[CfgHidden][HiddenBits+1:0];
  // One multiplier squares the mixed states, and then their sum.
  assign squared = gather_q[Out+4] ? total_t'(mixed4_q) : total_q;

  always_comb begin
    leading = '0;
    for (int unsigned i = 0; i < VarianceWidth; i++) if (variance_q[i]) leading = 6'(i);
    mantissa = (leading_q >= 6'd5) ? unsigned'(variance_q) >> (leading_q - 6'd5)
                                   : unsigned'(variance_q) << (6'd5 - leading_q);
  end

  if (ImagePrefix != "") begin : gen_rsqrt
    initial $readmemh({ImagePrefix, "rsqrt.hex"}, rsqrt);
  end
  always_ff @(posedge clk_i) begin
    if (load_i.valid && load_i.select == SelectRsqrt)
      rsqrt[load_i.address[5:0]] <= load_i.data[11:0];
    if (gather_q[Out+4]) mixed_state[mixed_unit_q] <= mixed4_q;
  end
  always_ff @(posedge clk_i) if (active) begin
    square_q <= squared * squared;
    if (start_i) mixed_unit_q <= '0;
    else if (gather_q[Out+4]) mixed_unit_q <= mixed_unit_q + 1'b1;
    if (start_i) begin
      total_q <= '0;
      squares_q <= '0;
    end else if (gather_q[Out+5]) begin
      total_q <= total_q + total_t'(mixed5_q);
      squares_q <= squares_q + squares_t'(square_q);
    end
    variance_q <= variance_t'(hidden) * variance_t'(squares_q) - variance_t'(square_q) +
                  variance_t'({config_i[CfgEpsilonHigh], config_i[CfgEpsilonLow]});
    leading_q <= leading;
    rsqrt_address_q <= {leading_q[0], mantissa[4:0]};
    exponent_q <= leading_q >> 1;
    rsqrt_q <= rsqrt[rsqrt_address_q];
  end

  // Pass 2.
  logic [9:1] normalise_q;   // stage k holds a unit
  unit_t norm_unit_q, readout_unit_q;
  logic [31:0] norm[MaxHidden], norm_q;  // scale, bias
  mixed_t mixed1_q, mixed_at_q[2:7];
  deviation_t deviation2_q;
  logic signed [$bits(deviation_t)+12:0] product3_q;
  cut_t cut4_q;
  logic signed [NormalisedWidth-1:0] normalised5_q;
  acc_t norm_bias6_q;
  sum_t product6_q, scaled7_q;
  operand_t state8_q;
  shift_t normalised_shift;
  wide_t plain, scaled;

  assign normalised_shift = shift_of(config_i[CfgNormalisedShift]) + shift_t'({1'b0, exponent_q});
  assign plain = requantize(wide_t'(mixed_at_q[7]), shift_of(config_i[CfgPlainShift]),
                            config_i[CfgStateMax]);
  assign scaled = requantize(wide_t'(scaled7_q), shift_of(config_i[CfgStateShift]),
                             config_i[CfgStateMax]);

  if (ImagePrefix != "") begin : gen_norm
    initial $readmemh({ImagePrefix, "norm.hex"}, norm);
  end
  always_ff @(posedge clk_i) begin
    if (load_i.valid && load_i.select == SelectNorm)
      norm[load_i.address[HiddenBits-1:0]] <= load_i.data;
    normalise_q <= {normalise_q[8:1], (phase_q == Normalise) & (beat_q == '0)};
    if (!rst_ni) normalise_q <= '0;
  end
  always_ff @(posedge clk_i) if (active) begin
    if (start_i) begin
      norm_unit_q <= '0;
      readout_unit_q <= '0;
      ring_address_o <= write_base_i;
    end else begin
      if (normalise_q[4]) norm_unit_q <= norm_unit_q + 1'b1;
      if (normalise_q[7]) readout_unit_q <= readout_unit_q + 1'b1;
      if (normalise_q[8]) ring_address_o <= ring_address_o + 16'd1;
    end
    mixed1_q <= mixed_state[unit_q];
    mixed_at_q[2] <= mixed1_q;
    for (int i = 3; i <= 7; i++) mixed_at_q[i] <= mixed_at_q[i-1];
    deviation2_q <= deviation_t'(hidden) * deviation_t'(mixed1_q) - deviation_t'(total_q);
    product3_q <= $bits(product3_q)'(deviation2_q) * $bits(product3_q)'({1'b0, rsqrt_q});
    cut4_q <= RightOnly ? cut_right(wide_t'(product3_q), normalised_shift[5:0])
                        : cut(wide_t'(product3_q), normalised_shift);
    normalised5_q <= NormalisedWidth'(saturate(cut4_q, config_i[CfgNormalisedMax]));
    norm_q <= norm[norm_unit_q];
    product6_q <= sum_t'(signed'(norm_q[31-:WeightWidth])) * sum_t'(normalised5_q);
    norm_bias6_q <= norm_q[AccWidth-1:0];
    scaled7_q <= product6_q + sum_t'(norm_bias6_q);
    state8_q <= operand_t'((config_i[CfgNorm] != '0) ? scaled : plain);
  end

  // The new state goes to the ring and to the velocity.
  assign ring_write_o = normalise_q[8] & keep_q;
  assign ring_data_o = state8_q;

  logic [2*WeightWidth-1:0] readout[MaxHidden], readout8_q;  // y, x
  weight_t weight[2];
  acc_t product[2], velocity_sum_q[2];
  logic [1:0] sum_valid;
  assign weight[0] = readout8_q[WeightWidth-1:0];
  if (ImagePrefix != "") begin : gen_readout
    initial $readmemh({ImagePrefix, "readout.hex"}, readout);
  end
  always_ff @(posedge clk_i) begin
    if (load_i.valid && load_i.select == SelectReadout)
      readout[load_i.address[HiddenBits-1:0]] <= load_i.data[2*WeightWidth-1:0];
    readout8_q <= readout[readout_unit_q];
  end
  if (Serial) begin : gen_axes
    // One multiplier: x, and y a cycle later.
    operand_t state9_q, state;
    weight_t y9_q, axis_weight;
    logic late_q;
    assign weight[1] = y9_q;
    assign state = normalise_q[9] ? state9_q : state8_q;
    assign axis_weight = normalise_q[9] ? weight[1] : weight[0];
    assign sum_valid = {late_q, normalise_q[9]};
    acc_t product_q;
    assign product = '{product_q, product_q};
    always_ff @(posedge clk_i) begin
      state9_q <= state8_q;
      y9_q <= readout8_q[WeightWidth+:WeightWidth];
      late_q <= normalise_q[9];
      product_q <= acc_t'(axis_weight) * acc_t'(state);
    end
  end else begin : gen_axes
    assign weight[1] = readout8_q[WeightWidth+:WeightWidth];
    assign sum_valid = {2{normalise_q[9]}};
    for (genvar i = 0; i < 2; i++) begin : gen_product
      acc_t product_q;
      always_ff @(posedge clk_i) product_q <= acc_t'(weight[i]) * acc_t'(state8_q);
      assign product[i] = product_q;
    end
  end
  for (genvar i = 0; i < 2; i++) begin : gen_velocity
    always_ff @(posedge clk_i) begin
      if (start_i) velocity_sum_q[i] <= config_i[CfgReadoutBias0 + 6'(i)][AccWidth-1:0];
      else if (sum_valid[i]) velocity_sum_q[i] <= velocity_sum_q[i] + product[i];
    end
    assign velocity_o[i] = 32'(requantize(wide_t'(velocity_sum_q[i]),
      shift_of(config_i[CfgVelocityShift]), config_i[CfgVelocityMax]));
  end
  logic velocity_ready_q;
  always_ff @(posedge clk_i) velocity_ready_q <= rst_ni & done_o & makes_velocity_q;
  assign velocity_valid_o = velocity_ready_q;
  logic [1:0] used;
  for (genvar i = 0; i < 2; i++) begin : gen_used
    assign used[i] = readout8_q[i*WeightWidth+:WeightWidth] != '0;
  end
  assign readout_macs_o = (normalise_q[8] & makes_velocity_q) ? 2'(used[0]) + 2'(used[1]) : 2'd0;

`ifdef SIMULATION
  not_restarted: assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o);
`endif
endmodule
