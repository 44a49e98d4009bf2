/// One memory: what an FPGA's block RAM is inferred from, and a macro of an ASIC can stand in for.
///
/// A word that is read shows in the next cycle, and stays until another one is read. A word that is
/// read and written in the same cycle shows as it was. With Protected each word has a parity bit:
/// one that is read with an odd number of wrong bits is told two cycles after it was asked for.
/// Example: write 5 to address 3 in cycle 0, read address 3 in cycle 1: data_o is 5 from cycle 2 on.
module aegru_memory #(
  /// Bits of a word.
  parameter int unsigned Width = 8,
  parameter int unsigned Depth = 16,
  /// A cycle reads or writes, and a write comes first. What shows after a write is undefined, as it
  /// is in the SPRAM of an iCE40UP.
  parameter bit OnePort = 1'b0,
  /// A parity bit a word. An image that is compiled in has none.
  parameter bit Protected = 1'b0,
  /// $readmemh image of the words from address ImageAt on; none where empty. With more ImageParts
  /// than one, file Image0.hex has the words of the first part, and so on.
  parameter string Image = "",
  parameter int unsigned ImageAt = 0,
  parameter int unsigned ImageParts = 1,
  localparam int unsigned AddressBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                   clk_i,
  input  logic                   write_i,
  input  logic [AddressBits-1:0] write_address_i,
  input  logic [Width-1:0]       write_data_i,
  input  logic                   read_i,
  input  logic [AddressBits-1:0] read_address_i,
  /// Where nothing is read: show zero in the next cycle.
  input  logic                   clear_i,
  output logic [Width-1:0]       data_o,
  output logic                   upset_o
);
  localparam int unsigned Stored = Width + (Protected ? 1 : 0);
  logic [Stored-1:0] words[Depth], word, word_q;
  if (Image != "") begin : gen_image
    if (Protected) begin : gen_refuse1
      $error("an image that is compiled in has no parity");
    end
    for (genvar i = 0; i < int'(ImageParts); i++) begin : gen_part
      localparam string Part = (ImageParts == 1) ? Image : $sformatf("%s%0d.hex", Image, i);
      initial $readmemh(Part, words, ImageAt + i * (Depth / ImageParts));
    end
  end
  if (OnePort) begin : gen_one_port
    logic [AddressBits-1:0] address;
    assign address = write_i ? write_address_i : read_address_i;
    always_ff @(posedge clk_i) begin
      if (write_i) words[address] <= word;
      else if (read_i) word_q <= words[address];
      else if (clear_i) word_q <= '0;
    end
  end else begin : gen_two_ports
    always_ff @(posedge clk_i) begin
      if (read_i) word_q <= words[read_address_i];
      else if (clear_i) word_q <= '0;
      if (write_i) words[write_address_i] <= word;
    end
  end
  assign data_o = word_q[Width-1:0];
  if (Protected) begin : gen_parity
    logic read_q;
    assign word = {^write_data_i, write_data_i};
    always_ff @(posedge clk_i) begin
      read_q <= read_i & ~(OnePort & write_i);
      upset_o <= read_q & ^word_q;
    end
  end else begin : gen_no_parity
    assign word = write_data_i;
    assign upset_o = 1'b0;
  end
endmodule
