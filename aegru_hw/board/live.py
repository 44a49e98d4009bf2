"""Live use of a board: one tick's spikes in, one velocity out, as `LiveDecoder` has it."""

from pathlib import Path
from typing import Self

from aegru_hw.board.board import Board
from aegru_hw.board.ports import open_port
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.held import HeldOutputs
from aegru_hw.fixedpoint.types import Codes


class BoardDecoder(HeldOutputs):
    """`LiveDecoder` on a board. Making one loads the decoder into the board.

    Raises UserError as `Board` does.
    """

    def __init__(self, decoder: FixedDecoder, board: Board) -> None:
        self.board = board
        board.load(decoder)
        super().__init__(decoder)

    @classmethod
    def open(cls, port: str, decoder: FixedDecoder, engine: Path | None = None) -> Self:
        """Return a decoder on the board at a port; `open_port` says what each is."""
        board = Board(open_port(port, decoder, engine))
        try:
            return cls(decoder, board)
        except BaseException:
            board.close()
            raise

    def _restart(self) -> None:
        self.board.reset()

    def _output(self, spikes: Codes) -> Codes:
        return self.board.step_counts(spikes)

    def close(self) -> None:
        """Give the board back."""
        self.board.close()
