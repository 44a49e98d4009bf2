/// Takes an image word by word: checks that it is for this engine, and fills the memories with it.
///
/// An image is a header (HeaderEngine and on), then each memory in the order of its select: a word
/// {select, 8'b0, words - 1}, and its words from the last address down to 0. The CRC-32 of all of it
/// ends it. A word is turned once around, a bit a cycle, through the CRC and past the bits of what it
/// must equal or not exceed. The first word that does not fit ends the loading.
/// Example, readout of two units: {SelectReadout, 8'd0, 16'd1}, word of unit 1, word of unit 0.
module aegru_loader import aegru_pkg::*; #(
  parameter int unsigned Lanes = 4,
  parameter int unsigned MaxChannels = 256,
  parameter int unsigned MaxChains = 8,
  parameter int unsigned MaxHidden = 64,
  /// Latent units of one lane.
  parameter int unsigned LatentSlots = 16,
  parameter int unsigned ScheduleDepth = 4096,
  parameter int unsigned DirectoryDepth = 384,
  parameter int unsigned StateDepth = 256,
  parameter int unsigned RingDepth = 4096,
  parameter int unsigned HistoryDepth = 1024,
  parameter int unsigned TableBits = 10,
  parameter int unsigned CountBits = 16,
  parameter int unsigned AccumulatorBits = 20,
  parameter config_t FixedConfig = '0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  /// Forget what was loaded before, and take a header.
  input  logic        begin_i,
  /// The next word of the image; it stays at data_i, turned by turn_o, while hold_o is high.
  input  logic        word_i,
  input  logic [31:0] data_i,
  output logic        hold_o,
  output logic        turn_o,
  output load_t       load_o,
  output logic        loading_o,
  /// One cycle: the image is whole and fits.
  output logic        loaded_o,
  /// Why an image was refused: it is for another engine, a memory is missing, the CRC is wrong.
  output logic        misfit_o,
  output logic        missing_o,
  output logic        crc_error_o
);
  localparam bit IsFixed = FixedConfig != '0;
  localparam logic [31:0] CrcPolynomial = 32'hEDB8_8320;
  /// What the CRC register holds after a text and its own CRC.
  localparam logic [31:0] CrcResidue = 32'hDEBB_20E3;

  typedef enum logic [1:0] {Header, Memory, Words, Crc} section_e;
  section_e section_q;
  logic [5:0] index_q;  // of the header's word, or of the memory
  index_t address_q;
  logic [5:0] position_q;  // of the bit
  logic busy_q, finish;
  assign turn_o = busy_q & ~position_q[5];
  assign finish = busy_q & position_q[5] & position_q[0];
  assign hold_o = busy_q;

  // What a word of the header may be, and how many words less one a memory has.
  function automatic logic [31:0] limit(logic [5:0] index);
    case (index)
      HeaderEngine:          return {16'(ImageVersion), 16'(Lanes)};
      HeaderRing:            return RingDepth;
      HeaderHistory:         return HistoryDepth;
      HeaderWidths:          return {16'(AccumulatorBits), 16'(CountBits)};
      6'(SelectConfig):      return ConfigWords - 1;
      6'(SelectFeature):     return 255;
      // An item each: yosys-slang takes an item of two, evaluated in an initial block, for all values.
      6'(SelectSigmoid):     return 2 ** TableBits - 1;
      6'(SelectTanh):        return 2 ** TableBits - 1;
      6'(SelectRsqrt):       return 63;
      6'(SelectStartupState): return StateDepth - 1;
      default: begin
        if (index < 6'(SelectLane)) return MaxHidden - 1;
        if (index < 6'(SelectStartupLatent)) return ScheduleDepth - 1;
        return (index < 6'(SelectDirectory)) ? LatentSlots - 1 : DirectoryDepth - 1;
      end
    endcase
  endfunction

  // Two bits at a time of it, and behind them those of the formats that are wired in.
  localparam int unsigned Pairs = 16 * (IsFixed ? 128 : 64);
  logic [1:0] expected[Pairs], expected_q;
  logic [$clog2(Pairs)-1:0] expected_address;
  initial begin
    for (int unsigned pair = 0; pair < Pairs; pair++)
      expected[pair] = 2'((pair < 1024 ? limit(6'(pair / 16)) : FixedConfig[6'(pair / 16)])
                          >> (2 * (pair % 16)));
  end
  if (IsFixed) begin : gen_formats
    assign expected_address = {section_q == Words, (section_q == Words) ? address_q[5:0] : index_q,
                               position_q[4:1]};
  end else begin : gen_no_formats
    assign expected_address = {index_q, position_q[4:1]};
  end

  logic bit_q, compare_q, differs_q, greater_q, beyond_q, beyond, exact;
  logic [3:0] place_q;
  assign exact = index_q == HeaderEngine;
  // Each half of a word has a limit of its own.
  assign beyond = greater_q | beyond_q;
  always_ff @(posedge clk_i) begin
    if (turn_o) expected_q <= expected[expected_address];
    bit_q <= data_i[0];
    place_q <= position_q[3:0];
    // The upper half of a memory's first word is its select.
    compare_q <= turn_o & ~(section_q == Memory & position_q[4]);
    if (compare_q) begin
      if (bit_q != expected_q[place_q[0]]) begin
        differs_q <= 1'b1;
        greater_q <= bit_q;
      end else if (place_q == '0) begin
        greater_q <= 1'b0;
      end
      if (place_q == '0) beyond_q <= greater_q;
    end
    if (word_i) begin
      differs_q <= 1'b0;
      greater_q <= 1'b0;
      beyond_q <= 1'b0;
    end
  end

  logic [31:0] crc_q;
  always_ff @(posedge clk_i) begin
    if (turn_o)
      crc_q <= {1'b0, crc_q[31:1]} ^ ((crc_q[0] ^ data_i[0]) ? CrcPolynomial : '0);
    if (begin_i) crc_q <= '1;
  end

  logic misfit, missing;
  always_comb begin
    misfit = 1'b0;
    missing = 1'b0;
    unique case (section_q)
      Header:  misfit = exact ? differs_q : beyond;
      Memory: begin
        missing = data_i[31:24] != 8'(index_q);
        misfit = ~missing & beyond;
      end
      // Wired in, the configuration is the engine's own; otherwise no memory shows these two.
      Words: if (index_q == 6'(SelectConfig)) begin
        if (IsFixed) misfit = is_format(32'(address_q[5:0])) & differs_q;
        else if (address_q[5:0] == CfgChannels) misfit = data_i > MaxChannels;
        else if (address_q[5:0] == CfgSteps) misfit = data_i > MaxChains + 1;
      end
      default: ;
    endcase
  end
  assign loaded_o = finish & loading_o & (section_q == Crc) & (crc_q == CrcResidue);
  assign load_o = '{valid: finish & loading_o & (section_q == Words), back: 1'b0,
                    select: 8'(index_q), address: address_q, data: data_i};

  always_ff @(posedge clk_i) begin
    if (word_i && loading_o) begin
      busy_q <= 1'b1;
      position_q <= '0;
    end else if (busy_q) begin
      position_q <= position_q + 6'd1;
    end
    if (finish) begin
      busy_q <= 1'b0;
      if (misfit || missing) loading_o <= 1'b0;
      misfit_o <= misfit;
      missing_o <= missing;
      unique case (section_q)
        Header: begin
          index_q <= index_q + 6'd1;
          if (index_q == HeaderWidths) begin
            index_q <= 6'(SelectConfig);
            section_q <= Memory;
          end
        end
        Memory: begin
          address_q <= data_i[15:0];
          section_q <= Words;
        end
        Words: begin
          address_q <= address_q - 16'd1;
          if (address_q == '0) begin
            section_q <= Memory;
            index_q <= index_q + 6'd1;
            if (index_q == 6'(SelectStartupState)) index_q <= 6'(SelectLane);
            if (index_q == 6'(SelectLane) + 6'(Lanes - 1)) index_q <= 6'(SelectStartupLatent);
            if (index_q == 6'(SelectStartupLatent) + 6'(Lanes - 1)) index_q <= 6'(SelectDirectory);
            if (index_q == 6'(SelectDirectory) + 6'(Lanes - 1)) section_q <= Crc;
          end
        end
        default: begin
          loading_o <= 1'b0;
          crc_error_o <= ~loaded_o;
        end
      endcase
    end
    if (begin_i) begin
      loading_o <= 1'b1;
      section_q <= Header;
      index_q <= HeaderEngine;
    end
    if (!rst_ni) begin
      loading_o <= 1'b0;
      busy_q <= 1'b0;
    end
    if (!rst_ni || begin_i) begin
      misfit_o <= 1'b0;
      missing_o <= 1'b0;
      crc_error_o <= 1'b0;
    end
  end
endmodule
