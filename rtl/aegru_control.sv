/// AXI4-Lite registers: identification, control, status, counters, and loading of the image.
///
/// Loading: write LoadBegin, then for each memory LoadTarget ({select, address}) and its words to
/// LoadData (the address counts up by itself), then the CRC-32 to LoadCrc. The CRC covers, for every
/// word, its target and its data, little-endian; it takes eight cycles a word, in which a write
/// waits. Only a matching CRC makes the image valid.
/// Example: write 1 to Control (0x08) after that; Status (0x0C) then shows 3: valid and running.
module aegru_control import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxChannels = 256,
  parameter int unsigned MaxLatent = 64,
  parameter int unsigned MaxHidden = 64,
  parameter int unsigned ScheduleDepth = 4096,
  parameter int unsigned RingDepth = 4096,
  parameter int unsigned HistoryDepth = 1024,
  /// Keep what ticks cost, and compare it with a tick period; without, of the counters only ticks
  /// and of the flags all but the overrun remain, and the rest reads 0.
  parameter bit Totals = 1'b1,
  parameter string ImagePrefix = "",
  parameter config_t FixedConfig = '0
) (
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
  output load_t       load_o,
  output config_t     config_o,
  /// A valid image is loaded and the host has enabled the engine.
  output logic        enable_o,
  /// One cycle: forget everything but the image.
  output logic        soft_reset_o,
  input  logic        running_i,
  input  logic        busy_i,
  /// A tick has ended; what it cost is valid in this cycle.
  input  logic        tick_done_i,
  input  cost_t       tick_cycles_i,
  input  cost_t       tick_latency_i,
  input  cost_t       tick_macs_i[4],
  input  cost_t       tick_saturations_i,
  /// A window count beyond the feature table's end was seen, an event refused.
  input  logic        saturated_i,
  input  logic        refused_i
);
  localparam logic [31:0] Identification = 32'h4145_4752;  // "AEGR"
  localparam logic [31:0] Version = 32'h0001_0000;
  localparam bit IsFixed = FixedConfig != '0;

  logic [31:0] config_q[ConfigWords];
  logic image_valid_q, crc_error_q, format_error_q, enable_q, loading_q;
  logic overrun_q, any_saturated_q, any_refused_q;
  logic [31:0] crc_q, ticks_q, refused_q, saturations_q;
  logic [7:0] select_q;
  index_t address_q;
  cost_t period_q, last_cycles_q, last_latency_q, max_cycles_q, max_latency_q;
  logic [63:0] busy_q, macs_q[4];
  logic write, read, clear, reset_counters;
  logic [5:0] write_word, read_word;
  logic [31:0] value;

  if (ImagePrefix != "") begin : gen_image
    initial $readmemh({ImagePrefix, "config.hex"}, config_q);
  end

  /// CRC-32 (reflected 0xEDB88320) over 8 more bits, lowest first.
  function automatic logic [31:0] crc_next(logic [31:0] crc, logic [7:0] bits);
    logic [31:0] next;
    next = crc;
    for (int i = 0; i < 8; i++)
      next = (next >> 1) ^ ((next[0] ^ bits[i]) ? 32'hEDB8_8320 : 32'h0);
    return next;
  endfunction

  // The word that was loaded last, a byte a cycle: 0 where its CRC is up to date.
  logic [3:0] crc_left_q;
  logic [7:0] crc_byte;
  always_comb begin
    unique case (crc_left_q)
      4'd8:    crc_byte = load_o.address[7:0];
      4'd7:    crc_byte = load_o.address[15:8];
      4'd5:    crc_byte = load_o.select;
      4'd4:    crc_byte = load_o.data[7:0];
      4'd3:    crc_byte = load_o.data[15:8];
      4'd2:    crc_byte = load_o.data[23:16];
      4'd1:    crc_byte = load_o.data[31:24];
      default: crc_byte = '0;
    endcase
  end

  assign write = s_axil_awvalid & s_axil_wvalid & (~s_axil_bvalid | s_axil_bready) &
                 (crc_left_q == 4'd0);
  assign s_axil_awready = write;
  assign s_axil_wready = write;
  assign write_word = s_axil_awaddr[7:2];
  assign read = s_axil_arvalid & (~s_axil_rvalid | s_axil_rready);
  assign s_axil_arready = read;
  assign read_word = s_axil_araddr[7:2];
  assign s_axil_bresp = 2'b00;
  assign s_axil_rresp = 2'b00;
  for (genvar i = 0; i < int'(ConfigWords); i++) begin : gen_config
    assign config_o[i] = (IsFixed && is_format(i)) ? FixedConfig[i] : config_q[i];
  end
  assign enable_o = enable_q & image_valid_q;
  assign reset_counters = write & (write_word == 6'h02) & (s_axil_wdata[1] | s_axil_wdata[2]);
  assign clear = soft_reset_o | reset_counters;

  // What the bitstream put into the memories is trusted until something is loaded over it. Nothing
  // but another configuration brings it back, so this one is not reset.
  logic compiled_in_q;
  initial compiled_in_q = ImagePrefix != "";
  always_ff @(posedge clk_i) if (loading_q) compiled_in_q <= 1'b0;

  always_ff @(posedge clk_i) begin
    soft_reset_o <= 1'b0;
    load_o.valid <= 1'b0;
    if (crc_left_q != 4'd0) begin
      crc_left_q <= crc_left_q - 4'd1;
      crc_q <= crc_next(crc_q, crc_byte);
    end
    if (write) begin
      case (write_word)
        6'h02: begin
          enable_q <= s_axil_wdata[0];
          soft_reset_o <= s_axil_wdata[1];
        end
        6'h30: begin
          loading_q <= 1'b1;
          image_valid_q <= 1'b0;
          enable_q <= 1'b0;
          crc_error_q <= 1'b0;
          format_error_q <= 1'b0;
          crc_q <= '1;
          soft_reset_o <= 1'b1;
        end
        6'h31: begin
          select_q <= s_axil_wdata[31:24];
          address_q <= s_axil_wdata[15:0];
        end
        6'h32: if (loading_q) begin
          load_o <= '{valid: 1'b1, select: select_q, address: address_q, data: s_axil_wdata};
          crc_left_q <= 4'd8;
          address_q <= address_q + 16'd1;
        end
        6'h33: if (loading_q) begin
          loading_q <= 1'b0;
          image_valid_q <= (~crc_q == s_axil_wdata) & ~format_error_q;
          crc_error_q <= ~crc_q != s_axil_wdata;
          soft_reset_o <= 1'b1;
        end
        default: ;
      endcase
    end
    if (load_o.valid && load_o.select == SelectConfig) begin
      config_q[load_o.address[5:0]] <= load_o.data;
      if (IsFixed && is_format(32'(load_o.address[5:0])) &&
          FixedConfig[load_o.address[5:0]] != load_o.data) format_error_q <= 1'b1;
    end

    if (s_axil_bready) s_axil_bvalid <= 1'b0;
    if (write) s_axil_bvalid <= 1'b1;
    if (s_axil_rready) s_axil_rvalid <= 1'b0;
    if (read) begin
      s_axil_rvalid <= 1'b1;
      s_axil_rdata <= value;
    end
    if (!rst_ni) begin
      s_axil_bvalid <= 1'b0;
      s_axil_rvalid <= 1'b0;
      soft_reset_o <= 1'b0;
      load_o <= '0;
      crc_left_q <= '0;
      loading_q <= 1'b0;
      image_valid_q <= compiled_in_q;
      crc_error_q <= 1'b0;
      format_error_q <= 1'b0;
      enable_q <= compiled_in_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (tick_done_i) ticks_q <= ticks_q + 32'd1;
    if (saturated_i) any_saturated_q <= 1'b1;
    if (refused_i) any_refused_q <= 1'b1;
    if (!rst_ni || clear) begin
      ticks_q <= '0;
      any_saturated_q <= 1'b0;
      any_refused_q <= 1'b0;
    end
  end

  if (Totals) begin : gen_totals
    always_ff @(posedge clk_i) begin
      if (tick_done_i) begin
        saturations_q <= saturations_q + 32'(tick_saturations_i);
        last_cycles_q <= tick_cycles_i;
        last_latency_q <= tick_latency_i;
        busy_q <= busy_q + 64'(tick_cycles_i);
        for (int i = 0; i < 4; i++) macs_q[i] <= macs_q[i] + 64'(tick_macs_i[i]);
        if (tick_cycles_i > max_cycles_q) max_cycles_q <= tick_cycles_i;
        if (tick_latency_i > max_latency_q) max_latency_q <= tick_latency_i;
        if (period_q != '0 && tick_cycles_i > period_q) overrun_q <= 1'b1;
      end
      if (refused_i) refused_q <= refused_q + 32'd1;
      if (!rst_ni || clear) begin
        saturations_q <= '0;
        refused_q <= '0;
        last_cycles_q <= '0;
        last_latency_q <= '0;
        busy_q <= '0;
        for (int i = 0; i < 4; i++) macs_q[i] <= '0;
        max_cycles_q <= '0;
        max_latency_q <= '0;
        overrun_q <= 1'b0;
      end
      if (write && write_word == 6'h1C) period_q <= s_axil_wdata[CostWidth-1:0];
      if (!rst_ni) period_q <= '0;
    end
  end else begin : gen_no_totals
    logic unused_costs;
    assign unused_costs = &{1'b0, tick_cycles_i, tick_latency_i, tick_macs_i[0], tick_macs_i[1],
                            tick_macs_i[2], tick_macs_i[3], tick_saturations_i};
    assign saturations_q = '0;
    assign refused_q = '0;
    assign last_cycles_q = '0;
    assign last_latency_q = '0;
    assign busy_q = '0;
    assign macs_q = '{default: '0};
    assign max_cycles_q = '0;
    assign max_latency_q = '0;
    assign overrun_q = 1'b0;
    assign period_q = '0;
  end

  always_comb begin
    unique case (read_word)
      6'h00: value = Identification;
      6'h01: value = Version;
      6'h02: value = {31'b0, enable_q};
      6'h03: value = {23'b0, format_error_q, any_saturated_q, any_refused_q, overrun_q, crc_error_q,
                      loading_q, busy_i, running_i, image_valid_q};
      6'h04: value = Lanes;
      6'h05: value = MaxChannels;
      6'h06: value = MaxLatent;
      6'h07: value = MaxHidden;
      6'h08: value = ScheduleDepth;
      6'h09: value = RingDepth;
      6'h0A: value = HistoryDepth;
      6'h0B: value = config_o[CfgChannels];
      6'h0C: value = config_o[CfgLatent];
      6'h0D: value = config_o[CfgHidden];
      6'h0E: value = config_o[CfgWindow];
      6'h0F: value = config_o[CfgSteps];
      6'h10: value = ticks_q;
      6'h11: value = busy_q[31:0];
      6'h12: value = busy_q[63:32];
      6'h13: value = macs_q[0][31:0];
      6'h14: value = macs_q[0][63:32];
      6'h15: value = macs_q[1][31:0];
      6'h16: value = macs_q[1][63:32];
      6'h17: value = macs_q[2][31:0];
      6'h18: value = macs_q[2][63:32];
      6'h19: value = macs_q[3][31:0];
      6'h1A: value = macs_q[3][63:32];
      6'h1B: value = saturations_q;
      6'h1C: value = 32'(period_q);
      6'h1D: value = refused_q;
      6'h1E: value = 32'(last_cycles_q);
      6'h1F: value = 32'(last_latency_q);
      6'h20: value = 32'(max_cycles_q);
      6'h21: value = 32'(max_latency_q);
      default: value = '0;
    endcase
  end

  logic unused;
  assign unused = &{1'b0, s_axil_awprot, s_axil_arprot, s_axil_wstrb, s_axil_awaddr[1:0],
                    s_axil_araddr[1:0]};
endmodule
