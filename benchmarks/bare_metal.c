/* Plays the first PLAYED_TICKS test vectors under qemu's user mode, with no C library: exit status 0
 * where every velocity is as expected. For decoders with an output every tick. */
#include "aegru_decoder.h"
#include "aegru_vectors.h"

static aegru_decoder_t decoder;

static int mismatches(void)
{
    long spike = 0;
    int wrong = 0;
    aegru_init(&decoder);
    for (long tick = 0; tick < PLAYED_TICKS; tick++) {
        for (int left = vector_spikes[tick]; left > 0; left--)
            aegru_spike(&decoder, vector_channels[spike++]);
        aegru_tick(&decoder);
        wrong += decoder.velocity[0] != vector_velocities[tick][0]
                 || decoder.velocity[1] != vector_velocities[tick][1];
    }
    return wrong;
}

/* The system call exit of Linux, which is what user mode offers. */
void _start(void)
{
    const int status = mismatches() != 0;
#if defined(__arm__)
    register int r0 __asm__("r0") = status;
    register int r7 __asm__("r7") = 1;
    __asm__ volatile("svc #0" : : "r"(r0), "r"(r7));
#elif defined(__riscv)
    register int a0 __asm__("a0") = status;
    register int a7 __asm__("a7") = 93;
    __asm__ volatile("ecall" : : "r"(a0), "r"(a7));
#endif
    for (;;) {
    }
}

/* What compilers call by themselves. */
void *memset(void *target, int byte, __SIZE_TYPE__ bytes)
{
    for (char *next = target; bytes-- > 0;)
        *next++ = (char)byte;
    return target;
}

void *memcpy(void *target, const void *source, __SIZE_TYPE__ bytes)
{
    const char *from = source;
    for (char *next = target; bytes-- > 0;)
        *next++ = *from++;
    return target;
}
