"""The benchmark: seeds by recordings by decoders, beside published results."""
