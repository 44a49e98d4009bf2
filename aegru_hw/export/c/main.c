/* Plays the test vectors to the decoder and counts the outputs that are not as expected. */
#include <stdio.h>

#include "aegru_decoder.h"
#include "aegru_vectors.h"

int main(void)
{
    static aegru_decoder_t decoder;
    long spike = 0, output = 0, mismatches = 0;

    aegru_init(&decoder);
    for (long tick = 0; tick < AEGRU_VECTOR_TICKS; tick++) {
        for (int left = vector_spikes[tick]; left > 0; left--)
            aegru_spike(&decoder, vector_channels[spike++]);
        if (!aegru_tick(&decoder))
            continue;
        const int32_t *expected = vector_velocities[output];
        if (decoder.velocity[0] != expected[0] || decoder.velocity[1] != expected[1]) {
            mismatches++;
            printf("tick %ld: (%ld, %ld), expected (%ld, %ld)\n", tick, (long)decoder.velocity[0],
                   (long)decoder.velocity[1], (long)expected[0], (long)expected[1]);
        }
        output++;
    }
    printf("%ld mismatches in %ld outputs of %ld ticks\n", mismatches, output,
           (long)AEGRU_VECTOR_TICKS);
    return mismatches != 0 || output != AEGRU_VECTOR_OUTPUTS;
}
