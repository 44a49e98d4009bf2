"""The engine on a board, over its SPI pins: a real one, or the virtual one."""

from aegru_hw.board.ports import PACKAGES_OF, VIRTUAL
from aegru_hw.executions.execution import Context, Execution, Output
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.fixedpoint.decoder import FixedDecoder


class OnBoard(Execution):
    name = "board"
    label = "Board"
    what = "FPGA board or its simulation, over SPI"
    needs = ("verilator", "c++")
    asked_by = "--board"

    def is_there(self, context: Context) -> bool:
        return context.board is not None

    def uses(self, context: Context) -> tuple[str, ...]:
        kind = str(context.board).partition(":")[0]
        return PACKAGES_OF.get(kind, self.needs)

    def label_at(self, place: str | None) -> str:
        return "Virtual board" if place == VIRTUAL else self.label

    def made_of(self, context: Context) -> dict[str, str]:
        from aegru_hw.rtl.sources import project_digest, sources
        from aegru_hw.synthesis.made_of import digest_of_files

        if context.board != VIRTUAL:
            return {}  # nobody knows what its bitstream was made of
        if context.engine.is_dir():
            return {"engine": project_digest(context.engine)}
        return {"sources": digest_of_files(sources())}

    def check(self, decoder: FixedDecoder, context: Context) -> None:
        from aegru_hw.board.board import Board
        from aegru_hw.board.ports import open_port

        with Board(open_port(str(context.board), decoder, context.engine)) as board:
            board.identify()

    def run(self, decoder: FixedDecoder, counts: Counts, context: Context) -> Output:
        from tqdm import tqdm

        from aegru_hw.board.board import Board
        from aegru_hw.board.ports import open_port

        port = str(context.board)
        outputs = len(counts) // decoder.geometry.every
        bar = tqdm(
            total=outputs, desc=self.name, unit="tick", disable=not context.progress, leave=False
        )
        with bar, Board(open_port(port, decoder, context.engine)) as board:
            board.load(decoder)
            return Output(board.decode(counts, bar.update), place=port)
