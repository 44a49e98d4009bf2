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
  logic overrun, any_saturated_q, any_refused_q;
  logic [31:0] crc_q, ticks_q, write_data;
  logic [7:0] select_q;
  index_t address_q;
  logic write, read, clear, reset_counters;
  logic [5:0] write_word, read_word;
  logic [31:0] value, counter_value;

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

  aegru_axil i_axil (
    .clk_i, .rst_ni, .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
    .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready, .s_axil_bresp, .s_axil_bvalid,
    .s_axil_bready, .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
    .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready, .write_o(write),
    .write_word_o(write_word), .write_data_o(write_data), .hold_i(crc_left_q != 4'd0),
    .turn_i(1'b0), .read_o(read), .read_word_o(read_word), .read_data_i(value)
  );
  for (genvar i = 0; i < int'(ConfigWords); i++) begin : gen_config
    assign config_o[i] = (IsFixed && is_format(i)) ? FixedConfig[i] : config_q[i];
  end
  assign enable_o = enable_q & image_valid_q;
  assign reset_counters = write & (write_word == RegisterControl) & (|write_data[2:1]);
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
        RegisterControl: begin
          enable_q <= write_data[0];
          soft_reset_o <= write_data[1];
        end
        RegisterLoadBegin: begin
          loading_q <= 1'b1;
          image_valid_q <= 1'b0;
          enable_q <= 1'b0;
          crc_error_q <= 1'b0;
          format_error_q <= 1'b0;
          crc_q <= '1;
          soft_reset_o <= 1'b1;
        end
        RegisterLoadTarget: begin
          select_q <= write_data[31:24];
          address_q <= write_data[15:0];
        end
        RegisterLoadData: if (loading_q) begin
          load_o <= '{valid: 1'b1, select: select_q, address: address_q, data: write_data};
          crc_left_q <= 4'd8;
          address_q <= address_q + 16'd1;
        end
        RegisterLoadCrc: if (loading_q) begin
          loading_q <= 1'b0;
          image_valid_q <= (~crc_q == write_data) & ~format_error_q;
          crc_error_q <= ~crc_q != write_data;
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
    if (!rst_ni) begin
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
    aegru_counters i_counters (
      .clk_i, .rst_ni, .clear_i(clear), .tick_done_i, .tick_cycles_i, .tick_latency_i,
      .tick_macs_i, .tick_saturations_i, .refused_i,
      .write_period_i(write & (write_word == RegisterPeriod)), .period_i(write_data[CostWidth-1:0]),
      .overrun_o(overrun), .read_i(read), .read_word_i(read_word), .value_o(counter_value)
    );
  end else begin : gen_no_totals
    logic unused_costs;
    assign unused_costs = &{1'b0, tick_cycles_i, tick_latency_i, tick_macs_i[0], tick_macs_i[1],
                            tick_macs_i[2], tick_macs_i[3], tick_saturations_i, read};
    assign overrun = 1'b0;
    assign counter_value = '0;
  end

  always_comb begin
    unique case (read_word)
      RegisterIdentification: value = Identification;
      RegisterVersion:        value = Version;
      RegisterControl:        value = {31'b0, enable_q};
      RegisterStatus:
        value = {23'b0, format_error_q, any_saturated_q, any_refused_q, overrun, crc_error_q,
                 loading_q, busy_i, running_i, image_valid_q};
      RegisterLanes:          value = Lanes;
      RegisterMaxChannels:    value = MaxChannels;
      RegisterMaxLatent:      value = MaxLatent;
      RegisterMaxHidden:      value = MaxHidden;
      RegisterScheduleDepth:  value = ScheduleDepth;
      RegisterRingDepth:      value = RingDepth;
      RegisterHistoryDepth:   value = HistoryDepth;
      RegisterChannels:       value = config_o[CfgChannels];
      RegisterLatent:         value = config_o[CfgLatent];
      RegisterHidden:         value = config_o[CfgHidden];
      RegisterWindow:         value = config_o[CfgWindow];
      RegisterSteps:          value = config_o[CfgSteps];
      RegisterTicks:          value = ticks_q;
      default:                value = counter_value;
    endcase
  end
endmodule
