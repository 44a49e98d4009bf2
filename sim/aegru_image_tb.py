"""Images at the edge of what an engine takes: header, lengths and order of memories, formats."""

import cocotb
from aegru_map import (
    LOAD_BEGIN,
    LOAD_DATA,
    STATUS,
    STATUS_LOADING,
    STATUS_MISFIT,
    STATUS_MISSING,
)
from testbench import VECTORS, EngineTB

HEADER_WORDS = 4
CONFIG_WORDS = 64
CHANNELS, STEPS, READOUT_BIASES = 0, 5, (29, 30)
"""Words of the configuration."""


def depths(dut):
    """Return the words that each memory has, by its select, in the order of an image."""
    lanes = int(dut.Lanes.value)
    units = {"latent": int(dut.MaxLatent.value), "hidden": int(dut.MaxHidden.value)}
    directory = int(dut.MaxChannels.value) + units["latent"] + units["hidden"]
    table = 2 ** int(dut.TableBits.value)
    first = {0: CONFIG_WORDS, 1: 256, 2: table, 3: table, 4: 64}
    of_hidden = dict.fromkeys(range(5, 11), units["hidden"])
    per_lane = {
        16: int(dut.ScheduleDepth.value),
        32: -(-units["latent"] // lanes),
        48: directory,
    }
    return {
        **first,
        **of_hidden,
        11: int(dut.StateDepth.value),
        **{select + lane: depth for select, depth in per_lane.items() for lane in range(lanes)},
    }


def header():
    return VECTORS["image.words"].tolist()[:HEADER_WORDS]


def config():
    """Return the block of the configuration: its first word, and the words from the last on."""
    words = VECTORS["image.words"].tolist()[HEADER_WORDS:]
    return words[: (words[0] & 0xFFFF) + 2]


def shortest(select):
    """Return the word of a memory of one word."""
    return int(VECTORS["image.channels"]) if select == 0 else 0


async def begun(dut):
    tb = EngineTB(dut)
    await tb.hard_reset()
    return tb


async def status_after(tb, words):
    """Return what the engine says of an image that begins so."""
    await tb.load_words(words)
    return await tb.read(STATUS)


@cocotb.test()
async def header_words(dut):
    """Version and lanes must be the engine's; the others may be less in each half, and not more."""
    tb = await begun(dut)
    limits = [
        header()[0],
        int(dut.RingDepth.value),
        int(dut.HistoryDepth.value),
        int(dut.AccumulatorBits.value) << 16 | int(dut.CountBits.value),
    ]
    for index, limit in enumerate(limits):
        for change in (0, 1, -1, 1 << 16, -1 << 16, (1 << 16) - 1, 1 - (1 << 16)):
            word = limit + change
            if not 0 <= word < 1 << 32:
                continue
            halves = ((word & 0xFFFF, limit & 0xFFFF), (word >> 16, limit >> 16))
            fits = word == limit if index == 0 else all(is_ <= most for is_, most in halves)
            words = [*header()[:index], word]
            status = await status_after(tb, words)
            assert status == (STATUS_LOADING if fits else STATUS_MISFIT), f"{index}: {word:08x}"


@cocotb.test()
async def memories_too_long(dut):
    """No memory may have a word more than the engine's, whichever it is."""
    tb = await begun(dut)
    before = header()
    for select, depth in depths(dut).items():
        first = select << 24
        assert await status_after(tb, [*before, first | depth - 1]) == STATUS_LOADING, select
        if depth < 1 << 16:
            assert await status_after(tb, [*before, first | depth]) == STATUS_MISFIT, select
        before += [first, shortest(select)]


@cocotb.test()
async def memories_in_another_order(dut):
    """No memory may be left out or come twice."""
    tb = await begun(dut)
    before, selects = header(), list(depths(dut))
    for index, select in enumerate(selects):
        for other in ((*selects, 0)[index + 1], select ^ 0x80):
            status = await status_after(tb, [*before, other << 24])
            assert status == STATUS_MISSING, f"{other} for {select}"
        before += [select << 24, shortest(select)]
    # Behind the last one is the CRC, and nothing is expected any more.
    await tb.load_words([*before, 0])
    assert not await tb.read(STATUS) & STATUS_LOADING
    await tb.write(LOAD_DATA, 0)
    assert not await tb.read(STATUS) & STATUS_LOADING
    await tb.write(LOAD_BEGIN, 0)
    assert await tb.read(STATUS) == STATUS_LOADING


@cocotb.test()
async def configurations(dut):
    """Wired-in words must be the engine's; else channels and steps may not be beyond its own."""
    tb = await begun(dut)
    fixed = int(dut.FixedConfig.value) != 0
    most = {CHANNELS: int(dut.MaxChannels.value), STEPS: int(dut.MaxChains.value) + 1}
    count = (config()[0] & 0xFFFF) + 1
    for word in range(count):
        place = count - word
        changes = (most[word], most[word] + 1) if word in most else (config()[place] ^ 1,)
        for value in changes:
            words = config()
            changed, words[place] = value != words[place], value
            fits = (
                word in READOUT_BIASES or not changed if fixed else value <= most.get(word, value)
            )
            # Up to the word, and the next one, which the engine takes only if that fits.
            status = await status_after(tb, [*header(), *words[: place + 1]])
            assert status == (STATUS_LOADING if fits else STATUS_MISFIT), f"{word}: {value:x}"
