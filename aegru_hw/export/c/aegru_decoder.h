/* AEGRU: the spikes of a tick in, a velocity out, in integers alone.
 *
 * C99, no library but <stdint.h>, no allocation, no floating point. All state is in one
 * aegru_decoder_t, so there may be several decoders; what is constant is in ROM.
 *
 *     static aegru_decoder_t decoder;
 *     aegru_init(&decoder);
 *     for (;;) {                             // every tick
 *         aegru_spike(&decoder, channel);    // for each spike of the tick, as it comes
 *         if (aegru_tick(&decoder))          // at the end of the tick
 *             use(decoder.velocity);
 *     }
 */
#ifndef AEGRU_DECODER_H
#define AEGRU_DECODER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* @parameters@ */

/* The streaming form: N chains, one cell each per output,
 *
 *     g_1(t) = cell(z(t), 0)    g_k(t) = cell(z(t), g_(k-1)(t - WINDOW))    v(t) = W2 g_N(t) + b2
 *
 * where every sum of products lives on, and only operands that changed are multiplied:
 *
 *     W z(t) = W z(t-1) + sum over j with z_j(t) != z_j(t-1) of W[:,j] (z_j(t) - z_j(t-1))
 *
 * With integers these are the same sums: there is no threshold and no drift.
 */
typedef struct {
    aegru_sum_t encoder_sum[AEGRU_LATENT];               /* W1 x(t) + b1 */
    aegru_sum_t input_product[3 * AEGRU_HIDDEN];         /* W_ih z(t) + b_ih */
    aegru_sum_t recurrent_product[AEGRU_PAST][3 * AEGRU_HIDDEN]; /* W_hh g_(k-1)(t - WINDOW) + b_hh */
    int32_t velocity[2]; /* codes of the last output, value = code / 2^AEGRU_VELOCITY_FRACTION */
    aegru_window_t window_count[AEGRU_CHANNELS];         /* spikes in the window of each channel */
    aegru_latent_t latent[AEGRU_LATENT];                 /* z(t) */
    aegru_state_t past[AEGRU_WINDOW + 1][AEGRU_PAST][AEGRU_HIDDEN]; /* ring of g_1 ... g_(N-1) */
    aegru_count_t history[AEGRU_WINDOW][AEGRU_CHANNELS]; /* ring of the spikes of each output */
    aegru_count_t waiting[AEGRU_CHANNELS];               /* spikes since the last output */
    uint16_t oldest_past;   /* slot of g_k(t - WINDOW) */
    uint16_t oldest_counts; /* slot of the spikes that leave the window */
    uint16_t ticks;         /* since the last output */
} aegru_decoder_t;

/* Go to the start-up state: silence for ever. The velocity is that of silence. */
void aegru_init(aegru_decoder_t *decoder);

/* Count one spike in the running tick. Returns 0, or -1 where there is no such channel. */
int aegru_spike(aegru_decoder_t *decoder, int32_t channel);

/* Count the spikes of all AEGRU_CHANNELS channels in the running tick. */
void aegru_counts(aegru_decoder_t *decoder, const uint16_t *counts);

/* End the tick. Returns 1 where it gave an output, each AEGRU_EVERY ticks, else 0; in between the
 * velocity is held. */
int aegru_tick(aegru_decoder_t *decoder);

#ifdef __cplusplus
}
#endif

#endif
