"""What an engine's memories hold, read back over the register bus."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.engine import CONTROL, READ_BACK, READ_BACK_DATA, Engine
from aegru_hw.rtl.image_stream import SELECT
from aegru_hw.rtl.project import turned_round


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 4])
def test_every_word_of_the_image(engine_cache: Path, lanes: int) -> None:
    decoder = random_decoder(5, channels=20, latent=9, hidden=7, window=4, steps=3)
    counts = random_counts(6, 40, 20)
    with Engine(decoder, lanes, cache=engine_cache, read_back=True) as engine:
        engine.run(counts[:25])
        assert engine.wrong_words() == []
        # It goes on from its start-up state, whatever a tick had left.
        expected = run_streaming_form(decoder, counts).velocity
        np.testing.assert_array_equal(engine.run(counts).velocity, expected)
        other = turned_round(decoder)
        with Engine(other, lanes, cache=engine_cache, read_back=True) as second:
            own, image = engine.image, second.image
            second.image = own
            readout = np.flatnonzero(own.memories["readout"] != image.memories["readout"])
            assert len(readout) > 0
            found = [at for name, at in second.wrong_words() if name == "readout"]
            assert found == readout.tolist()


@pytest.mark.slow
def test_reading_back_stops_the_engine(engine_cache: Path) -> None:
    decoder = random_decoder(5, channels=20, latent=9, hidden=7, window=4, steps=3)
    with Engine(decoder, 4, cache=engine_cache, read_back=True) as engine:
        engine.write(READ_BACK, SELECT["config"] << 24)
        assert engine.read(READ_BACK_DATA) == decoder.geometry.channels
        assert engine.read(CONTROL) == 0
