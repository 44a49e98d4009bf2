/// Spike events in, velocity out: one AEGRU decoder in the streaming form, exact to the bit.
///
/// Example: with a valid image and enable set, the events (3), (7), (7, tlast) close a tick in which
/// channel 3 fired once and channel 7 twice; two velocity words follow, the second with tlast.
module aegru_engine import aegru_pkg::*; #(
  /// Multiply lanes P: 1, 2, 4, 8 or 16.
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxChannels = 256,
  parameter int unsigned MaxLatent = 64,
  parameter int unsigned MaxHidden = 64,
  /// Words of each lane's schedule: non-zero weights / P and some padding.
  parameter int unsigned ScheduleDepth = 4096,
  /// At least (steps - 1)·hidden: the past states of a tick.
  parameter int unsigned StateDepth = 256,
  /// At least steps - 1.
  parameter int unsigned MaxChains = 8,
  /// At least window·(steps - 1)·hidden.
  parameter int unsigned RingDepth = 4096,
  /// At least window · ceil(channels / GroupSize).
  parameter int unsigned HistoryDepth = 1024,
  /// Bits of the address of the gates' and the candidate's table.
  parameter int unsigned TableBits = 10,
  /// Bits of a window count: window times a tick's greatest spike count fits.
  parameter int unsigned CountBits = 16,
  /// Bits of the widest accumulator of the four matrices, and of LayerNorm's biases.
  parameter int unsigned AccumulatorBits = 20,
  /// Channels whose counts are compared at once: 1, 2, 4, 8 or 16.
  parameter int unsigned GroupSize = 4,
  /// Events that wait before back-pressure.
  parameter int unsigned EventDepth = 64,
  /// Keep what ticks cost, and compare it with a tick period: aegru_control.sv.
  parameter bit Totals = 1'b1,
  /// Upsets are seen and do not last: a parity bit in every memory, a rebuild at the end of every
  /// window (aegru_rebuild.sv), and velocities that are marked (aegru_upsets.sv).
  parameter bit Protected = 1'b0,
  /// What was loaded can be read back: aegru_control.sv.
  parameter bit ReadBack = 1'b0,
  /// Prefix of $readmemh images; none where empty.
  parameter string ImagePrefix = "",
  /// Number formats and geometry that are wired in: all words of the configuration. Images of other
  /// ones are refused. Where 0, every image brings its own, at the price of shifters.
  parameter config_t FixedConfig = '0
) (
  input  logic        aclk,
  input  logic        aresetn,
  /// Spike events: channel index, or 0xFFFF for none; tlast closes the tick.
  input  logic [15:0] s_axis_tdata,
  input  logic        s_axis_tvalid,
  output logic        s_axis_tready,
  input  logic        s_axis_tlast,
  /// Velocity: two signed words a tick, the second with tlast.
  output logic [31:0] m_axis_tdata,
  output logic        m_axis_tvalid,
  input  logic        m_axis_tready,
  output logic        m_axis_tlast,
  /// An upset may have touched this velocity.
  output logic        m_axis_tuser,
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
  /// What the tick that ended cost, valid in the cycle of tick_done: cycles, cycles from its start to
  /// the velocity, multiply-accumulates (encoder, input, recurrent, readout), saturated counts.
  output logic        tick_done,
  output logic [31:0] tick_cycles,
  output logic [31:0] tick_latency,
  output logic [31:0] tick_macs[4],
  output logic [31:0] tick_saturations,
  /// One cycle: all but the image is forgotten.
  output logic        soft_reset
);
  if (!(Lanes inside {1, 2, 4, 8, 16})) begin : gen_refuse1
    $error("Lanes must be 1, 2, 4, 8 or 16");
  end
  if (MaxLatent < 2 || MaxLatent > 256 || MaxLatent > 128 * Lanes) begin : gen_refuse2
    $error("MaxLatent must be 2 to 256, and at most 128 a lane");
  end
  if (MaxHidden < 2 || MaxHidden > 256 || MaxHidden > 128 * Lanes) begin : gen_refuse3
    $error("MaxHidden must be 2 to 256, and at most 128 a lane");
  end
  if (MaxChannels + MaxLatent + MaxHidden > 65536 || RingDepth + StateDepth > 65536 ||
      ScheduleDepth > 65536 || HistoryDepth > 65535) begin : gen_refuse4
    $error("ring and states hold at most 65536 words, a schedule 65536, the history 65535");
  end
  if (TableBits < 2 || TableBits > 16 || CountBits < 9 || CountBits > 24) begin : gen_refuse5
    $error("TableBits must be 2 to 16, CountBits 9 to 24");
  end
  if (AccumulatorBits < 2 || AccumulatorBits > AccWidth) begin : gen_refuse6
    $error("AccumulatorBits must be 2 to 24");
  end

  localparam int unsigned LatentSlots = (MaxLatent + Lanes - 1) / Lanes;
  localparam int unsigned HiddenSlots = (MaxHidden + Lanes - 1) / Lanes;
  localparam int unsigned GatesAtOnce = (unit_cycles(Lanes) == 1) ? 3 : 1;
  localparam int unsigned DirectoryDepth = MaxChannels + MaxLatent + MaxHidden;
  /// Operands of the columns that a lane holds at most: those that wait, the one that it multiplies,
  /// and the one that is being sent.
  localparam int unsigned QueueDepth = queue_depth(Lanes);
  localparam int unsigned OperandDepth = 1 << $clog2((QueueDepth + 2) * MaxChains);

  load_t load;
  cost_t cycles_q, latency_q, saturations_q, macs_q[4];
  config_t cfg;
  logic enable, running, busy, filling_q, running_q, filled, reset_n, startup_reset_n, begun;
  index_t fill_q;
  logic [7:0] saturated;
  logic refilling, replaying, replayed, rebuilding, rebuilt, window_whole, units_reset_n;
  logic done, stalled, seen, counting_q, ended, refused, refused_q;
  logic config_upset, events_upset, window_upset, ring_upset, changes_upset, cell_upset;
  logic [Lanes-1:0] lane_upset;
  logic [31:0] window_back, ring_back, cell_back, lanes_back, lane_back[Lanes];
  always_comb begin
    lanes_back = '0;
    for (int p = 0; p < int'(Lanes); p++) lanes_back |= lane_back[p];
  end

  aegru_control #(
    .Lanes(Lanes), .MaxChannels(MaxChannels), .MaxLatent(MaxLatent), .MaxHidden(MaxHidden),
    .LatentSlots(LatentSlots), .ScheduleDepth(ScheduleDepth), .DirectoryDepth(DirectoryDepth),
    .StateDepth(StateDepth), .MaxChains(MaxChains), .RingDepth(RingDepth),
    .HistoryDepth(HistoryDepth), .TableBits(TableBits), .CountBits(CountBits),
    .AccumulatorBits(AccumulatorBits), .Totals(Totals), .Protected(Protected),
    .ReadBack(ReadBack),
    .ImagePrefix(ImagePrefix), .FixedConfig(FixedConfig)
  ) i_control (
    .clk_i(aclk), .rst_ni(aresetn), .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid,
    .s_axil_awready, .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready, .s_axil_bresp,
    .s_axil_bvalid, .s_axil_bready, .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid,
    .s_axil_arready, .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
    .load_o(load), .config_o(cfg), .enable_o(enable), .soft_reset_o(soft_reset),
    .running_i(running), .busy_i(busy | rebuilding), .tick_done_i(tick_done),
    .tick_cycles_i(cycles_q),
    .tick_latency_i(latency_q), .tick_macs_i(macs_q), .tick_saturations_i(saturations_q),
    .saturated_i(running & (saturated != '0)), .refused_i(refused_q), .upset_i(seen),
    .config_upset_o(config_upset), .back_i(window_back | ring_back | cell_back | lanes_back)
  );

  // Start-up: fill the ring with the states of silence, clear the history, what was sent and the
  // products, copy the encoder's accumulators of silence; make the products of silence; then run.
  localparam int unsigned ProductDepth = MaxChains << ($clog2(HiddenSlots + 1) + 2);
  localparam int unsigned FillDepth =
    at_least(at_least(HistoryDepth, ProductDepth), at_least(StateDepth, MaxLatent));
  assign reset_n = aresetn & ~soft_reset;
  assign startup_reset_n = reset_n & ~stalled;
  assign running = running_q & begun;
  always_ff @(posedge aclk) begin
    fill_q <= (filling_q | refilling) ? fill_q + 16'd1 : '0;
    if (!startup_reset_n) begin
      filling_q <= 1'b0;
      running_q <= 1'b0;
    end else if (!running_q && !filling_q) begin
      filling_q <= enable;
    end else if (filling_q && filled && 32'(fill_q) >= FillDepth) begin
      filling_q <= 1'b0;
      running_q <= 1'b1;
    end
  end

  // Rebuild, see aegru_rebuild.sv.
  assign units_reset_n = startup_reset_n & ~(Protected & (filling_q | refilling));
  localparam int unsigned RefillDepth =
    at_least(at_least(ProductDepth, StateDepth), at_least(MaxLatent, MaxChannels));
  if (Protected) begin : gen_rebuild
    aegru_rebuild i_rebuild (
      .clk_i(aclk), .rst_ni(startup_reset_n), .window_ends_i(done & window_whole),
      .refill_o(refilling), .refilled_i(32'(fill_q) >= RefillDepth), .replay_o(replaying),
      .replayed_i(replayed), .begun_i(begun), .busy_o(rebuilding), .done_o(rebuilt)
    );
  end else begin : gen_no_rebuild
    logic unused_replayed;
    assign unused_replayed = replayed;
    assign {refilling, replaying, rebuilding, rebuilt} = '0;
  end

  // Events: a channel that the decoder does not have only closes a tick.
  localparam int unsigned ChannelBits = $clog2(MaxChannels);
  localparam logic [15:0] NoSpike = 16'hFFFF;
  logic event_offered, event_valid, event_ready, event_known, event_last, fifo_ready, known;
  logic [ChannelBits-1:0] event_channel;
  assign s_axis_tready = fifo_ready & running & ~soft_reset;
  assign event_offered = s_axis_tvalid & running & ~soft_reset;
  assign known = {16'b0, s_axis_tdata} < cfg[CfgChannels];
  assign refused = event_offered & fifo_ready & ~known & (s_axis_tdata != NoSpike);
  always_ff @(posedge aclk) refused_q <= refused;
  aegru_fifo #(.Width(ChannelBits + 2), .Depth(EventDepth), .Protected(Protected)) i_events (
    .clk_i(aclk), .rst_ni(aresetn), .clear_i(soft_reset), .in_valid_i(event_offered),
    .in_data_i({s_axis_tlast, known, s_axis_tdata[ChannelBits-1:0]}), .in_ready_o(fifo_ready),
    .out_valid_o(event_valid), .out_data_o({event_last, event_known, event_channel}),
    .out_ready_i(event_ready), .upset_o(events_upset)
  );

  logic tick_allowed, tick_start, scan_done, scanning, lanes_ready, lanes_busy;
  change_t window_change, walked_change, change;
  aegru_window #(
    .MaxChannels(MaxChannels), .HistoryDepth(HistoryDepth), .GroupSize(GroupSize),
    .CountBits(CountBits), .Protected(Protected), .ImagePrefix(ImagePrefix)
  ) i_window (
    .clk_i(aclk), .rst_ni(startup_reset_n), .load_i(load), .config_i(cfg), .start_i(filling_q),
    .start_address_i(fill_q), .recount_i(refilling), .replay_i(replaying), .replayed_o(replayed),
    .window_whole_o(window_whole), .enable_i(running & enable), .event_valid_i(event_valid),
    .event_channel_i(16'(event_channel)), .event_known_i(event_known),
    .event_last_i(event_last), .event_ready_o(event_ready),
    .tick_allowed_i(tick_allowed), .tick_start_o(tick_start), .scan_done_o(scan_done),
    .change_o(window_change), .ready_i(lanes_ready), .saturated_o(saturated),
    .upset_o(window_upset), .back_o(window_back)
  );

  matrix_e matrix;
  logic walk_latents, walk_states, walk_done, cell_ready, cell_busy, past_busy;
  logic cell_start, cell_first, cell_readout, ring_write, ring_read, past_read;
  index_t cell_chain, slot, next_slot, ring_address, ring_offset, past_address;
  operand_t ring_data, ring_state, past;
  localparam bit OnePort = unit_cycles(Lanes) != 1;
  aegru_sequencer #(.OnePort(OnePort)) i_sequencer (
    .clk_i(aclk), .rst_ni(units_reset_n), .config_i(cfg),
    .begin_i(running_q & ~(refilling | replaying)), .begun_o(begun),
    .tick_start_i(tick_start), .scan_done_i(scan_done), .scanning_o(scanning), .matrix_o(matrix),
    .latents_o(walk_latents), .states_o(walk_states), .changes_done_i(walk_done),
    .lanes_busy_i(lanes_busy), .cell_ready_i(cell_ready), .cell_busy_i(cell_busy),
    .past_busy_i(past_busy), .cell_start_o(cell_start), .cell_first_o(cell_first),
    .cell_chain_o(cell_chain), .cell_readout_o(cell_readout), .slot_o(slot),
    .next_slot_o(next_slot), .busy_o(busy), .done_o(done)
  );

  aegru_ring #(
    .RingDepth(RingDepth), .StateDepth(StateDepth), .OnePort(OnePort), .Protected(Protected),
    .ImagePrefix(ImagePrefix)
  ) i_ring (
    .clk_i(aclk), .rst_ni(startup_reset_n), .load_i(load), .config_i(cfg), .start_i(filling_q),
    .filled_o(filled), .read_i(ring_read), .slot_i(next_slot), .offset_i(ring_offset),
    .data_o(ring_state), .write_i(ring_write), .address_i(ring_address), .data_i(ring_data),
    .upset_o(ring_upset), .back_o(ring_back)
  );

  acc_t lane_latent[Lanes];
  logic [6:0] latent_slot;
  logic [Lanes-1:0] latent_read;
  aegru_changes #(
    .Lanes(Lanes), .MaxLatent(MaxLatent), .StateDepth(StateDepth), .Protected(Protected)
  ) i_changes (
    .clk_i(aclk), .rst_ni(units_reset_n), .config_i(cfg), .clear_i(filling_q | refilling),
    .clear_address_i(fill_q), .latents_i(walk_latents), .states_i(walk_states),
    .done_o(walk_done), .latent_slot_o(latent_slot), .latent_read_o(latent_read),
    .accumulator_i(lane_latent), .ring_offset_o(ring_offset), .ring_read_o(ring_read),
    .ring_data_i(ring_state), .change_o(walked_change), .ready_i(lanes_ready),
    .past_address_i(past_address), .past_read_i(past_read), .past_o(past),
    .upset_o(changes_upset)
  );

  // What changed, to all lanes; they keep its operands at the same place.
  localparam int unsigned OperandBits = $clog2(OperandDepth);
  logic [OperandBits-1:0] operand_at_q, column_at_q, operand_last;
  assign change = (scanning | replaying) ? window_change : walked_change;
  assign operand_last = change.operand ? operand_at_q : operand_at_q - 1'b1;
  always_ff @(posedge aclk) begin
    if (change.operand) operand_at_q <= operand_at_q + 1'b1;
    if (change.column) column_at_q <= operand_last + 1'b1;
    if (!units_reset_n) begin
      operand_at_q <= '0;
      column_at_q <= '0;
    end
  end

  logic [6:0] product_slot;
  logic [1:0] product_gate;
  logic product_read;
  logic [Lanes-1:0] product_lane;
  index_t product_chain;
  acc_t input_product[Lanes][GatesAtOnce], recurrent_product[Lanes][GatesAtOnce];
  logic [Lanes-1:0] mac, ready, working;
  assign lanes_ready = &ready;
  assign lanes_busy = |working;

  // Without images the lanes are all one module: only images need a lane's number.
  for (genvar p = 0; p < Lanes; p++) begin : gen_lane
    aegru_lane #(
      .ScheduleDepth(ScheduleDepth), .DirectoryDepth(DirectoryDepth), .Chains(MaxChains),
      .OperandDepth(OperandDepth), .LatentSlots(LatentSlots), .HiddenSlots(HiddenSlots),
      .QueueDepth(QueueDepth), .AccumulatorBits(AccumulatorBits), .GatesAtOnce(GatesAtOnce),
      .Protected(Protected), .ImagePrefix(ImagePrefix), .Lane((ImagePrefix == "") ? 0 : p)
    ) i_lane (
      .clk_i(aclk), .rst_ni(units_reset_n), .load_i(load),
      .load_schedule_i(load.valid && load.select == SelectLane + 8'(p)),
      .load_directory_i(load.valid && load.select == SelectDirectory + 8'(p)),
      .load_startup_i(load.valid && load.select == SelectStartupLatent + 8'(p)),
      .back_schedule_i(asked(load, SelectLane + 8'(p))),
      .back_directory_i(asked(load, SelectDirectory + 8'(p))),
      .back_startup_i(asked(load, SelectStartupLatent + 8'(p))),
      .matrix_i(matrix), .change_i(change), .operand_at_i(operand_at_q),
      .first_at_i(column_at_q), .last_at_i(operand_last), .ready_o(ready[p]),
      .busy_o(working[p]), .start_i(filling_q | refilling), .start_address_i(fill_q),
      .latent_slot_i(latent_slot), .latent_read_i(latent_read[p]),
      .latent_other_i((latent_read != '0) & ~latent_read[p]), .latent_o(lane_latent[p]),
      .product_slot_i(product_slot), .product_gate_i(product_gate),
      .product_chain_i(product_chain), .product_read_i(product_read & product_lane[p]),
      .product_other_i(product_read & ~product_lane[p]),
      .input_product_o(input_product[p]), .recurrent_product_o(recurrent_product[p]),
      .mac_o(mac[p]), .upset_o(lane_upset[p]), .back_o(lane_back[p])
    );
  end

  logic velocity_valid, velocity_axis;
  logic signed [31:0] velocity;
  logic [1:0] readout_macs;
  aegru_cell #(
    .Lanes(Lanes), .MaxHidden(MaxHidden), .TableBits(TableBits),
    .AccumulatorBits(AccumulatorBits), .GatesAtOnce(GatesAtOnce), .Protected(Protected),
    .ImagePrefix(ImagePrefix), .FixedConfig(FixedConfig)
  ) i_cell (
    .clk_i(aclk), .rst_ni(units_reset_n), .load_i(load), .config_i(cfg), .start_i(cell_start),
    .ready_o(cell_ready), .first_i(cell_first), .chain_i(cell_chain),
    .readout_i(cell_readout), .slot_i(slot), .busy_o(cell_busy), .past_busy_o(past_busy),
    .product_slot_o(product_slot),
    .product_gate_o(product_gate), .product_chain_o(product_chain),
    .product_read_o(product_read), .product_lane_o(product_lane), .input_product_i(input_product),
    .recurrent_product_i(recurrent_product), .past_read_o(past_read),
    .past_address_o(past_address), .past_i(past),
    .ring_write_o(ring_write), .ring_address_o(ring_address), .ring_data_o(ring_data),
    .velocity_valid_o(velocity_valid), .velocity_axis_o(velocity_axis), .velocity_o(velocity),
    .readout_macs_o(readout_macs), .upset_o(cell_upset),
    .back_o(cell_back)
  );

  // Velocity: x and y wait in a register each, and a tick starts once both are taken. A packet that
  // is offered is ended, also in a soft reset.
  localparam int unsigned VelocityWidth = (FixedConfig != '0)
    ? bits_between(FixedConfig[CfgVelocityMin], FixedConfig[CfgVelocityMax]) : 32;
  logic signed [VelocityWidth-1:0] x_q, y_q;
  logic [1:0] waits_q;
  logic axis, done_q, given_q, settling;
  assign axis = ~waits_q[0];
  assign m_axis_tvalid = (waits_q != '0) & ~settling;
  assign m_axis_tdata = 32'(axis ? y_q : x_q);
  assign m_axis_tlast = axis;
  assign tick_allowed = ~rebuilding & ~busy & ~done_q & (waits_q == '0);
  always_ff @(posedge aclk) begin
    if (m_axis_tvalid && m_axis_tready) waits_q[axis] <= 1'b0;
    if (velocity_valid && (reset_n || velocity_axis)) begin
      if (velocity_axis) y_q <= VelocityWidth'(velocity);
      else x_q <= VelocityWidth'(velocity);
      waits_q[velocity_axis] <= 1'b1;
    end
    // The velocity of a tick that stalled before it was made: nothing, so that the next is the next.
    if (tick_start) given_q <= 1'b0;
    if (velocity_valid) given_q <= 1'b1;
    if (stalled && !given_q) waits_q <= '1;
    if (!aresetn) waits_q <= '0;
  end

  // Whether it is doubtful is known three cycles after x is at the latest: it is offered then.
  logic marked_q;
  if (Protected) begin : gen_upsets
    // Each lane multiplies each word of its schedule with each chain, and walks and cells take their
    // time; a rebuild does so once more, with a scan for each tick of the window.
    localparam int unsigned StallBits = $clog2(4 * (
      ScheduleDepth * MaxChains + 4 * HistoryDepth + 2 * StateDepth + 4 * MaxLatent + FillDepth +
      8 * (MaxHidden + 8) * (MaxChains + 1) + 4 * MaxChannels));
    logic upset_q, doubtful;
    logic [1:0] settling_q;
    assign settling = settling_q != '0;
    always_ff @(posedge aclk) begin
      upset_q <= running_q & (config_upset | events_upset | window_upset | ring_upset |
                              changes_upset | cell_upset | (lane_upset != '0));
      if (!reset_n) upset_q <= 1'b0;
      settling_q <= {settling_q[0], velocity_valid | stalled};
      if (!m_axis_tvalid) marked_q <= doubtful;
    end
    aegru_upsets #(.StallBits(StallBits)) i_upsets (
      .clk_i(aclk), .rst_ni(reset_n), .config_i(cfg), .upset_i(upset_q), .busy_i(counting_q),
      .window_ends_i(rebuilt), .stalled_o(stalled), .seen_o(seen), .doubtful_o(doubtful)
    );
  end else begin : gen_no_upsets
    logic unused_upsets;
    assign unused_upsets = &{1'b0, config_upset, events_upset, window_upset, ring_upset,
                             changes_upset, cell_upset, lane_upset};
    assign {stalled, seen, marked_q, settling} = '0;
  end
  assign m_axis_tuser = marked_q;

  // What this tick costs; it stays until the next one starts.
  logic [4:0] lane_macs;
  assign ended = Protected ? (done & ~window_whole) | rebuilt | stalled : done;
  always_comb begin
    lane_macs = '0;
    for (int p = 0; p < int'(Lanes); p++) lane_macs += 5'(mac[p]);
  end
  always_ff @(posedge aclk) begin
    if (counting_q) cycles_q <= cycles_q + 1'b1;
    if (ended) counting_q <= 1'b0;
    if (velocity_valid && !velocity_axis) latency_q <= cycles_q;
    for (int m = 0; m < 3; m++)
      if (matrix == matrix_e'(m)) macs_q[m] <= macs_q[m] + cost_t'(lane_macs);
    macs_q[3] <= macs_q[3] + cost_t'(readout_macs);
    saturations_q <= saturations_q + cost_t'(saturated);
    if (tick_start) begin
      cycles_q <= '0;
      counting_q <= 1'b1;
      saturations_q <= '0;
      for (int m = 0; m < 4; m++) macs_q[m] <= '0;
    end
    done_q <= ended;
    tick_done <= done_q;
    if (Protected && !startup_reset_n) counting_q <= 1'b0;
    if (!reset_n) begin
      done_q <= 1'b0;
      tick_done <= 1'b0;
    end
  end
  assign tick_cycles = 32'(cycles_q);
  assign tick_latency = 32'(latency_q);
  assign tick_saturations = 32'(saturations_q);
  for (genvar m = 0; m < 4; m++) begin : gen_macs
    assign tick_macs[m] = 32'(macs_q[m]);
  end

`ifdef SIMULATION
  velocity_waits: assert property (@(posedge aclk) disable iff (!aresetn)
    m_axis_tvalid && !m_axis_tready |=>
    m_axis_tvalid && $stable(m_axis_tdata) && $stable(m_axis_tlast));
  velocity_has_room: assert property (@(posedge aclk) disable iff (!reset_n)
    velocity_valid |-> !waits_q[velocity_axis]);
`endif
endmodule
