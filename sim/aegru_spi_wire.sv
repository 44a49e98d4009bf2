/// The pin itself shows what the board top sends, while it is selected: no testbench reads a tri-state.
module aegru_spi_wire (
  input logic clk_i,
  input logic enable_i,
  input logic miso_i,
  input wire  pin_i
);
  pin_follows: assert property (@(posedge clk_i) enable_i |-> pin_i == miso_i);
endmodule

bind aegru_spi_top aegru_spi_wire i_wire (
  .clk_i(clk), .enable_i(miso_enable), .miso_i(miso), .pin_i(miso_o)
);
