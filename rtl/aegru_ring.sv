/// The states of the last `window` ticks.
///
/// A slot holds the states of g_1 ... g_(N-1) of one tick, and takes those of the tick that comes
/// `window` ticks later. Example, N = 3, hidden 2, window 20: 20 slots of 4 words; word 2 of a slot is
/// the state of g_2, unit 0.
module aegru_ring import aegru_pkg::*; #(
  /// Words of the ring: window · (steps - 1) · hidden.
  parameter int unsigned RingDepth = 4096,
  /// Words of a slot: (steps - 1) · hidden.
  parameter int unsigned StateDepth = 256,
  /// One port, as the SPRAM of an iCE40UP has: nobody reads and writes in the same cycle.
  parameter bit OnePort = 1'b0,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0,
  parameter string ImagePrefix = ""
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  load_t    load_i,
  input  config_t  config_i,
  /// Start-up: fill the ring with the states of silence, over and over, until filled_o.
  input  logic     start_i,
  output logic     filled_o,
  /// Word of a slot, shown in the next cycle.
  input  logic     read_i,
  input  index_t   slot_i,
  input  index_t   offset_i,
  output operand_t data_o,
  input  logic     write_i,
  input  index_t   address_i,
  input  operand_t data_i,
  /// A word was read that is not what was written.
  output logic     upset_o,
  /// What the load bus asks for, sign-extended; zero of other memories.
  output logic [31:0] back_o
);
  localparam int unsigned RingBits = $clog2(RingDepth + StateDepth);

  // The slots, and above them the states of silence.
  localparam string StartupImage = (ImagePrefix == "") ? "" : {ImagePrefix, "startup_state.hex"};
  operand_t ring_q;
  assign data_o = ring_q;
  index_t stride;
  assign stride = config_i[CfgRingStride][15:0];

  // Walk of the start-up: a state of silence is read, and written in the next cycle.
  index_t fill_q, silent_q;
  logic fill_write_q;
  assign filled_o = 32'(fill_q) >= RingDepth;
  always_ff @(posedge clk_i) begin
    fill_write_q <= start_i & ~fill_write_q & ~filled_o;
    if (fill_write_q) begin
      fill_q <= fill_q + 16'd1;
      silent_q <= (silent_q + 16'd1 >= stride) ? '0 : silent_q + 16'd1;
    end
    if (!start_i) begin
      fill_q <= '0;
      silent_q <= '0;
    end
    if (!rst_ni) fill_write_q <= 1'b0;
  end

  logic load, back, back_q, write;
  assign back = asked(load_i, SelectStartupState);
  always_ff @(posedge clk_i) back_q <= back;
  assign back_o = back_q ? 32'(ring_q) : '0;
  index_t write_address, read_address;
  operand_t data;
  assign load = load_i.valid && load_i.select == SelectStartupState;
  assign write = load | fill_write_q | write_i;
  assign write_address = load ? load_i.address + 16'(RingDepth) : start_i ? fill_q : address_i;
  assign read_address = back ? load_i.address + 16'(RingDepth)
                        : start_i ? silent_q + 16'(RingDepth) : slot_i + offset_i;
  assign data = load ? load_i.data[OperandWidth-1:0] : start_i ? ring_q : data_i;
  aegru_memory #(
    .Width(OperandWidth), .Depth(RingDepth + StateDepth), .OnePort(OnePort), .Protected(Protected),
    .Image(StartupImage), .ImageAt(RingDepth)
  ) i_ring (
    .clk_i, .write_i(write), .write_address_i(write_address[RingBits-1:0]), .write_data_i(data),
    .read_i(read_i | (start_i & ~write) | back), .read_address_i(read_address[RingBits-1:0]),
    .clear_i(1'b0), .data_o(ring_q), .upset_o
  );

`ifdef SIMULATION
  one_port: assert property (@(posedge clk_i) disable iff (!rst_ni)
    !(OnePort && read_i && write_i));
`endif
endmodule
