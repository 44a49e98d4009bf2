// Models of the two ECP5 cells that Yosys has as black boxes, in the modes that its mapping uses:
// synth_ecp5 gives a MULT18X18D no registers, and a DP16KD no output registers and no reset.

module MULT18X18D #(
  parameter REG_INPUTA_CLK = "NONE",
  parameter REG_INPUTB_CLK = "NONE",
  parameter REG_PIPELINE_CLK = "NONE",
  parameter REG_OUTPUT_CLK = "NONE"
) (
  input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
  input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
  input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
  input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
  output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
  output P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
);
  wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
  wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
  wire signed [18:0] signed_a = {SIGNEDA & a[17], a};
  wire signed [18:0] signed_b = {SIGNEDB & b[17], b};
  wire signed [37:0] product = signed_a * signed_b;
  assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
          P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0} =
      product[35:0];
  initial
    if (REG_INPUTA_CLK != "NONE" || REG_INPUTB_CLK != "NONE" || REG_PIPELINE_CLK != "NONE" ||
        REG_OUTPUT_CLK != "NONE") begin
      $display("MULT18X18D in a mode without a model");
      $finish;
    end
endmodule

// 1,024 words of 18 bits. Of each half of a word, widths below 9 use the lower 8 bits.
module DP16KD #(
  parameter DATA_WIDTH_A = 18,
  parameter DATA_WIDTH_B = 18,
  parameter REGMODE_A = "NOREG",
  parameter REGMODE_B = "NOREG",
  parameter RESETMODE = "SYNC",
  parameter ASYNC_RESET_RELEASE = "SYNC",
  parameter CSDECODE_A = "0b000",
  parameter CSDECODE_B = "0b000",
  parameter WRITEMODE_A = "NORMAL",
  parameter WRITEMODE_B = "NORMAL",
  parameter CLKAMUX = "CLKA",
  parameter CLKBMUX = "CLKB",
  parameter GSR = "DISABLED",
  parameter [319:0] INITVAL_00 = 320'b0, parameter [319:0] INITVAL_01 = 320'b0,
  parameter [319:0] INITVAL_02 = 320'b0, parameter [319:0] INITVAL_03 = 320'b0,
  parameter [319:0] INITVAL_04 = 320'b0, parameter [319:0] INITVAL_05 = 320'b0,
  parameter [319:0] INITVAL_06 = 320'b0, parameter [319:0] INITVAL_07 = 320'b0,
  parameter [319:0] INITVAL_08 = 320'b0, parameter [319:0] INITVAL_09 = 320'b0,
  parameter [319:0] INITVAL_0A = 320'b0, parameter [319:0] INITVAL_0B = 320'b0,
  parameter [319:0] INITVAL_0C = 320'b0, parameter [319:0] INITVAL_0D = 320'b0,
  parameter [319:0] INITVAL_0E = 320'b0, parameter [319:0] INITVAL_0F = 320'b0,
  parameter [319:0] INITVAL_10 = 320'b0, parameter [319:0] INITVAL_11 = 320'b0,
  parameter [319:0] INITVAL_12 = 320'b0, parameter [319:0] INITVAL_13 = 320'b0,
  parameter [319:0] INITVAL_14 = 320'b0, parameter [319:0] INITVAL_15 = 320'b0,
  parameter [319:0] INITVAL_16 = 320'b0, parameter [319:0] INITVAL_17 = 320'b0,
  parameter [319:0] INITVAL_18 = 320'b0, parameter [319:0] INITVAL_19 = 320'b0,
  parameter [319:0] INITVAL_1A = 320'b0, parameter [319:0] INITVAL_1B = 320'b0,
  parameter [319:0] INITVAL_1C = 320'b0, parameter [319:0] INITVAL_1D = 320'b0,
  parameter [319:0] INITVAL_1E = 320'b0, parameter [319:0] INITVAL_1F = 320'b0,
  parameter [319:0] INITVAL_20 = 320'b0, parameter [319:0] INITVAL_21 = 320'b0,
  parameter [319:0] INITVAL_22 = 320'b0, parameter [319:0] INITVAL_23 = 320'b0,
  parameter [319:0] INITVAL_24 = 320'b0, parameter [319:0] INITVAL_25 = 320'b0,
  parameter [319:0] INITVAL_26 = 320'b0, parameter [319:0] INITVAL_27 = 320'b0,
  parameter [319:0] INITVAL_28 = 320'b0, parameter [319:0] INITVAL_29 = 320'b0,
  parameter [319:0] INITVAL_2A = 320'b0, parameter [319:0] INITVAL_2B = 320'b0,
  parameter [319:0] INITVAL_2C = 320'b0, parameter [319:0] INITVAL_2D = 320'b0,
  parameter [319:0] INITVAL_2E = 320'b0, parameter [319:0] INITVAL_2F = 320'b0,
  parameter [319:0] INITVAL_30 = 320'b0, parameter [319:0] INITVAL_31 = 320'b0,
  parameter [319:0] INITVAL_32 = 320'b0, parameter [319:0] INITVAL_33 = 320'b0,
  parameter [319:0] INITVAL_34 = 320'b0, parameter [319:0] INITVAL_35 = 320'b0,
  parameter [319:0] INITVAL_36 = 320'b0, parameter [319:0] INITVAL_37 = 320'b0,
  parameter [319:0] INITVAL_38 = 320'b0, parameter [319:0] INITVAL_39 = 320'b0,
  parameter [319:0] INITVAL_3A = 320'b0, parameter [319:0] INITVAL_3B = 320'b0,
  parameter [319:0] INITVAL_3C = 320'b0, parameter [319:0] INITVAL_3D = 320'b0,
  parameter [319:0] INITVAL_3E = 320'b0, parameter [319:0] INITVAL_3F = 320'b0,
  parameter UNUSED = 0
) (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
  input DIA3, DIA2, DIA1, DIA0,
  input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
  output DOA4, DOA3, DOA2, DOA1, DOA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
  input DIB3, DIB2, DIB1, DIB0,
  input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
  output DOB4, DOB3, DOB2, DOB1, DOB0
);
  wire [17:0] dia = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6,
                     DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [17:0] dib = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6,
                     DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
  wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2,
                     ADA1, ADA0};
  wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2,
                     ADB1, ADB0};
  reg [17:0] doa, dob;
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
          DOA4, DOA3, DOA2, DOA1, DOA0} = doa;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
          DOB4, DOB3, DOB2, DOB1, DOB0} = dob;

  reg [17:0] memory [0:1023];
  wire [20479:0] init = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
    INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
    INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
    INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00};
  integer i;
  initial begin
    for (i = 0; i < 1024; i = i + 1) memory[i] = init[20*i +: 18];
    doa = 18'b0;
    dob = 18'b0;
    if (REGMODE_A != "NOREG" || REGMODE_B != "NOREG" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB" ||
        CSDECODE_A != "0b000" || CSDECODE_B != "0b000") begin
      $display("DP16KD in a mode without a model");
      $finish;
    end
  end

  // The bits of a word of 18 that an access of a width reaches.
  function [17:0] mask;
    input integer width;
    input [13:0] address;
    case (width)
      18, 36: mask = {{9{address[1]}}, {9{address[0]}}};
      9: mask = 18'h1FF << (address[3] ? 9 : 0);
      4: mask = 18'hF << ((address[3] ? 9 : 0) + 4 * address[2]);
      2: mask = 18'h3 << ((address[3] ? 9 : 0) + 2 * address[2:1]);
      default: mask = 18'h1 << ((address[3] ? 9 : 0) + address[2:0]);
    endcase
  endfunction
  function [17:0] placed;
    input integer width;
    input [13:0] address;
    input [17:0] data;
    case (width)
      18, 36: placed = data;
      9: placed = {data[8:0], data[8:0]};
      4: placed = {1'b0, {2{data[3:0]}}, 1'b0, {2{data[3:0]}}};
      2: placed = {1'b0, {4{data[1:0]}}, 1'b0, {4{data[1:0]}}};
      default: placed = {1'b0, {8{data[0]}}, 1'b0, {8{data[0]}}};
    endcase
  endfunction
  function [17:0] taken;
    input integer width;
    input [13:0] address;
    input [17:0] data;
    reg [8:0] half;
    begin
      half = address[3] ? data[17:9] : data[8:0];
      case (width)
        18, 36: taken = data;
        9: taken = {9'b0, half};
        4: taken = {14'b0, half[4*address[2] +: 4]};
        2: taken = {16'b0, half[2*address[2:1] +: 2]};
        default: taken = {17'b0, half[address[2:0]]};
      endcase
    end
  endfunction

  wire write_a = CEA & WEA & ~CSA2 & ~CSA1 & ~CSA0;
  wire write_b = CEB & WEB & ~CSB2 & ~CSB1 & ~CSB0;
  wire [9:0] low_a = (DATA_WIDTH_A == 36) ? {ada[13:5], 1'b0} : ada[13:4];
  wire [9:0] low_b = (DATA_WIDTH_B == 36) ? {adb[13:5], 1'b0} : adb[13:4];
  wire [17:0] mask_a = mask(DATA_WIDTH_A, ada), mask_b = mask(DATA_WIDTH_B, adb);
  wire [17:0] high_mask_a = mask(18, {12'b0, ada[3:2]});
  wire [17:0] new_a = (memory[low_a] & ~mask_a) | (placed(DATA_WIDTH_A, ada, dia) & mask_a);
  wire [17:0] new_b = (memory[low_b] & ~mask_b) | (placed(DATA_WIDTH_B, adb, dib) & mask_b);

  // A width of 36 makes A the writing port and B the reading one.
  always @(posedge CLKA) begin
    if (write_a) memory[low_a] <= new_a;
    if (write_a && DATA_WIDTH_A == 36)
      memory[{ada[13:5], 1'b1}] <= (memory[{ada[13:5], 1'b1}] & ~high_mask_a) | (dib & high_mask_a);
    if (DATA_WIDTH_B != 36 && CEA && (!write_a || WRITEMODE_A != "NORMAL"))
      doa <= taken(DATA_WIDTH_A, ada,
                   (write_a && WRITEMODE_A == "WRITETHROUGH") ? new_a : memory[low_a]);
    if (RSTA && DATA_WIDTH_B != 36) doa <= 18'b0;
  end
  always @(posedge CLKB) begin
    if (write_b && DATA_WIDTH_A != 36) memory[low_b] <= new_b;
    if (CEB && (!write_b || WRITEMODE_B != "NORMAL"))
      if (DATA_WIDTH_B == 36) {dob, doa} <= {memory[{adb[13:5], 1'b1}], memory[low_b]};
      else dob <= taken(DATA_WIDTH_B, adb,
                        (write_b && WRITEMODE_B == "WRITETHROUGH") ? new_b : memory[low_b]);
    if (RSTB) dob <= 18'b0;
  end
endmodule
