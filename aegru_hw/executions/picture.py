"""The executions as a picture for documents: a mermaid flowchart, made of the table."""

from aegru_hw.executions.table import EXECUTIONS

NODES = {
    "recording": "recording[recording<br>spikes, velocity]",
    "qat": "qat[Brevitas<br>fine-tuning]",
    "decoder": "decoder[(decoder.h5<br>integer codes)]",
    "verify": "verify{verify<br>0 mismatches}",
}


def flowchart() -> str:
    """Return the flowchart from a recording to the comparison of all executions."""
    lines = ["flowchart LR"]
    lines.append(f"    {NODES['recording']} --> float[float AEGRU] --> pruned --> {NODES['qat']}")
    lines.append(f"    qat --> {NODES['decoder']}")
    verify = NODES["verify"]
    for execution in EXECUTIONS:
        start = "qat" if execution.is_trained_network else "decoder"
        text = f"{execution.label}<br>{execution.what.partition(':')[0]}"
        lines.append(f'    {start} --> {execution.name}["{text}"] --> {verify}')
        verify = "verify"
    lines.append("    rtl --> bitstream[yosys, nextpnr<br>bitstream]")
    return "\n".join(lines)
