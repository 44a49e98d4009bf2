"""Train a decoder: float, pruned, quantised."""

import argparse
import sys

from aegru_hw import pipeline
from aegru_hw.cli import add_training, prepared_training, r2_text
from aegru_hw.errors import UserError


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Float training, pruning and quantised fine-tuning; writes RUN/decoder.h5.",
        epilog="example: python scripts/qat_train.py recording.h5 --out RUN --set widths.weight=4",
    )
    add_training(parser)
    options = parser.parse_args()
    try:
        run, recording, config = prepared_training(options)
        pipeline.train(run, recording, config, resume=options.resume, force=options.force)
        summary = pipeline.quantize(run, [], force=options.force)
    except UserError as error:
        print(f"qat_train.py: {error}", file=sys.stderr)
        return 1
    for name, r2 in summary["r2"].items():
        print(f"{name:9} {r2_text(r2)}")
    print(run.decoder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
