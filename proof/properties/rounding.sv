/// cut, cut_right, saturate and requantize against exact arithmetic, for each shift to the right, all
/// inputs and all limits 2^n - 1.
///
/// What y must be for x · 2^-s: no integer is nearer, |2·(x - y·2^s)| <= 2^s, and of two that are as
/// near the even one. That defines y, without a shift to the right, a guard or a sticky bit.
module rounding import aegru_pkg::*; #(
  parameter int unsigned Shift = 1
) (
  input wide_t      x_i,
  input logic [4:0] limit_bits_i
);
  logic [31:0] high;
  assign high = ~(32'hFFFF_FFFF << limit_bits_i);

  typedef logic signed [WideWidth+Shift+2:0] exact_t;
  localparam exact_t Unit = exact_t'(1) <<< Shift;
  function automatic logic is_rounded(cut_t y);
    exact_t code, twice_off;
    code = exact_t'(y.floor) + exact_t'({1'b0, y.up});
    twice_off = 2 * (exact_t'(x_i) - code * Unit);
    return (twice_off < Unit && twice_off > -Unit) ||
           ((twice_off == Unit || twice_off == -Unit) && !code[0]);
  endfunction
  function automatic logic is_clamped(wide_t code, cut_t y);
    exact_t exact, limit;
    exact = exact_t'(y.floor) + exact_t'({1'b0, y.up});
    limit = exact_t'({1'b0, high});
    return exact_t'(code) == ((exact > limit) ? limit : (exact < -limit - 1) ? -limit - 1 : exact);
  endfunction
  cut_t right, general;
  assign right = cut_right(x_i, 6'(Shift));
  assign general = cut(x_i, 7'(Shift));
  always_comb begin
    cut_right_is_exact: assert (is_rounded(right));
    saturate_is_exact: assert (is_clamped(saturate(right, high), right));
    if (Shift <= WideWidth) begin
      cut_is_exact: assert (is_rounded(general));
      requantize_is_exact: assert (is_clamped(requantize(x_i, 7'(Shift), high), general));
    end
  end
endmodule
