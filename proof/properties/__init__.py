"""Properties of the RTL, proven: python -m proof.properties

Each .sv file beside this one is a harness: it holds one or more modules of rtl/, free inputs, and
properties, one named line each. `assume` lines state what the environment does, lines that begin
with `invariant_` are proven too and are there for the induction alone.
"""
