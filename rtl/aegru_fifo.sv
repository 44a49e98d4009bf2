/// First-in first-out buffer with valid and ready on both sides; data shows in the cycle after.
///
/// Example, Depth = 2: words a, b are accepted, the third waits (in_ready_o = 0) until a is taken.
module aegru_fifo #(
  /// Bits of a word.
  parameter int unsigned Width = 8,
  /// Words held; a power of two.
  parameter int unsigned Depth = 16,
  /// A parity bit a word.
  parameter bit Protected = 1'b0
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  /// Forget every word.
  input  logic             clear_i,
  /// A word is offered; it is taken in a cycle where in_ready_o is high too.
  input  logic             in_valid_i,
  input  logic [Width-1:0] in_data_i,
  output logic             in_ready_o,
  /// The oldest word; it leaves in a cycle where out_ready_i is high too.
  output logic             out_valid_o,
  output logic [Width-1:0] out_data_o,
  input  logic             out_ready_i,
  /// The word that leaves is not the one that was taken.
  output logic             upset_o
);
  localparam int unsigned PointerWidth = $clog2(Depth);
  if (Depth != 2 ** PointerWidth || Depth < 2) begin : gen_refuse1
    $error("Depth must be a power of two, at least 2");
  end

  localparam int unsigned Stored = Width + (Protected ? 1 : 0);
  logic [Stored-1:0] memory[Depth], offered, oldest;
  logic [PointerWidth:0] write_q, read_q;
  logic full, push, pop;

  assign full = write_q == {~read_q[PointerWidth], read_q[PointerWidth-1:0]};
  assign in_ready_o = ~full & rst_ni;
  assign out_valid_o = write_q != read_q;
  assign oldest = memory[read_q[PointerWidth-1:0]];
  assign out_data_o = oldest[Width-1:0];
  if (Protected) begin : gen_parity
    assign offered = {^in_data_i, in_data_i};
    assign upset_o = pop & ^oldest;
  end else begin : gen_no_parity
    assign offered = in_data_i;
    assign upset_o = 1'b0;
  end
  assign push = in_valid_i & in_ready_o;
  assign pop = out_valid_o & out_ready_i;

  always_ff @(posedge clk_i) begin
    if (push) memory[write_q[PointerWidth-1:0]] <= offered;
    if (push) write_q <= write_q + 1'b1;
    if (pop) read_q <= read_q + 1'b1;
    if (clear_i) write_q <= read_q + (PointerWidth + 1)'(pop);
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
    end
  end

`ifdef SIMULATION
  logic [PointerWidth:0] held;
  assign held = write_q - read_q;
  never_overfull: assert property (@(posedge clk_i) disable iff (!rst_ni)
    held <= Depth[PointerWidth:0]);
  never_pushed_when_full: assert property (@(posedge clk_i) disable iff (!rst_ni) !(push && full));
  offered_word_stays: assert property (@(posedge clk_i) disable iff (!rst_ni || clear_i)
    out_valid_o && !out_ready_i |=> out_valid_o && $stable(out_data_o));
`endif
endmodule
