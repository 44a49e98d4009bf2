/// The engine behind SPI pins, for small boards: every other bus stays inside.
///
/// The image is loaded over SPI (aegru_spi.sv has the commands). SCK may be at most an eighth of the
/// clock, 1.5 MHz of 12: no tool checks it, since SCK is sampled and clocks nothing. A host closes a
/// tick only after it has taken the velocity of the tick before; events then never outrun the
/// engine's FIFO.
module aegru_spi_top import aegru_pkg::*; #(
  parameter int unsigned Lanes = 1,
  parameter int unsigned MaxChannels = 96,
  parameter int unsigned MaxLatent = 32,
  parameter int unsigned MaxHidden = 32,
  parameter int unsigned ScheduleDepth = 16384,
  parameter int unsigned StateDepth = 256,
  parameter int unsigned MaxChains = 8,
  parameter int unsigned RingDepth = 4096,
  parameter int unsigned HistoryDepth = 1024,
  parameter int unsigned TableBits = 10,
  parameter int unsigned CountBits = 16,
  parameter int unsigned AccumulatorBits = 20,
  parameter int unsigned GroupSize = 1,
  parameter int unsigned EventDepth = 64,
  /// Keep what ticks cost: aegru_control.sv.
  parameter bit Totals = 1'b0,
  /// Upsets are seen and do not last: aegru_engine.sv.
  parameter bit Protected = 1'b0,
  /// What was loaded can be read back: aegru_control.sv.
  parameter bit ReadBack = 1'b0,
  /// Prefix of $readmemh images; the image is loaded over SPI where empty.
  parameter string ImagePrefix = "",
  /// Number formats and geometry that are wired in: aegru_engine.sv.
  parameter config_t FixedConfig = '0,
  /// Take the internal oscillator of an iCE40UP, at 12 MHz, instead of clk_i.
  parameter bit UseHfosc = 1'b0
) (
  /// Clock where UseHfosc is 0.
  input  logic clk_i,
  input  logic sck_i,
  input  logic cs_ni,
  input  logic mosi_i,
  /// Driven while cs_ni is low: devices can share the wire.
  output tri   miso_o,
  /// A velocity waits.
  output logic velocity_waits_o,
  /// A frame of events would be taken: a valid image is enabled, and there is room.
  output logic ready_o
);
  logic clk;
  if (UseHfosc) begin : gen_hfosc
    logic unused_clk;
    assign unused_clk = clk_i;
    SB_HFOSC #(.CLKHF_DIV("0b10")) i_hfosc (.CLKHFPU(1'b1), .CLKHFEN(1'b1), .CLKHF(clk));
  end else begin : gen_clock
    assign clk = clk_i;
  end

  // Registers start at zero, so the first cycles are a reset.
  logic [3:0] awake_q;
  logic rst_n;
  always_ff @(posedge clk) if (!rst_n) awake_q <= awake_q + 4'd1;
  assign rst_n = &awake_q;
  initial awake_q = '0;

  logic [15:0] event_channel;
  logic event_last, event_valid, event_ready;
  logic [31:0] velocity, write_data, read_data;
  logic velocity_valid, velocity_last, velocity_marked, velocity_ready, soft_reset, miso, miso_enable;
  logic write_valid, write_ready, read_valid, read_ready;
  logic read_done;
  logic [7:0] address;
  aegru_spi i_spi (
    .clk_i(clk), .rst_ni(rst_n), .sck_i, .cs_ni, .mosi_i, .miso_o(miso),
    .soft_reset_i(soft_reset),
    .event_channel_o(event_channel), .event_last_o(event_last), .event_valid_o(event_valid),
    .event_ready_i(event_ready), .velocity_i(velocity), .velocity_valid_i(velocity_valid),
    .velocity_last_i(velocity_last), .velocity_marked_i(velocity_marked),
    .velocity_ready_o(velocity_ready), .velocity_waits_o,
    .ready_o, .address_o(address), .write_valid_o(write_valid),
    .write_data_o(write_data), .write_ready_i(write_ready), .read_valid_o(read_valid),
    .read_ready_i(read_ready), .read_done_i(read_done), .read_data_i(read_data)
  );
  assign miso_enable = ~cs_ni;
  assign miso_o = miso_enable ? miso : 1'bz;

  logic write_done, tick_done, w_ready, unused;
  logic [1:0] write_response, read_response;
  logic [31:0] tick_cycles, tick_latency, tick_macs[4], tick_saturations;
  aegru_engine #(
    .Lanes(Lanes), .MaxChannels(MaxChannels), .MaxLatent(MaxLatent), .MaxHidden(MaxHidden),
    .ScheduleDepth(ScheduleDepth), .StateDepth(StateDepth), .MaxChains(MaxChains),
    .RingDepth(RingDepth),
    .HistoryDepth(HistoryDepth), .TableBits(TableBits), .CountBits(CountBits),
    .AccumulatorBits(AccumulatorBits), .GroupSize(GroupSize), .EventDepth(EventDepth),
    .ImagePrefix(ImagePrefix), .FixedConfig(FixedConfig), .Totals(Totals), .Protected(Protected),
    .ReadBack(ReadBack)
  ) i_engine (
    .aclk(clk), .aresetn(rst_n),
    .s_axis_tdata(event_channel), .s_axis_tvalid(event_valid), .s_axis_tready(event_ready),
    .s_axis_tlast(event_last), .m_axis_tdata(velocity), .m_axis_tvalid(velocity_valid),
    .m_axis_tready(velocity_ready), .m_axis_tlast(velocity_last),
    .m_axis_tuser(velocity_marked),
    .s_axil_awaddr(address), .s_axil_awprot(3'b0), .s_axil_awvalid(write_valid),
    .s_axil_awready(write_ready), .s_axil_wdata(write_data), .s_axil_wstrb(4'hF),
    .s_axil_wvalid(write_valid), .s_axil_wready(w_ready), .s_axil_bresp(write_response),
    .s_axil_bvalid(write_done), .s_axil_bready(1'b1), .s_axil_araddr(address),
    .s_axil_arprot(3'b0), .s_axil_arvalid(read_valid), .s_axil_arready(read_ready),
    .s_axil_rdata(read_data), .s_axil_rresp(read_response), .s_axil_rvalid(read_done),
    .s_axil_rready(1'b1), .tick_done, .tick_cycles, .tick_latency, .tick_macs, .tick_saturations,
    .soft_reset
  );
  assign unused = &{1'b0, write_done, w_ready, write_response, read_response,
                    tick_done, tick_cycles, tick_latency, tick_macs[0], tick_macs[1],
                    tick_macs[2], tick_macs[3], tick_saturations};
endmodule
