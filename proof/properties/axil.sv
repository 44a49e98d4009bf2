/// aegru_axil: one response a request, and no channel that waits for another.
///
/// Nothing is assumed of the masters, which may hold back any channel for ever: what holds here holds
/// whatever the other channels do.
module axil (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [7:0]  s_axil_awaddr,
  input logic        s_axil_awvalid,
  input logic [31:0] s_axil_wdata,
  input logic        s_axil_wvalid,
  input logic        s_axil_bready,
  input logic [7:0]  s_axil_araddr,
  input logic        s_axil_arvalid,
  input logic        s_axil_rready,
  input logic        hold_i,
  input logic        wait_i,
  input logic [31:0] read_data_i
);
  logic [2:0] s_axil_awprot, s_axil_arprot;
  logic [3:0] s_axil_wstrb;
  logic s_axil_awready, s_axil_wready, s_axil_bvalid, s_axil_arready, s_axil_rvalid;
  logic [1:0] s_axil_bresp, s_axil_rresp;
  logic [31:0] s_axil_rdata, write_data_o;
  logic write_o, turn_i, read_o;
  logic [5:0] write_word_o, read_word_o;
  assign s_axil_awprot = '0;
  assign s_axil_arprot = '0;
  assign s_axil_wstrb = '1;
  assign turn_i = 1'b0;
  aegru_axil dut (.*);

  logic aw, w, b, ar, r;
  assign aw = s_axil_awvalid & s_axil_awready;
  assign w = s_axil_wvalid & s_axil_wready;
  assign b = s_axil_bvalid & s_axil_bready;
  assign ar = s_axil_arvalid & s_axil_arready;
  assign r = s_axil_rvalid & s_axil_rready;

  // Requests that have had no response, what was asked, and since how many cycles nothing outside
  // keeps a response back.
  logic started_q = 1'b0;
  logic address_q, data_q, wrote_q, asked_q, b_waits_q, r_waits_q;
  logic [5:0] aw_word_q, ar_word_q;
  logic [31:0] wdata_q, rdata_q, read_value_q;
  logic [2:0] write_age_q, read_age_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (aw) {address_q, aw_word_q} <= {1'b1, s_axil_awaddr[7:2]};
    if (w) {data_q, wdata_q} <= {1'b1, s_axil_wdata};
    if (write_o) wrote_q <= 1'b1;
    if (b) {address_q, data_q, wrote_q} <= '0;
    if (ar) {asked_q, ar_word_q} <= {1'b1, s_axil_araddr[7:2]};
    if (r) asked_q <= 1'b0;
    if (read_o && !wait_i) read_value_q <= read_data_i;
    b_waits_q <= s_axil_bvalid & ~s_axil_bready;
    r_waits_q <= s_axil_rvalid & ~s_axil_rready;
    rdata_q <= s_axil_rdata;
    write_age_q <= (address_q && data_q && !s_axil_bvalid && !hold_i) ? write_age_q + 3'd1 : '0;
    read_age_q <= (asked_q && !s_axil_rvalid && !wait_i) ? read_age_q + 3'd1 : '0;
    if (!rst_ni)
      {address_q, data_q, wrote_q, asked_q, b_waits_q, r_waits_q, write_age_q, read_age_q} <= '0;
  end

  always_comb begin
    reset_first: assume (started_q || !rst_ni);
    if (started_q) begin
      address_is_taken_unless_one_waits: assert (s_axil_awready == !address_q);
      data_is_taken_unless_a_word_waits: assert (s_axil_wready == !data_q);
      read_is_taken_unless_one_waits: assert (s_axil_arready == !asked_q);
      no_write_response_unasked: assert (!s_axil_bvalid || (address_q && data_q));
      no_read_response_unasked: assert (!s_axil_rvalid || asked_q);
      written_once: assert (!write_o || (address_q && data_q && !wrote_q));
      written_before_response: assert (!s_axil_bvalid || wrote_q);
      written_as_asked: assert (!write_o || (write_word_o == aw_word_q && write_data_o == wdata_q));
      read_as_asked: assert (!read_o || read_word_o == ar_word_q);
      read_value_is_sampled: assert (!s_axil_rvalid || s_axil_rdata == read_value_q);
      write_is_answered_in_2_cycles: assert (write_age_q <= 3'd2);
      read_is_answered_in_1_cycle: assert (read_age_q <= 3'd1);
      write_response_stays: assert (!b_waits_q || s_axil_bvalid);
      read_response_stays: assert (!r_waits_q || (s_axil_rvalid && s_axil_rdata == rdata_q));
      responses_are_okay: assert (s_axil_bresp == 2'b00 && s_axil_rresp == 2'b00);
      invariant_written_whole: assert (!wrote_q || (address_q && data_q));
      invariant_written: assert (dut.written_q == wrote_q);
      invariant_address: assert (s_axil_awready || write_word_o == aw_word_q);
      invariant_data: assert (s_axil_wready || write_data_o == wdata_q);
    end
  end
endmodule
