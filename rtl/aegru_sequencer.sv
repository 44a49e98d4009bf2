/// Order of work in a tick: encoder, latents, input product, cells g_1, g_N, ..., g_2.
///
/// The lanes multiply for cell j + 1 while the cell unit works on cell j. g_1 needs no recurrent
/// product, so it runs while the lanes multiply for g_N; g_N, which makes the velocity, is next.
/// Example, N = 3: lanes  encoder, input, W_hh·g_2, W_hh·g_1;  cell unit  g_1, g_3, g_2.
module aegru_sequencer import aegru_pkg::*; (
  input  logic     clk_i,
  input  logic     rst_ni,
  input  config_t  config_i,
  input  logic     tick_start_i,
  input  logic     scan_done_i,
  input  logic     encoder_valid_i,
  input  index_t   encoder_address_i,
  input  operand_t difference_i,
  output issue_t   issue_o,
  /// Slot of encoder accumulators to requantise, while latent_valid_o is high.
  output logic     latent_valid_o,
  output logic [6:0] latent_slot_o,
  input  logic     cell_busy_i,
  input  logic     cell_done_i,
  output logic     cell_start_o,
  output logic     cell_first_o,
  output logic     cell_half_o,
  output logic     cell_keep_o,
  output logic     cell_readout_o,
  /// Past states of the tick: chains whose past state has been sent, and whether all were.
  input  logic [7:0] chains_sent_i,
  input  logic     sent_i,
  output index_t   cell_read_base_o,
  output index_t   cell_write_base_o,
  /// Slot of the ring: the states of `window` ticks ago, and then those of this tick.
  output index_t   slot_o,
  output logic     busy_o,
  /// High in the last cycle of the tick.
  output logic     done_o
);
  typedef enum logic [2:0] {Idle, Encode, Drain, Latents, InputProduct, RecurrentProduct, Finish}
    phase_e;
  phase_e phase_d, phase_q;
  logic [2:0] drain_q;
  logic [6:0] slot_q;
  index_t word_q, product_base_q, slot_base_q;
  logic [7:0] product_q, started_q, finished_q, ready_q, steps;
  logic [3:0] ending_q;
  logic product_allowed, product_last, ending;
  index_t stride, hidden, cell_read_q, cell_write_q;

  assign steps = config_i[CfgSteps][7:0];
  assign stride = config_i[CfgRingStride][15:0];
  assign hidden = config_i[CfgHidden][15:0];
  // Products of cell j go to the half that cell j - 2 has finished reading, and take a past state.
  assign product_allowed = ((product_q < 8'd3) | (finished_q + 8'd1 >= product_q)) &
                           (chains_sent_i >= product_q);
  assign product_last = (phase_q == InputProduct)
    ? word_q + 16'd1 == config_i[CfgInputLength][15:0]
    : word_q + 16'd1 == config_i[CfgRecurrentLength][15:0];

  always_comb begin
    phase_d = phase_q;
    ending = 1'b0;
    unique case (phase_q)
      Idle: if (tick_start_i) phase_d = Encode;
      Encode: if (scan_done_i) phase_d = Drain;
      Drain: if (drain_q == 3'd0) phase_d = Latents;
      Latents: if (32'(slot_q) + 32'd1 == config_i[CfgLatentSlots]) phase_d = InputProduct;
      InputProduct: if (product_last) begin
        ending = 1'b1;
        phase_d = (steps == 8'd1) ? Finish : RecurrentProduct;
      end
      RecurrentProduct: if (product_allowed && product_last) begin
        ending = 1'b1;
        if (product_q + 8'd1 == steps) phase_d = Finish;
      end
      Finish: if (done_o) phase_d = Idle;
      default: phase_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    drain_q <= (phase_q == Drain) ? drain_q - 3'd1 : 3'd4;
    slot_q <= (phase_q == Latents) ? slot_q + 7'd1 : '0;
    ending_q <= {ending_q[2:0], ending};
    if (phase_q == InputProduct || (phase_q == RecurrentProduct && product_allowed))
      word_q <= product_last ? '0 : word_q + 16'd1;
    if (ending) product_q <= product_q + 8'd1;
    if (phase_q == RecurrentProduct && ending) product_base_q <= product_base_q - hidden;
    if (ending_q[3]) ready_q <= ready_q + 8'd1;
    if (cell_start_o) begin
      started_q <= started_q + 8'd1;
      if (started_q != '0) begin
        cell_read_q <= cell_read_q - hidden;
        cell_write_q <= cell_write_q - hidden;
      end
    end
    if (cell_done_i) finished_q <= finished_q + 8'd1;
    if (tick_start_i) begin
      product_q <= '0;
      ready_q <= '0;
      started_q <= '0;
      finished_q <= '0;
      word_q <= '0;
      product_base_q <= stride - hidden;
      cell_read_q <= stride - hidden;
      cell_write_q <= slot_base_q + stride;
    end
    if (done_o)
      slot_base_q <= (32'(slot_base_q) == config_i[CfgRingLast]) ? '0 : slot_base_q + stride;
    phase_q <= phase_d;
    if (!rst_ni) begin
      phase_q <= Idle;
      ending_q <= '0;
      slot_base_q <= '0;
      product_q <= '0;
      ready_q <= '0;
      started_q <= '0;
      finished_q <= '0;
    end
  end

  always_comb begin
    issue_o = '0;
    issue_o.difference = difference_i;
    issue_o.base = product_base_q;
    issue_o.half = product_q[0];
    unique case (phase_q)
      Encode: begin
        issue_o.valid = encoder_valid_i;
        issue_o.matrix = Encoder;
        issue_o.address = encoder_address_i;
      end
      InputProduct: begin
        issue_o.valid = 1'b1;
        issue_o.matrix = Input;
        issue_o.address = config_i[CfgInputStart][15:0] + word_q;
      end
      RecurrentProduct: begin
        issue_o.valid = product_allowed;
        issue_o.matrix = Recurrent;
        issue_o.address = config_i[CfgRecurrentStart][15:0] + word_q;
      end
      default: ;
    endcase
  end

  assign latent_valid_o = phase_q == Latents;
  assign latent_slot_o = slot_q;
  // The first new state comes after the last past one has left the slot.
  assign cell_start_o = (started_q < ready_q) & ~cell_busy_i & sent_i;
  assign cell_first_o = started_q == '0;
  assign cell_half_o = started_q[0];
  assign cell_keep_o = (steps != 8'd1) & (started_q != 8'd1);
  assign cell_readout_o = (steps == 8'd1) | (started_q == 8'd1);
  assign cell_read_base_o = cell_read_q;
  assign cell_write_base_o = (started_q == '0) ? slot_base_q : cell_write_q;
  assign slot_o = slot_base_q;
  assign busy_o = phase_q != Idle;
  assign done_o = (phase_q == Finish) & cell_done_i & (finished_q + 8'd1 == steps);

`ifdef SIMULATION
  cells_in_order: assert property (@(posedge clk_i) disable iff (!rst_ni)
    finished_q <= started_q && started_q <= ready_q);
`endif
endmodule
