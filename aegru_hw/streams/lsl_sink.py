"""Velocities into Lab Streaming Layer."""

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.streams.lsl import check_name, lsl
from aegru_hw.streams.tick import Tick

LABELS = ("velocity_x", "velocity_y")
UNIT = "unit of the recording"


class LslSink:
    """A stream of velocities (2,) in float64, at the nominal rate of the decoder's outputs.

    A sample has its tick's time stamp, or, of a source without stamps, LSL's clock when it was
    decoded. The description holds labels, the unit, and the decoder's digest.
    Raises UserError as `lsl` and `check_name` do.
    """

    def __init__(self, name: str, decoder: FixedDecoder, unit: str = UNIT) -> None:
        pylsl = lsl()
        check_name(name)
        info = pylsl.StreamInfo(
            name=name,
            type="Velocity",
            channel_count=len(LABELS),
            nominal_srate=1 / decoder.geometry.output_seconds,
            channel_format=pylsl.cf_double64,
            # The same after a restart, so that who reads it finds it again.
            source_id=f"aegru-hw {name} {decoder.digest[:16]}",
        )
        info.set_channel_labels(list(LABELS))
        info.set_channel_types("Velocity")
        info.set_channel_units([unit] * len(LABELS))
        info.desc().append_child_value("decoder", decoder.digest)
        info.desc().append_child_value("tick_seconds", repr(decoder.geometry.tick_seconds))
        self._outlet = pylsl.StreamOutlet(info, chunk_size=1)

    def write(self, tick: Tick, x: float, y: float) -> None:
        self._outlet.push_sample([x, y], 0.0 if tick.seconds is None else tick.seconds)

    @property
    def has_readers(self) -> bool:
        return bool(self._outlet.have_consumers())

    def close(self) -> None:
        """Withdraw the stream."""
        del self._outlet
