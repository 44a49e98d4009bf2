/// Elementwise work of one GRU cell: gates, candidate, mixed state, LayerNorm, readout.
///
/// Two passes over the hidden units, one unit a cycle. Pass 1 takes unit q of the products and of
/// the state through the tables to the mixed state m and its sums S = sum m and Q = sum m². Then
/// V = H·Q - S² + epsilon and its 1/sqrt from the table. Pass 2 normalises, scales, writes the state
/// to the rings and adds it to the two velocity accumulators. Takes 2·H + 17 cycles, the one of start_i included.
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

  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction
  function automatic wide_t aligned(acc_t x, logic [31:0] by);
    return wide_t'(x) <<< by[5:0];
  endfunction

  // Sequence of a cell: pass 1, moments, pass 2.
  typedef enum logic [2:0] {Idle, Gather, Moments, Normalise, Finish} phase_e;
  phase_e phase_q;
  logic [3:0] wait_q;
  unit_t unit_q;
  logic first_q, half_q, keep_q, readout_q, unit_last;
  index_t read_base_q, write_base_q, ring_read, state_read;
  assign unit_last = 32'(unit_q) + 32'd1 == config_i[CfgHidden];
  assign busy_o = phase_q != Idle;
  assign done_o = (phase_q == Finish) & (wait_q == 4'd0);

  always_ff @(posedge clk_i) begin
    wait_q <= wait_q - 4'd1;
    if (phase_q == Gather || phase_q == Normalise) unit_q <= unit_last ? '0 : unit_q + 1'b1;
    case (phase_q)
      Gather: if (unit_last) begin phase_q <= Moments; wait_q <= 4'd9; end
      Moments: if (wait_q == 4'd0) phase_q <= Normalise;
      Normalise: if (unit_last) begin phase_q <= Finish; wait_q <= 4'd5; end
      Finish: if (wait_q == 4'd0) phase_q <= Idle;
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
  logic [8:0] gather_q;      // stages 1 to 9 hold a unit
  unit_t unit_at_q[1:9];
  acc_t bias1_q[6], input_sum[3], recurrent_sum[3], input2_q[3], recurrent2_q[3];
  logic [LaneBits-1:0] lane1_q;
  operand_t past1_q, past_q[2:7];
  address_t reset_address3_q, update_address3_q, candidate_address6_q;
  wide_t candidate_input_q[3:5];
  code_t recurrent_candidate3_q, recurrent_candidate4_q, reset4_q, update_q[4:7];
  code_t candidate7_q, mixed9_q;
  wide_t gated5_q, mixed8_q;

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

  wide_t reset_sum, update_sum, reset_address, update_address, candidate_address, difference;
  assign reset_sum = aligned(input2_q[0], config_i[CfgGateInputAlign]) +
                     aligned(recurrent2_q[0], config_i[CfgGateRecurrentAlign]);
  assign update_sum = aligned(input2_q[1], config_i[CfgGateInputAlign]) +
                      aligned(recurrent2_q[1], config_i[CfgGateRecurrentAlign]);
  assign reset_address = requantize(reset_sum, shift_of(config_i[CfgGateShift]),
                                    config_i[CfgGateMin], config_i[CfgGateMax]);
  assign update_address = requantize(update_sum, shift_of(config_i[CfgGateShift]),
                                     config_i[CfgGateMin], config_i[CfgGateMax]);
  assign candidate_address = requantize(
    candidate_input_q[5] + (gated5_q <<< config_i[CfgCandidateGatedAlign][5:0]),
    shift_of(config_i[CfgCandidateShift]), config_i[CfgCandidateMin], config_i[CfgCandidateMax]);
  assign difference = (wide_t'(past_q[7]) <<< config_i[CfgMixStateAlign][5:0]) -
                      (wide_t'(candidate7_q) <<< config_i[CfgMixCandidateAlign][5:0]);

  always_ff @(posedge clk_i) begin
    gather_q <= {gather_q[7:0], phase_q == Gather};
    unit_at_q[1] <= unit_q;
    for (int i = 2; i <= 9; i++) unit_at_q[i] <= unit_at_q[i-1];
    // 0 -> 1: memories
    lane1_q <= (Lanes > 1) ? LaneBits'(unit_q) : '0;
    past1_q <= ring[ring_read[RingBits-1:0]];
    // 1 -> 2: products with their biases
    input2_q <= input_sum;
    recurrent2_q <= recurrent_sum;
    past_q[2] <= first_q ? '0 : past1_q;
    for (int i = 3; i <= 7; i++) past_q[i] <= past_q[i-1];
    // 2 -> 3: table addresses, counted from the lowest code
    reset_address3_q <= address_t'(reset_address - wide_t'(signed'(config_i[CfgGateMin])));
    update_address3_q <= address_t'(update_address - wide_t'(signed'(config_i[CfgGateMin])));
    recurrent_candidate3_q <= code_t'(requantize(
      wide_t'(recurrent2_q[2]), shift_of(config_i[CfgRecurrentCandidateShift]),
      config_i[CfgRecurrentCandidateMin], config_i[CfgRecurrentCandidateMax]));
    candidate_input_q[3] <= aligned(input2_q[2], config_i[CfgCandidateInputAlign]);
    candidate_input_q[4] <= candidate_input_q[3];
    candidate_input_q[5] <= candidate_input_q[4];
    // 3 -> 4: gates
    reset4_q <= sigmoid[reset_address3_q];
    update_q[4] <= sigmoid[update_address3_q];
    for (int i = 5; i <= 7; i++) update_q[i] <= update_q[i-1];
    recurrent_candidate4_q <= recurrent_candidate3_q;
    // 4 -> 5, 5 -> 6, 6 -> 7: candidate
    gated5_q <= wide_t'(reset4_q) * wide_t'(recurrent_candidate4_q);
    candidate_address6_q <=
      address_t'(candidate_address - wide_t'(signed'(config_i[CfgCandidateMin])));
    candidate7_q <= tanh[candidate_address6_q];
    // 7 -> 8 -> 9: mixed state
    mixed8_q <= ((wide_t'(candidate7_q) <<< config_i[CfgMixCandidateAlign][5:0])
                 <<< config_i[CfgUpdateFraction][5:0]) + wide_t'(update_q[7]) * difference;
    mixed9_q <= code_t'(requantize(mixed8_q, shift_of(config_i[CfgMixShift]),
                                   config_i[CfgMixedMin], config_i[CfgMixedMax]));
    if (!rst_ni) gather_q <= '0;
  end

  // Sums of the mixed state, then 1/sqrt(V).
  code_t mixed_state[MaxHidden];
  wide_t total_q, squares_q, variance_q;
  logic [5:0] leading, rsqrt_address_q, exponent_q;
  logic [11:0] rsqrt_q;
  logic [WideWidth-1:0] mantissa;

  always_comb begin
    leading = '0;
    for (int unsigned i = 0; i < WideWidth; i++) if (variance_q[i]) leading = 6'(i);
    mantissa = (leading >= 6'd5) ? unsigned'(variance_q) >> (leading - 6'd5)
                                 : unsigned'(variance_q) << (6'd5 - leading);
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      total_q <= '0;
      squares_q <= '0;
    end else if (gather_q[8]) begin
      mixed_state[unit_at_q[9]] <= mixed9_q;
      total_q <= total_q + wide_t'(mixed9_q);
      squares_q <= squares_q + wide_t'(mixed9_q) * wide_t'(mixed9_q);
    end
    variance_q <= wide_t'(config_i[CfgHidden]) * squares_q - total_q * total_q +
                  wide_t'({config_i[CfgEpsilonHigh], config_i[CfgEpsilonLow]});
    rsqrt_address_q <= {leading[0], mantissa[4:0]};
    exponent_q <= leading >> 1;
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
  logic [5:0] normalise_q;   // stages 1 to 6 hold a unit
  unit_t unit2_q[1:6];
  code_t mixed1_q, mixed_at_q[2:5];
  wide_t deviation2_q, product3_q, scaled5_q;
  code_t normalised4_q;
  operand_t state6_q;
  shift_t normalised_shift;
  wide_t plain, scaled;
  weight_t norm_scale4_q, readout6_q[2];
  acc_t norm_bias4_q, velocity_sum_q[2], velocity_next[2];

  assign normalised_shift = shift_of(config_i[CfgNormalisedShift]) + shift_t'({1'b0, exponent_q});
  assign plain = requantize(wide_t'(mixed_at_q[5]), shift_of(config_i[CfgPlainShift]),
                            config_i[CfgStateMin], config_i[CfgStateMax]);
  assign scaled = requantize(scaled5_q, shift_of(config_i[CfgStateShift]), config_i[CfgStateMin],
                             config_i[CfgStateMax]);

  always_ff @(posedge clk_i) begin
    normalise_q <= {normalise_q[4:0], phase_q == Normalise};
    unit2_q[1] <= unit_q;
    for (int i = 2; i <= 6; i++) unit2_q[i] <= unit2_q[i-1];
    mixed1_q <= mixed_state[unit_q];
    mixed_at_q[2] <= mixed1_q;
    for (int i = 3; i <= 5; i++) mixed_at_q[i] <= mixed_at_q[i-1];
    deviation2_q <= wide_t'(config_i[CfgHidden]) * wide_t'(mixed1_q) - total_q;
    product3_q <= deviation2_q * wide_t'({1'b0, rsqrt_q});
    normalised4_q <= code_t'(requantize(product3_q, normalised_shift,
                                        config_i[CfgNormalisedMin], config_i[CfgNormalisedMax]));
    norm_scale4_q <= norm_scale[unit2_q[3]];
    norm_bias4_q <= norm_bias[unit2_q[3]];
    scaled5_q <= wide_t'(norm_scale4_q) * wide_t'(normalised4_q) + wide_t'(norm_bias4_q);
    state6_q <= operand_t'((config_i[CfgNorm] != '0) ? scaled : plain);
    if (!rst_ni) normalise_q <= '0;
  end

  // New state to the rings and to the velocity.
  assign ring_write_o = fill_i | (normalise_q[5] & keep_q);
  assign ring_address_o = fill_i ? fill_address_i : write_base_q + index_t'(unit2_q[6]);
  assign ring_data_o = fill_i ? fill_state_o : state6_q;
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
      readout6_q[i] <= readout[unit2_q[5]];
    end
    assign velocity_next[i] = velocity_sum_q[i] + acc_t'(readout6_q[i]) * acc_t'(state6_q);
  end
  logic velocity_ready_q;
  always_ff @(posedge clk_i) begin
    velocity_ready_q <= rst_ni & normalise_q[5] & readout_q &
                        (32'(unit2_q[6]) + 32'd1 == config_i[CfgHidden]);
    if (start_i) begin
      velocity_sum_q[0] <= config_i[CfgReadoutBias0];
      velocity_sum_q[1] <= config_i[CfgReadoutBias1];
    end else if (normalise_q[5]) velocity_sum_q <= velocity_next;
  end
  assign velocity_valid_o = velocity_ready_q;
  for (genvar i = 0; i < 2; i++) begin : gen_out
    assign velocity_o[i] = 32'(requantize(wide_t'(velocity_sum_q[i]),
      shift_of(config_i[CfgVelocityShift]), config_i[CfgVelocityMin], config_i[CfgVelocityMax]));
  end
  assign readout_macs_o = (normalise_q[5] & readout_q) ?
    2'(readout6_q[0] != '0) + 2'(readout6_q[1] != '0) : 2'd0;

`ifdef SIMULATION
  not_restarted: assert property (@(posedge clk_i) disable iff (!rst_ni) start_i |-> !busy_o);
`endif
endmodule
