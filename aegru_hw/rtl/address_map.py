"""The addresses and numbers that software and hardware share, stated once.

`python -m aegru_hw.rtl.address_map` writes them again to where else they stand: aegru_pkg.sv, a C
header, the testbenches' module and the tables of rtl/README.md. A test says where one is stale.
"""

from pathlib import Path

from aegru_hw.sources import source_folder

IMAGE_VERSION = 4

CONTROL = {"enable": 0, "soft_reset": 1, "clear": 2}
"""Bits of the control register: run; forget all but the image; clear the counters."""

STATUS = {
    "image_valid": "a whole image of this engine is loaded",
    "running": "events are taken",
    "busy": "a tick is worked on",
    "loading": "words of an image are expected",
    "crc_error": "the image's CRC was wrong",
    "overrun": "a tick took longer than the tick period",
    "refused": "an event was of a channel that the decoder does not have",
    "saturated": "a window count was beyond the feature table's end",
    "misfit": "the image was for another engine",
    "missing": "a memory of the image was missing or out of place",
    "upset": "a word was read that is not what was written, or a tick stalled",
}
"""Bits of the status register, from the lowest on."""

REGISTERS = {
    "identification": (0x00, '"AEGR"'),
    "version": (0x04, "image version in the upper half"),
    "control": (0x08, "bit 0 enable, 1 soft reset (forget all but the image), 2 clear counters"),
    "status": (0x0C, "see below"),
    "lanes": (0x10, "multiply lanes"),
    "max_channels": (0x14, "most channels"),
    "max_latent": (0x18, "most latents"),
    "max_hidden": (0x1C, "most hidden units"),
    "schedule_depth": (0x20, "words of a lane's schedule"),
    "ring_depth": (0x24, "words of the ring"),
    "history_depth": (0x28, "words of the history"),
    "channels": (0x2C, "of the image"),
    "latent": (0x30, "of the image"),
    "hidden": (0x34, "of the image"),
    "window": (0x38, "of the image"),
    "steps": (0x3C, "of the image"),
    "ticks": (0x40, "ticks"),
    "busy_low": (0x44, "cycles of all ticks"),
    "busy_high": (0x48, "its upper word"),
    "encoder_macs_low": (0x4C, "multiply-accumulates of the encoder"),
    "encoder_macs_high": (0x50, "its upper word"),
    "input_macs_low": (0x54, "of the input product"),
    "input_macs_high": (0x58, "its upper word"),
    "recurrent_macs_low": (0x5C, "of the recurrent products"),
    "recurrent_macs_high": (0x60, "its upper word"),
    "readout_macs_low": (0x64, "of the readout"),
    "readout_macs_high": (0x68, "its upper word"),
    "saturations": (0x6C, "channels beyond the feature table's end, summed over ticks"),
    "period": (0x70, "tick period in cycles; 0 switches the overrun flag off"),
    "refused": (0x74, "refused events"),
    "last_cycles": (0x78, "cycles of the last tick"),
    "last_latency": (0x7C, "of the last tick, from its start to the velocity"),
    "max_cycles": (0x80, "cycles of the longest tick"),
    "max_latency": (0x84, "longest latency"),
    "load_begin": (0xC0, "begins an image"),
    "load_data": (0xC4, "the image, a word at a time"),
    "read_back": (0xC8, "stops the engine; select and address of a word of the image to be read"),
    "read_back_data": (0xCC, "that word"),
}
"""Byte address and meaning of every register."""

HEADER_AT = 12
HEADER = {
    "engine": "image version in the upper half, and lanes: must be the engine's",
    "ring": "words of the ring that are needed, without the states of silence",
    "history": "words of the history that are needed",
    "widths": "bits that are needed of an accumulator, in the upper half, and of a window count",
}
"""Words of an image's header; numbered from HEADER_AT, between the memories."""

LANES = 16
SELECTS = {
    "config": (0, "configuration"),
    "feature": (1, "feature table"),
    "sigmoid": (2, "table of the gates"),
    "tanh": (3, "table of the candidate"),
    "rsqrt": (4, "1/sqrt of LayerNorm"),
    "bias": (5, "5 to 8: reset, update, candidate, recurrent candidate"),
    "norm": (9, "scale and bias of LayerNorm"),
    "readout": (10, "weights of both axes"),
    "startup_state": (11, "states of silence"),
    "lane": (16, "+ lane: schedule"),
    "startup_latent": (32, "+ lane: encoder accumulators of silence"),
    "directory": (48, "+ lane: where each column starts in the schedule, and its words"),
}
"""Number of each memory, in the order in which an image has them."""

CONFIG = (
    *("channels", "groups", "latent", "hidden", "window", "steps", "norm"),
    *("feature_end", "ring_stride", "ring_last", "history_last", "latent_shift"),
    *("gate_input_align", "gate_recurrent_align", "gate_shift", "recurrent_candidate_shift"),
    *("candidate_input_align", "candidate_gated_align", "candidate_shift"),
    *("mix_candidate_align", "mix_state_align", "update_fraction", "mix_shift", "plain_shift"),
    *("normalised_shift", "state_shift", "velocity_shift", "epsilon_low", "epsilon_high"),
    *("readout_bias0", "readout_bias1", "latent_min", "latent_max", "gate_min", "gate_max"),
    *("recurrent_candidate_min", "recurrent_candidate_max", "candidate_min", "candidate_max"),
    *("mixed_min", "mixed_max", "normalised_min", "normalised_max", "state_min", "state_max"),
    *("velocity_min", "velocity_max", "sigmoid_width", "tanh_width"),
)
"""Words of the configuration, in order."""

