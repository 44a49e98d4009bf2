// C interface of the mutated engine: one that starts from random registers, pauses at its streams, and
// is reset in mid-stream. A simulation that $finish or $stop ends leaves the process with FINISHED.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vaegru_engine.h"
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

namespace {

constexpr int FINISHED = 3;

struct Engine {
  VerilatedContext context;
  std::unique_ptr<Vaegru_engine> top;
  std::minstd_rand random{1};
  uint64_t cycles = 0, source_stalls = 0, sink_stalls = 0;
  uint64_t taken = 0;  // velocity words since a hard reset
  bool torn = false;   // one had the wrong TLAST

  explicit Engine(const std::vector<std::string>& options) {
    std::vector<const char*> words{"engine"};
    for (const auto& option : options) words.push_back(option.c_str());
    context.commandArgs(static_cast<int>(words.size()), words.data());
    top = std::make_unique<Vaegru_engine>(&context);
    top->s_axil_bready = top->s_axil_rready = 1;
  }

  void edge() {
    top->aclk = 0;
    top->eval();
    top->aclk = 1;
    top->eval();
    ++cycles;
    if (context.gotFinish()) std::_Exit(FINISHED);
  }
  void settle() { top->eval(); }

  void write(uint32_t address, uint32_t data) {
    top->s_axil_awaddr = address;
    top->s_axil_wdata = data;
    top->s_axil_awvalid = top->s_axil_wvalid = 1;
    for (settle(); !top->s_axil_awready; settle()) edge();
    edge();
    top->s_axil_awvalid = top->s_axil_wvalid = 0;
    for (settle(); !top->s_axil_bvalid; settle()) edge();
  }
  uint32_t read(uint32_t address) {
    top->s_axil_araddr = address;
    top->s_axil_arvalid = 1;
    for (settle(); !top->s_axil_arready; settle()) edge();
    edge();
    top->s_axil_arvalid = 0;
    for (settle(); !top->s_axil_rvalid; settle()) edge();
    return top->s_axil_rdata;
  }
};

}  // namespace

extern "C" {

// mutant, limit of cycles (0: none), seed of what registers and memories begin with.
void* engine_new(uint32_t mutant, uint64_t limit, uint32_t seed) {
  return new Engine({"+mutant=" + std::to_string(mutant), "+cycles=" + std::to_string(limit),
                     "+verilator+rand+reset+2", "+verilator+seed+" + std::to_string(seed)});
}
// Writes what was covered, where the engine was compiled to count that.
void engine_cover(void* handle, const char* path) {
#if VM_COVERAGE
  static_cast<Engine*>(handle)->context.coveragep()->write(path);
#endif
}

void engine_delete(void* handle) { delete static_cast<Engine*>(handle); }

void engine_reset(void* handle, uint32_t cycles) {
  auto& engine = *static_cast<Engine*>(handle);
  engine.top->aresetn = 0;
  engine.taken = 0;
  for (uint32_t i = 0; i < cycles; ++i) engine.edge();
  engine.top->aresetn = 1;
  engine.edge();
}

void engine_write(void* handle, uint32_t address, uint32_t data) {
  static_cast<Engine*>(handle)->write(address, data);
}
uint32_t engine_read(void* handle, uint32_t address) {
  return static_cast<Engine*>(handle)->read(address);
}
uint64_t engine_cycles(void* handle) { return static_cast<Engine*>(handle)->cycles; }

// Cycles in which the engine waited for an event, and in which a velocity waited.
uint64_t engine_source_stalls(void* handle) { return static_cast<Engine*>(handle)->source_stalls; }
uint64_t engine_sink_stalls(void* handle) { return static_cast<Engine*>(handle)->sink_stalls; }

// Whether a packet of velocities was not of two words, the second with TLAST.
bool engine_torn(void* handle) {
  const auto& engine = *static_cast<Engine*>(handle);
  return engine.torn || engine.taken % 2 != 0 || engine.top->m_axis_tvalid;
}

// Streams events (bit 16 is tlast) until `ticks` ticks are done and their velocities out, or for
// `most` cycles. idle, back: of 16 cycles, those in which the source has no event, the sink no room.
// costs: 7 words a tick, as rtl/engine.cpp has them. Returns the ticks done.
uint64_t engine_run(void* handle, const uint32_t* events, uint64_t count, uint64_t ticks,
                    int32_t* velocity, uint32_t* costs, uint64_t most, uint32_t idle,
                    uint32_t back) {
  auto& engine = *static_cast<Engine*>(handle);
  auto& top = *engine.top;
  uint64_t sent = 0, words = 0, done = 0;
  bool offered = false;
  for (uint64_t cycle = 0; (words < 2 * ticks || done < ticks) && cycle < most; ++cycle) {
    // An event that is offered stays until it is taken.
    offered = offered || (sent < count && engine.random() % 16 >= idle);
    top.s_axis_tvalid = offered;
    if (offered) {
      top.s_axis_tdata = events[sent] & 0xFFFF;
      top.s_axis_tlast = events[sent] >> 16;
    }
    top.m_axis_tready = engine.random() % 16 >= back;
    engine.settle();
    engine.source_stalls += top.s_axis_tready && !offered && sent < count;
    engine.sink_stalls += top.m_axis_tvalid && !top.m_axis_tready;
    if (offered && top.s_axis_tready) {
      ++sent;
      offered = false;
    }
    if (top.m_axis_tvalid && top.m_axis_tready) {
      engine.torn |= top.m_axis_tlast != (engine.taken++ % 2 == 1);
      if (words < 2 * ticks) velocity[words++] = static_cast<int32_t>(top.m_axis_tdata);
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
