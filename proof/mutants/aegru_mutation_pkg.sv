/// Which fault of the mutated sources is active: that of +mutant=NUMBER, none where 0.
package aegru_mutation_pkg;
  function automatic int number_given();
    int number;
    if ($value$plusargs("mutant=%d", number)) return number;
    return 0;
  endfunction
  int active = number_given();
endpackage

/// Ends a simulation in which something waits for ever: after +cycles=NUMBER clock cycles.
module aegru_cycle_limit (
  input logic clk_i
);
  longint cycles = 0, limit = 0;
  initial if (!$value$plusargs("cycles=%d", limit)) limit = 0;
  always_ff @(posedge clk_i) begin
    cycles <= cycles + 1;
    if (limit != 0 && cycles == limit) begin
      $display("cycle limit of %0d reached", limit);
      $finish;
    end
  end
endmodule

bind aegru_engine aegru_cycle_limit i_cycle_limit (.clk_i(aclk));
