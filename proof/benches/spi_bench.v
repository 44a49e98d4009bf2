// Plays a script of SPI transfers to the board top, and prints what comes back.
//
// In plain Verilog, for Verilator and for Icarus alike. Entries of the script, four hexadecimal digits:
// 01bb sends the byte bb, 02bb prints what comes back besides, 0300 ends the transfer, 0400 waits for
// a velocity, 0500 waits until a frame of events would be taken, 0600 ends. SCK is an eighth of the
// clock. After the cycles of the power-up reset every x or z is counted at the outputs, and at MISO in
// the status byte, which opens a transfer, and in bytes that are printed: others mean nothing.
`ifndef DUT_PARAMETERS
`define DUT_PARAMETERS
`endif
module spi_bench;
  reg clk, sck, cs_n, mosi;
  wire miso, velocity_waits, ready;
  aegru_spi_top `DUT_PARAMETERS dut (
    .clk_i(clk), .sck_i(sck), .cs_ni(cs_n), .mosi_i(mosi), .miso_o(miso),
    .velocity_waits_o(velocity_waits), .ready_o(ready)
  );

  initial clk = 1'b0;
  always #5 clk = ~clk;

  reg [16*64-1:0] name;
  reg [15:0] entry;
  reg [7:0] received;
  reg means;
  integer file, found, cycles, unknown, bit_at, waited;

  always @(posedge clk) begin
    cycles = cycles + 1;
    if (cycles > 64 && ((^{velocity_waits, ready}) === 1'bx)) unknown = unknown + 1;
  end

  task exchange;
    input [7:0] data;
    begin
      cs_n = 1'b0;
      for (bit_at = 7; bit_at >= 0; bit_at = bit_at - 1) begin
        mosi = data[bit_at];
        repeat (4) @(negedge clk);
        if (means && (miso === 1'bx || miso === 1'bz)) unknown = unknown + 1;
        received = {received[6:0], miso};
        sck = 1'b1;
        repeat (4) @(negedge clk);
        sck = 1'b0;
      end
    end
  endtask

  initial begin
    sck = 1'b0;
    cs_n = 1'b1;
    mosi = 1'b0;
    cycles = 0;
    unknown = 0;
    if (!$value$plusargs("script=%s", name)) $finish;
    file = $fopen(name, "r");
    repeat (80) @(negedge clk);
    entry = 16'h0000;
    while (entry[11:8] != 4'h6) begin
      found = $fscanf(file, "%h", entry);
      if (found != 1) entry = 16'h0600;
      waited = 0;
      case (entry[11:8])
        4'h1, 4'h2: begin
          means = cs_n | entry[9];
          if (cs_n) begin
            cs_n = 1'b0;
            repeat (8) @(negedge clk);
          end
          exchange(entry[7:0]);
          if (entry[9]) $display("%h", received);
        end
        4'h3: begin
          repeat (4) @(negedge clk);
          cs_n = 1'b1;
          repeat (8) @(negedge clk);
        end
        4'h4: while (velocity_waits !== 1'b1 && waited < 100000) begin
          @(negedge clk);
          waited = waited + 1;
        end
        4'h5: while (ready !== 1'b1 && waited < 100000) begin
          @(negedge clk);
          waited = waited + 1;
        end
        default: ;
      endcase
      if (waited == 100000) begin
        $display("stuck");
        entry = 16'h0600;
      end
    end
    $display("cycles %0d", cycles);
    $display("unknown %0d", unknown);
    $finish;
  end
endmodule

// The buffer of a pin in a netlist of Yosys.
module \$_TBUF_ (
  input A,
  input E,
  output Y
);
  assign Y = E ? A : 1'bz;
endmodule
