/// The same work as aegru_gates in a quarter of the memories and adders: a unit in four cycles.
///
/// unit_i stays for four cycles, which beat_i counts: recurrent candidate, reset, update, candidate.
/// What comes out is of the unit whose beat 0 was 12 cycles ago, and is valid in that cycle alone.
module aegru_gates_serial import aegru_pkg::*; #(
  parameter int unsigned Lanes = 1,
  parameter int unsigned MaxHidden = 64,
  /// Bits of the address of the gates' and the candidate's table.
  parameter int unsigned TableBits = 10,
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
  /// Slot and gate of the products wanted from the lanes, shown one cycle later.
  output logic [6:0] product_slot_o,
  output logic [1:0] product_gate_o,
  input  acc_t     input_product_i[Lanes][1],
  input  acc_t     recurrent_product_i[Lanes][1],
  output code_t    update_o,
  output code_t    candidate_o
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

  logic [SigmoidWidth-1:0] sigmoid[TableDepth];
  logic signed [TanhWidth-1:0] tanh[TableDepth];
  sum_t bias[4*BiasStride];
  if (ImagePrefix != "") begin : gen_image
    initial begin
      $readmemh({ImagePrefix, "sigmoid.hex"}, sigmoid);
      $readmemh({ImagePrefix, "tanh.hex"}, tanh);
      $readmemh({ImagePrefix, "bias0.hex"}, bias, 0);
      $readmemh({ImagePrefix, "bias1.hex"}, bias, int'(BiasStride));
      $readmemh({ImagePrefix, "bias2.hex"}, bias, 2 * int'(BiasStride));
      $readmemh({ImagePrefix, "bias3.hex"}, bias, 3 * int'(BiasStride));
    end
  end
  logic load_bias;
  logic [1:0] load_kind;
  assign load_bias = load_i.valid && load_i.select >= SelectBias && load_i.select < SelectBias + 4;
  assign load_kind = 2'(load_i.select - SelectBias);
  always_ff @(posedge clk_i) begin
    if (load_i.valid && load_i.select == SelectSigmoid)
      sigmoid[load_i.address[TableBits-1:0]] <= load_i.data[SigmoidWidth-1:0];
    if (load_i.valid && load_i.select == SelectTanh)
      tanh[load_i.address[TableBits-1:0]] <= load_i.data[TanhWidth-1:0];
    if (load_bias) bias[{load_kind, load_i.address[HiddenBits-1:0]}] <= load_i.data;
  end

  // 0 -> 2: the products of the unit's lane, and the bias of the beat. Products are kept by gate:
  // reset, update, candidate; biases by reset, update, candidate, recurrent candidate.
  logic [LaneBits-1:0] lane1_q;
  logic [1:0] beat_q[1:3];
  acc_t input2_q, recurrent2_q;
  sum_t bias1_q, bias2_q;
  logic [1:0] kind;
  assign kind = beat_i - 2'd1;
  if (Lanes > 1) begin : gen_lanes
    assign product_slot_o = 7'(unit_i >> LaneBits);
  end else begin : gen_lane
    assign product_slot_o = 7'(unit_i);
  end
  assign product_gate_o = (beat_i == BeatRecurrentCandidate) ? 2'd2 : kind;
  always_ff @(posedge clk_i) begin
    lane1_q <= (Lanes > 1) ? LaneBits'(unit_i) : '0;
    beat_q[1] <= beat_i;
    for (int i = 2; i <= 3; i++) beat_q[i] <= beat_q[i-1];
    if (active_i) bias1_q <= bias[{kind, unit_i}];
    bias2_q <= bias1_q;
    input2_q <= input_product_i[lane1_q][0];
    recurrent2_q <= first_i ? '0 : recurrent_product_i[lane1_q][0];
  end

  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction

  // 2 -> 3: the sum of the beat; 3 -> 4: a recurrent candidate or an address of the sigmoid.
  sum_t input_sum, recurrent_sum, sum3_q, candidate_input_q;
  wide_t code;
  code_t code4_q, recurrent_candidate, recurrent_candidate_held_q;
  address_t sigmoid_address;
  logic is_gate;
  assign is_gate = beat_q[3] != BeatRecurrentCandidate;
  assign code = is_gate
    ? requantize(wide_t'(sum3_q), shift_of(config_i[CfgGateShift]), config_i[CfgGateMax])
    : requantize(wide_t'(sum3_q), shift_of(config_i[CfgRecurrentCandidateShift]),
                 config_i[CfgRecurrentCandidateMax]);
  always_comb begin
    unique case (beat_q[2])
      BeatRecurrentCandidate: input_sum = '0;
      BeatCandidate: input_sum = sum_t'(input2_q) <<< config_i[CfgCandidateInputAlign][5:0];
      default: input_sum = sum_t'(input2_q) <<< config_i[CfgGateInputAlign][5:0];
    endcase
    unique case (beat_q[2])
      BeatRecurrentCandidate: recurrent_sum = sum_t'(recurrent2_q);
      BeatCandidate: recurrent_sum = '0;
      default: recurrent_sum = sum_t'(recurrent2_q) <<< config_i[CfgGateRecurrentAlign][5:0];
    endcase
  end
  always_ff @(posedge clk_i) begin
    sum3_q <= input_sum + recurrent_sum + bias2_q;
    code4_q <= code_t'(code);
  end
  assign recurrent_candidate = code4_q;
  assign sigmoid_address = address_t'(code4_q) - address_t'(config_i[CfgGateMin]);

  // Counted from beat 0 of the unit: recurrent candidate 4, reset 7, update 8, the candidate's input
  // 6; gated 8, the candidate's sum 9, its address 10, candidate 12. What waits is held.
  logic [1:0] beat4_q, beat5_q, beat6_q;
  logic [SigmoidWidth-1:0] sigmoid5_q, sigmoid6_q, update_held_q;
  sum_t gated_q, candidate_sum_q;
  address_t candidate_address_q;
  logic signed [TanhWidth-1:0] candidate_read_q, candidate_q;
  wide_t candidate_code;
  code_t reset_gate;  // 7 cycles after beat 0
  assign reset_gate = code_t'(sigmoid6_q);
  assign candidate_code = requantize(
    wide_t'(candidate_sum_q), shift_of(config_i[CfgCandidateShift]), config_i[CfgCandidateMax]);
  always_ff @(posedge clk_i) begin
    beat4_q <= beat_q[3];
    beat5_q <= beat4_q;
    beat6_q <= beat5_q;
    if (active_i) sigmoid5_q <= sigmoid[sigmoid_address];
    sigmoid6_q <= sigmoid5_q;
    if (beat4_q == BeatRecurrentCandidate) recurrent_candidate_held_q <= recurrent_candidate;
    if (beat_q[3] == BeatCandidate) candidate_input_q <= sum3_q;
    if (beat6_q == BeatUpdate) update_held_q <= sigmoid6_q;
    gated_q <= sum_t'(reset_gate) * sum_t'(recurrent_candidate_held_q);
    candidate_sum_q <= candidate_input_q + (gated_q <<< config_i[CfgCandidateGatedAlign][5:0]);
    candidate_address_q <= address_t'(candidate_code) - address_t'(config_i[CfgCandidateMin]);
    if (active_i) candidate_read_q <= tanh[candidate_address_q];
    candidate_q <= candidate_read_q;
  end
  assign update_o = code_t'(update_held_q);
  assign candidate_o = code_t'(candidate_q);
endmodule
