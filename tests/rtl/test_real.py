"""Real recordings through the compiled engine, with random weights: 0 mismatches."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.engine import Engine
from tests.rtl.test_engine import check


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [4, 16])
@pytest.mark.parametrize(
    ("name", "array"), [("contdata95.mat", "Y"), ("stevenson2011.mat", "spikes")]
)
def test_last_ticks(
    engine_cache: Path, real_recordings: Path, lanes: int, name: str, array: str
) -> None:
    counts = scipy.io.loadmat(real_recordings / name)[array].astype(np.int64)
    if counts.shape[0] < counts.shape[1]:
        counts = counts.T
    decoder = random_decoder(11, channels=counts.shape[1], window=4)
    with Engine(decoder, lanes, cache=engine_cache) as engine:
        check(engine, decoder, counts[-2000:])
