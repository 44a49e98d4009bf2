"""One-line faults of the RTL: finding, compiling, playing and counting them."""
