"""The command that hands a decoder to other programs: export."""

import argparse
from pathlib import Path

from aegru_hw.cli.options import Commands, add_force, add_run
from aegru_hw.cli.output import show


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    from aegru_hw.export.formats import FORMATS

    added = commands.add(
        "export",
        export_decoder,
        "Write the decoder for other programs: C99 in integers for a microcontroller, with test "
        "vectors and a program that checks them, or an ONNX model of integer operators.",
        "my_run --format c",
        "my_run --format onnx --out my_model",
    )
    add_run(added)
    added.add_argument(
        "--format", required=True, choices=tuple(FORMATS), dest="kind", help="what to write"
    )
    added.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to write (default RUN/export/FORMAT)"
    )
    add_force(added)


def export_decoder(options: argparse.Namespace) -> int:
    from aegru_hw.runs.exporting import export
    from aegru_hw.runs.folder import RunFolder

    run = RunFolder(options.run_path)
    folder = export(run, options.kind, options.out, force=options.force)
    files = sorted(path.name for path in folder.iterdir())
    sizes = {name: (folder / name).stat().st_size for name in files}
    lines = [f"wrote {folder}", *(f"  {name:18} {size:>9,} bytes" for name, size in sizes.items())]
    facts = {"path": str(folder), "format": options.kind, "bytes": sizes}
    return show(options, facts, "\n".join(lines))
