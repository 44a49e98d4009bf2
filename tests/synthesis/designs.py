"""Tiny designs that the tools synthesise in seconds."""

from pathlib import Path

from aegru_hw.synthesis.design import PLACED_AS, Design

FIXED = "64'h00000000deadbeef"

MULTIPLIER = """
module multiplier #(
  parameter int unsigned Width = 8, parameter string Prefix = "", parameter logic [63:0] Fixed = '0
) (
  input logic clk, input logic [Width-1:0] a_i, output logic [3:0] y_o, output logic tick_o
);
  if (Fixed != 64'hdead_beef) $error("Fixed is not the literal that was given");
  logic [7:0] scale [4];
  initial $readmemh({Prefix, "scale.hex"}, scale);
  logic [Width-1:0] a_q;
  logic [Width+7:0] product_q;
  always_ff @(posedge clk) begin
    a_q <= a_i;
    product_q <= a_q * scale[a_q[1:0]] + product_q;
  end
  assign y_o = product_q[Width+7 -: 4];
  assign tick_o = a_q[0];
endmodule
"""

SHIFT = """
module shift (
  input logic clk_i, sck_i, cs_ni, mosi_i, output logic miso_o, velocity_waits_o, ready_o
);
  logic [7:0] bits_q;
  always_ff @(posedge clk_i) bits_q <= {bits_q[6:0], mosi_i ^ sck_i ^ cs_ni};
  assign {miso_o, velocity_waits_o, ready_o} = bits_q[7:5];
endmodule
"""

PRODUCTS = """
module products #(parameter int unsigned Count = 9) (
  input logic clk, mosi_i, output logic miso_o
);
  logic [32*Count-1:0] in_q;
  logic [Count-1:0] any_q;
  always_ff @(posedge clk) in_q <= {in_q[32*Count-2:0], mosi_i};
  for (genvar i = 0; i < Count; i++) begin : gen_product
    logic [31:0] product_q;
    always_ff @(posedge clk) begin
      product_q <= in_q[32*i +: 16] * in_q[32*i+16 +: 16];
      any_q[i] <= ^product_q;
    end
  end
  assign miso_o = ^any_q;
endmodule
"""

WIDE = """
module wide (input logic clk, input logic [63:0] a_i, output logic y_o);
  always_ff @(posedge clk) y_o <= ^a_i;
endmodule
"""

BROKEN = """
module broken (input logic clk, output logic y_o);
  assign y_o = clk +;
endmodule
"""


def design(folder: Path, source: str, **options: object) -> Design:
    """Write a source to a folder and return its design; the top is the first module."""
    top = source.split()[1]
    folder.mkdir(parents=True)
    (folder / f"{top}.sv").write_text(source)
    (folder / "scale.hex").write_text("3\n5\n7\n9\n")
    return Design(folder, (f"{top}.sv",), top, **{"clock": "clk", **options})


def multiplier(folder: Path) -> Design:
    """Return a multiplier with a number, a text and a literal for parameters."""
    parameters: dict[str, int | str] = {"Width": 8, "Prefix": f"{PLACED_AS}/", "Fixed": FIXED}
    return design(folder, MULTIPLIER, parameters=parameters, hidden_ports="tick_*")
