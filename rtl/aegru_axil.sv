/// AXI4-Lite at one side, a register bus of one transfer at a time at the other.
///
/// Address and data of a write come in any order, each taken into a register; AWREADY, WREADY and
/// ARREADY are registers too. Once both are there, write_o is high for a cycle, and what was written
/// stays at write_data_o until hold_i is low, when the response comes. read_o is high while the value
/// of read_word_o is wanted, which is taken once wait_i is low.
/// Example: W in cycle 0, AW in cycle 3: write_o in cycle 4, BVALID from cycle 6 if nothing holds.
module aegru_axil (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [7:0]  s_axil_awaddr,
  input  logic [2:0]  s_axil_awprot,
  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  output logic [1:0]  s_axil_bresp,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  input  logic [7:0]  s_axil_araddr,
  input  logic [2:0]  s_axil_arprot,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,
  output logic        write_o,
  output logic [5:0]  write_word_o,
  output logic [31:0] write_data_o,
  /// What was written is still in use, from the cycle after write_o.
  input  logic        hold_i,
  /// Turn what was written right by a bit, while it is held.
  input  logic        turn_i,
  output logic        read_o,
  input  logic        wait_i,
  output logic [5:0]  read_word_o,
  input  logic [31:0] read_data_i
);
  // A ready that is low says that its register is full.
  logic awready_q, wready_q, arready_q, written_q;
  assign s_axil_awready = awready_q;
  assign s_axil_wready = wready_q;
  assign s_axil_arready = arready_q;
  assign s_axil_bresp = 2'b00;
  assign s_axil_rresp = 2'b00;
  assign write_o = ~awready_q & ~wready_q & ~written_q;
  assign read_o = ~arready_q & ~s_axil_rvalid;

  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid && awready_q) begin
      write_word_o <= s_axil_awaddr[7:2];
      awready_q <= 1'b0;
    end
    if (wready_q || turn_i)
      write_data_o <= turn_i ? {write_data_o[0], write_data_o[31:1]} : s_axil_wdata;
    if (s_axil_wvalid && wready_q) wready_q <= 1'b0;
    if (write_o) written_q <= 1'b1;
    if (written_q && !hold_i) s_axil_bvalid <= 1'b1;
    if (s_axil_bvalid && s_axil_bready) begin
      s_axil_bvalid <= 1'b0;
      written_q <= 1'b0;
      awready_q <= 1'b1;
      wready_q <= 1'b1;
    end
    if (!rst_ni) begin
      awready_q <= 1'b1;
      wready_q <= 1'b1;
      written_q <= 1'b0;
      s_axil_bvalid <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axil_arvalid && arready_q) begin
      read_word_o <= s_axil_araddr[7:2];
      arready_q <= 1'b0;
    end
    if (read_o && !wait_i) begin
      s_axil_rvalid <= 1'b1;
      s_axil_rdata <= read_data_i;
    end
    if (s_axil_rvalid && s_axil_rready) begin
      s_axil_rvalid <= 1'b0;
      arready_q <= 1'b1;
    end
    if (!rst_ni) begin
      arready_q <= 1'b1;
      s_axil_rvalid <= 1'b0;
    end
  end

  logic unused;
  assign unused = &{1'b0, s_axil_awprot, s_axil_arprot, s_axil_wstrb, s_axil_awaddr[1:0],
                    s_axil_araddr[1:0]};

`ifdef SIMULATION
  response_waits: assert property (@(posedge clk_i) disable iff (!rst_ni)
    s_axil_bvalid && !s_axil_bready |=> s_axil_bvalid);
  read_waits: assert property (@(posedge clk_i) disable iff (!rst_ni)
    s_axil_rvalid && !s_axil_rready |=> s_axil_rvalid && $stable(s_axil_rdata));
`endif
endmodule
