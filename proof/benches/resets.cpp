// Resets in every cycle: an engine begins with random registers and memories, takes an image and
// plays ticks. In each cycle the process forks; the child resets, loads where it must, plays from
// start-up, compares with what the simulator and the cost model say, and ends with what it found.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <random>

#include "Vaegru_engine.h"
#include "aegru_map.h"
#include "verilated.h"

namespace {

// What may be wrong; a trial returns the sum.
enum Fault : uint32_t {
  WrongVelocity = 1,     // a word of a velocity, before or after the reset
  WrongCosts = 2,        // a tick's counters
  WrongTotals = 4,       // the counter of ticks, or the sum of cycles
  StreamRule = 8,        // an offered word changed or went, or TLAST is not the second word's
  HalfPacket = 16,       // a packet without its second word after a soft reset
  WrongStatus = 32,      // what the reset left: status, control, an image that runs
  AcceptedEvent = 64,    // TREADY while the engine cannot take an event
  Stuck = 128,           // no progress
  Assertion = 256,       // a property in rtl/ failed
  Crashed = 512,         // the child ended without a word
};

enum Kind : uint32_t { HardReset, SoftReset, LoadBegin };
enum Phase : uint32_t { InTicks, InStartUp, InLoad };

constexpr uint64_t Limit = 20000;  // cycles without progress
constexpr uint32_t Costs = 7;

// An image's words; events (bit 16 is TLAST), 2 velocity words and 7 costs of each tick.
struct Plan {
  const uint32_t* words;
  uint64_t word_count;
  const uint32_t* events;
  uint64_t event_count;
  const int32_t* velocity;
  const uint32_t* costs;
  uint64_t ticks;
};

enum Sink : uint32_t { Ready, Random, Never };

struct Bench {
  VerilatedContext context;
  Vaegru_engine top;
  const Plan& plan;
  std::mt19937 random;
  uint32_t faults = 0, sink = Ready;
  bool idle_source = false;
  uint64_t words = 0, sent = 0, ticks = 0, cycles = 0;  // since the last reset
  std::function<void()> after_cycle;
  bool waited = false, waited_last = false;
  uint32_t waited_data = 0;

  Bench(const Plan& given, uint32_t seed)
      : context{}, top{(prepare(context, seed), &context)}, plan{given}, random{seed} {
    top.s_axil_bready = top.s_axil_rready = 1;
    top.s_axil_awvalid = top.s_axil_wvalid = top.s_axil_arvalid = top.s_axis_tvalid = 0;
    top.m_axis_tready = 0;
    top.aclk = 0;
    top.aresetn = 0;
    for (int i = 0; i < 2; ++i) edge();
    forget();
    top.aresetn = 1;
  }
  static void prepare(VerilatedContext& context, uint32_t seed) {
    context.randReset(2);
    context.randSeed(static_cast<int>(seed % 0x7FFFFFFF) + 1);
    context.fatalOnError(false);
  }

  void edge() {
    top.aclk = 0;
    top.eval();
    top.aclk = 1;
    top.eval();
    ++cycles;
  }
  void forget() {
    words = sent = ticks = 0;
    waited = false;
  }
  bool half() const { return words % 2 != 0; }

  // One clock. The sources and the sink move as they are set; every rule of the streams is checked.
  void cycle() {
    top.m_axis_tready = sink == Ready || (sink == Random && (random() & 1));
    if (waited && !(top.m_axis_tvalid && top.m_axis_tdata == waited_data &&
                    static_cast<bool>(top.m_axis_tlast) == waited_last))
      faults |= StreamRule;
    if (top.m_axis_tvalid) {
      if (static_cast<bool>(top.m_axis_tlast) != half()) faults |= StreamRule;
      if (words >= 2 * plan.ticks || static_cast<int32_t>(top.m_axis_tdata) != plan.velocity[words])
        faults |= WrongVelocity;
    }
    waited = top.m_axis_tvalid && !top.m_axis_tready;
    waited_data = top.m_axis_tdata;
    waited_last = top.m_axis_tlast;
    words += top.m_axis_tvalid && top.m_axis_tready;
    const bool taken = top.s_axis_tvalid && top.s_axis_tready;
    sent += taken;
    if (top.tick_done) {
      if (ticks >= plan.ticks) faults |= WrongCosts;
      else compare_costs(plan.costs + Costs * ticks);
      ++ticks;
    }
    edge();
    if (taken) top.s_axis_tvalid = 0;
    if (after_cycle) after_cycle();
  }
  void compare_costs(const uint32_t* expected) {
    const uint32_t found[Costs] = {top.tick_cycles,  top.tick_latency, top.tick_macs[0],
                                   top.tick_macs[1], top.tick_macs[2], top.tick_macs[3],
                                   top.tick_saturations};
    for (uint32_t i = 0; i < Costs; ++i)
      if (found[i] != expected[i]) faults |= WrongCosts;
  }
  void offer(uint64_t end) {
    if (top.s_axis_tvalid || sent >= end || (idle_source && (random() & 1))) return;
    top.s_axis_tdata = plan.events[sent] & 0xFFFF;
    top.s_axis_tlast = plan.events[sent] >> 16;
    top.s_axis_tvalid = 1;
  }

