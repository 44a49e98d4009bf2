/// What ticks cost: totals, the last one, the longest one, and the tick period.
///
/// All lie in one memory, in the order of their registers from BusyLow on. After a tick a walk adds
/// what it cost, a word a cycle; another one clears. A total has 64 bits. Reading its low word keeps
/// its high word, which the next read of a high word gives: both are of the same tick. A read waits
/// while a walk is under way or due. Example: of 0x1_FFFFFFFF, which a tick of 1 cycle makes
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
  /// The tick period is written, in cycles; 0: none. It stays at period_i while hold_o is high.
  input  logic        write_period_i,
  input  cost_t       period_i,
  output logic        hold_o,
  /// A tick took longer than the tick period.
  output logic        overrun_o,
  /// A word is wanted; it is at value_o once wait_o is low.
  input  logic        read_i,
  input  logic [5:0]  read_word_i,
  output logic        wait_o,
  output logic [31:0] value_o
);
  typedef logic [4:0] word_t;
  localparam word_t Totals = 5'd10;  // low and high words before
  localparam word_t Saturations = word_t'(RegisterSaturations - RegisterBusyLow),
                    Period = word_t'(RegisterPeriod - RegisterBusyLow),
                    Refused = word_t'(RegisterRefused - RegisterBusyLow),
                    LastCycles = word_t'(RegisterLastCycles - RegisterBusyLow),
                    LastLatency = word_t'(RegisterLastLatency - RegisterBusyLow),
                    MaxCycles = word_t'(RegisterMaxCycles - RegisterBusyLow),
                    MaxLatency = word_t'(RegisterMaxLatency - RegisterBusyLow),
                    Nothing = MaxLatency + 5'd1,  // what other words show
                    Kept = MaxLatency + 5'd2;  // the high word of the total that was read

  typedef enum logic [2:0] {Rest, Walk, WritePeriod, ReadHigh, ReadWord, Shown} phase_e;
  phase_e phase_d, phase_q;
  // What is due: a tick's costs, the refused events, a tick period, and whether all words begin anew,
  // the tick period too. A walk adds what was due as it began.
  logic tick_due_q, adds_tick_q, period_due_q, clearing_q, forgetting_q;
  logic [7:0] refused_due_q;
  cost_t cycles_q, latency_q, macs_q[4], saturations_q;
  word_t word_d, word_q, read_word;
  logic walk_due, walk_ends, walked_q, adds_refused, reads_total;
  assign read_word = (read_word_i > RegisterMaxLatency) ? Nothing
                     : word_t'(read_word_i - RegisterBusyLow);
  assign reads_total = read_word < Totals;
  assign walk_ends = (phase_q == Walk) & (word_q == (clearing_q ? Kept : MaxLatency));
  assign word_d = (phase_q == Walk && !walk_ends) ? word_q + 1'b1 : '0;
  assign walk_due = clearing_q | tick_due_q | (refused_due_q != '0);
  assign adds_refused = (word_d == Refused) & ~clearing_q;
  assign hold_o = period_due_q;
  assign wait_o = phase_q != Shown;
  always_comb begin
    phase_d = phase_q;
    unique case (phase_q)
      Rest:
        // A read that waited comes before another walk, which refused events may ask for without end.
        if (read_i && walked_q && !clearing_q) phase_d = ReadHigh;
        else if (walk_due) phase_d = Walk;
        else if (period_due_q) phase_d = WritePeriod;
        else if (read_i) phase_d = ReadHigh;
      Walk: if (walk_ends) phase_d = Rest;
      ReadHigh: phase_d = ReadWord;
      ReadWord: phase_d = Shown;
      default: phase_d = Rest;
    endcase
    if (clear_i) phase_d = Rest;
  end

  always_ff @(posedge clk_i) begin
    phase_q <= phase_d;
    word_q <= clear_i ? '0 : word_d;
    walked_q <= walk_ends;
    refused_due_q <= (adds_refused ? '0 : refused_due_q) + 8'(refused_i);
    if (phase_q == Rest) adds_tick_q <= tick_due_q & ~clearing_q;
    if (walk_ends) begin
      if (adds_tick_q) tick_due_q <= 1'b0;
      clearing_q <= 1'b0;
      forgetting_q <= 1'b0;
    end
    if (phase_q == WritePeriod) period_due_q <= 1'b0;
    if (write_period_i) period_due_q <= 1'b1;
    if (tick_done_i) begin
      tick_due_q <= 1'b1;
      cycles_q <= tick_cycles_i;
      latency_q <= tick_latency_i;
      macs_q <= tick_macs_i;
      saturations_q <= tick_saturations_i;
    end
    if (clear_i || !rst_ni) begin
      tick_due_q <= 1'b0;
      clearing_q <= 1'b1;
      refused_due_q <= '0;
    end
    if (!rst_ni) begin
      phase_q <= Rest;
      word_q <= '0;
      period_due_q <= 1'b0;
      forgetting_q <= 1'b1;
    end
  end

  // What a walk takes of the tick for a word: chosen two cycles before, taken one before.
  cost_t of_tick[8], operand_q;
  logic [2:0] source, source_q;
  word_t chosen_for;
  assign of_tick = '{cycles_q, macs_q[0], macs_q[1], macs_q[2], macs_q[3], latency_q, saturations_q,
                     cost_t'(refused_due_q)};
  assign chosen_for = word_d + 1'b1;
  always_comb begin
    source = 3'd0;
    if (chosen_for < Totals) source = chosen_for[3:1];
    if (chosen_for == LastLatency || chosen_for == MaxLatency) source = 3'd5;
    if (chosen_for == Saturations) source = 3'd6;
    if (chosen_for == Refused) source = 3'd7;
  end
  always_ff @(posedge clk_i) begin
    source_q <= (phase_q == Walk && !walk_ends) ? source : '0;
    operand_q <= of_tick[source_q];
  end

  // A word is read in one cycle, worked on in the next, and written in the third: with the tick's
  // added, in place of it, or zero. The high word of a total that is read is written to Kept.
  logic [31:0] counters[32], counter_q, data_q;
  word_t read_at, write_at, write_at_q;
  logic [32:0] sum;
  logic is_total, is_high, is_added, is_last, is_greatest, carry_q, greater, replace, zero;
  logic write, write_q;
  assign is_total = word_q < Totals;
  assign is_high = is_total & word_q[0];
  assign is_last = word_q == LastCycles || word_q == LastLatency;
  assign is_greatest = word_q == MaxCycles || word_q == MaxLatency;
  assign is_added = (phase_q == Walk) & ~is_high & (adds_tick_q | (word_q == Refused));
  assign sum = {1'b0, counter_q} + 33'(is_added ? operand_q : '0) + 33'(is_high & carry_q);
  assign greater = operand_q > counter_q[CostWidth-1:0];
  assign zero = clearing_q & (phase_q == Walk);
  assign replace = is_last | is_greatest;
  always_comb begin
    write = 1'b1;
    write_at = word_q;
    unique case (phase_q)
      Walk: begin
        if (word_q == Period) write = forgetting_q;
        else if (is_last) write = adds_tick_q | clearing_q;
        else if (is_greatest) write = (adds_tick_q & greater) | clearing_q;
      end
      WritePeriod: write_at = Period;
      ReadWord: write_at = Kept;
      default: write = 1'b0;
    endcase
    if (phase_q == ReadWord && (!reads_total || read_word[0])) write = 1'b0;
    unique case (phase_q)
      Walk:     read_at = word_q + 1'b1;
      ReadHigh: read_at = read_word | 5'd1;
      ReadWord: read_at = (reads_total && read_word[0]) ? Kept : read_word;
      default:  read_at = '0;
    endcase
  end
  always_ff @(posedge clk_i) begin
    counter_q <= counters[read_at];
    write_q <= rst_ni & write;
    write_at_q <= write_at;
    data_q <= (phase_q == WritePeriod) ? 32'(period_i)
              : zero ? '0 : replace ? 32'(operand_q) : sum[31:0];
    if (write_q) counters[write_at_q] <= data_q;
    carry_q <= sum[32];
    if (phase_q == Walk && word_q == Period && adds_tick_q && counter_q != '0 && greater)
      overrun_o <= 1'b1;
    if (clear_i || !rst_ni) overrun_o <= 1'b0;
  end
  assign value_o = counter_q;
endmodule
