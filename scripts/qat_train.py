"""Train a decoder: float, pruned, quantised."""

import argparse
import sys

from aegru_hw.cli.beginning import begun, resumed, training_alone
from aegru_hw.cli.options import add_training
from aegru_hw.cli.texts import r2_lines, remark_lines
from aegru_hw.errors import UserError
from aegru_hw.runs.options import RunOptions
from aegru_hw.runs.quantisation import quantize
from aegru_hw.runs.training import train


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Float training, pruning and quantised fine-tuning; writes RUN/decoder.h5.",
        epilog="example: python scripts/qat_train.py recording.h5 --out RUN --set widths.weight=4",
    )
    add_training(parser)
    parser.set_defaults(command="train", json=False, quiet=False)
    options = parser.parse_args()
    try:
        if options.resume:
            run = resumed(options)
        else:
            run = begun(options, training_alone(), kept=RunOptions())
        if not run.float_weights.exists():
            train(run)
        summary = quantize(run, [])
    except UserError as error:
        print(f"qat_train.py: {error}", file=sys.stderr)
        return 1
    print("\n".join([*r2_lines(summary.r2, 9), *remark_lines(summary), str(run.decoder)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
