/// SPI (mode 0, most significant bit first) in place of the engine's wide buses.
///
/// The pins are sampled by the engine's clock: SCK may be at most an eighth of it. A transaction
/// opens with a command byte, while a status byte goes out: bit 0 a velocity waits, bit 1 a frame
/// of events would be taken, bit 2 a frame of events was refused since the last status byte, bit 3
/// events of such a frame had gone to the engine: no frame is taken until a soft reset, bit 4 an
/// upset may have touched the velocity that waits.
///
/// | command | then | |
/// |---|---|---|
/// | 01 | address, 4 bytes, ... | writes a register, and again with every 4 bytes more |
/// | 02 | address, 1 byte idle, 4 bytes | reads a register |
/// | 03 | tick's number, 2 bytes, ..., CRC-8 | events: bit 15 closes the tick, the rest is the channel, 7FFF none |
/// | 04 | 1 byte idle, tick's number, 8 bytes, CRC-8 | a tick's velocity; zeros where none waits |
///
/// Ticks are numbered from 0 after a soft reset; a frame has the low byte. Its CRC-8 (polynomial 07,
/// from FF, most significant bit first) covers number and payload. A frame of events with another
/// number than the next tick's is refused whole, so one that is sent twice counts once; the event
/// that closes a tick goes to the engine with the right CRC alone. A velocity is taken when its frame
/// was read to the end: one that was broken off is read again.
/// Example: 03 00 00 05 80 07 5A sends the events (5), (7, tlast) of tick 0.
module aegru_spi (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        sck_i,
  input  logic        cs_ni,
  input  logic        mosi_i,
  output logic        miso_o,
  /// One cycle: forget all but the transaction that is under way.
  input  logic        soft_reset_i,
  output logic [15:0] event_channel_o,
  output logic        event_last_o,
  output logic        event_valid_o,
  input  logic        event_ready_i,
  input  logic [31:0] velocity_i,
  input  logic        velocity_valid_i,
  input  logic        velocity_last_i,
  input  logic        velocity_marked_i,
  output logic        velocity_ready_o,
  output logic        velocity_waits_o,
  /// A frame of events would be taken.
  output logic        ready_o,
  /// Register bus, AXI4-Lite: one transfer at a time.
  output logic [7:0]  address_o,
  output logic        write_valid_o,
  output logic [31:0] write_data_o,
  input  logic        write_ready_i,
  output logic        read_valid_o,
  input  logic        read_ready_i,
  input  logic        read_done_i,
  input  logic [31:0] read_data_i
);
  // Read shifts out what is in the word, and then zeros.
  typedef enum logic [3:0] {Command, Address, Write, Wait, Read, EventNumber, Event, EventCrc,
                            Velocity, Ignore} state_e;
  localparam logic [7:0] CommandWrite = 8'h01;
  localparam logic [7:0] CommandRead = 8'h02;
  localparam logic [7:0] CommandEvent = 8'h03;
  localparam logic [7:0] CommandVelocity = 8'h04;

  // Pins, two flip-flops each against metastability and one more to see edges. The attribute keeps
  // them apart from other logic and, where a tool knows it, side by side; the ways to the pins have no
  // timing that could be constrained: no edge of a pin is that of a clock.
  (* async_reg = "true" *) logic [2:0] sck_q, cs_q;
  (* async_reg = "true" *) logic [1:0] mosi_q;
  logic selected, opening, rising, falling;
  assign selected = ~cs_q[1];
  assign opening = ~cs_q[1] & cs_q[2];
  assign rising = selected & sck_q[1] & ~sck_q[2];
  assign falling = selected & ~sck_q[1] & sck_q[2];
  always_ff @(posedge clk_i) begin
    sck_q <= {sck_q[1:0], sck_i};
    cs_q <= {cs_q[1:0], cs_ni};
    mosi_q <= {mosi_q[0], mosi_i};
    if (!rst_ni) begin
      sck_q <= '0;
      cs_q <= '1;
    end
  end

  // Bytes in and out: a byte is complete in the cycle after its last rising edge.
  logic [2:0] bit_q;
  logic [7:0] in_q, out_q, out_byte;
  logic byte_done_q;
  assign miso_o = out_q[7];
  always_ff @(posedge clk_i) begin
    byte_done_q <= rising & (bit_q == 3'd7);
    if (rising) begin
      bit_q <= bit_q + 3'd1;
      in_q <= {in_q[6:0], mosi_q[1]};
    end
    if (opening || (falling && bit_q == 3'd0)) out_q <= out_byte;
    else if (falling) out_q <= {out_q[6:0], 1'b0};
    if (!selected) bit_q <= '0;
    if (!rst_ni) byte_done_q <= 1'b0;
  end

  state_e state_q, after_wait_q;
  logic [3:0] index_q;  // byte of the word, or of the velocity's frame
  logic [31:0] word_q;
  logic word_done;
  logic [7:0] status, crc_q;
  assign word_done = byte_done_q & (index_q[1:0] == 2'd3);
  assign write_data_o = word_q;

  // CRC-8 of a frame, over the bits of either direction.
  localparam logic [7:0] CrcPolynomial = 8'h07;
  logic crc_bit;
  assign crc_bit = (state_q == Velocity) ? out_q[7] : mosi_q[1];
  always_ff @(posedge clk_i) begin
    if (rising && state_q inside {EventNumber, Event, EventCrc, Velocity})
      crc_q <= {crc_q[6:0], 1'b0} ^ ((crc_q[7] ^ crc_bit) ? CrcPolynomial : '0);
    if (state_q inside {Command, Wait}) crc_q <= '1;
  end

  // Velocity: the first word is kept while the second waits at the engine, until a frame has ended.
  // What the engine offers in a soft reset is dropped.
  localparam logic [3:0] IndexCrc = 4'd9;
  logic held_q, drop_q, opens, ends, waits;
  logic [7:0] velocity_number_q;
  logic [31:0] first_q;
  assign waits = held_q | (velocity_valid_i & ~drop_q);
  assign opens = byte_done_q & (state_q == Wait) & (after_wait_q == Velocity) & waits & ~held_q;
  assign ends = byte_done_q & (state_q == Velocity) & (index_q == IndexCrc);
  assign velocity_ready_o = drop_q | opens | ends;
  assign velocity_waits_o = waits;
  always_ff @(posedge clk_i) begin
    if (opens) begin
      held_q <= 1'b1;
      first_q <= velocity_i;
    end
    if (ends) begin
      held_q <= 1'b0;
      velocity_number_q <= velocity_number_q + 8'd1;
    end
    if (velocity_ready_o && velocity_last_i) drop_q <= 1'b0;
    if (soft_reset_i) drop_q <= velocity_valid_i & ~(velocity_ready_o & velocity_last_i);
    if (!rst_ni || soft_reset_i) begin
      held_q <= 1'b0;
      velocity_number_q <= '0;
    end
    if (!rst_ni) drop_q <= 1'b0;
  end

  // Events: an event goes on at once, the one that closes a tick with the CRC.
  logic [7:0] event_number_q;
  logic refused_q, given_q, damaged_q, event_word, event_refused;
  assign event_word = byte_done_q & (state_q == Event) & index_q[0];
  assign ready_o = event_ready_i & ~event_valid_o & ~damaged_q;
  always_comb begin
    event_refused = 1'b0;
    if (byte_done_q) begin
      unique case (state_q)
        EventNumber: event_refused = (in_q != event_number_q) | damaged_q;
        Event:       event_refused = event_word & event_valid_o & ~event_ready_i;
        EventCrc:    event_refused = crc_q != '0;
        default: ;
      endcase
    end
    if (!selected && state_q inside {EventNumber, Event, EventCrc}) event_refused = 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (event_ready_i) event_valid_o <= 1'b0;
    if (byte_done_q && state_q == Command) begin
      refused_q <= 1'b0;
      given_q <= 1'b0;
    end
    if (event_word && !event_refused) begin
      event_last_o <= word_q[7];
      event_channel_o <= {&{word_q[6:0], in_q}, word_q[6:0], in_q};
      event_valid_o <= ~word_q[7];
      given_q <= given_q | ~word_q[7];
    end
    if (byte_done_q && state_q == EventCrc && !event_refused) begin
      event_valid_o <= 1'b1;
      event_number_q <= event_number_q + 8'd1;
    end
    if (event_refused) begin
      refused_q <= 1'b1;
      damaged_q <= damaged_q | given_q;
    end
    if (!rst_ni || soft_reset_i) begin
      event_valid_o <= 1'b0;
      event_number_q <= '0;
      refused_q <= 1'b0;
      damaged_q <= 1'b0;
    end
  end

  assign status = {3'b0, waits & velocity_marked_i, damaged_q, refused_q, ready_o, waits};
  always_comb begin
    out_byte = word_q[31:24];
    if (state_q == Command) out_byte = status;
    if (state_q == Velocity && index_q == '0) out_byte = velocity_number_q;
    if (state_q == Velocity && index_q == IndexCrc) out_byte = crc_q;
  end

  always_ff @(posedge clk_i) begin
    if (write_ready_i) write_valid_o <= 1'b0;
    if (read_ready_i) read_valid_o <= 1'b0;
    if (byte_done_q) begin
      index_q <= index_q + 4'd1;
      unique case (state_q)
        Command: begin
          index_q <= '0;
          unique case (in_q)
            CommandWrite, CommandRead: state_q <= Address;
            CommandEvent: state_q <= EventNumber;
            CommandVelocity: state_q <= Wait;
            default: state_q <= Ignore;
          endcase
          after_wait_q <= (in_q == CommandVelocity) ? Velocity :
                          (in_q == CommandWrite) ? Write : Read;
        end
        Address: begin
          index_q <= '0;
          address_o <= in_q;
          state_q <= (after_wait_q == Write) ? Write : Wait;
          read_valid_o <= after_wait_q == Read;
        end
        Write: begin
          word_q <= {word_q[23:0], in_q};
          write_valid_o <= word_done;
        end
        Wait: begin
          index_q <= '0;
          state_q <= after_wait_q;
          if (after_wait_q == Velocity && !waits) begin
            state_q <= Read;
            word_q <= '0;
          end
        end
        Read: word_q <= {word_q[23:0], 8'h00};
        EventNumber: begin
          index_q <= '0;
          state_q <= Event;
        end
        Event: begin
          word_q[15:0] <= {word_q[7:0], in_q};
          if (event_word && word_q[7]) state_q <= EventCrc;
        end
        EventCrc: state_q <= Ignore;
        Velocity: begin
          word_q <= {word_q[23:0], 8'h00};
          if (index_q == 4'd0) word_q <= first_q;
          if (index_q == 4'd4) word_q <= velocity_i;
          if (ends) state_q <= Ignore;
        end
        default: ;
      endcase
      if (event_refused) state_q <= Ignore;
    end
    if (state_q == Ignore) word_q <= '0;
    if (read_done_i) word_q <= read_data_i;
    if (!selected) state_q <= Command;
    if (!rst_ni) begin
      state_q <= Command;
      write_valid_o <= 1'b0;
      read_valid_o <= 1'b0;
    end
  end
endmodule