  void write(uint32_t address, uint32_t data) {
    top.s_axil_awaddr = address;
    top.s_axil_wdata = data;
    top.s_axil_awvalid = top.s_axil_wvalid = 1;
    for (uint64_t i = 0; i < Limit; ++i) {
      // READY and VALID of the bus are registers: what they are before the edge is seen without it.
      const bool address_taken = top.s_axil_awvalid && top.s_axil_awready;
      const bool data_taken = top.s_axil_wvalid && top.s_axil_wready;
      const bool answered = top.s_axil_bvalid;
      cycle();
      if (address_taken) top.s_axil_awvalid = 0;
      if (data_taken) top.s_axil_wvalid = 0;
      if (answered) return;
    }
    faults |= Stuck;
  }
  uint32_t read(uint32_t address) {
    top.s_axil_araddr = address;
    top.s_axil_arvalid = 1;
    for (uint64_t i = 0; i < Limit; ++i) {
      const bool taken = top.s_axil_arvalid && top.s_axil_arready;
      const bool answered = top.s_axil_rvalid;
      const uint32_t data = top.s_axil_rdata;
      cycle();
      if (taken) top.s_axil_arvalid = 0;
      if (answered) return data;
    }
    faults |= Stuck;
    return 0;
  }
  void load() {
    write(AEGRU_LOAD_BEGIN, 0);
    load_words(0);
  }
  void load_words(uint64_t from) {
    for (uint64_t i = from; i < plan.word_count; ++i) write(AEGRU_LOAD_DATA, plan.words[i]);
  }
  void start() {
    write(AEGRU_CONTROL, AEGRU_CONTROL_ENABLE);
    for (uint64_t i = 0; i < Limit; ++i)
      if (read(AEGRU_STATUS) & AEGRU_STATUS_RUNNING) return;
    faults |= Stuck;
  }
  // Plays from start-up to the end of the plan, and reads the totals.
  void play() {
    sink = random() % 2 ? Ready : Random;
    idle_source = random() % 2;
    uint64_t idle = 0, before = 0;
    while (words < 2 * plan.ticks || ticks < plan.ticks) {
      offer(plan.event_count);
      cycle();
      idle = words + sent + ticks == before ? idle + 1 : 0;
      before = words + sent + ticks;
      if (idle > Limit) {
        faults |= Stuck;
        return;
      }
    }
    uint32_t sum = 0;
    for (uint64_t t = 0; t < plan.ticks; ++t) sum += plan.costs[Costs * t];
    if (read(AEGRU_TICKS) != plan.ticks || read(AEGRU_BUSY_LOW) != sum) faults |= WrongTotals;
  }
  void hard_reset() {
    top.aresetn = 0;
    top.s_axil_awvalid = top.s_axil_wvalid = top.s_axil_arvalid = top.s_axis_tvalid = 0;
    waited = false;
    top.eval();
    if (top.s_axis_tready) faults |= AcceptedEvent;
    edge();
    forget();
    top.aresetn = 1;
    top.eval();
    if (top.m_axis_tvalid || top.s_axil_bvalid || top.s_axil_rvalid) faults |= StreamRule;
    // Nothing of an image is left, and a word of one is not taken.
    if (read(AEGRU_STATUS) != 0 || read(AEGRU_CONTROL) != 0) faults |= WrongStatus;
    write(AEGRU_LOAD_DATA, plan.words[0]);
    write(AEGRU_CONTROL, AEGRU_CONTROL_ENABLE);
    top.s_axis_tvalid = 1;
    top.s_axis_tdata = 0;
    top.s_axis_tlast = 1;
    for (int i = 0; i < 20; ++i) {
      if (top.s_axis_tready) faults |= AcceptedEvent;
      edge();
    }
    top.s_axis_tvalid = 0;
    if (read(AEGRU_STATUS) != 0) faults |= WrongStatus;
  }
  // A soft reset, or the beginning of an image, which makes one. What is offered stays until it is
  // taken; events that the source goes on offering are not.
  void soft_reset(bool load_begin) {
    write(load_begin ? AEGRU_LOAD_BEGIN : AEGRU_CONTROL,
          load_begin ? 0 : AEGRU_CONTROL_ENABLE | AEGRU_CONTROL_SOFT_RESET);
    if (top.s_axis_tready) faults |= AcceptedEvent;
    top.s_axis_tvalid = 0;
    sink = Ready;
    for (uint64_t i = 0; top.m_axis_tvalid && i < 4; ++i) cycle();
    if (half() || top.m_axis_tvalid) faults |= HalfPacket;
    forget();
  }
};

// What is swept: one phase with one kind of reset, from `bases` random beginnings.
struct Sweep {
  const Plan* plan;
  uint32_t phase, kind;
  uint64_t first_event;  // ticks before it are played before the phase begins
  uint64_t moments;      // cycles of the phase, or words of a load
  uint64_t stride;
  uint32_t seed, bases;
  // Each base tries every moment, or each moment has one base.
  bool each_base;
};

// The child's part.
void reset_and_play(Bench& bench, const Sweep& sweep, uint64_t word) {
  bench.after_cycle = nullptr;
  if (sweep.kind == HardReset) {
    bench.hard_reset();
    bench.load();
  } else if (sweep.phase == InLoad) {
    bench.soft_reset(false);
    const uint32_t mask = AEGRU_STATUS_LOADING | AEGRU_STATUS_IMAGE_VALID;
    const uint32_t expected =
        word < sweep.plan->word_count ? AEGRU_STATUS_LOADING : AEGRU_STATUS_IMAGE_VALID;
    if ((bench.read(AEGRU_STATUS) & mask) != expected) bench.faults |= WrongStatus;
    // The load goes on as if nothing had been, or begins anew.
    if (bench.random() % 2) bench.load_words(word);
    else bench.load();
  } else {
    bench.soft_reset(sweep.kind == LoadBegin);
    if (sweep.kind == LoadBegin) bench.load_words(0);
  }
  if (!(bench.read(AEGRU_STATUS) & AEGRU_STATUS_IMAGE_VALID)) bench.faults |= WrongStatus;
  bench.start();
  bench.play();
  if (bench.context.gotError()) bench.faults |= Assertion;
}

// Brings an engine to where a phase begins.
void begin_phase(Bench& bench, const Sweep& sweep, uint32_t base) {
  if (sweep.phase == InLoad) {
    // Every second load is over an image that runs.
    if (base % 2) {
      bench.load();
      bench.start();
    }
    return;
  }
  bench.load();
  if (sweep.phase == InStartUp) return;
  bench.start();
  for (uint64_t i = 0; i < Limit && bench.sent < sweep.first_event; ++i) {
    bench.offer(sweep.first_event);
    bench.cycle();
  }
  bench.sink = base % 3;
  bench.idle_source = base > 2;
}

// Runs through a phase once.
void run_phase(Bench& bench, const Sweep& sweep) {
  if (sweep.phase == InLoad) {
    bench.load();
  } else if (sweep.phase == InStartUp) {
    bench.start();
  } else {
    for (uint64_t i = 0; i < Limit && bench.ticks < sweep.plan->ticks; ++i) {
      bench.offer(sweep.plan->event_count);
      bench.cycle();
    }
    if (bench.ticks < sweep.plan->ticks) bench.faults |= Stuck;
  }
}

}  // namespace

