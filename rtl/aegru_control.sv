/// AXI4-Lite registers: identification, control, status, counters, and loading of the image.
///
/// Loading: write LoadBegin, then an image to LoadData (aegru_loader.sv says what an image is). Each
/// word takes 34 cycles, in which the next write waits. Only a whole image of this engine is valid.
/// With ReadBack, a write of {select, 8 zeros, address} to ReadBack stops the engine, as a soft reset
/// does, and reads a word of what was loaded, which ReadBackData then shows.
/// Example: write 1 to Control (0x08) after that; Status (0x0C) then shows 3: valid and running.
module aegru_control import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxChannels = 256,
  parameter int unsigned MaxLatent = 64,
  parameter int unsigned MaxHidden = 64,
  /// Latent units of one lane.
  parameter int unsigned LatentSlots = 16,
  parameter int unsigned ScheduleDepth = 4096,
  parameter int unsigned DirectoryDepth = 384,
  parameter int unsigned StateDepth = 256,
  parameter int unsigned MaxChains = 8,
  parameter int unsigned RingDepth = 4096,
  parameter int unsigned HistoryDepth = 1024,
  parameter int unsigned TableBits = 10,
  parameter int unsigned CountBits = 16,
  parameter int unsigned AccumulatorBits = 20,
  /// Keep what ticks cost, and compare it with a tick period; without, of the counters only ticks
  /// and of the flags all but the overrun remain, and the rest reads 0.
  parameter bit Totals = 1'b1,
  /// A parity bit for every word of the configuration.
  parameter bit Protected = 1'b0,
  /// Memories can be read back.
  parameter bit ReadBack = 1'b0,
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
  input  logic        refused_i,
  /// An upset was seen; a word of the configuration is not what was loaded.
  input  logic        upset_i,
  output logic        config_upset_o,
  /// What the load bus asked for in the cycle before; zero of the configuration.
  input  logic [31:0] back_i
);
  localparam logic [31:0] Identification = 32'h4145_4752;  // "AEGR"
  localparam logic [31:0] Version = 32'(ImageVersion) << 16;
  localparam bit IsFixed = FixedConfig != '0;

  logic [31:0] config_q[ConfigWords];
  logic image_valid_q, enable_q, loading, loaded, misfit, missing, crc_error, turn;
  logic load_hold, period_hold, read_wait, is_counter, counter_wait;
  logic load_begin, load_word, back_begin, back_hold;
  load_t load;
  logic [31:0] back_data;
  logic overrun, any_saturated_q, any_refused_q, any_upset_q;
  logic [31:0] ticks_q, write_data;
  logic write, read, clear, reset_counters;
  logic [5:0] write_word, read_word;
  logic [31:0] value, counter_value, status;

  if (ImagePrefix != "") begin : gen_image
    initial $readmemh({ImagePrefix, "config.hex"}, config_q);
  end

  aegru_axil i_axil (
    .clk_i, .rst_ni, .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
    .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready, .s_axil_bresp, .s_axil_bvalid,
    .s_axil_bready, .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
    .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready, .write_o(write),
    .write_word_o(write_word), .write_data_o(write_data),
    .hold_i(load_hold | period_hold | back_hold), .turn_i(turn),
    .read_o(read), .wait_i(read_wait), .read_word_o(read_word), .read_data_i(value)
  );
  assign load_begin = write & (write_word == RegisterLoadBegin);
  assign load_word = write & (write_word == RegisterLoadData);
  aegru_loader #(
    .Lanes(Lanes), .MaxChannels(MaxChannels), .MaxChains(MaxChains), .MaxHidden(MaxHidden),
    .LatentSlots(LatentSlots), .ScheduleDepth(ScheduleDepth), .DirectoryDepth(DirectoryDepth),
    .StateDepth(StateDepth), .RingDepth(RingDepth), .HistoryDepth(HistoryDepth),
    .TableBits(TableBits), .CountBits(CountBits), .AccumulatorBits(AccumulatorBits),
    .FixedConfig(FixedConfig)
  ) i_loader (
    .clk_i, .rst_ni, .begin_i(load_begin), .word_i(load_word), .data_i(write_data),
    .hold_o(load_hold),
    .turn_o(turn), .load_o(load), .loading_o(loading), .loaded_o(loaded), .misfit_o(misfit),
    .missing_o(missing), .crc_error_o(crc_error)
  );
  for (genvar i = 0; i < int'(ConfigWords); i++) begin : gen_config
    assign config_o[i] = (IsFixed && is_format(i)) ? FixedConfig[i] : config_q[i];
  end
  assign enable_o = enable_q & image_valid_q;
  assign reset_counters = write & (write_word == RegisterControl) & 
                          (write_data[ControlSoftReset] | write_data[ControlClear]);
  assign clear = soft_reset_o | reset_counters;

  // What the bitstream put into the memories is trusted until something is loaded over it. Nothing
  // but another configuration brings it back, so this one is not reset.
  logic compiled_in_q;
  initial compiled_in_q = ImagePrefix != "";
  always_ff @(posedge clk_i) if (loading) compiled_in_q <= 1'b0;

  always_ff @(posedge clk_i) begin
    soft_reset_o <= load_begin | back_begin;
    if (back_begin) enable_q <= 1'b0;
    if (write && write_word == RegisterControl) begin
      enable_q <= write_data[ControlEnable];
      soft_reset_o <= write_data[ControlSoftReset];
    end
    if (loaded) image_valid_q <= 1'b1;
    if (load_begin) begin
      image_valid_q <= 1'b0;
      enable_q <= 1'b0;
    end
    if (load_o.valid && load_o.select == SelectConfig) config_q[load_o.address[5:0]] <= load_o.data;
    if (!rst_ni) begin
      soft_reset_o <= 1'b0;
      image_valid_q <= compiled_in_q;
      enable_q <= compiled_in_q;
    end
  end

  // The soft reset comes first: the word is asked for when it has stopped all reads.
  if (ReadBack) begin : gen_read_back
    logic [4:0] steps_q;
    logic [31:0] back_q;
    assign back_begin = write & (write_word == RegisterReadBack);
    assign back_hold = steps_q[3:0] != '0;
    always_ff @(posedge clk_i) begin
      steps_q <= {steps_q[3:0], back_begin};
      if (steps_q[4])
        back_q <= (write_data[31:24] == SelectConfig) ? config_o[write_data[5:0]] : back_i;
      if (!rst_ni) steps_q <= '0;
    end
    assign back_data = back_q;
    always_comb begin
      load_o = load;
      if (steps_q[3]) load_o = '{valid: 1'b0, back: 1'b1, select: write_data[31:24],
                                 address: write_data[15:0], data: '0};
    end
  end else begin : gen_no_read_back
    logic unused_back;
    assign unused_back = &{1'b0, back_i};
    assign back_begin = 1'b0;
    assign back_hold = 1'b0;
    assign back_data = '0;
    assign load_o = load;
  end

  if (Protected) begin : gen_parity
    logic [ConfigWords-1:0] parity_q, differs_q;
    always_ff @(posedge clk_i) begin
      if (load_o.valid && load_o.select == SelectConfig)
        parity_q[load_o.address[5:0]] <= ^load_o.data;
      for (int i = 0; i < int'(ConfigWords); i++)
        differs_q[i] <= (!IsFixed || !is_format(i)) && ^config_q[i] != parity_q[i];
      config_upset_o <= image_valid_q & (differs_q != '0);
    end
  end else begin : gen_no_parity
    assign config_upset_o = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (tick_done_i) ticks_q <= ticks_q + 32'd1;
    if (saturated_i) any_saturated_q <= 1'b1;
    if (refused_i) any_refused_q <= 1'b1;
    if (upset_i) any_upset_q <= 1'b1;
    if (!rst_ni || clear) begin
      any_upset_q <= 1'b0;
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
      .hold_o(period_hold), .overrun_o(overrun), .read_i(read & is_counter),
      .read_word_i(read_word), .wait_o(counter_wait), .value_o(counter_value)
    );
  end else begin : gen_no_totals
    logic unused_costs;
    assign unused_costs = &{1'b0, tick_cycles_i, tick_latency_i, tick_macs_i[0], tick_macs_i[1],
                            tick_macs_i[2], tick_macs_i[3], tick_saturations_i, read};
    assign overrun = 1'b0;
    assign period_hold = 1'b0;
    assign counter_wait = 1'b0;
    assign counter_value = '0;
  end

  // Counters come a little later: only they lie from the first total on.
  assign is_counter = read_word >= RegisterBusyLow &&
                      !(ReadBack && read_word == RegisterReadBackData);
  assign read_wait = is_counter & counter_wait;
  always_comb begin
    status = '0;
    status[StatusImageValid] = image_valid_q;
    status[StatusRunning] = running_i;
    status[StatusBusy] = busy_i;
    status[StatusLoading] = loading;
    status[StatusCrcError] = crc_error;
    status[StatusOverrun] = overrun;
    status[StatusRefused] = any_refused_q;
    status[StatusSaturated] = any_saturated_q;
    status[StatusMisfit] = misfit;
    status[StatusMissing] = missing;
    status[StatusUpset] = any_upset_q;
    unique case (read_word)
      RegisterIdentification: value = Identification;
      RegisterVersion:        value = Version;
      RegisterControl:        value = {31'b0, enable_q};
      RegisterStatus:         value = status;
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
      RegisterReadBackData:   value = back_data;
      default:                value = counter_value;
    endcase
  end
endmodule
