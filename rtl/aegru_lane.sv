/// One multiply lane: its schedule, one multiplier, the accumulators of its rows.
///
/// A word issued in cycle t is multiplied in t+2 and accumulated in t+3; a row's sum, or an encoder
/// accumulator, can be read from t+4. Example: words (w=3, x=2), (w=-1, x=5, last) leave 1 in the
/// product buffer at the row's gate and slot.
module aegru_lane import aegru_pkg::*; #(
  /// This lane's number, from 0.
  parameter int unsigned Lane = 0,
  /// Words of the schedule.
  parameter int unsigned ScheduleDepth = 4096,
  /// Words of the ring of past states.
  parameter int unsigned RingDepth = 4096,
  /// Latent units of the engine, over all lanes.
  parameter int unsigned MaxLatent = 64,
  /// Latent units of one lane.
  parameter int unsigned LatentSlots = 16,
  /// Hidden units of one lane.
  parameter int unsigned HiddenSlots = 16,
  /// Prefix of $readmemh images; none where empty.
  parameter string ImagePrefix = ""
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  load_t                load_i,
  input  config_t              config_i,
  input  issue_t               issue_i,
  /// Start-up: copy the accumulator of silence of slot `start_slot_i`.
  input  logic                 start_i,
  input  logic [6:0]           start_slot_i,
  /// Write port of the ring, the same in every lane.
  input  logic                 ring_write_i,
  input  index_t               ring_address_i,
  input  operand_t             ring_data_i,
  /// The latent vector, by position.
  input  operand_t             latents_i[MaxLatent],
  /// Slot whose latent shows at latent_o in the next cycle.
  input  logic [6:0]           latent_slot_i,
  output operand_t             latent_o,
  /// Slot and half whose products show in the next cycle: reset, update, candidate.
  input  logic [6:0]           product_slot_i,
  input  logic                 product_half_i,
  output acc_t                 input_product_o[3],
  output acc_t                 recurrent_product_o[3],
  /// A multiply-accumulate of this matrix is done in this cycle.
  output logic                 mac_o,
  output matrix_e              mac_matrix_o
);
  localparam int unsigned ScheduleBits = $clog2(ScheduleDepth);
  localparam int unsigned RingBits = $clog2(RingDepth);
  localparam int unsigned LatentBits = $clog2(MaxLatent);
  localparam int unsigned LatentSlotBits = (LatentSlots > 1) ? $clog2(LatentSlots) : 1;
  localparam int unsigned HiddenSlotBits = (HiddenSlots > 1) ? $clog2(HiddenSlots) : 1;

  word_t schedule[ScheduleDepth];
  operand_t ring[RingDepth];
  acc_t startup[2**LatentSlotBits];
  acc_t accumulators[2**LatentSlotBits];

  if (ImagePrefix != "") begin : gen_image
    initial begin
      $readmemh($sformatf("%slane%0d.hex", ImagePrefix, Lane), schedule);
      $readmemh($sformatf("%sstartup_latent%0d.hex", ImagePrefix, Lane), startup);
    end
  end

  always_ff @(posedge clk_i) begin
    if (load_i.valid && load_i.select == SelectLane + 8'(Lane))
      schedule[load_i.address[ScheduleBits-1:0]] <= load_i.data[$bits(word_t)-1:0];
    if (load_i.valid && load_i.select == SelectStartupLatent + 8'(Lane))
      startup[load_i.address[LatentSlotBits-1:0]] <= load_i.data;
    if (ring_write_i) ring[ring_address_i[RingBits-1:0]] <= ring_data_i;
  end

  issue_t issue1_q, issue2_q, issue3_q;
  word_t word1_q, word2_q, word3_q;
  operand_t state_q, latent_q, operand;
  acc_t product_q, sum_q, sum;
  logic fresh_q;
  index_t ring_read;

  assign ring_read = issue1_q.base + index_t'(word1_q.index);

  always_ff @(posedge clk_i) begin
    word1_q <= schedule[issue_i.address[ScheduleBits-1:0]];
    word2_q <= word1_q;
    word3_q <= word2_q;
    state_q <= ring[ring_read[RingBits-1:0]];
    latent_q <= latents_i[word1_q.index[LatentBits-1:0]];
    product_q <= acc_t'(word2_q.weight) * acc_t'(operand);
    issue1_q <= issue_i;
    issue2_q <= issue1_q;
    issue3_q <= issue2_q;
    if (!rst_ni) begin
      issue1_q.valid <= 1'b0;
      issue2_q.valid <= 1'b0;
      issue3_q.valid <= 1'b0;
    end
  end

  always_comb begin
    unique case (issue2_q.matrix)
      Encoder: operand = issue2_q.difference;
      Input:   operand = latent_q;
      default: operand = state_q;
    endcase
    if (!word2_q.active) operand = '0;
  end

  assign sum = (fresh_q ? '0 : sum_q) + product_q;

  logic store;
  assign store = issue3_q.valid & word3_q.last & (issue3_q.matrix != Encoder);

  for (genvar g = 0; g < 3; g++) begin : gen_gate
    acc_t input_product[2**HiddenSlotBits];
    acc_t recurrent_product[2**(HiddenSlotBits+1)];
    always_ff @(posedge clk_i) begin
      if (store && word3_q.gate == 2'(g) && issue3_q.matrix == Input)
        input_product[word3_q.slot[HiddenSlotBits-1:0]] <= sum;
      if (store && word3_q.gate == 2'(g) && issue3_q.matrix == Recurrent)
        recurrent_product[{issue3_q.half, word3_q.slot[HiddenSlotBits-1:0]}] <= sum;
      input_product_o[g] <= input_product[product_slot_i[HiddenSlotBits-1:0]];
      recurrent_product_o[g] <=
        recurrent_product[{product_half_i, product_slot_i[HiddenSlotBits-1:0]}];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start_i) begin
      fresh_q <= 1'b1;
    end else if (issue3_q.valid && issue3_q.matrix != Encoder) begin
      fresh_q <= word3_q.last;
      sum_q <= sum;
    end
    if (start_i)
      accumulators[start_slot_i[LatentSlotBits-1:0]] <= startup[start_slot_i[LatentSlotBits-1:0]];
    else if (issue3_q.valid && issue3_q.matrix == Encoder && word3_q.active)
      accumulators[word3_q.slot[LatentSlotBits-1:0]] <=
        accumulators[word3_q.slot[LatentSlotBits-1:0]] + product_q;
    latent_o <= operand_t'(requantize(wide_t'(accumulators[latent_slot_i[LatentSlotBits-1:0]]),
                                      shift_t'(config_i[CfgLatentShift]),
                                      config_i[CfgLatentMin], config_i[CfgLatentMax]));
  end

  assign mac_o = issue3_q.valid & word3_q.active;
  assign mac_matrix_o = issue3_q.matrix;
endmodule
