/// SPI (mode 0, most significant bit first) in place of the engine's wide buses.
///
/// The pins are sampled by the engine's clock: SCK may be at most an eighth of it. A transaction
/// opens with a command byte, while a status byte goes out: bit 0 a velocity waits, bit 1 an event
/// would be taken, bit 2 an event was lost (it came while the one before still waited).
///
/// | command | then | |
/// |---|---|---|
/// | 01 | address, 4 bytes, ... | writes a register, and again with every 4 bytes more |
/// | 02 | address, 1 byte idle, 4 bytes | reads a register |
/// | 03 | 2 bytes, ... | events: bit 15 closes the tick, the rest is the channel, 7FFF none |
/// | 04 | 1 byte idle, 8 bytes | takes a tick's velocity; zeros where none waits |
///
/// Example: 03 00 05 80 07 sends the events (5), (7, tlast).
module aegru_spi (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        sck_i,
  input  logic        cs_ni,
  input  logic        mosi_i,
  output logic        miso_o,
  output logic [15:0] event_channel_o,
  output logic        event_last_o,
  output logic        event_valid_o,
  input  logic        event_ready_i,
  input  logic [31:0] velocity_i,
  input  logic        velocity_valid_i,
  output logic        velocity_ready_o,
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
  typedef enum logic [2:0] {Command, Address, Write, Wait, Read, Event, Velocity, Ignore} state_e;
  localparam logic [7:0] CommandWrite = 8'h01;
  localparam logic [7:0] CommandRead = 8'h02;
  localparam logic [7:0] CommandEvent = 8'h03;
  localparam logic [7:0] CommandVelocity = 8'h04;

  // Pins, two flip-flops each against metastability and one more to see edges.
  logic [2:0] sck_q, cs_q;
  logic [1:0] mosi_q;
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
  logic [1:0] index_q;  // byte of the word
  logic [31:0] word_q;
  logic event_lost_q, word_done, first_word, second_word;
  logic [7:0] status;
  assign word_done = byte_done_q & (index_q == 2'd3);
  assign status = {5'b0, event_lost_q, event_ready_i & ~event_valid_o, velocity_valid_i};
  assign out_byte = (state_q == Command) ? status : word_q[31:24];
  // A velocity word is taken as it starts to go out.
  assign first_word = byte_done_q & (state_q == Wait) & (after_wait_q == Velocity);
  assign second_word = word_done & (state_q == Velocity);
  assign velocity_ready_o = velocity_valid_i & (first_word | second_word);
  assign write_data_o = word_q;

  always_ff @(posedge clk_i) begin
    if (write_ready_i) write_valid_o <= 1'b0;
    if (read_ready_i) read_valid_o <= 1'b0;
    if (event_ready_i) event_valid_o <= 1'b0;
    if (byte_done_q) begin
      index_q <= index_q + 2'd1;
      unique case (state_q)
        Command: begin
          index_q <= '0;
          unique case (in_q)
            CommandWrite, CommandRead: state_q <= Address;
            CommandEvent: state_q <= Event;
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
          state_q <= (after_wait_q == Velocity && !velocity_valid_i) ? Read : after_wait_q;
        end
        Read: word_q <= {word_q[23:0], 8'h00};
        Event: begin
          index_q <= {1'b0, ~index_q[0]};
          word_q[15:0] <= {word_q[7:0], in_q};
          if (index_q[0]) begin
            if (event_valid_o && !event_ready_i) event_lost_q <= 1'b1;
            else begin
              event_valid_o <= 1'b1;
              event_last_o <= word_q[7];
              event_channel_o <= {&{word_q[6:0], in_q}, word_q[6:0], in_q};
            end
          end
        end
        Velocity: begin
          word_q <= {word_q[23:0], 8'h00};
          if (word_done) state_q <= Read;
        end
        default: ;
      endcase
    end
    if (read_done_i) word_q <= read_data_i;
    if (first_word || second_word) word_q <= velocity_valid_i ? velocity_i : '0;
    if (!selected) state_q <= Command;
    if (!rst_ni) begin
      state_q <= Command;
      write_valid_o <= 1'b0;
      read_valid_o <= 1'b0;
      event_valid_o <= 1'b0;
      event_lost_q <= 1'b0;
    end
  end
endmodule
