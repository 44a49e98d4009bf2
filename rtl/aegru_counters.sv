/// What ticks cost: totals, the last one, the longest one, and the tick period.
///
/// A total has 64 bits. Reading its low word keeps its high word, which the next read of a high word
/// gives: both are of the same cycle. Example: of 0x1_FFFFFFFF, which a tick of 1 cycle makes
/// 0x2_00000000 between two reads, FFFFFFFF and 1 are read.
module aegru_counters import aegru_pkg::*; (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// All but the tick period begin anew.
  input  logic        clear_i,
  input  logic        tick_done_i,
  input  cost_t       tick_cycles_i,
  input  cost_t       tick_latency_i,
  input  cost_t       tick_macs_i[4],
  input  cost_t       tick_saturations_i,
  input  logic        refused_i,
  /// The tick period is written, in cycles; 0: none.
  input  logic        write_period_i,
  input  cost_t       period_i,
  /// A tick took longer than the tick period.
  output logic        overrun_o,
  /// read_i is high in the cycle in which the value is taken.
  input  logic        read_i,
  input  logic [5:0]  read_word_i,
  output logic [31:0] value_o
);
  localparam int unsigned Totals = 5;  // busy cycles, multiply-accumulates of four matrices
  logic [63:0] totals_q[Totals];
  logic [31:0] high_q, refused_q, saturations_q;
  cost_t period_q, last_cycles_q, last_latency_q, max_cycles_q, max_latency_q;

  always_ff @(posedge clk_i) begin
    if (tick_done_i) begin
      totals_q[0] <= totals_q[0] + 64'(tick_cycles_i);
      for (int i = 0; i < 4; i++) totals_q[i+1] <= totals_q[i+1] + 64'(tick_macs_i[i]);
      saturations_q <= saturations_q + 32'(tick_saturations_i);
      last_cycles_q <= tick_cycles_i;
      last_latency_q <= tick_latency_i;
      if (tick_cycles_i > max_cycles_q) max_cycles_q <= tick_cycles_i;
      if (tick_latency_i > max_latency_q) max_latency_q <= tick_latency_i;
      if (period_q != '0 && tick_cycles_i > period_q) overrun_o <= 1'b1;
    end
    if (refused_i) refused_q <= refused_q + 32'd1;
    if (!rst_ni || clear_i) begin
      for (int i = 0; i < int'(Totals); i++) totals_q[i] <= '0;
      saturations_q <= '0;
      last_cycles_q <= '0;
      last_latency_q <= '0;
      max_cycles_q <= '0;
      max_latency_q <= '0;
      overrun_o <= 1'b0;
      refused_q <= '0;
    end
    if (write_period_i) period_q <= period_i;
    if (!rst_ni) period_q <= '0;
  end

  // The totals lie from BusyLow on, a low and a high word each.
  logic is_total, is_high;
  logic [5:0] offset;
  logic [63:0] total;
  assign offset = read_word_i - RegisterBusyLow;
  assign is_total = offset < 6'(2 * Totals);
  assign is_high = offset[0];
  assign total = is_total ? totals_q[offset[3:1]] : '0;
  always_ff @(posedge clk_i) if (read_i && is_total && !is_high) high_q <= total[63:32];
  always_comb begin
    value_o = '0;
    if (is_total) value_o = is_high ? high_q : total[31:0];
    unique case (read_word_i)
      RegisterSaturations: value_o = saturations_q;
      RegisterPeriod:      value_o = 32'(period_q);
      RegisterRefused:     value_o = refused_q;
      RegisterLastCycles:  value_o = 32'(last_cycles_q);
      RegisterLastLatency: value_o = 32'(last_latency_q);
      RegisterMaxCycles:   value_o = 32'(max_cycles_q);
      RegisterMaxLatency:  value_o = 32'(max_latency_q);
      default: ;
    endcase
  end
endmodule
