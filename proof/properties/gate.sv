/// aegru_control with its loader and its AXI4-Lite side: nothing but a whole, matching image with the
/// right CRC makes an image valid, and nothing else of it reaches the memories.
///
/// The image is told apart here anew, from the words as they are written: plain comparisons with the
/// engine's limits, a table of the memories in their order, and the CRC-32 the other way round, with
/// its polynomial as the standard has it. The master on AXI4-Lite is free.
module gate import aegru_pkg::*; #(
  /// With formats that are wired in.
  parameter bit Fixed = 1'b0
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [7:0]  s_axil_awaddr,
  input logic        s_axil_awvalid,
  input logic [31:0] s_axil_wdata,
  input logic        s_axil_wvalid,
  input logic        s_axil_bready
);
  localparam int unsigned Lanes = 2;
  localparam int unsigned MaxChannels = 11;
  localparam int unsigned MaxChains = 3;
  localparam int unsigned RingDepth = 700;
  localparam int unsigned HistoryDepth = 90;
  localparam int unsigned TableBits = 5;
  localparam int unsigned CountBits = 12;
  localparam int unsigned AccumulatorBits = 17;
  function automatic config_t formats();
    config_t words;
    for (int unsigned i = 0; i < ConfigWords; i++) words[i] = Fixed ? 32'h9E37_79B9 * (i + 1) : '0;
    return words;
  endfunction
  localparam config_t FixedConfig = formats();

  load_t load_o;
  config_t config_o;
  logic enable_o, soft_reset_o;
  aegru_control #(
    .Lanes(Lanes), .MaxChannels(MaxChannels), .MaxLatent(8), .MaxHidden(6), .LatentSlots(4),
    .ScheduleDepth(1000), .DirectoryDepth(25), .StateDepth(18), .MaxChains(MaxChains),
    .RingDepth(RingDepth), .HistoryDepth(HistoryDepth), .TableBits(TableBits), .CountBits(CountBits),
    .AccumulatorBits(AccumulatorBits), .Totals(1'b0), .FixedConfig(FixedConfig)
  ) dut (
    .clk_i, .rst_ni, .s_axil_awaddr, .s_axil_awprot('0), .s_axil_awvalid, .s_axil_awready(),
    .s_axil_wdata, .s_axil_wstrb('1), .s_axil_wvalid, .s_axil_wready(), .s_axil_bresp(),
    .s_axil_bvalid(), .s_axil_bready, .s_axil_araddr('0), .s_axil_arprot('0), .s_axil_arvalid('0),
    .s_axil_arready(), .s_axil_rdata(), .s_axil_rresp(), .s_axil_rvalid(), .s_axil_rready('0),
    .load_o, .config_o, .enable_o, .soft_reset_o, .running_i('0), .busy_i('0), .tick_done_i('0),
    .tick_cycles_i('0), .tick_latency_i('0), .tick_macs_i('{default: '0}), .tick_saturations_i('0),
    .saturated_i('0), .refused_i('0)
  );

  // The format of an image: its memories in their order, and the words that each has at most.
  typedef enum logic [1:0] {Header, Memory, Words, Crc} part_e;
  localparam int unsigned Memories = 12 + 3 * Lanes;
  function automatic logic [7:0] select_of(logic [4:0] memory);
    if (memory < 5'd12) return 8'(memory);
    if (memory < 5'd14) return 8'd16 + 8'(memory - 5'd12);
    return (memory < 5'd16) ? 8'd32 + 8'(memory - 5'd14) : 8'd48 + 8'(memory - 5'd16);
  endfunction
  function automatic logic [15:0] most_words(logic [4:0] memory);
    case (memory)
      5'd0: return 16'd64;
      5'd1: return 16'd256;
      5'd2, 5'd3: return 16'd32;
      5'd4: return 16'd64;
      5'd11: return 16'd18;
      default:
        return (memory < 5'd12) ? 16'd6 : (memory < 5'd14) ? 16'd1000 : (memory < 5'd16) ? 16'd4 : 16'd25;
    endcase
  endfunction

  logic started_q = 1'b0;
  logic open_q, taking_q, valid_q, enabled_q, begun_q, refused_q;
  part_e part_q;
  logic [1:0] header_q;
  logic [4:0] memory_q;
  logic [16:0] left_q;  // words of the memory that are still to come
  logic [31:0] word_q, crc_q;
  logic [5:0] age_q;    // cycles since the word was written
  logic fits, whole, begins, comes, taken;
  assign begins = dut.write && dut.write_word == 6'h30;
  assign comes = dut.write && dut.write_word == 6'h31 && open_q;
  assign taken = taking_q && age_q == 6'd33;

  logic config_fits;
  assign config_fits = Fixed ? (left_q - 17'd1 inside {17'(CfgReadoutBias0), 17'(CfgReadoutBias1)}) ||
                               word_q == FixedConfig[6'(left_q - 17'd1)]
                     : (left_q - 17'd1 != 17'(CfgChannels) || word_q <= MaxChannels) &&
                       (left_q - 17'd1 != 17'(CfgSteps) || word_q <= MaxChains + 1);
  always_comb begin
    case (part_q)
      Header:
        case (header_q)
          2'd0: fits = word_q == {16'd4, 16'(Lanes)};
          2'd1: fits = word_q <= RingDepth;
          2'd2: fits = word_q <= HistoryDepth;
          default: fits = word_q[31:16] <= 16'(AccumulatorBits) && word_q[15:0] <= 16'(CountBits);
        endcase
      Memory: fits = word_q[31:24] == select_of(memory_q) && word_q[15:0] < most_words(memory_q);
      Words: fits = memory_q != '0 || config_fits;
      default: fits = crc_q == 32'hC704_DD7B;
    endcase
  end
  assign whole = taken && part_q == Crc && fits;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    age_q <= age_q + 6'd1;
    begun_q <= begins;
    refused_q <= taken && !fits;
    if (taking_q && age_q < 6'd32)
      crc_q <= {crc_q[30:0], 1'b0} ^ ((crc_q[31] ^ word_q[5'(age_q)]) ? 32'h04C1_1DB7 : '0);
    if (comes) {taking_q, age_q, word_q} <= {1'b1, 6'd0, dut.write_data};
    if (taken) begin
      taking_q <= 1'b0;
      if (!fits || part_q == Crc) open_q <= 1'b0;
      case (part_q)
        Header: begin
          header_q <= header_q + 2'd1;
          memory_q <= '0;
          if (header_q == 2'd3) part_q <= Memory;
        end
        Memory: {part_q, left_q} <= {Words, 17'(word_q[15:0]) + 17'd1};
        Words: begin
          left_q <= left_q - 17'd1;
          if (left_q == 17'd1) begin
            memory_q <= memory_q + 5'd1;
            part_q <= (memory_q == 5'(Memories - 1)) ? Crc : Memory;
          end
        end
        default: ;
      endcase
    end
    if (whole) valid_q <= 1'b1;
    if (dut.write && dut.write_word == 6'h02) enabled_q <= dut.write_data[0];
    if (begins) begin
      {open_q, part_q, header_q, crc_q} <= {1'b1, Header, 2'd0, 32'hFFFF_FFFF};
      {valid_q, enabled_q} <= '0;
    end
    if (!rst_ni) {open_q, taking_q, valid_q, enabled_q, begun_q, refused_q} <= '0;
  end

  // Bits of the word that have been compared, and the word that they are compared with.
  logic [31:0] limit, below, upper;
  logic [5:0] compared, reversed_at;
  logic [31:0] crc_reversed;
  assign compared = (age_q == '0) ? '0 : (part_q == Memory && age_q > 6'd17) ? 6'd16 : age_q - 6'd1;
  assign below = ~(32'hFFFF_FFFF << ((compared < 6'd16) ? compared : 6'd16));
  assign upper = ~(32'hFFFF_FFFF << compared) & 32'hFFFF_0000;
  always_comb begin
    limit = {16'b0, most_words(memory_q) - 16'd1};
    if (part_q == Words && Fixed) limit = FixedConfig[6'(left_q - 17'd1)];
    if (part_q == Header)
      case (header_q)
        2'd0: limit = {16'd4, 16'(Lanes)};
        2'd1: limit = RingDepth;
        2'd2: limit = HistoryDepth;
        default: limit = {16'(AccumulatorBits), 16'(CountBits)};
      endcase
    for (int i = 0; i < 32; i++) crc_reversed[i] = crc_q[31-i];
  end
  logic compares;
  assign compares = age_q >= 6'd1 && age_q <= 6'd32 && !(part_q == Memory && age_q >= 6'd17);

  always_comb begin
    reset_first: assume (started_q || !rst_ni);
    if (started_q) begin
      valid_image_is_whole_and_fits: assert (dut.image_valid_q == valid_q);
      runs_only_with_a_valid_image: assert (enable_o == (valid_q && enabled_q));
      load_begin_takes_valid_away: assert (!begun_q || (!dut.image_valid_q && !enable_o && soft_reset_o));
      loaded_needs_all_memories_and_the_crc: assert (!dut.loaded || whole);
      first_unfit_word_ends_the_loading: assert (!refused_q || !dut.loading);
      refusal_is_said: assert (!refused_q || begun_q || dut.misfit || dut.missing || dut.crc_error);
      memories_take_fitting_words_alone: assert (!load_o.valid || (taken && part_q == Words));
      memories_are_filled_in_order: assert (!load_o.valid ||
        (load_o.select == select_of(memory_q) && load_o.address == 16'(left_q - 17'd1)));
      no_write_beyond_a_memory: assert (!load_o.valid || load_o.address < most_words(memory_q));
      word_is_loaded_as_written: assert (!load_o.valid || load_o.data == word_q);
      a_word_takes_34_cycles: assert (dut.load_hold == taking_q && (!taking_q || age_q <= 6'd33));

      invariant_open: assert (dut.loading == open_q);
      invariant_taking: assert (!taking_q || (open_q && dut.i_axil.written_q && !dut.i_axil.awready_q &&
        !dut.i_axil.wready_q && !dut.i_axil.s_axil_bvalid));
      invariant_axil: assert (!dut.i_axil.written_q || (!dut.i_axil.awready_q && !dut.i_axil.wready_q));
      invariant_response: assert (!dut.i_axil.s_axil_bvalid || dut.i_axil.written_q);
      invariant_enabled: assert (dut.enable_q == enabled_q);
      invariant_position: assert (!taking_q || dut.i_loader.position_q == age_q);
      invariant_part: assert (!open_q || dut.i_loader.section_q == part_q);
      invariant_index: assert (!open_q || part_q == Crc || 8'(dut.i_loader.index_q) ==
        ((part_q == Header) ? 8'd12 + 8'(header_q) : select_of(memory_q)));
      invariant_memory: assert (!open_q || part_q == Header || part_q == Crc || memory_q < 5'(Memories));
      invariant_left: assert (!open_q || part_q != Words || (left_q != '0 &&
        left_q <= 17'(most_words(memory_q)) &&
        dut.i_loader.address_q == 16'(left_q - 17'd1)));
      invariant_data: assert (!taking_q || dut.write_data ==
        ((age_q < 6'd32) ? (word_q >> age_q) | (word_q << (6'd32 - age_q)) : word_q));
      invariant_crc: assert (!open_q || dut.i_loader.crc_q == crc_reversed);
      invariant_compares: assert (!taking_q || dut.i_loader.compare_q == compares);
      invariant_bit: assert (!taking_q || !compares || (dut.i_loader.bit_q == word_q[5'(age_q - 6'd1)] &&
        dut.i_loader.place_q == 4'(age_q - 6'd1)));
      invariant_expected: assert (!taking_q || !compares || part_q == Crc ||
        dut.i_loader.expected_q[1'(age_q - 6'd1)] == limit[5'(age_q - 6'd1)]);
      invariant_differs: assert (!taking_q || part_q == Crc ||
        dut.i_loader.differs_q == (((word_q ^ limit) & (below | upper)) != '0));
      invariant_greater: assert (!taking_q || part_q == Crc || dut.i_loader.greater_q ==
        ((compared <= 6'd16) ? (word_q & below) > (limit & below) : (word_q & upper) > (limit & upper)));
      invariant_beyond: assert (!taking_q || part_q == Crc || dut.i_loader.beyond_q ==
        (compared > 6'd16 && (word_q & below) > (limit & below)));
    end
  end
endmodule
