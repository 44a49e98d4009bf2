"""A rival in the same run: HGQ2's QGRU, made Verilog by alkaid, on the same recordings."""
