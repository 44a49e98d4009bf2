// C interface of the compiled engine: clocks it, loads images, streams events and velocities.
#include <cstdint>
#include <memory>

#include "Vaegru_engine.h"
#include "Vaegru_engine___024root.h"
#include "aegru_map.h"
#include "verilated.h"

namespace {

// Verilator sees an edge where the clock differs from the one that it remembers. Where that one can
// be reached, it is lowered there: that saves the evaluation in which nothing happens.
template <class Top>
void lower_clock(Top& top) {
  if constexpr (requires { top.rootp->__Vtrigprevexpr___TOP__aclk__0; }) {
    top.rootp->__Vtrigprevexpr___TOP__aclk__0 = 0;
  } else {
    top.aclk = 0;
    top.eval();
  }
}

struct Engine {
  VerilatedContext context;
  Vaegru_engine top{&context};
  uint64_t cycles = 0;

  // Outputs follow inputs that changed.
  void settle() { top.eval(); }
  // Registers take what the inputs, set before, mean; outputs of registers follow.
  void edge() {
    lower_clock(top);
    top.aclk = 1;
    top.eval();
    ++cycles;
  }

  void write(uint32_t address, uint32_t data) {
    top.s_axil_awaddr = address;
    top.s_axil_wdata = data;
    top.s_axil_awvalid = top.s_axil_wvalid = 1;
    settle();
    while (!top.s_axil_awready) {
      edge();
      settle();
    }
    edge();
    top.s_axil_awvalid = top.s_axil_wvalid = 0;
    settle();
    while (!top.s_axil_bvalid) {
      edge();
      settle();
    }
  }
  uint32_t read(uint32_t address) {
    top.s_axil_araddr = address;
    top.s_axil_arvalid = 1;
    settle();
    while (!top.s_axil_arready) {
      edge();
      settle();
    }
    edge();
    top.s_axil_arvalid = 0;
    settle();
    while (!top.s_axil_rvalid) {
      edge();
      settle();
    }
    return top.s_axil_rdata;
  }
};

}  // namespace

extern "C" {

void* engine_new() {
  auto* engine = new Engine;
  engine->top.s_axil_bready = engine->top.s_axil_rready = 1;
  engine->top.aresetn = 0;
  for (int i = 0; i < 4; ++i) {
    engine->settle();
    engine->edge();
  }
  engine->top.aresetn = 1;
  engine->settle();
  engine->edge();
  return engine;
}

void engine_delete(void* handle) { delete static_cast<Engine*>(handle); }

void engine_write(void* handle, uint32_t address, uint32_t data) {
  static_cast<Engine*>(handle)->write(address, data);
}

uint32_t engine_read(void* handle, uint32_t address) {
  return static_cast<Engine*>(handle)->read(address);
}

uint64_t engine_cycles(void* handle) { return static_cast<Engine*>(handle)->cycles; }

// Loads an image of `count` words.
void engine_load(void* handle, const uint32_t* words, uint64_t count) {
  auto& engine = *static_cast<Engine*>(handle);
  engine.write(AEGRU_LOAD_BEGIN, 0);
  for (uint64_t i = 0; i < count; ++i) engine.write(AEGRU_LOAD_DATA, words[i]);
}

// Streams `events` (bit 16 is tlast) until `ticks` velocities are out. costs: 7 words a tick, in the
// order cycles, latency, MACs of encoder, input, recurrent, readout, saturated counts.
// Returns the number of ticks done; fewer where `limit` cycles pass without progress.
uint64_t engine_run(void* handle, const uint32_t* events, uint64_t event_count, uint64_t ticks,
                    int32_t* velocity, uint32_t* costs, uint64_t limit) {
  auto& engine = *static_cast<Engine*>(handle);
  auto& top = engine.top;
  uint64_t sent = 0, words = 0, done = 0, idle = 0;
  top.m_axis_tready = 1;
  while ((words < 2 * ticks || done < ticks) && idle < limit) {
    top.s_axis_tvalid = sent < event_count;
    if (sent < event_count) {
      top.s_axis_tdata = events[sent] & 0xFFFF;
      top.s_axis_tlast = events[sent] >> 16;
    }
    ++idle;
    if (top.s_axis_tvalid && top.s_axis_tready) {
      ++sent;
      idle = 0;
    }
    if (top.m_axis_tvalid && words < 2 * ticks) {
      velocity[words++] = static_cast<int32_t>(top.m_axis_tdata);
      idle = 0;
    }
    if (top.tick_done && done < ticks) {
      uint32_t* cost = costs + 7 * done++;
      cost[0] = top.tick_cycles;
      cost[1] = top.tick_latency;
      for (int i = 0; i < 4; ++i) cost[2 + i] = top.tick_macs[i];
      cost[6] = top.tick_saturations;
    }
    engine.edge();
  }
  top.s_axis_tvalid = 0;
  top.m_axis_tready = 0;
  return words / 2 < done ? words / 2 : done;
}

}  // extern "C"
