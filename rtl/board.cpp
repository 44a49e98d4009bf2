// C interface of the compiled board top: an SPI master that moves its pins, edge by edge.
#include <cstdint>

#include "Vaegru_spi_top.h"
#include "Vaegru_spi_top___024root.h"
#include "verilated.h"

namespace {

// Clock cycles of half a period of SCK: an eighth of the clock, the fastest that the top takes.
constexpr int kHalf = 4;

// Verilator sees an edge where the clock differs from the one that it remembers; see engine.cpp.
template <class Top>
void lower_clock(Top& top) {
  if constexpr (requires { top.rootp->__Vtrigprevexpr___TOP__clk_i__0; }) {
    top.rootp->__Vtrigprevexpr___TOP__clk_i__0 = 0;
  } else {
    top.clk_i = 0;
    top.eval();
  }
}

struct Board {
  VerilatedContext context;
  Vaegru_spi_top* top = nullptr;
  uint64_t cycles = 0;

  // seed: of what registers and memories hold on power-up; zeros where 0.
  explicit Board(uint32_t seed) {
    context.randReset(seed ? 2 : 0);
    context.randSeed(static_cast<int>(seed));
    top = new Vaegru_spi_top{&context};
    top->cs_ni = 1;
    top->sck_i = top->mosi_i = 0;
    clock(32);  // its power-up reset among them
  }
  ~Board() { delete top; }

  void clock(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      lower_clock(*top);
      top->clk_i = 1;
      top->eval();
    }
    cycles += count;
  }
};

}  // namespace

extern "C" {

void* board_new(uint32_t seed) { return new Board(seed); }

void board_delete(void* handle) { delete static_cast<Board*>(handle); }

uint64_t board_cycles(void* handle) { return static_cast<Board*>(handle)->cycles; }

// Exchanges bytes in one transaction, mode 0. lost: number of a bit whose pulse of SCK the board does
// not get, which the master does not know; -1 for none.
void board_transfer(void* handle, const uint8_t* sent, uint8_t* received, uint64_t count,
                    int64_t lost) {
  auto& board = *static_cast<Board*>(handle);
  auto& top = *board.top;
  top.cs_ni = 0;
  board.clock(2 * kHalf);
  for (uint64_t bit = 0; bit < 8 * count; ++bit) {
    const int shift = 7 - static_cast<int>(bit % 8);
    if (shift == 7) received[bit / 8] = 0;
    top.mosi_i = sent[bit / 8] >> shift & 1;
    board.clock(kHalf);
    received[bit / 8] |= static_cast<uint8_t>((top.miso_o & 1) << shift);
    top.sck_i = static_cast<int64_t>(bit) != lost;
    board.clock(kHalf);
    top.sck_i = 0;
  }
  board.clock(kHalf);
  top.cs_ni = 1;
  board.clock(2 * kHalf);
}

}  // extern "C"
