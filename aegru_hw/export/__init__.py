"""A decoder for other programs: C99 source, a compiled library of it, and an ONNX model.

What decoder/export.py writes is decoder.h5; all here is made of one.
"""
