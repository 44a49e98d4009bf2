/// The states of the last `window` ticks, and the walk through those that a tick needs.
///
/// A slot holds the states of g_1 ... g_(N-1) of one tick. At the start of a tick the oldest slot is
/// sent to the lanes and the cell unit, a word a cycle, the past state of g_N first; then the slot
/// takes the new states. The memory has one port: reads and writes never share a cycle.
/// Example, N = 3, hidden 2: past_o shows addresses 2, 3, 0, 1 in the cycles 2 to 5 of a tick.
module aegru_ring import aegru_pkg::*; #(
  /// Words of the ring: window · (steps - 1) · hidden.
  parameter int unsigned RingDepth = 4096,
  /// Words of a slot: (steps - 1) · hidden.
  parameter int unsigned StateDepth = 256,
  parameter string ImagePrefix = ""
) (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  load_t    load_i,
  input  config_t  config_i,
  /// Start-up: fill the ring with the states of silence, over and over, until filled_o.
  input  logic     start_i,
  output logic     filled_o,
  /// Send the slot from this address on; first read in the next cycle.
  input  logic     tick_start_i,
  input  index_t   slot_i,
  output past_t    past_o,
  /// Chains whose past state is on its way or further, and whether the slot was read to its end:
  /// then it may be written.
  output logic [7:0] chains_sent_o,
  output logic     sent_o,
  input  logic     write_i,
  input  index_t   address_i,
  input  operand_t data_i
);
  localparam int unsigned RingBits = $clog2(RingDepth + StateDepth);

  // The slots, and above them the states of silence.
  operand_t ring[RingDepth+StateDepth];
  operand_t ring_q;
  if (ImagePrefix != "") begin : gen_image
    initial $readmemh({ImagePrefix, "startup_state.hex"}, ring, RingDepth);
  end

  index_t hidden, stride;
  assign hidden = config_i[CfgHidden][15:0];
  assign stride = config_i[CfgRingStride][15:0];

  // Walk of a tick: chains from the last to the first, the units of each in order.
  logic sending_q, send1_q;
  index_t base_q, unit_q, address1_q;
  logic [7:0] chains_q;
  assign sent_o = ~sending_q;
  assign chains_sent_o = chains_q;
  always_ff @(posedge clk_i) begin
    if (sending_q) begin
      unit_q <= (unit_q + 16'd1 == hidden) ? '0 : unit_q + 16'd1;
      if (unit_q + 16'd1 == hidden) begin
        base_q <= base_q - hidden;
        chains_q <= chains_q + 8'd1;
        if (base_q == '0) sending_q <= 1'b0;
      end
    end
    if (tick_start_i) begin
      sending_q <= stride != '0;
      base_q <= stride - hidden;
      unit_q <= '0;
      chains_q <= '0;
    end
    send1_q <= sending_q;
    address1_q <= base_q + unit_q;
    past_o <= '{valid: send1_q, address: address1_q, data: ring_q};
    if (!rst_ni) begin
      sending_q <= 1'b0;
      send1_q <= 1'b0;
      past_o.valid <= 1'b0;
    end
  end

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

  logic load, write;
  index_t address;
  operand_t data;
  assign load = load_i.valid && load_i.select == SelectStartupState;
  assign write = load | fill_write_q | write_i;
  always_comb begin
    data = data_i;
    address = address_i;
    if (load) begin
      data = load_i.data[OperandWidth-1:0];
      address = load_i.address + 16'(RingDepth);
    end else if (start_i) begin
      data = ring_q;
      address = fill_write_q ? fill_q : silent_q + 16'(RingDepth);
    end else if (!write_i) begin
      address = slot_i + base_q + unit_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (write) ring[address[RingBits-1:0]] <= data;
    else ring_q <= ring[address[RingBits-1:0]];
  end

`ifdef SIMULATION
  one_port: assert property (@(posedge clk_i) disable iff (!rst_ni) !(sending_q && write_i));
`endif
endmodule
