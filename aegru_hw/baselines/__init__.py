"""Decoders to compare with: the same splits, windows and features, none of AEGRU's training."""

from aegru_hw.baselines.score import BaselineScore

__all__ = ["BaselineScore"]
