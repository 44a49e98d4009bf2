/// aegru_cell: when what happens, to the cycle, as aegru_hw/rtl/cycles.py counts it; and that cells in
/// flight keep out of each other's way. The gates are free.
///
/// The cells that began last are kept by their age: cycles since the one that began them.
module cell_unit import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Hidden = 2,
  /// Cycles of a cell beyond those of its units, and from its last unit to the next cell.
  parameter int unsigned Overhead = 29,
  parameter int unsigned Next = 6
) (
  input logic   clk_i,
  input logic   rst_ni,
  input logic   start_i,
  input logic   first_i,
  input index_t chain_i,
  input logic   readout_i,
  input index_t slot_i
);
  localparam int unsigned Unit = (Lanes <= 2) ? 4 : 1;
  localparam int unsigned Gates = (Lanes <= 2) ? 1 : 3;
  localparam int unsigned Units = Unit * Hidden;  // cycles of a pass
  localparam int unsigned Whole = 2 * Units + Overhead;
  localparam int unsigned Interval = Units + Next;
  function automatic config_t formats();
    config_t words;
    words = '0;
    words[CfgHidden] = Hidden;
    words[CfgSteps] = 4;
    words[CfgRingStride] = 3 * Hidden;
    words[CfgMixedMax] = 3;
    words[CfgMixedMin] = -4;
    words[CfgNormalisedMax] = 3;
    words[CfgNormalisedMin] = -4;
    words[CfgSigmoidWidth] = 4;
    words[CfgTanhWidth] = 4;
    return words;
  endfunction
  load_t load_i;
  config_t config_i;
  acc_t products[Lanes][Gates];
  assign load_i = '0;
  assign config_i = formats();
  always_comb for (int p = 0; p < int'(Lanes); p++) products[p] = '{default: '0};

  logic ready_o, busy_o, past_busy_o, product_read_o, past_read_o, ring_write_o;
  logic velocity_valid_o, velocity_axis_o;
  logic [1:0] readout_macs_o;
  aegru_cell #(
    .Lanes(Lanes), .MaxHidden(4), .TableBits(4), .AccumulatorBits(10), .GatesAtOnce(Gates),
    .FixedConfig(formats())
  ) dut (
    .clk_i, .rst_ni, .load_i, .config_i, .start_i, .ready_o, .first_i, .chain_i, .readout_i, .slot_i,
    .busy_o, .past_busy_o, .product_slot_o(), .product_gate_o(), .product_chain_o(),
    .product_read_o, .product_lane_o(), .input_product_i(products), .recurrent_product_i(products),
    .past_read_o, .past_address_o(), .past_i('0), .ring_write_o, .ring_address_o(), .ring_data_o(),
    .velocity_valid_o, .velocity_axis_o, .velocity_o(), .readout_macs_o
  );

  // The last cells, the latest first; an age stays where nothing happens any more.
  localparam int unsigned Kept = 6;
  typedef logic [7:0] age_t;
  localparam age_t Old = 8'd128;
  logic was_reset_q = 1'b0, started_q = 1'b0, order_q;
  logic [Kept-1:0] of_velocity_q, first_q;
  age_t age_q[Kept];
  always_ff @(posedge clk_i) begin
    {started_q, was_reset_q} <= {was_reset_q, 1'b1};
    for (int i = 0; i < int'(Kept); i++) if (age_q[i] != Old) age_q[i] <= age_q[i] + 8'd1;
    if (start_i) begin
      age_q[0] <= 8'd1;
      for (int i = 1; i < int'(Kept); i++) age_q[i] <= (age_q[i-1] == Old) ? Old : age_q[i-1] + 8'd1;
      of_velocity_q <= {of_velocity_q[Kept-2:0], readout_i};
      first_q <= {first_q[Kept-2:0], first_i};
      if (readout_i) order_q <= 1'b1;
    end
    if (!rst_ni) begin
      for (int i = 0; i < int'(Kept); i++) age_q[i] <= Old;
      order_q <= 1'b0;
    end
  end

  // What the ages say: stages of the two passes, and their tokens.
  localparam int unsigned ToNormalise = (Unit == 1) ? 19 : 27, ToScale = ToNormalise + 2;
  localparam int unsigned Pass2 = Units + ToNormalise + 1, Written = 16;
  logic is_busy, gathers, normalises, writes_ring, gives_x, gives_y, due;
  logic spaced, in_range, reads_before;
  logic [ToScale:1] gathered;
  logic [9:1] normalised, normalise;
  logic [10:1] recurrent;
  logic [16:1] gather;
  age_t unit_at, normalise_at, mixed_at, at;
  always_comb begin
    {is_busy, gathers, normalises, writes_ring, gives_x, gives_y, due} = '0;
    {gathered, normalised, normalise, recurrent, gather, unit_at, normalise_at, mixed_at} = '0;
    {spaced, in_range, reads_before} = '1;
    for (int i = 0; i < int'(Kept); i++) begin
      if (age_q[i] == '0 || age_q[i] > Old) in_range = 1'b0;
      if (age_q[i] < 8'(Whole)) is_busy = 1'b1;
      if (age_q[i] <= 8'(Units)) {gathers, unit_at} = {1'b1, age_q[i] - 8'd1};
      for (int k = 1; k <= int'(ToScale); k++) if (age_q[i] == 8'(Units + k)) gathered[k] = 1'b1;
      if (age_q[i] >= 8'(Pass2) && age_q[i] < 8'(Pass2 + Units))
        {normalises, normalise_at} = {1'b1, age_q[i] - 8'(Pass2)};
      for (int k = 1; k <= 9; k++) if (age_q[i] == 8'(Pass2 + Units + k - 1)) normalised[k] = 1'b1;
      if (age_q[i] >= 8'(Written) && age_q[i] < 8'(Written + Units - Unit + 1))
        mixed_at = (age_q[i] - 8'(Written) + 8'(Unit - 1)) / 8'(Unit);
      if (!of_velocity_q[i] && age_q[i] >= 8'(Pass2 + 8) && age_q[i] < 8'(Pass2 + 8 + Units) &&
          (age_q[i] - 8'(Pass2 + 8)) % 8'(Unit) == '0) writes_ring = 1'b1;
      if (of_velocity_q[i] && age_q[i] == 8'(Whole)) gives_x = 1'b1;
      if (of_velocity_q[i] && age_q[i] == 8'(Whole + 1)) gives_y = 1'b1;
      if (of_velocity_q[i] && age_q[i] < 8'(Whole)) due = 1'b1;
      // Units, a stage each since they came; their past states are wanted in the ninth.
      for (int k = 1; k <= 16; k++)
        if (age_q[i] > 8'(k) && age_q[i] <= 8'(k + Units) && (age_q[i] - 8'(k + 1)) % 8'(Unit) == '0) begin
          gather[k] = 1'b1;
          if (k <= 10 && !first_q[i]) recurrent[k] = 1'b1;
        end
      for (int k = 1; k <= 9; k++)
        if (age_q[i] >= 8'(Pass2 + k) && age_q[i] < 8'(Pass2 + k + Units) &&
            (age_q[i] - 8'(Pass2 + k)) % 8'(Unit) == '0) normalise[k] = 1'b1;
      if (i > 0) begin
        if (age_q[i] != Old &&
            age_q[i] < age_q[i-1] + 8'(of_velocity_q[i-1] ? Whole : Interval)) spaced = 1'b0;
        // The unit that is read in pass 2, and the cell after, which writes it anew.
        at = (age_q[i] - 8'(Pass2)) / 8'(Unit);
        if (age_q[i] >= 8'(Pass2) && age_q[i] < 8'(Pass2 + Units) &&
          (age_q[i] - 8'(Pass2)) % 8'(Unit) == '0 &&
            age_q[i-1] != Old && age_q[i-1] > 8'(Written) + at * 8'(Unit)) reads_before = 1'b0;
      end
    end
  end

  always_comb begin
    reset_for_two_cycles_first: assume (started_q || !rst_ni);
    resets_follow: assume (!started_q || was_reset_q);
    begins_when_ready: assume (!start_i || ready_o);
    velocity_cell_comes_first: assume (!start_i || readout_i || order_q);
    velocity_cell_begins_alone: assume (!start_i || !readout_i || !busy_o);
    if (was_reset_q && !started_q) invariant_reset: assert (dut.active_q);
    if (started_q) begin
      witness: cover (age_q[0] == 8'd4);
      cell_takes_the_cost_model_s_cycles: assert (busy_o == is_busy);
      next_cell_begins_as_in_the_cost_model: assert (ready_o == (age_q[0] >= 8'(Interval)));
      velocity_comes_as_in_the_cost_model: assert (velocity_valid_o == (gives_x || gives_y));
      x_comes_before_y: assert (!velocity_valid_o || velocity_axis_o == gives_y);
      every_state_goes_to_the_ring_once: assert (ring_write_o == writes_ring);
      every_past_state_is_read_once: assert (past_read_o == recurrent[9]);
      one_cell_in_pass_2: assert (!(dut.gathered_q[ToNormalise] && dut.normalising_q));
      mixed_state_is_read_before_the_next_cell_writes_it: assert (reads_before);
      mixed_states_are_written_at_their_unit: assert (8'(dut.mixed_unit_q) == mixed_at);
      invariant_spaced: assert (spaced);
      invariant_ages: assert (in_range);
      invariant_gathering: assert (dut.gathering_q == gathers &&
        8'(dut.unit_q) * 8'(Unit) + 8'(dut.beat_q) == unit_at);
      invariant_beats: assert (8'(dut.beat_q) < 8'(Unit) && 8'(dut.normalise_beat_q) < 8'(Unit));
      invariant_gathered: assert (dut.gathered_q == gathered);
      invariant_normalising: assert (dut.normalising_q == normalises &&
        8'(dut.normalise_unit_q) * 8'(Unit) + 8'(dut.normalise_beat_q) == normalise_at);
      invariant_normalised: assert (dut.normalised_q == normalised);
      invariant_gather: assert (dut.gather_q == gather);
      invariant_recurrent: assert (dut.recurrent_q == recurrent);
      invariant_normalise: assert (dut.normalise_q == normalise);
      invariant_order: assert (order_q || (age_q[0] == Old && dut.velocity_ready_q == '0));
      invariant_velocity: assert (dut.velocity_ready_q == {gives_y, gives_x});
      invariant_due: assert (!order_q || dut.makes_velocity_q == due);
      invariant_first: assert (!gathers || age_q[0] > 8'(Units) || dut.first_q == first_q[0]);
      invariant_active: assert (!is_busy || dut.active_q);
    end
  end
endmodule
