/// Gates and candidate of one GRU cell: the products of a unit in, update gate and candidate out.
///
/// A unit a cycle, all three gates side by side; unit_i goes in at stage 0 and comes out at stage 11.
/// Equations, with i the input product, h the recurrent one, biases in both:
///   r = sigmoid(i_r + h_r), z = sigmoid(i_z + h_z), n = tanh(i_n + r · requantize(h_n)).
module aegru_gates import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
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
  /// Nothing moves while this is low.
  input  logic     active_i,
  /// Unit of stage 0.
  input  logic [$clog2(MaxHidden)-1:0] unit_i,
  /// The recurrent products are 0, of every unit of the cell.
  input  logic     first_i,
  /// Slot and lane of the products wanted, shown one cycle later; the other lanes show zeros.
  output logic [6:0] product_slot_o,
  output logic [Lanes-1:0] product_lane_o,
  input  acc_t     input_product_i[Lanes][3],
  input  acc_t     recurrent_product_i[Lanes][3],
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
  localparam bit IsFixed = FixedConfig != '0;
  localparam int unsigned SigmoidWidth = IsFixed ? FixedConfig[CfgSigmoidWidth] : CodeWidth - 1;
  localparam int unsigned TanhWidth = IsFixed ? FixedConfig[CfgTanhWidth] : CodeWidth;
  typedef logic [TableBits-1:0] address_t;
  localparam int unsigned GateSumWidth = gate_sum_bits(FixedConfig, AccumulatorBits);
  typedef logic signed [GateSumWidth-1:0] gate_sum_t;

  // Biases: reset, update, candidate, recurrent candidate. The first three are of both products,
  // aligned to the sum that they are added to.
  gate_sum_t bias2_q[4];
  logic [3:0] bias_upset;
  logic [3:0][31:0] bias_back;
  for (genvar i = 0; i < 4; i++) begin : gen_bias
    localparam string BiasImage =
      (ImagePrefix == "") ? "" : $sformatf("%sbias%0d.hex", ImagePrefix, i);
    sum_t bias_q;
    logic back, back_q;
    assign back = asked(load_i, SelectBias + 8'(i));
    always_ff @(posedge clk_i) back_q <= back;
    assign bias_back[i] = back_q ? bias_q : '0;
    aegru_memory #(
      .Width(SumWidth), .Depth(MaxHidden), .Protected(Protected), .Image(BiasImage)
    ) i_bias (
      .clk_i, .write_i(load_i.valid && load_i.select == SelectBias + 8'(i)),
      .write_address_i(load_i.address[HiddenBits-1:0]), .write_data_i(load_i.data),
      .read_i(active_i | back),
      .read_address_i(back ? load_i.address[HiddenBits-1:0] : unit_i),
      .clear_i(1'b0), .data_o(bias_q),
      .upset_o(bias_upset[i])
    );
    always_ff @(posedge clk_i) if (active_i) bias2_q[i] <= gate_sum_t'(bias_q);
  end

  // 0 -> 2: the products of the unit's lane.
  acc_t input1[3], recurrent1[3], input2_q[3], recurrent2_q[3];
  if (Lanes > 1) begin : gen_lanes
    assign product_slot_o = 7'(unit_i >> LaneBits);
    assign product_lane_o = Lanes'(1) << LaneBits'(unit_i);
  end else begin : gen_lane
    assign product_slot_o = 7'(unit_i);
    assign product_lane_o = 1'b1;
  end
  always_comb begin
    input1 = '{default: '0};
    recurrent1 = '{default: '0};
    for (int p = 0; p < int'(Lanes); p++) begin
      for (int g = 0; g < 3; g++) begin
        input1[g] |= input_product_i[p][g];
        recurrent1[g] |= recurrent_product_i[p][g];
      end
    end
  end
  always_ff @(posedge clk_i) if (active_i) begin
    for (int g = 0; g < 3; g++) begin
      input2_q[g] <= input1[g];
      recurrent2_q[g] <= first_i ? '0 : recurrent1[g];
    end
  end

  function automatic gate_sum_t aligned(acc_t x, logic [31:0] by);
    return gate_sum_t'(x) <<< by[5:0];
  endfunction
  function automatic shift_t shift_of(logic [31:0] word);
    return shift_t'(word);
  endfunction
  // Tables are addressed from their lowest code on.
  function automatic address_t address_of(wide_t code, logic [31:0] low);
    return address_t'(code) - address_t'(low);
  endfunction

  // 2 -> 3: sums; 3 -> 4: table addresses and recurrent candidate; 4 -> 6: gates.
  gate_sum_t reset_sum3_q, update_sum3_q, recurrent_candidate3_q, candidate_input_q[3:7];
  address_t reset_address4_q, update_address4_q;
  code_t recurrent_candidate_q[4:6];
  code_t recurrent_candidate, reset_gate;  // of stages 4 and 6
  logic [SigmoidWidth-1:0] reset5_q, update5_q, reset6_q, update_q[6:11];
  always_ff @(posedge clk_i) if (active_i) begin
    reset_sum3_q <= aligned(input2_q[0], config_i[CfgGateInputAlign]) +
                    aligned(recurrent2_q[0], config_i[CfgGateRecurrentAlign]) + bias2_q[0];
    update_sum3_q <= aligned(input2_q[1], config_i[CfgGateInputAlign]) +
                     aligned(recurrent2_q[1], config_i[CfgGateRecurrentAlign]) + bias2_q[1];
    candidate_input_q[3] <= aligned(input2_q[2], config_i[CfgCandidateInputAlign]) + bias2_q[2];
    recurrent_candidate3_q <= gate_sum_t'(recurrent2_q[2]) + bias2_q[3];
    reset_address4_q <= address_of(
      requantize(wide_t'(reset_sum3_q), shift_of(config_i[CfgGateShift]), config_i[CfgGateMax]),
      config_i[CfgGateMin]);
    update_address4_q <= address_of(
      requantize(wide_t'(update_sum3_q), shift_of(config_i[CfgGateShift]), config_i[CfgGateMax]),
      config_i[CfgGateMin]);
    recurrent_candidate_q[4] <= code_t'(requantize(
      wide_t'(recurrent_candidate3_q), shift_of(config_i[CfgRecurrentCandidateShift]),
      config_i[CfgRecurrentCandidateMax]));
    recurrent_candidate_q[5] <= recurrent_candidate;
    recurrent_candidate_q[6] <= recurrent_candidate_q[5];
    for (int i = 4; i <= 7; i++) candidate_input_q[i] <= candidate_input_q[i-1];
    reset6_q <= reset5_q;
    update_q[6] <= update5_q;
    for (int i = 7; i <= 11; i++) update_q[i] <= update_q[i-1];
  end

  // 6 -> 8: candidate's sum; 8 -> 9: address; 9 -> 11: candidate.
  gate_sum_t gated7_q, candidate_sum8_q;
  address_t candidate_address9_q;
  logic signed [TanhWidth-1:0] candidate10_q, candidate11_q;
  always_ff @(posedge clk_i) if (active_i) begin
    gated7_q <= gate_sum_t'(reset_gate) * gate_sum_t'(recurrent_candidate_q[6]);
    candidate_sum8_q <= candidate_input_q[7] +
                        (gated7_q <<< config_i[CfgCandidateGatedAlign][5:0]);
    candidate_address9_q <= address_of(
      requantize(wide_t'(candidate_sum8_q), shift_of(config_i[CfgCandidateShift]),
                 config_i[CfgCandidateMax]), config_i[CfgCandidateMin]);
    candidate11_q <= candidate10_q;
  end

  // Tables; a copy of the sigmoid for each gate.
  localparam string SigmoidImage = (ImagePrefix == "") ? "" : {ImagePrefix, "sigmoid.hex"};
  localparam string TanhImage = (ImagePrefix == "") ? "" : {ImagePrefix, "tanh.hex"};
  logic load_sigmoid, load_tanh, reset_upset, update_upset, tanh_upset;
  logic [1:0] back, back_q;
  assign back = {asked(load_i, SelectTanh), asked(load_i, SelectSigmoid)};
  always_ff @(posedge clk_i) back_q <= back;
  assign back_o = bias_back[0] | bias_back[1] | bias_back[2] | bias_back[3] |
                  (back_q[0] ? 32'(reset5_q) : '0) | (back_q[1] ? 32'(candidate10_q) : '0);
  assign load_sigmoid = load_i.valid && load_i.select == SelectSigmoid;
  assign load_tanh = load_i.valid && load_i.select == SelectTanh;
  aegru_memory #(
    .Width(SigmoidWidth), .Depth(TableDepth), .Protected(Protected), .Image(SigmoidImage)
  ) i_sigmoid_reset (
    .clk_i, .write_i(load_sigmoid), .write_address_i(load_i.address[TableBits-1:0]),
    .write_data_i(load_i.data[SigmoidWidth-1:0]), .read_i(active_i | back[0]),
    .read_address_i(back[0] ? load_i.address[TableBits-1:0] : reset_address4_q),
    .clear_i(1'b0), .data_o(reset5_q), .upset_o(reset_upset)
  );
  aegru_memory #(
    .Width(SigmoidWidth), .Depth(TableDepth), .Protected(Protected), .Image(SigmoidImage)
  ) i_sigmoid_update (
    .clk_i, .write_i(load_sigmoid), .write_address_i(load_i.address[TableBits-1:0]),
    .write_data_i(load_i.data[SigmoidWidth-1:0]), .read_i(active_i),
    .read_address_i(update_address4_q), .clear_i(1'b0), .data_o(update5_q), .upset_o(update_upset)
  );
  aegru_memory #(
    .Width(TanhWidth), .Depth(TableDepth), .Protected(Protected), .Image(TanhImage)
  ) i_tanh (
    .clk_i, .write_i(load_tanh), .write_address_i(load_i.address[TableBits-1:0]),
    .write_data_i(load_i.data[TanhWidth-1:0]), .read_i(active_i | back[1]),
    .read_address_i(back[1] ? load_i.address[TableBits-1:0] : candidate_address9_q),
    .clear_i(1'b0), .data_o(candidate10_q),
    .upset_o(tanh_upset)
  );
  assign upset_o = (bias_upset != '0) | reset_upset | update_upset | tanh_upset;
  assign recurrent_candidate = recurrent_candidate_q[4];
  assign reset_gate = code_t'(reset6_q);
  assign update_o = code_t'(update_q[11]);
  assign candidate_o = code_t'(candidate11_q);
endmodule
