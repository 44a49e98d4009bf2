/// aegru_fifo: what comes out is what went in, in order, once.
///
/// One word, any, is watched: how many words are ahead of it, and what it is.
module fifo #(
  parameter int unsigned Width = 4,
  parameter int unsigned Depth = 4
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             clear_i,
  input logic             in_valid_i,
  input logic [Width-1:0] in_data_i,
  input logic             out_ready_i,
  /// Watch the word that goes in now, unless one is watched.
  input logic             watch_i
);
  localparam int unsigned PointerWidth = $clog2(Depth);
  typedef logic [PointerWidth:0] count_t;
  logic in_ready_o, out_valid_o, push, pop;
  logic [Width-1:0] out_data_o;
  aegru_fifo #(.Width(Width), .Depth(Depth)) dut (
    .clk_i, .rst_ni, .clear_i, .in_valid_i, .in_data_i, .in_ready_o, .out_valid_o, .out_data_o,
    .out_ready_i
  );
  assign push = in_valid_i & in_ready_o;
  assign pop = out_valid_o & out_ready_i;

  logic started_q = 1'b0, watching_q, offered_q;
  count_t held_q, ahead_q;
  logic [Width-1:0] watched_q, data_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    held_q <= held_q + count_t'(push) - count_t'(pop);
    if (watching_q && pop) ahead_q <= ahead_q - 1'b1;
    if (watching_q && pop && ahead_q == '0) watching_q <= 1'b0;
    if (!watching_q && push && watch_i) begin
      watching_q <= 1'b1;
      watched_q <= in_data_i;
      ahead_q <= held_q - count_t'(pop);
    end
    offered_q <= out_valid_o & ~out_ready_i;
    data_q <= out_data_o;
    if (!rst_ni || clear_i) begin
      held_q <= '0;
      watching_q <= 1'b0;
      offered_q <= 1'b0;
    end
  end

  logic [PointerWidth-1:0] place;
  assign place = dut.read_q[PointerWidth-1:0] + ahead_q[PointerWidth-1:0];

  always_comb begin
    reset_first: assume (started_q || !rst_ni);
    if (started_q) begin
      no_overflow: assert (held_q <= count_t'(Depth));
      takes_while_there_is_room: assert (in_ready_o == (rst_ni && held_q < count_t'(Depth)));
      offers_what_it_holds: assert (out_valid_o == (held_q != '0));
      no_loss: assert (!watching_q || ahead_q < held_q);
      order: assert (!watching_q || ahead_q != '0 || out_data_o == watched_q);
      word_stays: assert (!offered_q || (out_valid_o && out_data_o == data_q));
      invariant_pointers: assert (count_t'(dut.write_q - dut.read_q) == held_q);
      invariant_place: assert (!watching_q || dut.memory[place] == watched_q);
    end
  end
endmodule
