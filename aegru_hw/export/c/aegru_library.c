/* What a program that loads the decoder as a shared library needs beside aegru_decoder.h. */
#include "aegru_decoder.h"

int32_t aegru_decoder_bytes(void);
const int32_t *aegru_velocity(const aegru_decoder_t *decoder);
int aegru_step(aegru_decoder_t *decoder, const int64_t *channels, int32_t spikes);
int aegru_step_counts(aegru_decoder_t *decoder, const uint16_t *counts);

int32_t aegru_decoder_bytes(void)
{
    return (int32_t)sizeof(aegru_decoder_t);
}

const int32_t *aegru_velocity(const aegru_decoder_t *decoder)
{
    return decoder->velocity;
}

/* Decode a tick from the channel of each spike. Returns as aegru_tick does, or -1 where there is no
 * such channel, and then nothing is changed. */
int aegru_step(aegru_decoder_t *decoder, const int64_t *channels, int32_t spikes)
{
    for (int32_t spike = 0; spike < spikes; spike++)
        if (channels[spike] < 0 || channels[spike] >= AEGRU_CHANNELS)
            return -1;
    for (int32_t spike = 0; spike < spikes; spike++)
        aegru_spike(decoder, (int32_t)channels[spike]);
    return aegru_tick(decoder);
}

int aegru_step_counts(aegru_decoder_t *decoder, const uint16_t *counts)
{
    aegru_counts(decoder, counts);
    return aegru_tick(decoder);
}