SAYS = "The engine's registers and their bits; `python -m aegru_hw.rtl.address_map` wrote this."

BEGIN, END = "address_map begins", "address_map ends"


def address(register: str) -> int:
    """Return the byte address of a register."""
    return REGISTERS[register][0]


def status_bit(name: str) -> int:
    """Return the mask of a bit of the status register."""
    return 1 << list(STATUS).index(name)


def camel(name: str) -> str:
    """Return a name as rtl/ has it: max_latent is MaxLatent."""
    return "".join(part.capitalize() for part in name.split("_"))


def in_systemverilog() -> str:
    """Return the types and constants of aegru_pkg.sv."""
    registers = [f"Register{camel(n)} = 6'h{at // 4:02X}" for n, (at, _) in REGISTERS.items()]
    header = [f"Header{camel(n)} = 6'd{HEADER_AT + i}" for i, n in enumerate(HEADER)]
    selects = [f"Select{camel(n)} = 8'd{at}" for n, (at, _) in SELECTS.items()]
    config = [f"Cfg{camel(n)}" for n in CONFIG]
    parts = [
        ("Registers, by the word of their address.", 6, registers, "register_e"),
        ("Words of an image's header, which comes before its memories.", 6, header, "header_e"),
        ("Memories in the order in which an image has them.", 8, selects, "select_e"),
        ("Words of the configuration memory.", 6, config, "config_e"),
    ]
    text = ""
    for says, bits, names, kind in parts:
        listed = ",\n".join(f"    {name}" for name in names)
        text += f"  /// {says}\n  typedef enum logic [{bits - 1}:0] {{\n{listed}\n  }} {kind};\n"
    text += f"  localparam int unsigned ImageVersion = {IMAGE_VERSION};\n"
    text += "  /// Bits of the control and of the status register.\n"
    places = {f"Control{camel(name)}": at for name, at in CONTROL.items()}
    places |= {f"Status{camel(name)}": at for at, name in enumerate(STATUS)}
    return text + "".join(f"  localparam int unsigned {n} = {at};\n" for n, at in places.items())


def constants() -> dict[str, int]:
    """Return what software needs, by name: addresses of registers, masks of bits."""
    named = {name.upper(): at for name, (at, _) in REGISTERS.items()}
    named |= {f"CONTROL_{name.upper()}": 1 << at for name, at in CONTROL.items()}
    return named | {f"STATUS_{name.upper()}": status_bit(name) for name in STATUS}


def in_c() -> str:
    """Return the C header."""
    lines = [f"#define AEGRU_{name} 0x{value:02X}u" for name, value in constants().items()]
    text = "\n".join(lines)
    return f"// {SAYS}\n#ifndef AEGRU_MAP_H\n#define AEGRU_MAP_H\n\n{text}\n\n#endif\n"


def in_python() -> str:
    """Return the testbenches' module: they run without the package."""
    lines = [f"{name} = 0x{value:02X}" for name, value in constants().items()]
    text = "\n".join(lines)
    return f'"""{SAYS}"""\n\n{text}\n'


def in_markdown() -> str:
    """Return the tables of rtl/README.md."""
    rows = [f"| 0x{at:02X} | {name} | {says} |" for name, (at, says) in REGISTERS.items()]
    text = "| register | | |\n|---|---|---|\n" + "\n".join(rows)
    rows = [f"| {at} | {name} | {says} |" for at, (name, says) in enumerate(STATUS.items())]
    text += "\n\n| bit of status | | |\n|---|---|---|\n" + "\n".join(rows)
    rows = [f"| {at} | {name} | {says} |" for at, (name, says) in enumerate(HEADER.items())]
    text += "\n\n| word of an image's header | | |\n|---|---|---|\n" + "\n".join(rows)
    rows = [f"| {at} | {name} | {says} |" for name, (at, says) in SELECTS.items()]
    return text + "\n\n| select | | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def between(text: str, new: str) -> str:
    """Return a text with what stands between its two marked lines replaced."""
    lines = text.splitlines(keepends=True)
    begin, end = (next(i for i, line in enumerate(lines) if mark in line) for mark in (BEGIN, END))
    return "".join(lines[: begin + 1]) + new + "".join(lines[end:])


def written() -> dict[Path, str]:
    """Return the files that hold the map, with the text that they should have."""
    rtl, sim = source_folder("rtl"), source_folder("sim")
    package, document = rtl / "aegru_pkg.sv", rtl / "README.md"
    return {
        package: between(package.read_text(encoding="utf-8"), in_systemverilog()),
        document: between(document.read_text(encoding="utf-8"), "\n" + in_markdown() + "\n"),
        rtl / "aegru_map.h": in_c(),
        sim / "aegru_map.py": in_python(),
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