extern "C" {

// Returns the cycles of a phase in which no reset comes, 0 where something is wrong without one.
uint64_t resets_cycles(const Sweep* sweep) {
  Bench bench{*sweep->plan, sweep->seed};
  begin_phase(bench, *sweep, 0);
  const uint64_t begin = bench.cycles;
  run_phase(bench, *sweep);
  return bench.faults || bench.context.gotError() ? 0 : bench.cycles - begin;
}

// Tries every moment of a sweep, and calls `tried` with the moment and its faults after each.
void resets_sweep(const Sweep* given, void (*tried)(uint64_t moment, uint32_t faults)) {
  const Sweep& sweep = *given;
  void* page = mmap(nullptr, sizeof(uint32_t), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* found = static_cast<volatile uint32_t*>(page);
  for (uint32_t base = 0; base < sweep.bases; ++base) {
    Bench bench{*sweep.plan, sweep.seed + base};
    begin_phase(bench, sweep, base);
    uint64_t next = 0;
    const auto moment = [&] {
      const uint64_t now = next++;
      if (now >= sweep.moments || now % sweep.stride != 0) return;
      if (!sweep.each_base && now / sweep.stride % sweep.bases != base) return;
      *found = Crashed;
      const pid_t child = fork();
      if (child == 0) {
        bench.random.seed(sweep.seed + 7919 * static_cast<uint32_t>(now) + base);
        reset_and_play(bench, sweep, now);
        *found = bench.faults;
        _exit(0);
      }
      if (child > 0) waitpid(child, nullptr, 0);
      tried(now, *found);
    };
    if (sweep.phase == InLoad && sweep.kind == SoftReset) {
      bench.write(AEGRU_LOAD_BEGIN, 0);
      moment();
      for (uint64_t i = 0; i < sweep.plan->word_count; ++i) {
        bench.write(AEGRU_LOAD_DATA, sweep.plan->words[i]);
        moment();
      }
      continue;
    }
    moment();
    bench.after_cycle = moment;
    if (sweep.phase == InLoad) bench.load();
    if (sweep.phase == InStartUp) bench.write(AEGRU_CONTROL, AEGRU_CONTROL_ENABLE);
    while (next < sweep.moments) {
      if (sweep.phase == InTicks) bench.offer(sweep.plan->event_count);
      bench.cycle();
    }
  }
  munmap(page, sizeof(uint32_t));
}

}  // extern "C"
