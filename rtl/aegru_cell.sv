/// Elementwise work of one GRU cell: gates, candidate, mixed state, LayerNorm, readout.
///
/// Two passes over the hidden units, U cycles a unit: 1, or 4 where there are few lanes. Pass 1 takes
/// unit q through the gates to the mixed state m = n + z·(h - n) and its sums S = sum m and
/// Q = sum m². Then V = H·Q - S² + epsilon and its 1/sqrt from the table. Pass 2 normalises, scales,
/// sends the state to the ring and adds it to the two velocity accumulators. A cell takes
/// 2·U·H + 29 cycles, the one of start_i included; the next one may begin U·H + 6 after it. Where U is
/// 4, 1/sqrt(V) takes eight cycles more: 2·U·H + 37 and U·H + 12.
module aegru_cell import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxHidden = 64,
  /// Bits of the address of the gates' and the candidate's table.
  parameter int unsigned TableBits = 10,
  /// Bits of the products, of the velocities' sums and of LayerNorm's biases.
  parameter int unsigned AccumulatorBits = AccWidth,
  /// Gates whose products the lanes show at once.
  parameter int unsigned GatesAtOnce = 3,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0,
  parameter string ImagePrefix = "",
  parameter config_t FixedConfig = '0
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  load_t    load_i,
  input  config_t  config_i,
  /// Begin a cell; the next three are sampled with it. Cells come in the order g_N, g_2, ...,
  /// g_(N-1), g_1.
  input  logic     start_i,
  /// A cell may begin in this cycle.
  output logic     ready_o,
  /// This is g_1: its past state is 0 and its recurrent product is the bias alone.
  input  logic     first_i,
  /// Chain of the recurrent product.
  input  index_t   chain_i,
  /// This is g_N: its state makes the velocity, and the others' go to the ring.
  input  logic     readout_i,
  /// The tick's slot of the ring.
  input  index_t   slot_i,
  output logic     busy_o,
  /// Past states or recurrent products of the tick are still to be read.
  output logic     past_busy_o,
  /// Slot of the products wanted from the lanes, shown one cycle later: all gates, or the one asked.
  output logic [6:0] product_slot_o,
  output logic [1:0] product_gate_o,
  output index_t   product_chain_o,
  /// Products are wanted, of one lane.
  output logic     product_read_o,
  output logic [Lanes-1:0] product_lane_o,
  input  acc_t input_product_i[Lanes][GatesAtOnce],
  input  acc_t recurrent_product_i[Lanes][GatesAtOnce],
  /// A past state of the tick is wanted; it shows in the next cycle.
  output logic     past_read_o,
  output index_t   past_address_o,
  input  operand_t past_i,
  output logic     ring_write_o,
  output index_t   ring_address_o,
  output operand_t ring_data_o,
  /// A velocity code: axis 0, and in the next cycle axis 1.
  output logic     velocity_valid_o,
  output logic     velocity_axis_o,
  output logic signed [31:0] velocity_o,
  /// Readout multiply-accumulates done in this cycle, 0 to 2.
  output logic [1:0] readout_macs_o,
  /// A word was read that is not what was written.
  output logic     upset_o,
  /// What the load bus asks for, sign-extended; zero of other memories.
  output logic [31:0] back_o
);
  localparam int unsigned HiddenBits = $clog2(MaxHidden);
  localparam int unsigned UnitCycles = unit_cycles(Lanes);
  localparam bit Serial = UnitCycles != 1;
  /// Stage in which a unit leaves the gates.
  localparam int unsigned Out = 11;
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
  /// The difference between past state and candidate, both aligned; mixed with the candidate; the
  /// normalised state, scaled and with its bias.
  localparam int unsigned DifferenceWidth = IsFixed
    ? 1 + at_least(OperandWidth + FixedConfig[CfgMixStateAlign],
                   FixedConfig[CfgTanhWidth] + FixedConfig[CfgMixCandidateAlign])
    : CodeWidth + 8;
  localparam int unsigned MixWidth = IsFixed
    ? 2 + DifferenceWidth + at_least(FixedConfig[CfgSigmoidWidth], FixedConfig[CfgUpdateFraction])
    : SumWidth;
  localparam int unsigned ScaledWidth =
    IsFixed ? 1 + at_least(NormalisedWidth + WeightWidth, AccumulatorBits) : SumWidth;
  typedef logic signed [DifferenceWidth-1:0] difference_t;
  typedef logic signed [MixWidth-1:0] mix_t;
  typedef logic signed [ScaledWidth-1:0] scaled_t;
  typedef logic signed [AccumulatorBits-1:0] velocity_sum_t;
  /// Sums over all units of the mixed state and of its square.
  typedef logic signed [MixedWidth+HiddenBits-1:0] total_t;
  typedef logic signed [2*MixedWidth+HiddenBits-1:0] squares_t;
  localparam int unsigned VarianceWidth =
    (2 * MixedWidth + 2 * HiddenBits + 2 < MaxVarianceWidth)
    ? 2 * MixedWidth + 2 * HiddenBits + 2 : MaxVarianceWidth;
  typedef logic signed [VarianceWidth-1:0] variance_t;
  /// H times a mixed state minus the sum.
  typedef logic signed [MixedWidth+HiddenBits:0] deviation_t;

  function automatic unit_t next_unit(unit_t unit);
    return (32'(unit) + 32'd1 == config_i[CfgHidden]) ? '0 : unit + 1'b1;
  endfunction
  // The address so much further in the tick's slot of the ring, back at its start after its end.
  function automatic index_t after(index_t address, index_t by);
    return (address + by == slot_i + config_i[CfgRingStride][15:0]) ? slot_i : address + by;
  endfunction
  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction

  // Pass 1 presents unit after unit. What follows is a pipeline: pass 2 begins 20 cycles after the
  // last unit of pass 1, or 28 where 1/sqrt takes its time, whatever cell has begun since.
  localparam int unsigned ToNormalise = Serial ? 27 : 19, ToScale = ToNormalise + 2, ToEnd = 9;
  localparam int unsigned ToNext = Serial ? 11 : 5;
  logic gathering_q, normalising_q, first_q, makes_velocity_q, active_q;
  logic unit_last, beat_last, normalised_last, normalise_beat_last;
  logic done;  // last cycle of a cell
  logic [1:0] beat_q, normalise_beat_q;  // cycle of the unit
  unit_t unit_q, normalise_unit_q;
  index_t chain_q;
  logic [ToScale:1] gathered_q;    // stage k: k cycles since the last unit of pass 1
  logic [ToEnd:1] normalised_q;  // and of pass 2
  assign unit_last = 32'(unit_q) + 32'd1 == config_i[CfgHidden];
  assign beat_last = 32'(beat_q) + 32'd1 == UnitCycles;
  assign normalised_last = 32'(normalise_unit_q) + 32'd1 == config_i[CfgHidden];
  assign normalise_beat_last = 32'(normalise_beat_q) + 32'd1 == UnitCycles;
  assign busy_o = gathering_q | normalising_q | (gathered_q != '0) | (normalised_q != '0);
  // The next cell's mixed states come when those before have been read, its sums when they are used.
  assign ready_o = ~gathering_q & (gathered_q[ToNext:1] == '0);
  assign done = normalised_q[ToEnd];
  assign product_read_o = gathering_q;

  always_ff @(posedge clk_i) begin
    active_q <= busy_o | start_i | ~rst_ni;
    if (gathering_q) begin
      beat_q <= beat_last ? 2'd0 : beat_q + 2'd1;
      if (beat_last) unit_q <= unit_last ? '0 : unit_q + 1'b1;
      if (beat_last && unit_last) gathering_q <= 1'b0;
    end
    gathered_q <= {gathered_q[ToScale-1:1], gathering_q & beat_last & unit_last};
    if (normalising_q) begin
      normalise_beat_q <= normalise_beat_last ? 2'd0 : normalise_beat_q + 2'd1;
      if (normalise_beat_last)
        normalise_unit_q <= normalised_last ? '0 : normalise_unit_q + 1'b1;
      if (normalise_beat_last && normalised_last) normalising_q <= 1'b0;
    end
    normalised_q <= {normalised_q[ToEnd-1:1],
                     normalising_q & normalise_beat_last & normalised_last};
    if (gathered_q[ToNormalise]) normalising_q <= 1'b1;
    if (done) makes_velocity_q <= 1'b0;
    if (start_i) begin
      gathering_q <= 1'b1;
      first_q <= first_i;
      chain_q <= chain_i;
      if (readout_i) makes_velocity_q <= 1'b1;
    end
    if (!rst_ni) begin
      gathering_q <= 1'b0;
      normalising_q <= 1'b0;
      gathered_q <= '0;
      normalised_q <= '0;
      beat_q <= '0;
      unit_q <= '0;
      normalise_beat_q <= '0;
      normalise_unit_q <= '0;
    end
  end

  // Pass 1. Stage numbers count from the cycle in which the unit is presented.
  logic [Out+5:1] gather_q;      // stage k holds a unit
  logic [Out-1:1] recurrent_q;   // and it has a past state
  code_t update, candidate;
  logic gates_upset, mixed_upset, rsqrt_upset, norm_upset, readout_upset;
  logic [2:0] back, back_q;  // of 1/sqrt, LayerNorm, readout
  logic [31:0] gates_back;
  assign back = {asked(load_i, SelectReadout), asked(load_i, SelectNorm),
                 asked(load_i, SelectRsqrt)};
  always_ff @(posedge clk_i) back_q <= back;
  assign upset_o = gates_upset | mixed_upset | rsqrt_upset | norm_upset | readout_upset;
  if (Serial) begin : gen_gates
    aegru_gates_serial #(
      .Lanes(Lanes), .MaxHidden(MaxHidden), .TableBits(TableBits),
      .AccumulatorBits(AccumulatorBits), .Protected(Protected), .ImagePrefix(ImagePrefix),
      .FixedConfig(FixedConfig)
    ) i_gates (
      .clk_i, .load_i, .config_i, .active_i(active_q), .unit_i(unit_q), .beat_i(beat_q),
      .first_i(first_q),
      .product_slot_o, .product_lane_o, .product_gate_o, .input_product_i, .recurrent_product_i,
      .update_o(update), .candidate_o(candidate), .upset_o(gates_upset),
      .back_o(gates_back)
    );
  end else begin : gen_gates
    assign product_gate_o = '0;
    aegru_gates #(
      .Lanes(Lanes), .MaxHidden(MaxHidden), .TableBits(TableBits),
      .AccumulatorBits(AccumulatorBits), .Protected(Protected), .ImagePrefix(ImagePrefix),
      .FixedConfig(FixedConfig)
    ) i_gates (
      .clk_i, .load_i, .config_i, .active_i(active_q), .unit_i(unit_q), .first_i(first_q),
      .product_slot_o, .product_lane_o, .input_product_i, .recurrent_product_i,
      .update_o(update), .candidate_o(candidate), .upset_o(gates_upset),
      .back_o(gates_back)
    );
  end

  // The past state, in time for the candidate: of g_N, which comes first, and then of g_2 and on.
  operand_t past_q;
  index_t stride;
  assign stride = config_i[CfgRingStride][15:0];
  always_ff @(posedge clk_i) begin
    if (start_i && readout_i) past_address_o <= stride - config_i[CfgHidden][15:0];
    else if (past_read_o)
      past_address_o <= (past_address_o + 16'd1 == stride) ? '0 : past_address_o + 16'd1;
    past_q <= recurrent_q[Out-1] ? past_i : '0;
    recurrent_q <= {recurrent_q[Out-2:1], gathering_q & (beat_q == '0) & ~first_q};
    if (!rst_ni) recurrent_q <= '0;
  end
  assign past_read_o = recurrent_q[Out-2];
  assign past_busy_o = (gathering_q & ~first_q) | (recurrent_q[Out-2:1] != '0);
  assign product_chain_o = chain_q;

  // Mixed state, four stages after the gates.
  mix_t candidate1_q, candidate2_q, gated2_q, mixed3_q;
  difference_t difference1_q;
  code_t update1_q;
  mixed_t mixed4_q, mixed5_q;
  always_ff @(posedge clk_i) begin
    gather_q <= {gather_q[Out+4:1], gathering_q & (beat_q == '0)};
    if (!rst_ni) gather_q <= '0;
  end
  always_ff @(posedge clk_i) if (active_q) begin
    candidate1_q <= mix_t'(candidate) <<< config_i[CfgMixCandidateAlign][5:0];
    candidate2_q <= candidate1_q <<< config_i[CfgUpdateFraction][5:0];
    difference1_q <= (difference_t'(past_q) <<< config_i[CfgMixStateAlign][5:0]) -
                     (difference_t'(candidate) <<< config_i[CfgMixCandidateAlign][5:0]);
    update1_q <= update;
    gated2_q <= mix_t'(update1_q) * mix_t'(difference1_q);
    mixed3_q <= candidate2_q + gated2_q;
    mixed4_q <= mixed_t'(requantize(wide_t'(mixed3_q), shift_of(config_i[CfgMixShift]),
                                    config_i[CfgMixedMax]));
    mixed5_q <= mixed4_q;
  end

  // Sums of the mixed state, then 1/sqrt(V), V = H·Q - S² + epsilon: each follows from the ones
  // before, and what pass 2 needs is held for it.
  localparam string RsqrtImage = (ImagePrefix == "") ? "" : {ImagePrefix, "rsqrt.hex"};
  logic [11:0] rsqrt_q;
  unit_t mixed_unit_q;
  logic opens_q;  // the sums begin with this unit
  total_t total_q, total_held_q, squared;
  logic signed [2*$bits(total_t)-1:0] square_q;
  squares_t squares_q;
  variance_t variance_q;
  logic [5:0] exponent, exponent_q, rsqrt_address;
  logic signed [HiddenBits+1:0] hidden;
  assign hidden = config_i[CfgHidden][HiddenBits+1:0];
  // One multiplier squares the mixed states, and then their sum.
  assign squared = gather_q[Out+4] ? total_t'(mixed4_q) : total_q;

  aegru_memory #(
    .Width(12), .Depth(64), .Protected(Protected), .Image(RsqrtImage)
  ) i_rsqrt (
    .clk_i, .write_i(load_i.valid && load_i.select == SelectRsqrt),
    .write_address_i(load_i.address[5:0]), .write_data_i(load_i.data[11:0]),
    .read_i((active_q & gathered_q[ToScale]) | back[0]),
    .read_address_i(back[0] ? load_i.address[5:0] : rsqrt_address), .clear_i(1'b0),
    .data_o(rsqrt_q), .upset_o(rsqrt_upset)
  );
  always_ff @(posedge clk_i) if (active_q) begin
    square_q <= squared * squared;
    if (gather_q[Out+4]) mixed_unit_q <= next_unit(mixed_unit_q);
    opens_q <= mixed_unit_q == '0;
    if (gather_q[Out+5]) begin
      total_q <= (opens_q ? '0 : total_q) + total_t'(mixed5_q);
      squares_q <= (opens_q ? '0 : squares_q) + squares_t'(square_q);
    end
    if (gathered_q[ToNormalise]) total_held_q <= total_q;
    variance_q <= variance_t'(hidden) * variance_t'(squares_q) - variance_t'(square_q) +
                  variance_t'({config_i[CfgEpsilonHigh], config_i[CfgEpsilonLow]});
    if (gathered_q[ToScale]) exponent_q <= exponent;
    if (!rst_ni) mixed_unit_q <= '0;
  end

  // V = 2^(2·exponent) · {1, address}: the table's address is the parity of V's leading bit, and the
  // five bits below it.
  if (Serial) begin : gen_leading
    // Four bits a cycle, until one of the upper four is set.
    localparam int unsigned Digits = (VarianceWidth + 3) / 4;
    logic [4*Digits-1:0] shifted_q;
    logic [3:0] digit_q, top;
    logic [5:0] below[4];
    assign top = shifted_q[4*Digits-1-:4];
    always_ff @(posedge clk_i) begin
      if (gathered_q[16]) begin
        shifted_q <= (4 * Digits)'(unsigned'(variance_q));
        digit_q <= 4'(Digits - 1);
      end else if (top == '0) begin
        shifted_q <= shifted_q << 4;
        digit_q <= digit_q - 4'd1;
      end
    end
    for (genvar i = 0; i < 4; i++) begin : gen_below
      assign below[i] = {1'(i), shifted_q[4*Digits-5+i-:5]};
    end
    assign exponent = {1'b0, digit_q, top[3] | top[2]};
    assign rsqrt_address = top[3] ? below[3] : top[2] ? below[2] : top[1] ? below[1] : below[0];
  end else begin : gen_leading
    logic [5:0] leading, leading_q, address_q;
    logic [VarianceWidth-1:0] mantissa;
    always_comb begin
      leading = '0;
      for (int unsigned i = 0; i < VarianceWidth; i++) if (variance_q[i]) leading = 6'(i);
      mantissa = (leading_q >= 6'd5) ? unsigned'(variance_q) >> (leading_q - 6'd5)
                                     : unsigned'(variance_q) << (6'd5 - leading_q);
    end
    always_ff @(posedge clk_i) begin
      leading_q <= leading;
      address_q <= {leading_q[0], mantissa[4:0]};
    end
    assign exponent = leading_q >> 1;
    assign rsqrt_address = address_q;
  end

  // Pass 2.
  logic [9:1] normalise_q;   // stage k holds a unit
  unit_t norm_unit_q, readout_unit_q;
  localparam string NormImage = (ImagePrefix == "") ? "" : {ImagePrefix, "norm.hex"};
  logic [31:0] norm_q;  // scale, bias
  mixed_t mixed1_q, mixed_at_q[2:7];
  deviation_t deviation2_q;
  logic signed [$bits(deviation_t)+12:0] product3_q;
  cut_t cut4_q;
  logic signed [NormalisedWidth-1:0] normalised5_q;
  scaled_t norm_bias6, product6_q, scaled7_q;
  operand_t state8_q;
  shift_t normalised_shift;
  wide_t plain, scaled;

  assign normalised_shift = shift_of(config_i[CfgNormalisedShift]) + shift_t'({1'b0, exponent_q});
  assign plain = requantize(wide_t'(mixed_at_q[7]), shift_of(config_i[CfgPlainShift]),
                            config_i[CfgStateMax]);
  assign scaled = requantize(wide_t'(scaled7_q), shift_of(config_i[CfgStateShift]),
                             config_i[CfgStateMax]);

  aegru_memory #(
    .Width(MixedWidth), .Depth(MaxHidden), .Protected(Protected)
  ) i_mixed_state (
    .clk_i, .write_i(gather_q[Out+4]), .write_address_i(mixed_unit_q), .write_data_i(mixed4_q),
    .read_i(active_q), .read_address_i(normalise_unit_q), .clear_i(1'b0), .data_o(mixed1_q),
    .upset_o(mixed_upset)
  );
  aegru_memory #(
    .Width(32), .Depth(MaxHidden), .Protected(Protected), .Image(NormImage)
  ) i_norm (
    .clk_i, .write_i(load_i.valid && load_i.select == SelectNorm),
    .write_address_i(load_i.address[HiddenBits-1:0]), .write_data_i(load_i.data),
    .read_i(active_q | back[1]),
    .read_address_i(back[1] ? load_i.address[HiddenBits-1:0] : norm_unit_q), .clear_i(1'b0),
    .data_o(norm_q), .upset_o(norm_upset)
  );
  always_ff @(posedge clk_i) begin
    normalise_q <= {normalise_q[8:1], normalising_q & (normalise_beat_q == '0)};
    // g_2 is the first cell that is kept, and g_1 the last.
    if (start_i && readout_i) ring_address_o <= after(slot_i, config_i[CfgHidden][15:0]);
    else if (ring_write_o) ring_address_o <= after(ring_address_o, 16'd1);
    if (!rst_ni) normalise_q <= '0;
  end
  always_ff @(posedge clk_i) if (active_q) begin
    if (normalise_q[Serial ? 5 : 4]) norm_unit_q <= next_unit(norm_unit_q);
    if (normalise_q[7]) readout_unit_q <= next_unit(readout_unit_q);
    if (!rst_ni) begin
      norm_unit_q <= '0;
      readout_unit_q <= '0;
    end
    mixed_at_q[2] <= mixed1_q;
    for (int i = 3; i <= 7; i++) mixed_at_q[i] <= mixed_at_q[i-1];
    deviation2_q <= deviation_t'(hidden) * deviation_t'(mixed1_q) - deviation_t'(total_held_q);
    product3_q <= $bits(product3_q)'(deviation2_q) * $bits(product3_q)'({1'b0, rsqrt_q});
    cut4_q <= RightOnly ? cut_right(wide_t'(product3_q), normalised_shift[5:0])
                        : cut(wide_t'(product3_q), normalised_shift);
    normalised5_q <= NormalisedWidth'(saturate(cut4_q, config_i[CfgNormalisedMax]));
    product6_q <= scaled_t'(signed'(norm_q[31-:WeightWidth])) * scaled_t'(normalised5_q);
    scaled7_q <= product6_q + norm_bias6;
    state8_q <= operand_t'((config_i[CfgNorm] != '0) ? scaled : plain);
  end

  // A unit's scale and bias stay for more than a cycle where units do.
  if (Serial) begin : gen_norm_bias
    assign norm_bias6 = scaled_t'(signed'(norm_q[AccumulatorBits-1:0]));
  end else begin : gen_norm_bias
    always_ff @(posedge clk_i)
      if (active_q) norm_bias6 <= scaled_t'(signed'(norm_q[AccumulatorBits-1:0]));
  end

  // The new state goes to the ring and to the velocity.
  assign ring_write_o = normalise_q[8] & ~makes_velocity_q;
  assign ring_data_o = state8_q;

  localparam string ReadoutImage = (ImagePrefix == "") ? "" : {ImagePrefix, "readout.hex"};
  logic [2*WeightWidth-1:0] readout8_q;  // y, x
  weight_t weight[2];
  velocity_sum_t product[2], velocity_sum_q[2];
  logic [1:0] sum_valid;
  assign weight[0] = readout8_q[WeightWidth-1:0];
  aegru_memory #(
    .Width(2 * WeightWidth), .Depth(MaxHidden), .Protected(Protected), .Image(ReadoutImage)
  ) i_readout (
    .clk_i, .write_i(load_i.valid && load_i.select == SelectReadout),
    .write_address_i(load_i.address[HiddenBits-1:0]),
    .write_data_i(load_i.data[2*WeightWidth-1:0]), .read_i(active_q | back[2]),
    .read_address_i(back[2] ? load_i.address[HiddenBits-1:0] : readout_unit_q), .clear_i(1'b0),
    .data_o(readout8_q), .upset_o(readout_upset)
  );
  assign back_o = gates_back | (back_q[0] ? 32'(rsqrt_q) : '0) | (back_q[1] ? norm_q : '0) |
                  (back_q[2] ? 32'(readout8_q) : '0);
  if (Serial) begin : gen_axes
    // One multiplier: x, and y a cycle later.
    operand_t state9_q, state;
    weight_t y9_q, axis_weight;
    logic late_q;
    assign weight[1] = y9_q;
    assign state = normalise_q[9] ? state9_q : state8_q;
    assign axis_weight = normalise_q[9] ? weight[1] : weight[0];
    assign sum_valid = {late_q, normalise_q[9]};
    velocity_sum_t product_q;
    assign product = '{product_q, product_q};
    always_ff @(posedge clk_i) begin
      state9_q <= state8_q;
      y9_q <= readout8_q[WeightWidth+:WeightWidth];
      late_q <= normalise_q[9];
      product_q <= velocity_sum_t'(axis_weight) * velocity_sum_t'(state);
    end
  end else begin : gen_axes
    assign weight[1] = readout8_q[WeightWidth+:WeightWidth];
    assign sum_valid = {2{normalise_q[9]}};
    for (genvar i = 0; i < 2; i++) begin : gen_product
      velocity_sum_t product_q;
      always_ff @(posedge clk_i)
        product_q <= velocity_sum_t'(weight[i]) * velocity_sum_t'(state8_q);
      assign product[i] = product_q;
    end
  end
  for (genvar i = 0; i < 2; i++) begin : gen_velocity
    always_ff @(posedge clk_i) begin
      if (start_i && readout_i)
        velocity_sum_q[i] <= velocity_sum_t'(config_i[CfgReadoutBias0 + 6'(i)]);
      else if (sum_valid[i]) velocity_sum_q[i] <= velocity_sum_q[i] + product[i];
    end
  end
  logic [1:0] velocity_ready_q;
  always_ff @(posedge clk_i)
    velocity_ready_q <= {2{rst_ni}} & {velocity_ready_q[0], done & makes_velocity_q};
  assign velocity_valid_o = velocity_ready_q != '0;
  assign velocity_axis_o = velocity_ready_q[1];
  assign velocity_o = 32'(requantize(wide_t'(velocity_sum_q[velocity_axis_o]),
    shift_of(config_i[CfgVelocityShift]), config_i[CfgVelocityMax]));
  logic [1:0] used;
  for (genvar i = 0; i < 2; i++) begin : gen_used
    assign used[i] = readout8_q[i*WeightWidth+:WeightWidth] != '0;
  end
  assign readout_macs_o = (normalise_q[8] & makes_velocity_q) ? 2'(used[0]) + 2'(used[1]) : 2'd0;

`ifdef SIMULATION
  not_restarted: assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> ready_o);
  one_in_pass_2: assert property (@(posedge clk_i) disable iff (!rst_ni)
    gathered_q[ToNormalise] |-> !normalising_q);
`endif
endmodule
