/// aegru_spi: no velocity is taken twice, skipped or split, and no tick is closed without its CRC.
///
/// The pins are free, at any speed. The engine's stream is as tick.sv proves it. A soft reset comes by
/// a register write, so through this very module, and in no velocity's frame.
module spi (
  input logic        clk_i,
  input logic        rst_ni,
  input logic        sck_i,
  input logic        cs_ni,
  input logic        mosi_i,
  input logic        soft_reset_i,
  input logic        event_ready_i,
  input logic [31:0] velocity_i,
  input logic        velocity_valid_i,
  input logic        velocity_last_i,
  input logic        write_ready_i,
  input logic        read_ready_i,
  input logic        read_done_i,
  input logic [31:0] read_data_i
);
  localparam logic [3:0] StateWait = 4'd3, StateEventCrc = 4'd7, StateVelocity = 4'd8;
  logic event_last, event_valid, velocity_ready, velocity_waits;
  aegru_spi dut (
    .clk_i, .rst_ni, .sck_i, .cs_ni, .mosi_i, .miso_o(), .soft_reset_i, .event_channel_o(),
    .event_last_o(event_last), .event_valid_o(event_valid), .event_ready_i, .velocity_i,
    .velocity_valid_i, .velocity_last_i, .velocity_ready_o(velocity_ready),
    .velocity_waits_o(velocity_waits), .ready_o(), .address_o(), .write_valid_o(), .write_data_o(),
    .write_ready_i, .read_valid_o(), .read_ready_i, .read_done_i, .read_data_i
  );
  logic [3:0] state;
  logic taken;
  assign state = dut.state_q;
  assign taken = velocity_valid_i & velocity_ready;

  // Words and velocities that were taken to be sent, and events that closed a tick.
  logic started_q = 1'b0, second_q, offered_q, closed_q, closes_q;
  logic [7:0] sent_q;
  logic [3:0] bytes_q;  // of the velocity's frame: number, two words, CRC
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (taken) second_q <= ~second_q;
    offered_q <= velocity_valid_i & ~velocity_ready;
    if (taken && second_q && !dut.drop_q) sent_q <= sent_q + 8'd1;
    if (soft_reset_i) sent_q <= '0;
    bytes_q <= (state != StateVelocity) ? '0 : bytes_q + 4'(dut.byte_done_q);
    closed_q <= event_valid & event_last;
    closes_q <= dut.byte_done_q && state == StateEventCrc && dut.crc_q == '0;
    if (!rst_ni) {second_q, offered_q, closed_q, closes_q, sent_q} <= '0;
  end

  always_comb begin
    reset_first: assume (started_q || !rst_ni);
    stream_ends_with_every_second_word: assume (!velocity_valid_i || velocity_last_i == second_q);
    stream_word_stays: assume (!offered_q || velocity_valid_i);
    stream_second_word_waits: assume (!second_q || velocity_valid_i);
    soft_reset_comes_between_velocities: assume (!soft_reset_i ||
      !(state inside {StateWait, StateVelocity}));
    if (started_q) begin
      witness: cover (dut.opens);
      first_word_is_taken_as_its_frame_opens: assert (!(taken && !second_q && !dut.drop_q) || dut.opens);
      second_word_is_taken_as_its_frame_ends: assert (!(taken && second_q && !dut.drop_q) ||
        (state == StateVelocity && dut.byte_done_q && bytes_q == 4'd9));
      every_frame_that_opens_takes_a_first_word: assert (!dut.opens || (taken && !second_q));
      every_frame_that_ends_takes_a_second_word: assert (!dut.ends || (taken && second_q));
      frames_are_numbered_by_velocities: assert (dut.velocity_number_q == sent_q);
      nothing_is_sent_of_before_a_soft_reset: assert (!dut.drop_q || state != StateVelocity);
      a_tick_closes_with_the_right_crc_alone: assert (!(event_valid && event_last && !closed_q) ||
        closes_q);
      invariant_held: assert (!dut.held_q || (second_q && !dut.drop_q));
      invariant_not_held: assert (dut.held_q || dut.drop_q || !second_q);
      invariant_drop: assert (!dut.drop_q || velocity_valid_i);
      invariant_bytes: assert (state != StateVelocity || bytes_q == dut.index_q);
      invariant_state: assert (state != StateVelocity || dut.held_q);
    end
  end
endmodule
