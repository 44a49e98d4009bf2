"""Coverage of the RTL: lines and toggles of the testbenches, and crosses that a harness counts."""
