/// Types, widths, memory selects and the rounding that every aegru module shares.
package aegru_pkg;

  /// Bits of a weight code.
  localparam int unsigned WeightWidth = 8;
  /// Bits of a lane's second operand: latent, state, or a difference of two features.
  localparam int unsigned OperandWidth = 9;
  /// Most bits of an accumulator.
  localparam int unsigned AccWidth = 24;
  /// Bits of the cell's aligned sums, and of biases.
  localparam int unsigned SumWidth = 32;
  /// Bits of what is rounded.
  localparam int unsigned WideWidth = 36;
  /// Most bits of LayerNorm's variance.
  localparam int unsigned MaxVarianceWidth = 48;
  /// Bits of a table's output, of the mixed state and of the normalised state.
  localparam int unsigned CodeWidth = 16;
  /// Bits of memory addresses on the load bus and inside the engine.
  localparam int unsigned IndexWidth = 16;

  typedef logic signed [WeightWidth-1:0] weight_t;
  typedef logic signed [OperandWidth-1:0] operand_t;
  typedef logic signed [AccWidth-1:0] acc_t;
  typedef logic signed [SumWidth-1:0] sum_t;
  typedef logic signed [WideWidth-1:0] wide_t;
  typedef logic signed [CodeWidth-1:0] code_t;
  typedef logic [IndexWidth-1:0] index_t;
  typedef logic signed [6:0] shift_t;

  /// Bits from a row of a column to the next row that has a weight.
  localparam int unsigned GapWidth = 5;

  /// One word of a lane's schedule: a weight of a column. The rows of a column ascend; a word without
  /// a weight only skips `gap` rows.
  typedef struct packed {
    logic [GapWidth-1:0] gap;  // rows since the word before, from row 0 in the first word
    weight_t             weight;
  } word_t;

  typedef enum logic [1:0] {
    Encoder   = 2'd0,
    Input     = 2'd1,
    Recurrent = 2'd2
  } matrix_e;

  /// What changed from the tick before, on its way to the lanes: an operand, and with `column` the
  /// end of the operands of one column.
  typedef struct packed {
    logic     operand;
    index_t   chain;       // recurrent: k - 2 of the chain g_k; 0 otherwise
    operand_t difference;
    logic     column;
    index_t   index;       // of the column in the lanes' directories
  } change_t;

  /// The bus that fills every memory, and reads what was loaded; `select` chooses the memory. What is
  /// asked for with `back` is at its output in the next cycle.
  typedef struct packed {
    logic        valid;
    logic        back;
    logic [7:0]  select;
    index_t      address;
    logic [31:0] data;
  } load_t;

  // address_map begins: what aegru_hw/rtl/address_map.py states
  /// Registers, by the word of their address.
  typedef enum logic [5:0] {
    RegisterIdentification = 6'h00,
    RegisterVersion = 6'h01,
    RegisterControl = 6'h02,
    RegisterStatus = 6'h03,
    RegisterLanes = 6'h04,
    RegisterMaxChannels = 6'h05,
    RegisterMaxLatent = 6'h06,
    RegisterMaxHidden = 6'h07,
    RegisterScheduleDepth = 6'h08,
    RegisterRingDepth = 6'h09,
    RegisterHistoryDepth = 6'h0A,
    RegisterChannels = 6'h0B,
    RegisterLatent = 6'h0C,
    RegisterHidden = 6'h0D,
    RegisterWindow = 6'h0E,
    RegisterSteps = 6'h0F,
    RegisterTicks = 6'h10,
    RegisterBusyLow = 6'h11,
    RegisterBusyHigh = 6'h12,
    RegisterEncoderMacsLow = 6'h13,
    RegisterEncoderMacsHigh = 6'h14,
    RegisterInputMacsLow = 6'h15,
    RegisterInputMacsHigh = 6'h16,
    RegisterRecurrentMacsLow = 6'h17,
    RegisterRecurrentMacsHigh = 6'h18,
    RegisterReadoutMacsLow = 6'h19,
    RegisterReadoutMacsHigh = 6'h1A,
    RegisterSaturations = 6'h1B,
    RegisterPeriod = 6'h1C,
    RegisterRefused = 6'h1D,
    RegisterLastCycles = 6'h1E,
    RegisterLastLatency = 6'h1F,
    RegisterMaxCycles = 6'h20,
    RegisterMaxLatency = 6'h21,
    RegisterLoadBegin = 6'h30,
    RegisterLoadData = 6'h31,
    RegisterReadBack = 6'h32,
    RegisterReadBackData = 6'h33
  } register_e;
  /// Words of an image's header, which comes before its memories.
  typedef enum logic [5:0] {
    HeaderEngine = 6'd12,
    HeaderRing = 6'd13,
    HeaderHistory = 6'd14,
    HeaderWidths = 6'd15
  } header_e;
  /// Memories in the order in which an image has them.
  typedef enum logic [7:0] {
    SelectConfig = 8'd0,
    SelectFeature = 8'd1,
    SelectSigmoid = 8'd2,
    SelectTanh = 8'd3,
    SelectRsqrt = 8'd4,
    SelectBias = 8'd5,
    SelectNorm = 8'd9,
    SelectReadout = 8'd10,
    SelectStartupState = 8'd11,
    SelectLane = 8'd16,
    SelectStartupLatent = 8'd32,
    SelectDirectory = 8'd48
  } select_e;
  /// Words of the configuration memory.
  typedef enum logic [5:0] {
    CfgChannels,
    CfgGroups,
    CfgLatent,
    CfgHidden,
    CfgWindow,
    CfgSteps,
    CfgNorm,
    CfgFeatureEnd,
    CfgRingStride,
    CfgRingLast,
    CfgHistoryLast,
    CfgLatentShift,
    CfgGateInputAlign,
    CfgGateRecurrentAlign,
    CfgGateShift,
    CfgRecurrentCandidateShift,
    CfgCandidateInputAlign,
    CfgCandidateGatedAlign,
    CfgCandidateShift,
    CfgMixCandidateAlign,
    CfgMixStateAlign,
    CfgUpdateFraction,
    CfgMixShift,
    CfgPlainShift,
    CfgNormalisedShift,
    CfgStateShift,
    CfgVelocityShift,
    CfgEpsilonLow,
    CfgEpsilonHigh,
    CfgReadoutBias0,
    CfgReadoutBias1,
    CfgLatentMin,
    CfgLatentMax,
    CfgGateMin,
    CfgGateMax,
    CfgRecurrentCandidateMin,
    CfgRecurrentCandidateMax,
    CfgCandidateMin,
    CfgCandidateMax,
    CfgMixedMin,
    CfgMixedMax,
    CfgNormalisedMin,
    CfgNormalisedMax,
    CfgStateMin,
    CfgStateMax,
    CfgVelocityMin,
    CfgVelocityMax,
    CfgSigmoidWidth,
    CfgTanhWidth
  } config_e;
  localparam int unsigned ImageVersion = 4;
  /// Bits of the control and of the status register.
  localparam int unsigned ControlEnable = 0;
  localparam int unsigned ControlSoftReset = 1;
  localparam int unsigned ControlClear = 2;
  localparam int unsigned StatusImageValid = 0;
  localparam int unsigned StatusRunning = 1;
  localparam int unsigned StatusBusy = 2;
  localparam int unsigned StatusLoading = 3;
  localparam int unsigned StatusCrcError = 4;
  localparam int unsigned StatusOverrun = 5;
  localparam int unsigned StatusRefused = 6;
  localparam int unsigned StatusSaturated = 7;
  localparam int unsigned StatusMisfit = 8;
  localparam int unsigned StatusMissing = 9;
  localparam int unsigned StatusUpset = 10;
  // address_map ends

  localparam int unsigned ConfigWords = 64;
  typedef logic [ConfigWords-1:0][31:0] config_t;

  /// Words that say formats and geometry; the others follow the weights of each decoder.
  function automatic logic is_format(int unsigned word);
    return !(word inside {int'(CfgReadoutBias0), int'(CfgReadoutBias1)});
  endfunction

  /// Cycles that the cell unit takes for a hidden unit, in each of its passes: with few lanes the
  /// products take long, and one gate after the other is early enough.
  function automatic int unsigned unit_cycles(int unsigned lanes);
    return (lanes <= 2) ? 4 : 1;
  endfunction

  /// Columns that wait in a lane: one that has no others to keep step with needs no queue.
  function automatic int unsigned queue_depth(int unsigned lanes);
    return (lanes <= 2) ? 1 : 2;
  endfunction

  /// Whether the load bus asks for a word of a memory.
  function automatic logic asked(load_t load, logic [7:0] select);
    return load.back && load.select == select;
  endfunction

  function automatic int unsigned at_least(int unsigned a, int unsigned b);
    return (a > b) ? a : b;
  endfunction

  /// Bits of the signed codes from low to high.
  function automatic int unsigned bits_between(logic [31:0] low, logic [31:0] high);
    int unsigned bits;
    bits = 1;
    while (bits < 32 && (signed'(high) >= (1 <<< (bits - 1)) || signed'(low) < -(1 <<< (bits - 1))))
      bits++;
    return bits;
  endfunction

  /// Bits of the sums of gates and candidate: an accumulator each of inputs and states, or the reset
  /// gate's product, aligned.
  function automatic int unsigned gate_sum_bits(config_t formats, int unsigned accumulator_bits);
    int unsigned products, gated;
    if (formats == '0) return SumWidth;
    products = accumulator_bits + at_least(
      at_least(formats[CfgGateInputAlign], formats[CfgGateRecurrentAlign]),
      formats[CfgCandidateInputAlign]);
    gated = formats[CfgSigmoidWidth] + formats[CfgCandidateGatedAlign] + 1 +
            bits_between(formats[CfgRecurrentCandidateMin], formats[CfgRecurrentCandidateMax]);
    return 1 + at_least(products, gated);
  endfunction

  /// x · 2^-shift cut to an integer, and whether half to even rounds it up.
  typedef struct packed {
    wide_t floor;
    logic  up;
  } cut_t;

  /// Cycles, multiply-accumulates or saturations of one tick.
  localparam int unsigned CostWidth = 24;
  typedef logic [CostWidth-1:0] cost_t;

  /// Cut x · 2^-shift; a negative shift multiplies exactly.
  function automatic cut_t cut(wide_t x, shift_t shift);
    wide_t floor, below;
    logic guard, sticky;
    floor = x >>> unsigned'(shift);
    below = (wide_t'(1) <<< unsigned'(shift - 7'sd1)) - wide_t'(1);
    guard = x[6'(unsigned'(shift - 7'sd1))];
    sticky = |(x & below);
    if (shift <= 0) return '{floor: x <<< unsigned'(-shift), up: 1'b0};
    return '{floor: floor, up: guard & (sticky | floor[0])};
  endfunction

  /// `cut` for shifts to the right alone: one shifter, which gathers what it drops.
  function automatic cut_t cut_right(wide_t x, logic [5:0] shift);
    logic signed [WideWidth:0] kept;  // and the guard bit
    logic sticky;
    kept = {x, 1'b0};
    sticky = 1'b0;
    for (int unsigned stage = 0; stage < 6; stage++) begin
      if (shift[stage]) begin
        sticky |= |(kept & ((WideWidth + 1)'(1) << (1 << stage)) - 1'b1);
        kept = kept >>> (1 << stage);
      end
    end
    return '{floor: kept[WideWidth:1], up: kept[0] & (sticky | kept[1])};
  endfunction

  /// Change of precision: round half to even, then saturate at high and -high - 1.
  function automatic wide_t requantize(wide_t x, shift_t shift, logic [31:0] high);
    return saturate(cut(x, shift), high);
  endfunction

  /// The second half of `requantize`: round up or not, then saturate. high is 2^n - 1.
  ///
  /// What is beyond shows before it is rounded, so only the bits that remain are added: below
  /// -high - 1 rounding up reaches it at most, and at high there is nothing to round up to.
  function automatic wide_t saturate(cut_t x, logic [31:0] high);
    wide_t sign, limit;
    logic beyond, at_high;
    sign = {WideWidth{x.floor[WideWidth-1]}};
    limit = wide_t'(signed'(high));
    beyond = ((x.floor ^ sign) & ~limit) != '0;
    at_high = ((~x.floor & limit) == '0) & ~sign[0];
    return beyond ? limit ^ sign : x.floor + wide_t'({1'b0, x.up & ~at_high});
  endfunction

endpackage
