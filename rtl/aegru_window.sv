/// Counts spikes, slides the window by one tick, and finds the channels whose count changed.
///
/// Events of a tick are added to `spikes` one in two cycles. Once the tick is closed and may start,
/// the channels are scanned GroupSize at a time (two cycles a group); each channel whose saturated
/// window count changed takes one cycle and then one for each word of its encoder column.
/// Example: window 2, spikes of channel 0 in ticks 1, 0, 0: the counts are 1, 1, 0, and the channel
/// is visited in the first and third tick.
module aegru_window import aegru_pkg::*; #(
  /// Channels of the engine.
  parameter int unsigned MaxChannels = 256,
  /// Words of the history: window times groups of channels.
  parameter int unsigned HistoryDepth = 1024,
  /// Channels read at once.
  parameter int unsigned GroupSize = 16,
  parameter string ImagePrefix = ""
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  load_t       load_i,
  input  config_t     config_i,
  /// Start-up: clear address `start_address_i` of every memory.
  input  logic        start_i,
  input  index_t      start_address_i,
  /// Events are taken only while this is high.
  input  logic        enable_i,
  input  logic        event_valid_i,
  input  logic [15:0] event_channel_i,
  input  logic        event_last_i,
  output logic        event_ready_o,
  /// The rest of the engine can begin a tick.
  input  logic        tick_allowed_i,
  /// First cycle of a tick is the one after this pulse.
  output logic        tick_start_o,
  /// The scan issues its last word in this cycle, if any.
  output logic        scan_done_o,
  output logic        issue_valid_o,
  output index_t      issue_address_o,
  output operand_t    difference_o,
  /// An event was refused: no such channel.
  output logic        refused_o,
  /// Channels of the group just counted whose window count is beyond the feature table's end.
  output logic [7:0]  saturated_o
);
  localparam int unsigned SpikeBits = 8;
  localparam int unsigned CountBits = 16;
  localparam int unsigned Groups = (MaxChannels + GroupSize - 1) / GroupSize;
  localparam int unsigned GroupBits = (Groups > 1) ? $clog2(Groups) : 1;
  localparam int unsigned MemberBits = $clog2(GroupSize);
  localparam int unsigned HistoryBits = $clog2(HistoryDepth);
  localparam int unsigned ColumnBits = GroupBits + MemberBits;
  localparam logic [15:0] NoSpike = 16'hFFFF;
  if (GroupSize != 2 ** MemberBits || GroupSize < 2) begin : gen_refuse1
    $error("GroupSize must be a power of two, at least 2");
  end

  typedef logic [GroupSize-1:0][SpikeBits-1:0] spikes_t;
  typedef logic [GroupSize-1:0][CountBits-1:0] counts_t;
  spikes_t spikes[2**GroupBits];
  spikes_t history[HistoryDepth];
  counts_t counts[2**GroupBits];
  logic [31:0] columns[2**ColumnBits];
  operand_t feature[2**SpikeBits];

  if (ImagePrefix != "") begin : gen_image
    initial begin
      $readmemh({ImagePrefix, "column.hex"}, columns);
      $readmemh({ImagePrefix, "feature.hex"}, feature);
    end
  end

  typedef enum logic [2:0] {Accept, Modify, Closed, Read, Count, Pick, Issue} phase_e;
  phase_e phase_d, phase_q;
  logic last_q;
  logic [15:0] channel_q;
  logic [GroupBits-1:0] group_d, group_q, read_group;
  index_t history_base_q;
  logic [HistoryBits-1:0] history_address;
  spikes_t spikes_q, past_q, modified;
  counts_t counts_q, counts_new;
  logic [GroupSize-1:0] changed, changed_d, changed_q, beyond;
  logic [GroupSize-1:0][SpikeBits-1:0] old_count, new_count, old_count_q, new_count_q;
  logic [MemberBits-1:0] member;
  logic [31:0] column_q;
  index_t word_d, word_q;
  operand_t difference_q;
  logic accept, known, group_last, word_last;
  logic [SpikeBits-1:0] feature_end;

  assign feature_end = config_i[CfgFeatureEnd][SpikeBits-1:0];
  assign event_ready_o = enable_i & (phase_q == Accept);
  assign accept = event_valid_i & event_ready_o;
  assign known = {16'b0, event_channel_i} < config_i[CfgChannels];
  assign refused_o = accept & ~known & (event_channel_i != NoSpike);
  assign tick_start_o = (phase_q == Closed) & tick_allowed_i;
  assign group_last = 32'(group_q) + 32'd1 == config_i[CfgWords];
  assign word_last = word_q + 16'd1 >= column_q[15:0];
  assign read_group = (phase_q == Accept) ? event_channel_i[MemberBits +: GroupBits] : group_q;
  assign history_address = HistoryBits'(history_base_q + index_t'(group_q));

  always_comb begin
    modified = spikes_q;
    if (spikes_q[channel_q[MemberBits-1:0]] != '1)
      modified[channel_q[MemberBits-1:0]] = spikes_q[channel_q[MemberBits-1:0]] + 1'b1;
  end

  always_comb begin
    for (int unsigned i = 0; i < GroupSize; i++) begin
      counts_new[i] = counts_q[i] + CountBits'(spikes_q[i]) - CountBits'(past_q[i]);
      beyond[i] = counts_new[i] > CountBits'(feature_end);
      new_count[i] = beyond[i] ? feature_end : counts_new[i][SpikeBits-1:0];
      old_count[i] = (counts_q[i] > CountBits'(feature_end)) ? feature_end
                                                           : counts_q[i][SpikeBits-1:0];
      changed[i] = old_count[i] != new_count[i];
    end
  end

  always_comb begin
    member = '0;
    for (int i = GroupSize - 1; i >= 0; i--) if (changed_q[i]) member = MemberBits'(i);
    saturated_o = '0;
    if (phase_q == Count)
      for (int i = 0; i < GroupSize; i++) saturated_o += 8'(beyond[i]);
  end

  always_comb begin
    phase_d = phase_q;
    group_d = group_q;
    word_d = word_q;
    changed_d = changed_q;
    scan_done_o = 1'b0;
    unique case (phase_q)
      Accept: if (accept) phase_d = known ? Modify : (event_last_i ? Closed : Accept);
      Modify: phase_d = last_q ? Closed : Accept;
      Closed: begin
        group_d = '0;
        if (tick_allowed_i) phase_d = Read;
      end
      Read: phase_d = Count;
      Count: begin
        changed_d = changed;
        if (changed != '0) phase_d = Pick;
        else if (group_last) scan_done_o = 1'b1;
        else phase_d = Read;
        if (changed == '0) group_d = group_q + 1'b1;
      end
      Pick: begin
        changed_d[member] = 1'b0;
        word_d = '0;
        phase_d = Issue;
      end
      Issue: begin
        word_d = word_q + 16'd1;
        if (word_last) begin
          if (changed_q != '0) phase_d = Pick;
          else begin
            group_d = group_q + 1'b1;
            if (group_last) scan_done_o = 1'b1;
            else phase_d = Read;
          end
        end
      end
      default: phase_d = Accept;
    endcase
    if (scan_done_o) phase_d = Accept;
  end

  always_ff @(posedge clk_i) begin
    spikes_q <= spikes[read_group];
    past_q <= history[history_address];
    counts_q <= counts[group_q];
    if (phase_q == Pick) column_q <= columns[{group_q, member}];
    group_q <= group_d;
    word_q <= word_d;
    changed_q <= changed_d;
    if (accept) begin
      channel_q <= event_channel_i;
      last_q <= event_last_i;
    end
    if (phase_q == Count) begin
      old_count_q <= old_count;
      new_count_q <= new_count;
    end
    if (phase_q == Pick) difference_q <= feature[new_count_q[member]] - feature[old_count_q[member]];
    if (!rst_ni || start_i) begin
      phase_q <= Accept;
      history_base_q <= '0;
    end else begin
      phase_q <= phase_d;
      if (scan_done_o)
        history_base_q <= (32'(history_base_q) == config_i[CfgHistoryLast]) ? '0
                          : history_base_q + config_i[CfgWords][15:0];
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      if (32'(start_address_i) < HistoryDepth) history[start_address_i[HistoryBits-1:0]] <= '0;
      spikes[start_address_i[GroupBits-1:0]] <= '0;
      counts[start_address_i[GroupBits-1:0]] <= '0;
    end else begin
      if (phase_q == Modify) spikes[channel_q[MemberBits +: GroupBits]] <= modified;
      if (phase_q == Count) begin
        spikes[group_q] <= '0;
        history[history_address] <= spikes_q;
        counts[group_q] <= counts_new;
      end
    end
    if (load_i.valid && load_i.select == SelectColumn)
      columns[load_i.address[ColumnBits-1:0]] <= load_i.data;
    if (load_i.valid && load_i.select == SelectFeature)
      feature[load_i.address[SpikeBits-1:0]] <= load_i.data[OperandWidth-1:0];
  end

  assign issue_valid_o = (phase_q == Issue) & (word_q < column_q[15:0]);
  assign issue_address_o = column_q[31:16] + word_q;
  assign difference_o = difference_q;

`ifdef SIMULATION
  one_issue_per_changed_channel: assert property (@(posedge clk_i) disable iff (!rst_ni)
    phase_q == Pick |-> changed_q != '0);
`endif
endmodule
