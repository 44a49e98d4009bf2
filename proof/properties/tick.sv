/// aegru_engine with its lanes and its loader free: what comes out, what runs, and that nothing of the
/// past is overwritten before it was read.
///
/// Any image may become valid at any time, and the lanes may answer anything: what holds here follows
/// from sequencer, cell unit, walks, window, ring and ports alone.
module tick import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned Hidden = 2,
  parameter int unsigned Steps = 3,
  parameter int unsigned Window = 3
) (
  input logic        aclk,
  input logic        aresetn,
  input logic [15:0] s_axis_tdata,
  input logic        s_axis_tvalid,
  input logic        s_axis_tlast,
  input logic        m_axis_tready,
  input logic [7:0]  s_axil_awaddr,
  input logic        s_axil_awvalid,
  input logic [31:0] s_axil_wdata,
  input logic        s_axil_wvalid,
  input logic        s_axil_bready
);
  localparam int unsigned Stride = (Steps - 1) * Hidden;
  localparam int unsigned RingLast = (Window - 1) * Stride;
  function automatic config_t formats();
    config_t words;
    words = '0;
    words[CfgChannels] = 4;
    words[CfgGroups] = (Lanes == 1) ? 4 : 1;
    words[CfgLatent] = 2;
    words[CfgHidden] = Hidden;
    words[CfgWindow] = Window;
    words[CfgSteps] = Steps;
    words[CfgNorm] = 1;
    words[CfgFeatureEnd] = 15;
    words[CfgRingStride] = Stride;
    words[CfgRingLast] = RingLast;
    words[CfgHistoryLast] = (Window - 1) * words[CfgGroups];
    words[CfgMixedMax] = 3;
    words[CfgMixedMin] = -4;
    words[CfgNormalisedMax] = 3;
    words[CfgNormalisedMin] = -4;
    words[CfgVelocityMax] = 7;
    words[CfgVelocityMin] = -8;
    words[CfgSigmoidWidth] = 4;
    words[CfgTanhWidth] = 4;
    return words;
  endfunction
  logic s_axis_tready, m_axis_tvalid, m_axis_tlast, soft_reset;
  logic [31:0] m_axis_tdata;
  aegru_engine #(
    .Lanes(Lanes), .MaxChannels(4), .MaxLatent(2), .MaxHidden(4), .ScheduleDepth(64),
    .StateDepth(16), .MaxChains(4), .RingDepth(64), .HistoryDepth(16), .TableBits(4), .CountBits(12),
    .AccumulatorBits(10), .GroupSize(Lanes), .EventDepth(2), .Totals(1'b0), .FixedConfig(formats())
  ) dut (
    .aclk, .aresetn, .s_axis_tdata, .s_axis_tvalid, .s_axis_tready, .s_axis_tlast, .m_axis_tdata,
    .m_axis_tvalid, .m_axis_tready, .m_axis_tlast, .s_axil_awaddr, .s_axil_awprot('0),
    .s_axil_awvalid, .s_axil_awready(), .s_axil_wdata, .s_axil_wstrb('1), .s_axil_wvalid,
    .s_axil_wready(), .s_axil_bresp(), .s_axil_bvalid(), .s_axil_bready, .s_axil_araddr('0),
    .s_axil_arprot('0), .s_axil_arvalid('0), .s_axil_arready(), .s_axil_rdata(), .s_axil_rresp(),
    .s_axil_rvalid(), .s_axil_rready('0), .tick_done(), .tick_cycles(), .tick_latency(),
    .tick_macs(), .tick_saturations(), .soft_reset
  );

  typedef enum logic [3:0] {PhaseSilence, PhaseIdle, PhaseScan, PhaseEncoded, PhaseLatents,
    PhaseMultiplied, PhaseCells, PhaseStates, PhaseEnded} phase_e;
  logic [3:0] phase;
  logic [15:0] cells, slot, next_slot;
  logic [1:0] waits, comes;
  logic [11:1] gather;
  logic first_word, ring_write, ring_read, past_read, walks, busy, velocity_due, in_flight, starting;
  localparam int unsigned ToNormalise = (Lanes <= 2) ? 27 : 19;
  assign phase = dut.i_sequencer.phase_q;
  assign cells = dut.i_sequencer.cell_q;
  assign starting = dut.i_sequencer.starting_q;
  assign slot = dut.slot;
  assign next_slot = dut.next_slot;
  assign waits = dut.waits_q;
  assign comes = dut.i_cell.velocity_ready_q;
  assign ring_write = dut.ring_write;
  assign ring_read = dut.ring_read;
  assign past_read = dut.past_read;
  assign busy = dut.cell_busy;
  assign walks = dut.i_changes.walking_q || dut.i_changes.valid1_q || dut.i_changes.valid2_q;
  assign in_flight = dut.i_cell.gathering_q || dut.i_cell.gathered_q[ToNormalise:1] != '0 ||
                     dut.i_cell.normalising_q || dut.i_cell.normalised_q != '0;
  // Cells of this tick have begun, and the velocity has not come.
  logic at_work;
  assign at_work = (phase == PhaseCells && cells != '0) || phase inside {PhaseStates, PhaseEnded};
  assign velocity_due = at_work && dut.i_cell.makes_velocity_q;

  // What follows a unit in the pipelines is there only while a later token of its cell is.
  logic covered;
  always_comb begin
    covered = 1'b1;
    for (int i = 1; i <= 9; i++) begin
      if (dut.i_cell.recurrent_q[i] && !dut.i_cell.gathering_q &&
        (dut.i_cell.gathered_q[9:1] & 9'((1 << i) - 1)) == '0) covered = 1'b0;
      if (dut.i_cell.normalise_q[i] && !dut.i_cell.normalising_q &&
        (dut.i_cell.normalised_q & 9'((1 << i) - 1)) == '0) covered = 1'b0;
    end
  end

  logic started_q = 1'b0, offered_q, second_q, last_q, reset_q;
  logic [31:0] data_q;
  always_ff @(posedge aclk) begin
    started_q <= 1'b1;
    offered_q <= m_axis_tvalid & ~m_axis_tready & aresetn;
    data_q <= m_axis_tdata;
    last_q <= m_axis_tlast;
    if (m_axis_tvalid && m_axis_tready) second_q <= ~second_q;
    reset_q <= soft_reset;
    if (!aresetn) second_q <= 1'b0;
  end

  always_comb begin
    reset_first: assume (started_q || !aresetn);
    if (started_q) begin
      velocity_stays: assert (!offered_q || (m_axis_tvalid && m_axis_tdata == data_q &&
        m_axis_tlast == last_q));
      last_on_every_second_word_only: assert (!m_axis_tvalid || m_axis_tlast == second_q);
      no_velocity_is_overwritten: assert (!dut.velocity_valid || !waits[dut.velocity_axis]);
      no_tick_while_a_velocity_waits: assert (!dut.tick_start || (waits == '0 && comes == '0 && !dut.busy));
      events_only_with_a_valid_image: assert (!s_axis_tready || dut.i_control.image_valid_q);
      no_events_in_a_soft_reset: assert (!(s_axis_tready && soft_reset));
      nothing_runs_after_a_soft_reset: assert (!reset_q || (!s_axis_tready && !dut.busy && !busy));
      no_past_read_once_the_states_walk: assert (!(phase inside {PhaseStates, PhaseEnded}) ||
        !(past_read || dut.past_busy));
      past_changes_after_its_last_read: assert (!dut.i_changes.write_past || !(past_read || dut.past_busy));
      past_changes_in_the_states_walk_alone: assert (!dut.i_changes.write_past || phase == PhaseStates);
      past_and_walk_never_read_together: assert (!(past_read && dut.i_changes.walks_states));
      ring_is_written_in_the_tick_slot: assert (!ring_write || (dut.ring_address >= slot &&
        dut.ring_address < slot + 16'(Stride)));
      ring_is_read_in_the_next_slot: assert (!ring_read || (dut.ring_offset < 16'(Stride) &&
        phase == PhaseStates));
      no_slot_is_written_while_read: assert (!(ring_write && phase == PhaseStates) || slot != next_slot);
      one_port_reads_or_writes: assert (Lanes > 2 || !(ring_read && ring_write));
      a_cell_begins_when_it_may: assert (!dut.cell_start || dut.cell_ready);
      velocity_cell_begins_alone: assert (!dut.cell_start || !dut.cell_readout || !busy);
      no_product_is_read_that_is_made: assert (!(phase inside {PhaseStates, PhaseEnded}) ||
        !dut.i_cell.gathering_q || dut.i_cell.first_q);

      invariant_phases: assert (phase <= 4'(PhaseEnded));
      invariant_silence: assert (phase != PhaseSilence || starting);
      invariant_starting: assert (!starting ||
        (phase inside {PhaseSilence, PhaseIdle, PhaseLatents, PhaseMultiplied, PhaseStates, PhaseEnded}));
      invariant_cells: assert (phase inside {PhaseSilence, PhaseIdle, PhaseScan} || starting ||
        cells <= 16'(Steps));
      invariant_no_cell: assert (starting ||
        !(phase inside {PhaseEncoded, PhaseLatents, PhaseMultiplied}) || cells == '0);
      invariant_all_cells: assert (starting || !(phase inside {PhaseStates, PhaseEnded}) ||
        cells == 16'(Steps));
      invariant_rest: assert ((at_work && !starting) || !busy);
      invariant_no_velocity: assert (starting ||
        !(phase inside {PhaseScan, PhaseEncoded, PhaseLatents, PhaseMultiplied, PhaseCells}) ||
        at_work || (waits == '0 && comes == '0));
      invariant_due: assert (!velocity_due || starting || (waits == '0 && comes == '0 && in_flight));
      invariant_comes: assert (comes != 2'b11 && (!comes[0] || waits == '0) && (!comes[1] || !waits[1]));
      invariant_comes_in: assert (comes == '0 || (at_work && !starting) || (phase == PhaseIdle &&
        comes == 2'b10 && dut.done_q));
      invariant_second: assert (second_q == (waits == 2'b10) && (waits != 2'b01 || comes == 2'b10));
      invariant_valid: assert (!(dut.running_q || dut.filling_q) || dut.i_control.image_valid_q ||
        soft_reset);
      invariant_begun: assert (dut.running_q || phase == PhaseSilence || soft_reset);
      invariant_walk: assert (!walks || phase == (dut.i_changes.of_states_q ? PhaseStates : PhaseLatents));
      invariant_entered: assert (!(dut.i_sequencer.entered_q &&
        phase inside {PhaseLatents, PhaseStates}) || !walks);
      invariant_last2: assert (!(dut.i_changes.valid2_q && dut.i_changes.last2_q) ||
        (!dut.i_changes.walking_q && !dut.i_changes.valid1_q));
      invariant_last1: assert (!(dut.i_changes.valid1_q && dut.i_changes.last1_q) ||
        !dut.i_changes.walking_q);
      invariant_place: assert (!dut.i_changes.walking_q || !dut.i_changes.of_states_q ||
        (dut.i_changes.column_q < 16'(Hidden) &&
        dut.i_changes.chain_q < 16'(Steps - 1) &&
          dut.i_changes.state_q == dut.i_changes.column_q + dut.i_changes.chain_q * 16'(Hidden)));
      invariant_latent: assert (!dut.i_changes.walking_q || dut.i_changes.of_states_q ||
        dut.i_changes.column_q < 16'd2);
      invariant_past: assert (!(phase inside {PhaseStates, PhaseEnded}) || starting ||
        (dut.i_cell.recurrent_q[9:1] == '0 && (!dut.i_cell.gathering_q || dut.i_cell.first_q)));
      invariant_slot: assert (slot <= 16'(RingLast) && (Stride == 0 ||
        slot % 16'((Stride == 0) ? 1 : Stride) == '0));
      invariant_address: assert (!at_work || starting || Stride == 0 || (dut.ring_address >= slot &&
        dut.ring_address < slot + 16'(Stride)));
      invariant_one_slot: assert ((Lanes > 2 && RingLast != 0) ||
        !(phase inside {PhaseStates, PhaseEnded}) || !busy);
      invariant_one_cell: assert (Steps != 1 || !in_flight || (dut.i_cell.makes_velocity_q &&
        $onehot({dut.i_cell.gathering_q,
        dut.i_cell.gathered_q[ToNormalise:1], dut.i_cell.normalising_q, dut.i_cell.normalised_q})));
      invariant_pipelines: assert (covered);
    end
  end
endmodule
