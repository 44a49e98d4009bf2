/// One multiply lane: its columns of every matrix, one multiplier, the accumulators of its rows.
///
/// A column is multiplied by each operand that changed, and every product is added to the row's
/// accumulator, which lives on from tick to tick: accumulator += weight · difference. A word is read
/// once and held for all operands of its column, one a cycle. Columns wait in a queue of two, so that
/// the lanes need not keep step; one of few lanes waits at the directory's output. A column that is
/// offered in cycle t begins in t + 3 or later, without a queue in t + 2, takes as many cycles as it
/// has words times operands, at least one, and can be read three cycles after.
/// Example: a column of words (gap 0, weight 3), (gap 2, weight -1) and operands of chains 0 and 3
/// with differences 5 and -2 adds 15 and -6 to row 0 of these chains, then -5 and 2 to row 2.
module aegru_lane import aegru_pkg::*; #(
  /// Words of the schedule.
  parameter int unsigned ScheduleDepth = 4096,
  /// Columns of all matrices.
  parameter int unsigned DirectoryDepth = 256,
  /// Chains with a recurrent product: steps - 1.
  parameter int unsigned Chains = 4,
  /// Operands that are kept: those of the columns that wait or are multiplied, and of one on its way.
  parameter int unsigned OperandDepth = 16,
  /// Latent units of one lane.
  parameter int unsigned LatentSlots = 16,
  /// Hidden units of one lane.
  parameter int unsigned HiddenSlots = 16,
  /// Columns that wait: 1 or 2.
  parameter int unsigned QueueDepth = 2,
  /// Bits of every accumulator.
  parameter int unsigned AccumulatorBits = AccWidth,
  /// Gates whose products show at once: 3, or 1 of them.
  parameter int unsigned GatesAtOnce = 3,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0,
  /// Prefix of $readmemh images; none where empty. Lane: this lane's number in their names.
  parameter string ImagePrefix = "",
  parameter int unsigned Lane = 0
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  load_t                load_i,
  /// The word on the load bus is of this lane's schedule, of its directory, or of its accumulators in
  /// silence.
  input  logic                 load_schedule_i,
  input  logic                 load_directory_i,
  input  logic                 load_startup_i,
  /// The load bus asks for a word of one of them.
  input  logic                 back_schedule_i,
  input  logic                 back_directory_i,
  input  logic                 back_startup_i,
  /// Matrix of all columns that wait or are multiplied.
  input  matrix_e              matrix_i,
  /// Where the operand of change_i is kept, and the first and last one of its column.
  input  change_t              change_i,
  input  logic [$clog2(OperandDepth)-1:0] operand_at_i,
  input  logic [$clog2(OperandDepth)-1:0] first_at_i,
  input  logic [$clog2(OperandDepth)-1:0] last_at_i,
  /// A column would find a place in the queue.
  output logic                 ready_o,
  /// A column waits or is multiplied.
  output logic                 busy_o,
  /// Start-up: copy the accumulator of silence of slot `start_address_i`, clear that product.
  input  logic                 start_i,
  input  index_t               start_address_i,
  /// Slot whose encoder accumulator shows in the next cycle, and stays while nothing is read. Where
  /// that of another lane is wanted, zero shows.
  input  logic [6:0]           latent_slot_i,
  input  logic                 latent_read_i,
  input  logic                 latent_other_i,
  output acc_t                 latent_o,
  /// Slot, gate and chain whose products show in the next cycle: reset, update, candidate; or one
  /// gate's. Where products of another lane are wanted, zeros show.
  input  logic [6:0]           product_slot_i,
  input  logic [1:0]           product_gate_i,
  input  index_t               product_chain_i,
  input  logic                 product_read_i,
  input  logic                 product_other_i,
  output acc_t                 input_product_o[GatesAtOnce],
  output acc_t                 recurrent_product_o[GatesAtOnce],
  /// A multiply-accumulate is done in this cycle.
  output logic                 mac_o,
  /// A word was read that is not what was written.
  output logic                 upset_o,
  /// What the load bus asks for, sign-extended; zero of other memories.
  output logic [31:0]          back_o
);
  localparam int unsigned ScheduleBits = $clog2(ScheduleDepth);
  localparam int unsigned DirectoryBits = $clog2(DirectoryDepth);
  localparam int unsigned OperandBits = $clog2(OperandDepth);
  localparam int unsigned ChainBits = (Chains > 1) ? $clog2(Chains) : 1;
  localparam int unsigned LatentSlotBits = (LatentSlots > 1) ? $clog2(LatentSlots) : 1;
  localparam int unsigned HiddenSlotBits = (HiddenSlots > 1) ? $clog2(HiddenSlots) : 1;
  /// A row is {slot, gate} of the products, and a slot of the encoder.
  localparam int unsigned RowBits =
    (HiddenSlotBits + 2 > LatentSlotBits) ? HiddenSlotBits + 2 : LatentSlotBits;
  localparam int unsigned LengthBits = RowBits + 1;
  typedef logic [ScheduleBits-1:0] address_t;
  typedef logic [LengthBits-1:0] length_t;
  typedef logic [OperandBits-1:0] operand_at_t;
  typedef logic [ChainBits-1:0] chain_t;
  typedef logic [RowBits-1:0] row_t;
  typedef struct packed {
    address_t    start;
    length_t     length;
    operand_at_t first;
    operand_at_t last;
  } column_t;
  typedef struct packed {
    chain_t   chain;
    operand_t difference;
  } kept_t;
  typedef logic signed [AccumulatorBits-1:0] sum_of_row_t;
  matrix_e matrix_q;  // of the column that is multiplied

  // What was loaded, and the operands.
  localparam string ScheduleImage =
    (ImagePrefix == "") ? "" : $sformatf("%slane%0d.hex", ImagePrefix, Lane);
  localparam string DirectoryImage =
    (ImagePrefix == "") ? "" : $sformatf("%sdirectory%0d.hex", ImagePrefix, Lane);
  localparam string StartupImage =
    (ImagePrefix == "") ? "" : $sformatf("%sstartup_latent%0d.hex", ImagePrefix, Lane);
  logic [31:0] directory_q;  // start, words
  kept_t operand, operand1_q;
  operand_at_t at_q;
  logic directory_upset, operands_upset;
  assign operand = '{chain: chain_t'(change_i.chain), difference: change_i.difference};
  aegru_memory #(
    .Width(32), .Depth(DirectoryDepth), .Protected(Protected), .Image(DirectoryImage)
  ) i_directory (
    .clk_i, .write_i(load_directory_i), .write_address_i(load_i.address[DirectoryBits-1:0]),
    .write_data_i(load_i.data), .read_i((change_i.column & ~load_directory_i) | back_directory_i),
    .read_address_i(back_directory_i ? load_i.address[DirectoryBits-1:0]
                                     : change_i.index[DirectoryBits-1:0]),
    .clear_i(1'b0), .data_o(directory_q),
    .upset_o(directory_upset)
  );

  // The queue: a column joins it a cycle after it was offered.
  logic waits, begins, queue_upset;
  column_t joining, waiting;
  operand_at_t first_q, last_q;
  logic [1:0] held_q;  // offered and not yet begun
  assign joining = '{start: address_t'(directory_q[31:16]), length: length_t'(directory_q[15:0]),
                     first: first_q, last: last_q};
  if (QueueDepth == 1) begin : gen_no_queue
    assign waiting = joining;
    assign waits = held_q[0];
    assign queue_upset = 1'b0;
  end else begin : gen_queue
    logic joins_q, queue_ready, unused_ready;
    assign unused_ready = queue_ready;
    always_ff @(posedge clk_i) joins_q <= rst_ni & change_i.column;
    aegru_fifo #(
      .Width($bits(column_t)), .Depth(QueueDepth), .Protected(Protected)
    ) i_queue (
      .clk_i, .rst_ni, .clear_i(1'b0), .in_valid_i(joins_q), .in_data_i(joining),
      .in_ready_o(queue_ready), .out_valid_o(waits), .out_data_o(waiting), .out_ready_i(begins),
      .upset_o(queue_upset)
    );
`ifdef SIMULATION
    queue_never_overflows: assert property (@(posedge clk_i) disable iff (!rst_ni)
      joins_q |-> queue_ready);
`endif
  end
  always_ff @(posedge clk_i) begin
    if (change_i.column) begin
      first_q <= first_at_i;
      last_q <= last_at_i;
    end
    held_q <= held_q + 2'(change_i.column) - 2'(begins);
    if (!rst_ni) held_q <= '0;
  end
  assign ready_o = held_q < 2'(QueueDepth);

  // The column that is multiplied: word after word, each with all operands.
  logic running_q, word_first_q, column_first_q, word_ends, column_ends, working;
  address_t address_q;
  length_t left_q;
  operand_at_t begin_q, end_q;
  assign working = running_q & (left_q != '0);
  assign word_ends = at_q == end_q;
  assign column_ends = (left_q == '0) | (word_ends & (left_q == length_t'(1)));
  assign begins = waits & (~running_q | column_ends);
  assign busy_o = running_q | (held_q != '0);
  always_ff @(posedge clk_i) begin
    if (working) begin
      at_q <= word_ends ? begin_q : at_q + 1'b1;
      word_first_q <= word_ends;
      if (word_ends) begin
        address_q <= address_q + 1'b1;
        left_q <= left_q - 1'b1;
        column_first_q <= 1'b0;
      end
    end
    if (column_ends) running_q <= 1'b0;
    if (begins) begin
      running_q <= 1'b1;
      matrix_q <= matrix_i;
      address_q <= waiting.start;
      left_q <= waiting.length;
      begin_q <= waiting.first;
      at_q <= waiting.first;
      end_q <= waiting.last;
      word_first_q <= 1'b1;
      column_first_q <= 1'b1;
    end
    if (!rst_ni) running_q <= 1'b0;
  end

  // 1: the word and the operand; 2: the row; 3: the product and the row's accumulator.
  word_t word1_q;
  logic valid1_q, word_first1_q, column_first1_q, active2_q, active3_q;
  row_t row1, row2_q, row3_q;
  weight_t weight2_q;
  operand_t difference2_q;
  chain_t chain2_q, chain3_q;
  sum_of_row_t product3_q;
  logic schedule_upset;
  aegru_memory #(
    .Width($bits(word_t)), .Depth(ScheduleDepth), .OnePort(1'b1), .Protected(Protected),
    .Image(ScheduleImage)
  ) i_schedule (
    .clk_i, .write_i(load_schedule_i), .write_address_i(load_i.address[ScheduleBits-1:0]),
    .write_data_i(load_i.data[$bits(word_t)-1:0]),
    .read_i((working & word_first_q) | back_schedule_i),
    .read_address_i(back_schedule_i ? load_i.address[ScheduleBits-1:0] : address_q),
    .clear_i(1'b0), .data_o(word1_q), .upset_o(schedule_upset)
  );
  aegru_memory #(
    .Width($bits(kept_t)), .Depth(OperandDepth), .Protected(Protected)
  ) i_operands (
    .clk_i, .write_i(change_i.operand), .write_address_i(operand_at_i), .write_data_i(operand),
    .read_i(working), .read_address_i(at_q), .clear_i(1'b0), .data_o(operand1_q),
    .upset_o(operands_upset)
  );
  assign row1 = (column_first1_q ? '0 : row2_q) + (word_first1_q ? row_t'(word1_q.gap) : '0);
  always_ff @(posedge clk_i) begin
    valid1_q <= working;
    word_first1_q <= word_first_q;
    column_first1_q <= column_first_q & word_first_q;
    if (valid1_q) begin
      row2_q <= row1;
      weight2_q <= word1_q.weight;
      difference2_q <= operand1_q.difference;
      chain2_q <= operand1_q.chain;
    end
    active2_q <= valid1_q & (word1_q.weight != '0);
    if (active2_q) begin
      row3_q <= row2_q;
      chain3_q <= chain2_q;
      product3_q <= sum_of_row_t'(weight2_q) * sum_of_row_t'(difference2_q);
    end
    active3_q <= active2_q;
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      active2_q <= 1'b0;
      active3_q <= 1'b0;
    end
  end
  assign mac_o = active3_q;

  // 3 -> the accumulator: read in one cycle, written in the next. A row that comes in two cycles
  // running takes the sum on its way.
  sum_of_row_t read3, before3, sum3, sum4_q;
  logic again3_q;
  assign before3 = again3_q ? sum4_q : read3;
  assign sum3 = before3 + product3_q;
  always_ff @(posedge clk_i) begin
    if (active3_q) sum4_q <= sum3;
    again3_q <= active3_q & active2_q & (row2_q == row3_q) & (chain2_q == chain3_q);
  end

  // The encoder's accumulators. The upper half holds their values in silence.
  typedef logic [LatentSlotBits-1:0] latent_slot_t;
  acc_t latent_q, latent_written;
  latent_slot_t start_slot_q, latent_read;
  logic [LatentSlotBits:0] latent_address;
  logic start_q, encoding, latents_upset;
  assign encoding = matrix_q == Encoder;
  assign latent_read = back_startup_i ? latent_slot_t'(load_i.address)
    : start_i ? latent_slot_t'(start_address_i)
    : (active2_q & encoding) ? latent_slot_t'(row2_q) : latent_slot_t'(latent_slot_i);
  assign latent_address = load_startup_i ? {1'b1, load_i.address[LatentSlotBits-1:0]}
    : {1'b0, start_q ? start_slot_q : latent_slot_t'(row3_q)};
  assign latent_written = load_startup_i ? load_i.data[AccWidth-1:0]
    : start_q ? latent_q : acc_t'(sum3);
  aegru_memory #(
    .Width(AccWidth), .Depth(2 ** (LatentSlotBits + 1)), .Protected(Protected),
    .Image(StartupImage), .ImageAt(2 ** LatentSlotBits)
  ) i_latents (
    .clk_i, .write_i(load_startup_i | start_q | (active3_q & encoding)),
    .write_address_i(latent_address), .write_data_i(latent_written),
    .read_i(start_i | (active2_q & encoding) | latent_read_i | back_startup_i),
    .read_address_i({start_i | back_startup_i, latent_read}),
    .clear_i(latent_other_i), .data_o(latent_q),
    .upset_o(latents_upset)
  );
  always_ff @(posedge clk_i) begin
    start_q <= start_i;
    start_slot_q <= latent_slot_t'(start_address_i);
  end
  assign latent_o = acc_t'(sum_of_row_t'(latent_q));

  // The products: the input's, and each chain's recurrent one; a memory a gate, or one with the gate
  // in its address.
  localparam int unsigned ProductBits = HiddenSlotBits + ((GatesAtOnce == 1) ? 2 : 0);
  localparam int unsigned RecurrentDepth = Chains << ProductBits;
  localparam int unsigned RecurrentBits = ChainBits + ProductBits;
  typedef logic [ProductBits-1:0] product_t;
  typedef logic [RecurrentBits-1:0] recurrent_t;
  product_t product_shown, product2, product3;
  if (GatesAtOnce == 1) begin : gen_one_gate
    assign product_shown = {product_slot_i[HiddenSlotBits-1:0], product_gate_i};
    assign product2 = product_t'(row2_q);
    assign product3 = product_t'(row3_q);
  end else begin : gen_gates
    logic unused_gate;
    assign unused_gate = &{1'b0, product_gate_i};
    assign product_shown = product_slot_i[HiddenSlotBits-1:0];
    assign product2 = product_t'(row2_q >> 2);
    assign product3 = product_t'(row3_q >> 2);
  end
  sum_of_row_t input_read[GatesAtOnce], recurrent_read[GatesAtOnce];
  logic [GatesAtOnce-1:0] product_upset;
  for (genvar g = 0; g < int'(GatesAtOnce); g++) begin : gen_product
    sum_of_row_t input_q, recurrent_q;
    logic input_upset, recurrent_upset, of_gate2, of_gate3, input2, input3, recurrent2, recurrent3;
    assign of_gate2 = active2_q & ((GatesAtOnce == 1) | (row2_q[1:0] == 2'(g)));
    assign of_gate3 = active3_q & ((GatesAtOnce == 1) | (row3_q[1:0] == 2'(g)));
    assign input2 = of_gate2 & (matrix_q == Input);
    assign input3 = of_gate3 & (matrix_q == Input);
    assign recurrent2 = of_gate2 & (matrix_q == Recurrent);
    assign recurrent3 = of_gate3 & (matrix_q == Recurrent);
    aegru_memory #(
      .Width(AccumulatorBits), .Depth(2 ** ProductBits), .Protected(Protected)
    ) i_input_product (
      .clk_i, .write_i(start_i | input3),
      .write_address_i(start_i ? product_t'(start_address_i) : product3),
      .write_data_i(start_i ? '0 : sum3), .read_i(input2 | product_read_i),
      .read_address_i(input2 ? product2 : product_shown), .clear_i(product_other_i),
      .data_o(input_q), .upset_o(input_upset)
    );
    aegru_memory #(
      .Width(AccumulatorBits), .Depth(RecurrentDepth), .Protected(Protected)
    ) i_recurrent_product (
      .clk_i, .write_i((start_i && 32'(start_address_i) < RecurrentDepth) || recurrent3),
      .write_address_i(start_i ? recurrent_t'(start_address_i) : {chain3_q, product3}),
      .write_data_i(start_i ? '0 : sum3), .read_i(recurrent2 | product_read_i),
      .read_address_i(recurrent2 ? {chain2_q, product2}
                                 : {chain_t'(product_chain_i), product_shown}),
      .clear_i(product_other_i), .data_o(recurrent_q), .upset_o(recurrent_upset)
    );
    assign product_upset[g] = input_upset | recurrent_upset;
    assign input_read[g] = input_q;
    assign recurrent_read[g] = recurrent_q;
    assign input_product_o[g] = acc_t'(input_q);
    assign recurrent_product_o[g] = acc_t'(recurrent_q);
  end
  localparam int unsigned BankBits = (GatesAtOnce == 1) ? 1 : 2;
  logic [BankBits-1:0] bank3;
  assign bank3 = (GatesAtOnce == 1) ? '0 : row3_q[BankBits-1:0];
  always_comb begin
    unique case (matrix_q)
      Encoder: read3 = sum_of_row_t'(latent_q);
      Input:   read3 = input_read[bank3];
      default: read3 = recurrent_read[bank3];
    endcase
  end

  logic [2:0] back_q;
  always_ff @(posedge clk_i) back_q <= {back_startup_i, back_directory_i, back_schedule_i};
  assign back_o = (back_q[0] ? 32'(unsigned'(word1_q)) : '0) | (back_q[1] ? directory_q : '0) |
                  (back_q[2] ? 32'(latent_q) : '0);
  assign upset_o = queue_upset | directory_upset | operands_upset | schedule_upset | latents_upset |
                   (product_upset != '0);
endmodule
