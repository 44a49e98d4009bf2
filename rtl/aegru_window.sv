/// Counts spikes, slides the window by one tick, and finds the channels whose count changed.
///
/// Events of a tick are added to `spikes` one in two cycles. Once the tick is closed and may start,
/// the channels are scanned GroupSize at a time, a group in two cycles: one reads, one puts the
/// tick's spikes in the place of those that leave the window. Behind that each channel whose
/// saturated window count changed is picked, its features are looked up, and its column is offered to
/// the lanes with their difference. A stage waits where the next one is busy.
/// Example: window 2, spikes of channel 0 in ticks 1, 0, 0: the counts are 1, 1, 0, and the channel
/// is offered in the first and third tick.
module aegru_window import aegru_pkg::*; #(
  /// Channels of the engine.
  parameter int unsigned MaxChannels = 256,
  /// Words of the history: window times groups of channels.
  parameter int unsigned HistoryDepth = 1024,
  /// Bits of a window count.
  parameter int unsigned CountBits = 16,
  /// Channels read at once.
  parameter int unsigned GroupSize = 8,
  /// A parity bit in every memory: aegru_memory.sv.
  parameter bit Protected = 1'b0,
  parameter string ImagePrefix = ""
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  load_t       load_i,
  input  config_t     config_i,
  /// Start-up: clear address `start_address_i` of every memory.
  input  logic        start_i,
  input  index_t      start_address_i,
  /// Rebuild: clear that address of the window counts; then count the history's ticks, the oldest
  /// first, as if they came now. The last one is counted in the cycle of replayed_o.
  input  logic        recount_i,
  input  logic        replay_i,
  output logic        replayed_o,
  /// A whole window of ticks was scanned since start-up or the last rebuild.
  output logic        window_whole_o,
  /// Events are taken only while this is high.
  input  logic        enable_i,
  input  logic        event_valid_i,
  input  logic [15:0] event_channel_i,
  /// The decoder has this channel; otherwise the event only closes a tick.
  input  logic        event_known_i,
  input  logic        event_last_i,
  output logic        event_ready_o,
  /// The rest of the engine can begin a tick.
  input  logic        tick_allowed_i,
  /// First cycle of a tick is the one after this pulse.
  output logic        tick_start_o,
  /// The scan's last channel leaves in this cycle, if any.
  output logic        scan_done_o,
  output change_t     change_o,
  input  logic        ready_i,
  /// Channels of a group whose window count is beyond the feature table's end, once a group.
  output logic [7:0]  saturated_o,
  /// A word was read that is not what was written.
  output logic        upset_o,
  /// What the load bus asks for, sign-extended; zero of other memories.
  output logic [31:0] back_o
);
  localparam int unsigned SpikeBits = 8;
  localparam int unsigned Groups = (MaxChannels + GroupSize - 1) / GroupSize;
  localparam int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned GroupAt = $clog2(GroupSize);  // in a channel's number
  localparam int unsigned MemberBits = (GroupSize > 1) ? GroupAt : 1;
  localparam int unsigned HistoryBits = $clog2(HistoryDepth);
  if (GroupSize != 2 ** GroupAt) begin : gen_refuse1
    $error("GroupSize must be a power of two");
  end

  typedef logic [GroupSize-1:0][SpikeBits-1:0] spikes_t;
  typedef logic [GroupSize-1:0][CountBits-1:0] counts_t;
  typedef logic [SpikeBits-1:0] count_t;
  typedef logic [GroupBits-1:0] group_t;
  typedef logic [MemberBits-1:0] member_t;
  function automatic member_t member_of(logic [15:0] channel);
    return (GroupSize > 1) ? member_t'(channel) : '0;
  endfunction
  localparam string FeatureImage = (ImagePrefix == "") ? "" : {ImagePrefix, "feature.hex"};
  logic spikes_upset, history_upset, counts_upset, before_upset, after_upset;
  logic takes_spikes_q;
  assign upset_o = (spikes_upset & takes_spikes_q) | history_upset | counts_upset | before_upset |
                   after_upset;

  typedef enum logic [2:0] {Accept, Modify, Closed, Read, Replace, Empty} phase_e;
  phase_e phase_d, phase_q;
  logic accept, last_q, group_last, closed_q, history_last;
  logic [15:0] channel_q;
  group_t group_q;
  index_t history_base_q;

  // Accept events, then walk the groups.
  assign event_ready_o = enable_i & (phase_q == Accept);
  assign accept = event_valid_i & event_ready_o;
  assign tick_start_o = (phase_q == Closed) & tick_allowed_i;
  assign group_last = 32'(group_q) + 32'd1 == config_i[CfgGroups];
  // An upset may leave it beyond, from where it would not come back.
  assign history_last = Protected ? 32'(history_base_q) >= config_i[CfgHistoryLast]
                                  : 32'(history_base_q) == config_i[CfgHistoryLast];
  assign replayed_o = replay_i & scan_done_o & history_last;
  assign window_whole_o = history_base_q == '0;

  // The group that was read before waits at the memories' outputs until `summed` is free.
  logic held_q, take, read, summed_valid_q, move;
  assign take = held_q & ~summed_valid_q & (phase_q == Read || phase_q == Empty);
  assign read = (phase_q == Read) & (~held_q | take);
  always_comb begin
    phase_d = phase_q;
    unique case (phase_q)
      Accept: if (accept) phase_d = event_known_i ? Modify : (event_last_i ? Closed : Accept);
              else if (replay_i) phase_d = Read;
      Modify: phase_d = last_q ? Closed : Accept;
      Closed: if (tick_allowed_i || replay_i) phase_d = Read;
      Read: if (read) phase_d = Replace;
      Replace: phase_d = group_last ? Empty : Read;
      Empty: if (scan_done_o) begin
        if (!replay_i) phase_d = Accept;
        else if (!history_last) phase_d = Read;
        else phase_d = closed_q ? Closed : Accept;
      end
      default: phase_d = Accept;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (phase_q == Closed || phase_q == Accept || phase_q == Empty) group_q <= '0;
    closed_q <= (closed_q | (phase_q == Closed)) & ~tick_start_o;
    if (phase_q == Replace) group_q <= group_q + 1'b1;
    if (take) held_q <= 1'b0;
    if (phase_q == Replace) held_q <= 1'b1;
    if (accept) begin
      channel_q <= event_channel_i;
      last_q <= event_last_i;
    end
    if (!rst_ni || start_i) begin
      phase_q <= Accept;
      closed_q <= 1'b0;
      held_q <= 1'b0;
      history_base_q <= '0;
    end else begin
      phase_q <= phase_d;
      if (recount_i) history_base_q <= '0;
      else if (scan_done_o)
        history_base_q <= history_last ? '0 : history_base_q + config_i[CfgGroups][15:0];
    end
  end

  // Spikes of the tick: read to be modified, or to be scanned and cleared.
  spikes_t spikes_q, modified;
  group_t spikes_read, spikes_write;
  logic spikes_clear, replaces;
  assign replaces = (phase_q == Replace) & ~replay_i;
  assign spikes_read = (phase_q == Accept) ? event_channel_i[GroupAt +: GroupBits] : group_q;
  assign spikes_clear = start_i | replaces;
  assign spikes_write = start_i ? start_address_i[GroupBits-1:0]
                        : (phase_q == Replace) ? group_q : channel_q[GroupAt +: GroupBits];
  // What an event without a spike reads, nobody takes: a word of no channel may stay wrong.
  always_ff @(posedge clk_i) takes_spikes_q <= (phase_q == Modify) | (phase_q == Replace);
  member_t modifies;
  assign modifies = member_of(channel_q);
  always_comb begin
    modified = spikes_q;
    if (spikes_q[modifies] != '1) modified[modifies] = spikes_q[modifies] + 1'b1;
  end
  aegru_memory #(
    .Width($bits(spikes_t)), .Depth(2 ** GroupBits), .Protected(Protected)
  ) i_spikes (
    .clk_i, .write_i(spikes_clear | (phase_q == Modify)), .write_address_i(spikes_write),
    .write_data_i(spikes_clear ? '0 : modified), .read_i(accept | read),
    .read_address_i(spikes_read), .clear_i(1'b0), .data_o(spikes_q), .upset_o(spikes_upset)
  );

  // One port: the spikes that leave the window are read, those of the tick take their place. They are
  // kept as that happens: what an SPRAM puts out after a write is undefined.
  spikes_t past_q, leaving_q;
  logic [HistoryBits-1:0] history_address;
  logic history_write;
  assign history_address = start_i ? start_address_i[HistoryBits-1:0]
                           : HistoryBits'(history_base_q + index_t'(group_q));
  assign history_write = (start_i & (32'(start_address_i) < HistoryDepth)) | replaces;
  aegru_memory #(
    .Width($bits(spikes_t)), .Depth(HistoryDepth), .OnePort(1'b1), .Protected(Protected)
  ) i_history (
    .clk_i, .write_i(history_write), .write_address_i(history_address),
    .write_data_i(start_i ? '0 : spikes_q), .read_i(read), .read_address_i(history_address),
    .clear_i(1'b0), .data_o(past_q), .upset_o(history_upset)
  );
  always_ff @(posedge clk_i) if (phase_q == Replace) leaving_q <= past_q;

  // Sums: the window counts before and after.
  counts_t counts_q, before_q, after_q;
  group_t held_group_q, summed_group_q, counts_write;
  logic summed_new_q;
  logic clear_counts;
  assign clear_counts = start_i | recount_i;
  assign counts_write = clear_counts ? start_address_i[GroupBits-1:0] : summed_group_q;
  aegru_memory #(
    .Width($bits(counts_t)), .Depth(2 ** GroupBits), .Protected(Protected)
  ) i_counts (
    .clk_i, .write_i(clear_counts | summed_new_q), .write_address_i(counts_write),
    .write_data_i(clear_counts ? '0 : after_q), .read_i(read), .read_address_i(group_q),
    .clear_i(1'b0),
    .data_o(counts_q), .upset_o(counts_upset)
  );
  always_ff @(posedge clk_i) begin
    if (phase_q == Replace) held_group_q <= group_q;
    if (move) summed_valid_q <= 1'b0;
    if (take) begin
      summed_valid_q <= 1'b1;
      summed_group_q <= held_group_q;
      before_q <= counts_q;
      for (int unsigned i = 0; i < GroupSize; i++)
        after_q[i] <= replay_i ? counts_q[i] + CountBits'(leaving_q[i])
                      : counts_q[i] + CountBits'(spikes_q[i]) - CountBits'(leaving_q[i]);
    end
    summed_new_q <= take;
    if (!rst_ni || clear_counts) begin
      summed_valid_q <= 1'b0;
      summed_new_q <= 1'b0;
    end
  end

  // Saturated counts, and which changed, of the group that moves on.
  count_t feature_end;
  logic [GroupSize-1:0] beyond_q, mask_q, mask_left;
  count_t mask_before_q[GroupSize], mask_after_q[GroupSize];
  group_t mask_group_q;
  assign feature_end = config_i[CfgFeatureEnd][SpikeBits-1:0];
  function automatic count_t at_most(logic [CountBits-1:0] count, count_t limit);
    return (count > CountBits'(limit)) ? limit : count_t'(count);
  endfunction
  always_ff @(posedge clk_i) begin
    mask_q <= mask_left;
    beyond_q <= '0;
    if (move) begin
      mask_group_q <= summed_group_q;
      for (int unsigned i = 0; i < GroupSize; i++) begin
        beyond_q[i] <= (after_q[i] > CountBits'(feature_end)) & ~replay_i;
        mask_before_q[i] <= at_most(before_q[i], feature_end);
        mask_after_q[i] <= at_most(after_q[i], feature_end);
        mask_q[i] <= at_most(before_q[i], feature_end) != at_most(after_q[i], feature_end);
      end
    end
    saturated_o <= 8'($countones(beyond_q));
    if (!rst_ni || clear_counts) mask_q <= '0;
  end

  // Pick the changed channels one by one; look up their features; offer their columns.
  member_t member;
  logic pick, picked_valid_q, looked_up_valid_q, offered_q, leaves, pass_picked, pass_looked_up;
  index_t picked_channel_q, looked_up_channel_q, channel_offered_q;
  count_t picked_before_q, picked_after_q;
  operand_t feature_before_q, feature_after_q, difference_q;

  always_comb begin
    member = '0;
    for (int i = GroupSize - 1; i >= 0; i--) if (mask_q[i]) member = member_t'(i);
    mask_left = mask_q;
    if (pick) mask_left[member] = 1'b0;
  end
  assign leaves = offered_q & ready_i;
  assign pass_looked_up = looked_up_valid_q & (~offered_q | leaves);
  assign pass_picked = picked_valid_q & (~looked_up_valid_q | pass_looked_up);
  assign pick = (mask_q != '0) & (~picked_valid_q | pass_picked);
  assign move = summed_valid_q & (mask_left == '0);
  assign scan_done_o = (phase_q == Empty) & ~held_q & ~summed_valid_q & (mask_q == '0) &
                       ~picked_valid_q & ~looked_up_valid_q & (~offered_q | leaves);

  always_ff @(posedge clk_i) begin
    if (pass_picked) picked_valid_q <= 1'b0;
    if (pick) begin
      picked_valid_q <= 1'b1;
      picked_channel_q <= (index_t'(mask_group_q) << GroupAt) | index_t'(member);
      picked_before_q <= mask_before_q[member];
      picked_after_q <= mask_after_q[member];
    end
    if (pass_looked_up) looked_up_valid_q <= 1'b0;
    if (pass_picked) begin
      looked_up_valid_q <= 1'b1;
      looked_up_channel_q <= picked_channel_q;
    end
    if (leaves) offered_q <= 1'b0;
    if (pass_looked_up) begin
      offered_q <= 1'b1;
      channel_offered_q <= looked_up_channel_q;
      difference_q <= feature_after_q - feature_before_q;
    end
    if (!rst_ni || clear_counts) begin
      picked_valid_q <= 1'b0;
      looked_up_valid_q <= 1'b0;
      offered_q <= 1'b0;
    end
  end

  logic load_feature, back_feature, back_feature_q;
  assign back_feature = asked(load_i, SelectFeature);
  always_ff @(posedge clk_i) back_feature_q <= back_feature;
  assign back_o = back_feature_q ? 32'(feature_before_q) : '0;
  assign load_feature = load_i.valid && load_i.select == SelectFeature;
  aegru_memory #(
    .Width(OperandWidth), .Depth(2 ** SpikeBits), .Protected(Protected), .Image(FeatureImage)
  ) i_feature_before (
    .clk_i, .write_i(load_feature), .write_address_i(load_i.address[SpikeBits-1:0]),
    .write_data_i(load_i.data[OperandWidth-1:0]), .read_i(pass_picked | back_feature),
    .read_address_i(back_feature ? load_i.address[SpikeBits-1:0] : picked_before_q),
    .clear_i(1'b0), .data_o(feature_before_q),
    .upset_o(before_upset)
  );
  aegru_memory #(
    .Width(OperandWidth), .Depth(2 ** SpikeBits), .Protected(Protected), .Image(FeatureImage)
  ) i_feature_after (
    .clk_i, .write_i(load_feature), .write_address_i(load_i.address[SpikeBits-1:0]),
    .write_data_i(load_i.data[OperandWidth-1:0]), .read_i(pass_picked),
    .read_address_i(picked_after_q), .clear_i(1'b0), .data_o(feature_after_q),
    .upset_o(after_upset)
  );

  always_comb begin
    change_o.operand = leaves;
    change_o.chain = '0;
    change_o.difference = difference_q;
    change_o.column = leaves;
    change_o.index = channel_offered_q;
  end

`ifdef SIMULATION
  scan_ends_empty: assert property (@(posedge clk_i) disable iff (!rst_ni)
    scan_done_o |=> mask_q == '0 && !offered_q);
`endif
endmodule
