/// The compiled hls4ml firmware behind the engine's stream ports: compute is one DPI call a tick.
///
/// Not synthesisable: it lets one testbench run on both. Example: the events (3), (7, tlast) close
/// a tick; `firmware_tick` is called with counts 1 at 3 and 7, and two velocity words follow.
module aegru_firmware #(
  parameter int unsigned Channels = 96
) (
  input  logic        aclk,
  input  logic        aresetn,
  /// Spike events: channel index, or 0xFFFF for none; tlast closes the tick.
  input  logic [15:0] s_axis_tdata,
  input  logic        s_axis_tvalid,
  output logic        s_axis_tready,
  input  logic        s_axis_tlast,
  /// Velocity: two signed words a tick, the second with tlast.
  output logic [31:0] m_axis_tdata,
  output logic        m_axis_tvalid,
  input  logic        m_axis_tready,
  output logic        m_axis_tlast
);
  import "DPI-C" function void firmware_reset();
  import "DPI-C" function void firmware_tick(input int counts[Channels], output int velocity[2]);

  int counts[Channels];
  int velocity[2];
  logic [1:0] words_q;  // velocity words that wait

  assign s_axis_tready = aresetn & (words_q == 2'd0);
  assign m_axis_tvalid = words_q != 2'd0;
  assign m_axis_tlast = words_q == 2'd1;
  assign m_axis_tdata = (words_q == 2'd1) ? velocity[1] : velocity[0];

  // One process for state and calls: the counts are complete before the call that reads them.
  always @(posedge aclk) begin
    if (!aresetn) begin
      words_q <= 2'd0;
      for (int channel = 0; channel < int'(Channels); channel++) counts[channel] = 0;
      firmware_reset();
    end else if (s_axis_tvalid && s_axis_tready) begin
      if (32'(s_axis_tdata) < Channels) counts[32'(s_axis_tdata)] = counts[32'(s_axis_tdata)] + 1;
      if (s_axis_tlast) begin
        firmware_tick(counts, velocity);
        for (int channel = 0; channel < int'(Channels); channel++) counts[channel] = 0;
        words_q <= 2'd2;
      end
    end else if (m_axis_tvalid && m_axis_tready) begin
      words_q <= words_q - 2'd1;
    end
  end
endmodule
