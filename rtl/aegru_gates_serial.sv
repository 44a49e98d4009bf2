/// The same work as aegru_gates in a quarter of the memories and adders: a unit in four cycles.
///
/// unit_i stays for four cycles, which beat_i counts: recurrent candidate, reset, update, candidate.
/// What comes out is of the unit whose beat 0 was 11 cycles ago, and is valid in that cycle alone.
module aegru_gates_serial import aegru_pkg::*; #(
  parameter int unsigned Lanes = 1,
  parameter int unsigned MaxHidden = 64,
  /// Bits of the address of the gates' and the candidate's table.
  parameter int unsigned TableBits = 10,
  /// Bits of the products.
  parameter int unsigned AccumulatorBits = AccWidth,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0,
  parameter string ImagePrefix = "",
  parameter config_t FixedConfig = '0
) (
  input  logic     clk_i,
  input  load_t    load_i,
  input  config_t  config_i,
  /// No memory is read while this is low.
  input  logic     active_i,
  input  logic [$clog2(MaxHidden)-1:0] unit_i,
  input  logic [1:0] beat_i,
  /// The recurrent products are 0, of every unit of the cell.
  input  logic     first_i,
  /// Slot, lane and gate of the product wanted, shown one cycle later; the other lanes show zeros.
  output logic [6:0] product_slot_o,
  output logic [Lanes-1:0] product_lane_o,
  output logic [1:0] product_gate_o,
  input  acc_t     input_product_i[Lanes][1],
  input  acc_t     recurrent_product_i[Lanes][1],
  output code_t    update_o,
  output code_t    candidate_o,
  /// A word was read that is not what was written.
  output logic     upset_o,
  /// What the load bus asks for, sign-extended; zero of other memories.
  output logic [31:0] back_o
);
  localparam int unsigned HiddenBits = $clog2(MaxHidden);
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  localparam int unsigned TableDepth = 2 ** TableBits;
  /// Words from one bias of a unit to the next.
  localparam int unsigned BiasStride = 2 ** HiddenBits;
  localparam bit IsFixed = FixedConfig != '0;
  localparam int unsigned SigmoidWidth = IsFixed ? FixedConfig[CfgSigmoidWidth] : CodeWidth - 1;
  localparam int unsigned TanhWidth = IsFixed ? FixedConfig[CfgTanhWidth] : CodeWidth;
  localparam logic [1:0] BeatRecurrentCandidate = 2'd0, BeatUpdate = 2'd2,
                         BeatCandidate = 2'd3;
  typedef logic [TableBits-1:0] address_t;
  localparam int unsigned GateSumWidth = gate_sum_bits(FixedConfig, AccumulatorBits);
  typedef logic signed [GateSumWidth-1:0] gate_sum_t;

  logic load_bias, back_bias;
  assign back_bias = load_i.back && load_i.select >= SelectBias && load_i.select < SelectBias + 4;
  logic [1:0] load_kind;
  assign load_bias = load_i.valid && load_i.select >= SelectBias && load_i.select < SelectBias + 4;
  assign load_kind = 2'(load_i.select - SelectBias);

  // 0 -> 1: the products of the unit's lane, and the bias of the beat. Products are kept by gate:
  // reset, update, candidate; biases by reset, update, candidate, recurrent candidate.
  localparam string BiasImages = (ImagePrefix == "") ? "" : {ImagePrefix, "bias"};
  logic [1:0] beat_q[1:5];
  acc_t input1, recurrent1;
  sum_t bias1_q;
  logic [1:0] kind;
  logic bias_upset;
  assign kind = beat_i - 2'd1;
  aegru_memory #(
    .Width(SumWidth), .Depth(4 * BiasStride), .Protected(Protected), .Image(BiasImages),
    .ImageParts(4)
  ) i_bias (
    .clk_i, .write_i(load_bias), .write_address_i({load_kind, load_i.address[HiddenBits-1:0]}),
    .write_data_i(load_i.data), .read_i(active_i | back_bias),
    .read_address_i(back_bias ? {load_kind, load_i.address[HiddenBits-1:0]} : {kind, unit_i}),
    .clear_i(1'b0),
    .data_o(bias1_q), .upset_o(bias_upset)
  );
  if (Lanes > 1) begin : gen_lanes
    assign product_slot_o = 7'(unit_i >> LaneBits);
    assign product_lane_o = Lanes'(1) << LaneBits'(unit_i);
  end else begin : gen_lane
    assign product_slot_o = 7'(unit_i);
    assign product_lane_o = 1'b1;
  end
  assign product_gate_o = (beat_i == BeatRecurrentCandidate) ? 2'd2 : kind;
  always_comb begin
    input1 = '0;
    recurrent1 = '0;
    for (int p = 0; p < int'(Lanes); p++) begin
      input1 |= input_product_i[p][0];
      recurrent1 |= recurrent_product_i[p][0];
    end
    if (first_i) recurrent1 = '0;
  end
  always_ff @(posedge clk_i) begin
    beat_q[1] <= beat_i;
    for (int i = 2; i <= 5; i++) beat_q[i] <= beat_q[i-1];
  end

  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction

  // 1 -> 2: the sum of the beat; 2 -> 3: a recurrent candidate or an address of the sigmoid.
  gate_sum_t input_sum, recurrent_sum, sum2_q, candidate_input_q;
  wide_t code;
  code_t code3_q, recurrent_candidate, recurrent_candidate_held_q;
  address_t sigmoid_address;
  logic is_gate;
  assign is_gate = beat_q[2] != BeatRecurrentCandidate;
  assign code = is_gate
    ? requantize(wide_t'(sum2_q), shift_of(config_i[CfgGateShift]), config_i[CfgGateMax])
    : requantize(wide_t'(sum2_q), shift_of(config_i[CfgRecurrentCandidateShift]),
                 config_i[CfgRecurrentCandidateMax]);
  always_comb begin
    unique case (beat_q[1])
      BeatRecurrentCandidate: input_sum = '0;
      BeatCandidate: input_sum = gate_sum_t'(input1) <<< config_i[CfgCandidateInputAlign][5:0];
      default: input_sum = gate_sum_t'(input1) <<< config_i[CfgGateInputAlign][5:0];
    endcase
    unique case (beat_q[1])
      BeatRecurrentCandidate: recurrent_sum = gate_sum_t'(recurrent1);
      BeatCandidate: recurrent_sum = '0;
      default: recurrent_sum = gate_sum_t'(recurrent1) <<< config_i[CfgGateRecurrentAlign][5:0];
    endcase
  end
  always_ff @(posedge clk_i) begin
    sum2_q <= input_sum + recurrent_sum + gate_sum_t'(bias1_q);
    code3_q <= code_t'(code);
  end
  assign recurrent_candidate = code3_q;
  assign sigmoid_address = address_t'(code3_q) - address_t'(config_i[CfgGateMin]);

  // Counted from beat 0 of the unit: recurrent candidate 3, reset 6, update 7, the candidate's input
  // 5; gated 7, the candidate's sum 8, its address 9, candidate 11. What waits is held.
  logic [SigmoidWidth-1:0] sigmoid4_q, sigmoid5_q, update_held_q;
  gate_sum_t gated_q, candidate_sum_q;
  address_t candidate_address_q;
  logic signed [TanhWidth-1:0] candidate_read_q, candidate_q;
  wide_t candidate_code;
  code_t reset_gate;  // 6 cycles after beat 0
  assign reset_gate = code_t'(sigmoid5_q);
  assign candidate_code = requantize(
    wide_t'(candidate_sum_q), shift_of(config_i[CfgCandidateShift]), config_i[CfgCandidateMax]);
  always_ff @(posedge clk_i) begin
    sigmoid5_q <= sigmoid4_q;
    if (beat_q[3] == BeatRecurrentCandidate) recurrent_candidate_held_q <= recurrent_candidate;
    if (beat_q[2] == BeatCandidate) candidate_input_q <= sum2_q;
    if (beat_q[5] == BeatUpdate) update_held_q <= sigmoid5_q;
    gated_q <= gate_sum_t'(reset_gate) * gate_sum_t'(recurrent_candidate_held_q);
    candidate_sum_q <= candidate_input_q + (gated_q <<< config_i[CfgCandidateGatedAlign][5:0]);
    candidate_address_q <= address_t'(candidate_code) - address_t'(config_i[CfgCandidateMin]);
    candidate_q <= candidate_read_q;
  end
  localparam string SigmoidImage = (ImagePrefix == "") ? "" : {ImagePrefix, "sigmoid.hex"};
  localparam string TanhImage = (ImagePrefix == "") ? "" : {ImagePrefix, "tanh.hex"};
  logic sigmoid_upset, tanh_upset;
  logic [2:0] back, back_q;
  assign back = {back_bias, asked(load_i, SelectTanh), asked(load_i, SelectSigmoid)};
  always_ff @(posedge clk_i) back_q <= back;
  assign back_o = (back_q[0] ? 32'(sigmoid4_q) : '0) | (back_q[1] ? 32'(candidate_read_q) : '0) |
                  (back_q[2] ? bias1_q : '0);
  aegru_memory #(
    .Width(SigmoidWidth), .Depth(TableDepth), .Protected(Protected), .Image(SigmoidImage)
  ) i_sigmoid (
    .clk_i, .write_i(load_i.valid && load_i.select == SelectSigmoid),
    .write_address_i(load_i.address[TableBits-1:0]),
    .write_data_i(load_i.data[SigmoidWidth-1:0]), .read_i(active_i | back[0]),
    .read_address_i(back[0] ? load_i.address[TableBits-1:0] : sigmoid_address),
    .clear_i(1'b0), .data_o(sigmoid4_q),
    .upset_o(sigmoid_upset)
  );
  aegru_memory #(
    .Width(TanhWidth), .Depth(TableDepth), .Protected(Protected), .Image(TanhImage)
  ) i_tanh (
    .clk_i, .write_i(load_i.valid && load_i.select == SelectTanh),
    .write_address_i(load_i.address[TableBits-1:0]), .write_data_i(load_i.data[TanhWidth-1:0]),
    .read_i(active_i | back[1]),
    .read_address_i(back[1] ? load_i.address[TableBits-1:0] : candidate_address_q), .clear_i(1'b0),
    .data_o(candidate_read_q), .upset_o(tanh_upset)
  );
  assign upset_o = bias_upset | sigmoid_upset | tanh_upset;
  assign update_o = code_t'(update_held_q);
  assign candidate_o = code_t'(candidate_q);
endmodule
