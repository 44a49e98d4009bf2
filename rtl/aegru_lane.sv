/// One multiply lane: its schedule, one multiplier, the accumulators of its rows.
///
/// A word issued in cycle t is multiplied in t+4 and accumulated in t+5; a row's sum, or an encoder
/// accumulator, can be read from t+6. Example: words (w=3, x=2), (w=-1, x=5, last) leave 1 in the
/// product buffer at the row's gate and slot.
module aegru_lane import aegru_pkg::*; #(
  /// Lanes of the engine.
  parameter int unsigned Lanes = 4,
  /// Words of the schedule.
  parameter int unsigned ScheduleDepth = 4096,
  /// Past states of a tick.
  parameter int unsigned StateDepth = 256,
  /// Latent units of one lane.
  parameter int unsigned LatentSlots = 16,
  /// Hidden units of one lane.
  parameter int unsigned HiddenSlots = 16,
  /// Gates whose products show at once: 3, or 1 of them.
  parameter int unsigned GatesAtOnce = 3,
  /// Prefix of $readmemh images; none where empty. Lane: this lane's number in their names.
  parameter string ImagePrefix = "",
  parameter int unsigned Lane = 0
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  load_t                load_i,
  /// The word on the load bus is of this lane's schedule, or of its accumulators in silence.
  input  logic                 load_schedule_i,
  input  logic                 load_startup_i,
  input  config_t              config_i,
  /// What was issued k cycles ago, at [k].
  input  issue_t               issue_i[0:5],
  /// What was issued 5 cycles ago is the encoder's, or of another product.
  input  logic                 encode_i,
  input  logic                 accumulate_i,
  /// The encoder's accumulators are in use.
  input  logic                 encoding_i,
  /// Start-up: copy the accumulator of silence of slot `start_slot_i`.
  input  logic                 start_i,
  input  logic [6:0]           start_slot_i,
  /// Past states of the tick, the same in every lane.
  input  past_t                past_i,
  /// Slot whose latent shows at latent_o two cycles later; it stays there until the next one, which
  /// latent_read_i announces a cycle after its slot.
  input  logic [6:0]           latent_slot_i,
  input  logic                 latent_read_i,
  output operand_t             latent_o,
  /// A slot of the latent vector, of all lanes, to be kept for the input product.
  input  logic                 latents_valid_i,
  input  logic [6:0]           latents_slot_i,
  input  operand_t             latents_i[Lanes],
  /// Slot and half whose products show in the next cycle: reset, update, candidate; or one gate's.
  /// What shows stays while nothing is read.
  input  logic [6:0]           product_slot_i,
  input  logic [1:0]           product_gate_i,
  input  logic                 product_half_i,
  input  logic                 product_read_i,
  output acc_t                 input_product_o[GatesAtOnce],
  output acc_t                 recurrent_product_o[GatesAtOnce],
  /// A multiply-accumulate of what issue_i[5] says is done in this cycle.
  output logic                 mac_o
);
  localparam int unsigned ScheduleBits = $clog2(ScheduleDepth);
  localparam int unsigned StateBits = $clog2(StateDepth);
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;
  localparam int unsigned LatentSlotBits = (LatentSlots > 1) ? $clog2(LatentSlots) : 1;
  localparam int unsigned HiddenSlotBits = (HiddenSlots > 1) ? $clog2(HiddenSlots) : 1;
  typedef logic [LatentSlotBits-1:0] latent_slot_t;

  word_t schedule[ScheduleDepth];
  if (ImagePrefix != "") begin : gen_image
    initial $readmemh($sformatf("%slane%0d.hex", ImagePrefix, Lane), schedule);
  end

  // The word, through the stages.
  word_t word1_q, word2_q, word3_q, word4_q, word5_q;
  logic [ScheduleBits-1:0] schedule_address;
  assign schedule_address = load_schedule_i ? load_i.address[ScheduleBits-1:0]
                                            : issue_i[0].address[ScheduleBits-1:0];
  always_ff @(posedge clk_i) begin
    if (load_schedule_i) schedule[schedule_address] <= load_i.data[$bits(word_t)-1:0];
    else word1_q <= schedule[schedule_address];
    word2_q <= word1_q;
    word3_q <= word2_q;
    word4_q <= word3_q;
    word5_q <= word4_q;
  end

  // The other operand: a latent, a past state, or the change of a feature.
  operand_t [Lanes-1:0] latents[2**LatentSlotBits];
  operand_t past[StateDepth];
  operand_t [Lanes-1:0] latents3_q;
  operand_t past3_q, operand_d, operand4_q;
  logic [LaneBits-1:0] latent_lane;
  index_t past_address;
  if (Lanes > 1) begin : gen_latent_lane
    assign latent_lane = word3_q.index[LaneBits-1:0];
  end else begin : gen_one_lane
    assign latent_lane = '0;
  end
  assign past_address = issue_i[2].base + index_t'(word2_q.index);
  always_comb begin
    unique case (issue_i[3].matrix)
      Encoder: operand_d = issue_i[3].difference;
      Input:   operand_d = latents3_q[latent_lane];
      default: operand_d = past3_q;
    endcase
    if (!word3_q.active) operand_d = '0;
  end
  always_ff @(posedge clk_i) begin
    if (latents_valid_i) begin
      automatic operand_t [Lanes-1:0] of_slot;
      for (int p = 0; p < int'(Lanes); p++) of_slot[p] = latents_i[p];
      latents[latents_slot_i[LatentSlotBits-1:0]] <= of_slot;
    end
    if (past_i.valid) past[past_i.address[StateBits-1:0]] <= past_i.data;
    if (issue_i[2].matrix == Input)
      latents3_q <= latents[latent_slot_t'(word2_q.index / 8'(Lanes))];
    past3_q <= past[past_address[StateBits-1:0]];
    operand4_q <= operand_d;
  end

  // Products and the sums of rows.
  acc_t product5_q, sum_q, sum;
  logic fresh_q, store;
  assign store = accumulate_i & word5_q.last;
  assign sum = (fresh_q ? '0 : sum_q) + product5_q;
  always_ff @(posedge clk_i) begin
    product5_q <= acc_t'(word4_q.weight) * acc_t'(operand4_q);
    if (accumulate_i) begin
      fresh_q <= word5_q.last;
      sum_q <= sum;
    end
    if (!rst_ni || start_i) fresh_q <= 1'b1;
  end

  // Where a product is kept: slot, and gate where one memory holds all three.
  localparam int unsigned ProductBits = HiddenSlotBits + ((GatesAtOnce == 1) ? 2 : 0);
  typedef logic [ProductBits-1:0] product_t;
  product_t product_write, product_read;
  if (GatesAtOnce == 1) begin : gen_one_gate
    assign product_write = {word5_q.gate, word5_q.slot[HiddenSlotBits-1:0]};
    assign product_read = {product_gate_i, product_slot_i[HiddenSlotBits-1:0]};
  end else begin : gen_gates
    logic unused_gate;
    assign unused_gate = &{1'b0, product_gate_i};
    assign product_write = word5_q.slot[HiddenSlotBits-1:0];
    assign product_read = product_slot_i[HiddenSlotBits-1:0];
  end
  for (genvar g = 0; g < int'(GatesAtOnce); g++) begin : gen_product
    acc_t input_product[2**ProductBits], input_product_q;
    acc_t recurrent_product[2**(ProductBits+1)], recurrent_product_q;
    always_ff @(posedge clk_i) begin
      if (store && ((GatesAtOnce == 1) || word5_q.gate == 2'(g))) begin
        if (issue_i[5].matrix == Input) input_product[product_write] <= sum;
        else recurrent_product[{issue_i[5].half, product_write}] <= sum;
      end
      if (product_read_i) begin
        input_product_q <= input_product[product_read];
        recurrent_product_q <= recurrent_product[{product_half_i, product_read}];
      end
    end
    assign input_product_o[g] = input_product_q;
    assign recurrent_product_o[g] = recurrent_product_q;
  end

  // The encoder's accumulators: read in one cycle, written in the next. A row that comes in two
  // cycles running takes the sum on its way. The upper half holds their values in silence.
  acc_t accumulators[2**(LatentSlotBits+1)];
  acc_t read5_q, added_q;
  latent_slot_t start_slot_q, added_slot_q;
  logic add, added_valid_q, start_q;
  if (ImagePrefix != "") begin : gen_startup
    initial $readmemh($sformatf("%sstartup_latent%0d.hex", ImagePrefix, Lane), accumulators,
                      2 ** LatentSlotBits);
  end
  assign add = encode_i & word5_q.active;
  always_ff @(posedge clk_i) if (encoding_i) begin
    automatic latent_slot_t slot = word5_q.slot[LatentSlotBits-1:0];
    automatic latent_slot_t read_slot = start_i ? start_slot_i[LatentSlotBits-1:0]
      : issue_i[4].valid ? word4_q.slot[LatentSlotBits-1:0] : latent_slot_i[LatentSlotBits-1:0];
    automatic acc_t sum_before = (added_valid_q && added_slot_q == slot) ? added_q : read5_q;
    automatic acc_t added = sum_before + product5_q;
    automatic logic [LatentSlotBits:0] address = load_startup_i
      ? {1'b1, load_i.address[LatentSlotBits-1:0]} : {1'b0, start_q ? start_slot_q : slot};
    automatic acc_t data = load_startup_i ? load_i.data[AccWidth-1:0] : start_q ? read5_q : added;
    read5_q <= accumulators[{start_i, read_slot}];
    if (load_startup_i || start_q || add) accumulators[address] <= data;
    start_q <= start_i;
    start_slot_q <= start_slot_i[LatentSlotBits-1:0];
    added_valid_q <= add;
    added_slot_q <= slot;
    added_q <= added;
  end
  always_ff @(posedge clk_i) begin
    if (latent_read_i)
      latent_o <= operand_t'(requantize(wide_t'(read5_q), shift_t'(config_i[CfgLatentShift]),
                                        config_i[CfgLatentMax]));
  end

  assign mac_o = issue_i[5].valid & word5_q.active;
endmodule
