/// Elementwise work of one GRU cell: gates, candidate, mixed state, LayerNorm, readout.
///
/// Two passes over the hidden units, one unit a cycle. Pass 1 takes unit q of the products and of
/// the state through the tables to the mixed state m and its sums S = sum m and Q = sum m². Then
/// V = H·Q - S² + epsilon and its 1/sqrt from the table. Pass 2 normalises, scales, writes the state
/// to the rings and adds it to the two velocity accumulators. Takes 2·H + 27 cycles, the one of start_i included.
module aegru_cell import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxHidden = 64,
  parameter int unsigned RingDepth = 4096,
  parameter string ImagePrefix = ""
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  load_t    load_i,
  input  config_t  config_i,
  /// Begin a cell; the next five are sampled with it.
  input  logic     start_i,
  /// This is g_1: its past state is 0 and its recurrent product is the bias alone.
  input  logic     first_i,
  /// Half of the product buffer.
  input  logic     half_i,
  /// Where the past state starts in the ring, and where the new one goes.
  input  index_t   read_base_i,
  input  index_t   write_base_i,
  /// The new state is kept in the ring.
  input  logic     keep_i,
  /// This is g_N: its state makes the velocity.
  input  logic     readout_i,
  output logic     busy_o,
  /// High in the last cycle of the cell.
  output logic     done_o,
  /// Slot of the products wanted from the lanes, shown one cycle later.
  output logic [6:0] product_slot_o,
  output logic     product_half_o,
  input  acc_t     input_product_i[Lanes][3],
  input  acc_t     recurrent_product_i[Lanes][3],
  /// Write port of the rings, the cell's own copy included; in start-up it is driven from outside.
  input  logic     fill_i,
  input  index_t   fill_address_i,
  output operand_t fill_state_o,
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
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  localparam int unsigned RingBits = $clog2(RingDepth);
  localparam int unsigned TableDepth = 2 ** AddressWidth;
  typedef logic [HiddenBits-1:0] unit_t;
  typedef logic [AddressWidth-1:0] address_t;
  /// Sums over all units of the mixed state and of its square.
  typedef logic signed [CodeWidth+HiddenBits-1:0] total_t;
  typedef logic signed [2*CodeWidth+HiddenBits-1:0] squares_t;
  /// H times a mixed state minus the sum.
  typedef logic signed [CodeWidth+HiddenBits:0] deviation_t;

  operand_t ring[RingDepth];
  operand_t startup_state[RingDepth];
  code_t sigmoid[TableDepth];
  code_t tanh[TableDepth];
  logic [11:0] rsqrt[64];
  weight_t norm_scale[MaxHidden];
  acc_t norm_bias[MaxHidden];

  if (ImagePrefix != "") begin : gen_image
    initial begin
      $readmemh({ImagePrefix, "sigmoid.hex"}, sigmoid);
      $readmemh({ImagePrefix, "tanh.hex"}, tanh);
      $readmemh({ImagePrefix, "rsqrt.hex"}, rsqrt);
      $readmemh({ImagePrefix, "norm_scale.hex"}, norm_scale);
      $readmemh({ImagePrefix, "norm_bias.hex"}, norm_bias);
      $readmemh({ImagePrefix, "startup_state.hex"}, startup_state);
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i.valid) begin
      case (load_i.select)
        SelectSigmoid: sigmoid[load_i.address[AddressWidth-1:0]] <= load_i.data[CodeWidth-1:0];
        SelectTanh: tanh[load_i.address[AddressWidth-1:0]] <= load_i.data[CodeWidth-1:0];
        SelectRsqrt: rsqrt[load_i.address[5:0]] <= load_i.data[11:0];
        SelectNormScale: norm_scale[load_i.address[HiddenBits-1:0]] <= load_i.data[WeightWidth-1:0];
        SelectNormBias: norm_bias[load_i.address[HiddenBits-1:0]] <= load_i.data;
        SelectStartupState: startup_state[load_i.address[RingBits-1:0]] <=
          load_i.data[OperandWidth-1:0];
        default: ;
      endcase
    end
  end

  /// Bits of the difference between the past state and the candidate, both aligned.
  typedef logic signed [CodeWidth+7:0] mix_t;
  /// Units of the loaded decoder.
  logic signed [8:0] hidden;
  assign hidden = config_i[CfgHidden][8:0];

  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction
  function automatic wide_t aligned(acc_t x, logic [31:0] by);
    return wide_t'(x) <<< by[5:0];
  endfunction

  // Sequence of a cell: pass 1, moments, pass 2.
  typedef enum logic [2:0] {Idle, Gather, Moments, Normalise, Finish} phase_e;
  phase_e phase_q;
  logic [4:0] wait_q;
  unit_t unit_q;
  logic first_q, half_q, keep_q, readout_q, unit_last;
  index_t read_base_q, write_base_q, ring_read, state_read;
  assign unit_last = 32'(unit_q) + 32'd1 == config_i[CfgHidden];
  assign busy_o = phase_q != Idle;
  assign done_o = (phase_q == Finish) & (wait_q == 5'd0);

  always_ff @(posedge clk_i) begin
    wait_q <= wait_q - 5'd1;
    if (phase_q == Gather || phase_q == Normalise) unit_q <= unit_last ? '0 : unit_q + 1'b1;
    case (phase_q)
      Gather: if (unit_last) begin phase_q <= Moments; wait_q <= 5'd16; end
      Moments: if (wait_q == 5'd0) phase_q <= Normalise;
      Normalise: if (unit_last) begin phase_q <= Finish; wait_q <= 5'd8; end
      Finish: if (wait_q == 5'd0) phase_q <= Idle;
      default: ;
    endcase
    if (start_i) begin
      phase_q <= Gather;
      unit_q <= '0;
      first_q <= first_i;
      half_q <= half_i;
      keep_q <= keep_i;
      readout_q <= readout_i;
      read_base_q <= read_base_i;
      write_base_q <= write_base_i;
    end
    if (!rst_ni) phase_q <= Idle;
  end

  // Pass 1. Stage numbers count from the cycle in which the unit is presented.
  logic [12:0] gather_q;     // bit k - 1: stage k holds a unit
  logic squared_q;           // stage 14 holds one
  unit_t unit_at_q[1:13];
  acc_t bias1_q[6], input_sum[3], recurrent_sum[3], input2_q[3], recurrent2_q[3];
  logic [LaneBits-1:0] lane1_q;
  operand_t past1_q, past_q[2:9];
  wide_t reset_sum3_q, update_sum3_q, candidate_input_q[3:6], gated6_q, candidate_sum7_q;
  address_t reset_address4_q, update_address4_q, candidate_address8_q;
  code_t recurrent_candidate_q[3:5], reset5_q, update_q[5:10], candidate9_q;
  wide_t candidate_q[10:11], difference10_q, gated11_q, mixed12_q;
  code_t mixed13_q, mixed14_q;
  squares_t square14_q;

  if (Lanes > 1) begin : gen_lanes
    assign product_slot_o = 7'(unit_q >> LaneBits);
  end else begin : gen_lane
    assign product_slot_o = 7'(unit_q);
  end
  assign product_half_o = half_q;
  assign ring_read = read_base_q + index_t'(unit_q);

  function automatic acc_t plus(acc_t a, acc_t b);
    return a + b;
  endfunction

  for (genvar g = 0; g < 3; g++) begin : gen_sum
    assign input_sum[g] = plus(input_product_i[lane1_q][g], bias1_q[g]);
    assign recurrent_sum[g] = plus(first_q ? '0 : recurrent_product_i[lane1_q][g], bias1_q[3+g]);
  end

  wide_t reset_address, update_address, candidate_address;
  assign reset_address = requantize(reset_sum3_q, shift_of(config_i[CfgGateShift]),
                                    config_i[CfgGateMin], config_i[CfgGateMax]);
  assign update_address = requantize(update_sum3_q, shift_of(config_i[CfgGateShift]),
                                     config_i[CfgGateMin], config_i[CfgGateMax]);
  assign candidate_address = requantize(
    candidate_sum7_q, shift_of(config_i[CfgCandidateShift]), config_i[CfgCandidateMin],
    config_i[CfgCandidateMax]);

  always_ff @(posedge clk_i) begin
    gather_q <= {gather_q[11:0], phase_q == Gather};
    squared_q <= gather_q[12];
    unit_at_q[1] <= unit_q;
    for (int i = 2; i <= 13; i++) unit_at_q[i] <= unit_at_q[i-1];
    // 0 -> 1: memories
    lane1_q <= (Lanes > 1) ? LaneBits'(unit_q) : '0;
    past1_q <= ring[ring_read[RingBits-1:0]];
    // 1 -> 2: products with their biases
    input2_q <= input_sum;
    recurrent2_q <= recurrent_sum;
    past_q[2] <= first_q ? '0 : past1_q;
    for (int i = 3; i <= 9; i++) past_q[i] <= past_q[i-1];
    // 2 -> 3: sums of the gates; recurrent candidate
    reset_sum3_q <= aligned(input2_q[0], config_i[CfgGateInputAlign]) +
                    aligned(recurrent2_q[0], config_i[CfgGateRecurrentAlign]);
    update_sum3_q <= aligned(input2_q[1], config_i[CfgGateInputAlign]) +
                     aligned(recurrent2_q[1], config_i[CfgGateRecurrentAlign]);
    recurrent_candidate_q[3] <= code_t'(requantize(
      wide_t'(recurrent2_q[2]), shift_of(config_i[CfgRecurrentCandidateShift]),
      config_i[CfgRecurrentCandidateMin], config_i[CfgRecurrentCandidateMax]));
    for (int i = 4; i <= 5; i++) recurrent_candidate_q[i] <= recurrent_candidate_q[i-1];
    candidate_input_q[3] <= aligned(input2_q[2], config_i[CfgCandidateInputAlign]);
    for (int i = 4; i <= 6; i++) candidate_input_q[i] <= candidate_input_q[i-1];
    // 3 -> 4: table addresses, counted from the lowest code; 4 -> 5: gates
    reset_address4_q <= address_t'(reset_address - wide_t'(signed'(config_i[CfgGateMin])));
    update_address4_q <= address_t'(update_address - wide_t'(signed'(config_i[CfgGateMin])));
    reset5_q <= sigmoid[reset_address4_q];
    update_q[5] <= sigmoid[update_address4_q];
    for (int i = 6; i <= 10; i++) update_q[i] <= update_q[i-1];
    // 5 -> 9: candidate
    gated6_q <= wide_t'(reset5_q) * wide_t'(recurrent_candidate_q[5]);
    candidate_sum7_q <= candidate_input_q[6] +
                        (gated6_q <<< config_i[CfgCandidateGatedAlign][5:0]);
    candidate_address8_q <=
      address_t'(candidate_address - wide_t'(signed'(config_i[CfgCandidateMin])));
    candidate9_q <= tanh[candidate_address8_q];
    // 9 -> 13: mixed state
    candidate_q[10] <= wide_t'(candidate9_q) <<< config_i[CfgMixCandidateAlign][5:0];
    candidate_q[11] <= candidate_q[10];
    difference10_q <= (wide_t'(past_q[9]) <<< config_i[CfgMixStateAlign][5:0]) -
                      (wide_t'(candidate9_q) <<< config_i[CfgMixCandidateAlign][5:0]);
    gated11_q <= wide_t'(update_q[10]) * wide_t'(mix_t'(difference10_q));
    mixed12_q <= (candidate_q[11] <<< config_i[CfgUpdateFraction][5:0]) + gated11_q;
    mixed13_q <= code_t'(requantize(mixed12_q, shift_of(config_i[CfgMixShift]),
                                    config_i[CfgMixedMin], config_i[CfgMixedMax]));
    mixed14_q <= mixed13_q;
    square14_q <= squares_t'(mixed13_q) * squares_t'(mixed13_q);
    if (!rst_ni) begin
      gather_q <= '0;
      squared_q <= 1'b0;
    end
  end

  // Sums of the mixed state, then 1/sqrt(V), V = H·Q - S² + epsilon.
  code_t mixed_state[MaxHidden];
  total_t total_q;
  squares_t squares_q;
  wide_t total_square_q, scaled_squares_q, variance_q, variance_at_q;
  logic [5:0] leading, leading_q, rsqrt_address_q, exponent_q;
  logic [11:0] rsqrt_q;
  logic [WideWidth-1:0] mantissa;

  always_comb begin
    leading = '0;
    for (int unsigned i = 0; i < WideWidth; i++) if (variance_q[i]) leading = 6'(i);
    mantissa = (leading_q >= 6'd5) ? unsigned'(variance_at_q) >> (leading_q - 6'd5)
                                   : unsigned'(variance_at_q) << (6'd5 - leading_q);
  end

  always_ff @(posedge clk_i) begin
    if (gather_q[12]) mixed_state[unit_at_q[13]] <= mixed13_q;
    if (start_i) begin
      total_q <= '0;
      squares_q <= '0;
    end else if (squared_q) begin
      total_q <= total_q + total_t'(mixed14_q);
      squares_q <= squares_q + square14_q;
    end
    total_square_q <= wide_t'(total_q) * wide_t'(total_q);
    scaled_squares_q <= wide_t'(hidden) * wide_t'(squares_q);
    variance_q <= scaled_squares_q - total_square_q +
                  wide_t'({config_i[CfgEpsilonHigh], config_i[CfgEpsilonLow]});
    leading_q <= leading;
    variance_at_q <= variance_q;
    rsqrt_address_q <= {leading_q[0], mantissa[4:0]};
    exponent_q <= leading_q >> 1;
    rsqrt_q <= rsqrt[rsqrt_address_q];
  end

  // Biases: input, then recurrent product; reset, update, candidate.
  for (genvar i = 0; i < 6; i++) begin : gen_bias
    acc_t bias[MaxHidden];
    if (ImagePrefix != "") begin : gen_image
      initial $readmemh($sformatf("%sbias%0d.hex", ImagePrefix, i), bias);
    end
    always_ff @(posedge clk_i) begin
      if (load_i.valid && load_i.select == SelectBias + 8'(i))
        bias[load_i.address[HiddenBits-1:0]] <= load_i.data;
      bias1_q[i] <= bias[unit_q];
    end
  end

  // Pass 2.
  logic [8:0] normalise_q;   // bit k - 1: stage k holds a unit
  unit_t unit2_q[1:9];
  code_t mixed1_q, mixed_at_q[2:7];
  deviation_t deviation2_q;
  wide_t product3_q, product6_q, scaled7_q;
  cut_t cut4_q;
  code_t normalised5_q;
  operand_t state8_q;
  shift_t normalised_shift;
  wide_t plain, scaled;
  weight_t norm_scale5_q, readout8_q[2];
  acc_t norm_bias_q[5:6], product9_q[2], velocity_sum_q[2];

  assign normalised_shift = shift_of(config_i[CfgNormalisedShift]) + shift_t'({1'b0, exponent_q});
  assign plain = requantize(wide_t'(mixed_at_q[7]), shift_of(config_i[CfgPlainShift]),
                            config_i[CfgStateMin], config_i[CfgStateMax]);
  assign scaled = requantize(scaled7_q, shift_of(config_i[CfgStateShift]), config_i[CfgStateMin],
                             config_i[CfgStateMax]);

  always_ff @(posedge clk_i) begin
    normalise_q <= {normalise_q[7:0], phase_q == Normalise};
    unit2_q[1] <= unit_q;
    for (int i = 2; i <= 9; i++) unit2_q[i] <= unit2_q[i-1];
    mixed1_q <= mixed_state[unit_q];
    mixed_at_q[2] <= mixed1_q;
    for (int i = 3; i <= 7; i++) mixed_at_q[i] <= mixed_at_q[i-1];
    deviation2_q <= deviation_t'(hidden) * deviation_t'(mixed1_q) - deviation_t'(total_q);
    product3_q <= wide_t'(deviation2_q) * wide_t'({1'b0, rsqrt_q});
    cut4_q <= cut(product3_q, normalised_shift);
    normalised5_q <= code_t'(saturate(cut4_q, config_i[CfgNormalisedMin],
                                      config_i[CfgNormalisedMax]));
    norm_scale5_q <= norm_scale[unit2_q[4]];
    norm_bias_q[5] <= norm_bias[unit2_q[4]];
    norm_bias_q[6] <= norm_bias_q[5];
    product6_q <= wide_t'(norm_scale5_q) * wide_t'(normalised5_q);
    scaled7_q <= product6_q + wide_t'(norm_bias_q[6]);
    state8_q <= operand_t'((config_i[CfgNorm] != '0) ? scaled : plain);
    if (!rst_ni) normalise_q <= '0;
  end

  // New state to the rings and to the velocity.
  assign ring_write_o = fill_i | (normalise_q[7] & keep_q);
  assign ring_address_o = fill_i ? fill_address_i : write_base_q + index_t'(unit2_q[8]);
  assign ring_data_o = fill_i ? fill_state_o : state8_q;
  always_ff @(posedge clk_i) if (ring_write_o) ring[ring_address_o[RingBits-1:0]] <= ring_data_o;
  assign fill_state_o = startup_state[state_read[RingBits-1:0]];
  // Start-up walks the states of silence over and over.
  always_ff @(posedge clk_i) begin
    if (!fill_i || 32'(state_read) + 32'd1 >= config_i[CfgRingStride]) state_read <= '0;
    else state_read <= state_read + 16'd1;
  end

  for (genvar i = 0; i < 2; i++) begin : gen_velocity
    weight_t readout[MaxHidden];
    if (ImagePrefix != "") begin : gen_image
      initial $readmemh($sformatf("%sreadout%0d.hex", ImagePrefix, i), readout);
    end
    always_ff @(posedge clk_i) begin
      if (load_i.valid && load_i.select == SelectReadout + 8'(i))
        readout[load_i.address[HiddenBits-1:0]] <= load_i.data[WeightWidth-1:0];
      readout8_q[i] <= readout[unit2_q[7]];
      product9_q[i] <= acc_t'(readout8_q[i]) * acc_t'(state8_q);
      if (start_i) velocity_sum_q[i] <= config_i[CfgReadoutBias0 + 6'(i)];
      else if (normalise_q[8]) velocity_sum_q[i] <= velocity_sum_q[i] + product9_q[i];
    end
  end
  logic velocity_ready_q;
  always_ff @(posedge clk_i) begin
    velocity_ready_q <= rst_ni & normalise_q[8] & readout_q &
                        (32'(unit2_q[9]) + 32'd1 == config_i[CfgHidden]);
  end
  assign velocity_valid_o = velocity_ready_q;
  for (genvar i = 0; i < 2; i++) begin : gen_out
    assign velocity_o[i] = 32'(requantize(wide_t'(velocity_sum_q[i]),
      shift_of(config_i[CfgVelocityShift]), config_i[CfgVelocityMin], config_i[CfgVelocityMax]));
  end
  assign readout_macs_o = (normalise_q[7] & readout_q) ?
    2'(readout8_q[0] != '0) + 2'(readout8_q[1] != '0) : 2'd0;

`ifdef SIMULATION
  not_restarted: assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o);
`endif
endmodule
