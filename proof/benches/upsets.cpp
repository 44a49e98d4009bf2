// One engine whose every register and memory can be reached by name, to flip a bit of it in a cycle.
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "Vaegru_engine.h"
#include "aegru_map.h"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

namespace {

// A register, or a memory of so many words.
struct Target {
  std::string name;
  uint8_t* data;
  uint32_t bits, words;
  size_t word_bytes;
};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Registers are named so, or are outputs that a clocked block writes; memories are words.
bool is_state(const std::string& name) {
  static const char* const outputs[] = {"soft_reset_o",   "loading_o",      "misfit_o",
                                        "missing_o",      "crc_error_o",    "overrun_o",
                                        "past_address_o", "ring_address_o", "saturated_o",
                                        "upset_o",        "config_upset_o"};
  for (const char* output : outputs)
    if (name == output) return true;
  return ends_with(name, "_q") || name == "words" || name == "memory";
}

struct Bench {
  VerilatedContext context;
  Vaegru_engine top{&context};
  std::vector<Target> targets;
  uint64_t flip_in = 0;  // cycles to the flip; 0: none
  size_t flip_target = 0;
  uint32_t flip_word = 0, flip_bit = 0;

  Bench() {
    for (const auto& [scope_name, scope] : *context.scopeNameMap()) {
      if (scope->varsp() == nullptr) continue;
      for (auto& [name, var] : *scope->varsp()) {
        if (var.isParam() || !is_state(name)) continue;
        uint32_t words = 1;
        for (const auto& range : var.unpackedRanges()) words *= range.elements();
        targets.push_back({std::string(scope_name) + "." + name,
                           static_cast<uint8_t*>(var.datap()), var.entBits(), words,
                           var.totalSize() / words});
      }
    }
  }

  void edge() {
    top.aclk = 0;
    top.eval();
    if (flip_in != 0 && --flip_in == 0) {
      const Target& target = targets[flip_target];
      target.data[flip_word * target.word_bytes + flip_bit / 8] ^= 1u << (flip_bit % 8);
      top.eval();
    }
    top.aclk = 1;
    top.eval();
  }

  void write(uint32_t address, uint32_t data) {
    top.s_axil_awaddr = address;
    top.s_axil_wdata = data;
    top.s_axil_awvalid = top.s_axil_wvalid = 1;
    top.eval();
    while (!top.s_axil_awready) edge();
    edge();
    top.s_axil_awvalid = top.s_axil_wvalid = 0;
    top.eval();
    while (!top.s_axil_bvalid) edge();
  }
};

}  // namespace

extern "C" {

void* upsets_new() {
  auto* bench = new Bench;
  bench->top.s_axil_bready = bench->top.s_axil_rready = bench->top.m_axis_tready = 1;
  bench->top.aresetn = 0;
  for (int i = 0; i < 4; ++i) bench->edge();
  bench->top.aresetn = 1;
  bench->edge();
  return bench;
}

// Loads an image of `count` words and enables the engine.
void upsets_load(void* handle, const uint32_t* words, uint64_t count) {
  auto& bench = *static_cast<Bench*>(handle);
  bench.write(AEGRU_LOAD_BEGIN, 0);
  for (uint64_t i = 0; i < count; ++i) bench.write(AEGRU_LOAD_DATA, words[i]);
  bench.write(AEGRU_CONTROL, AEGRU_CONTROL_ENABLE);
}

uint64_t upsets_targets(void* handle) { return static_cast<Bench*>(handle)->targets.size(); }

const char* upsets_target(void* handle, uint64_t index, uint32_t* bits, uint32_t* words) {
  const auto& target = static_cast<Bench*>(handle)->targets[index];
  *bits = target.bits;
  *words = target.words;
  return target.name.c_str();
}

// Flips a bit in the cycle that is so many, 1 or more, ahead.
void upsets_flip(void* handle, uint64_t target, uint32_t word, uint32_t bit, uint64_t cycles) {
  auto& bench = *static_cast<Bench*>(handle);
  bench.flip_target = target;
  bench.flip_word = word;
  bench.flip_bit = bit;
  bench.flip_in = cycles;
}

// Sends a tick's events (bit 16 is tlast), takes its velocity, and waits for `rest` cycles. Returns
// the cycles of all that, or 0 where a host would see that something is wrong: no velocity in `limit`
// cycles, one out of turn, or a packet of other than two words. marked: whether tuser was set.
uint64_t upsets_tick(void* handle, const uint32_t* events, uint64_t count, int32_t* velocity,
                     uint32_t* marked, uint64_t rest, uint64_t limit) {
  auto& bench = *static_cast<Bench*>(handle);
  auto& top = bench.top;
  uint64_t sent = 0, words = 0;
  for (uint64_t cycle = 1; cycle <= limit; ++cycle) {
    top.s_axis_tvalid = sent < count;
    if (sent < count) {
      top.s_axis_tdata = events[sent] & 0xFFFF;
      top.s_axis_tlast = events[sent] >> 16;
    }
    top.eval();
    if (top.s_axis_tvalid && top.s_axis_tready) ++sent;
    bool last = false;
    if (top.m_axis_tvalid) {
      if (sent < count) return 0;
      velocity[words++] = static_cast<int32_t>(top.m_axis_tdata);
      *marked = top.m_axis_tuser;
      last = top.m_axis_tlast;
      if (last != (words == 2)) return 0;
    }
    bench.edge();
    if (!last) continue;
    for (uint64_t waited = 0; waited < rest; ++waited) {
      if (top.m_axis_tvalid) return 0;
      bench.edge();
    }
    return cycle + rest;
  }
  return 0;
}

}  // extern "C"
