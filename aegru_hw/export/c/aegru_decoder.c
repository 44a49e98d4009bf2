/* AEGRU: the arithmetic of aegru_decoder.h. Parameters and tables are generated, the rest is not.
 *
 * Every number is an integer code with a fraction, value = code / 2^fraction. Precision changes in
 * requantise() alone; sums of products are exact.
 */
#include "aegru_decoder.h"

/* @constants@ */

/* The non-zero weights of a matrix, column by column: column j has the entries start[j] to
 * start[j + 1] - 1. */
typedef struct {
    const aegru_start_t *start;
    const aegru_row_t *row;
    const aegru_weight_t *weight;
} aegru_matrix_t;

/* @tables@ */

/* Return floor(code / 2^shift), shift >= 0, also where the compiler's >> of a negative is another. */
static inline aegru_wide_t floor_shift(aegru_wide_t code, int32_t shift)
{
    return code < 0 ? (aegru_wide_t)~(~code >> shift) : (aegru_wide_t)(code >> shift);
}

/* Return code / 2^shift rounded half to even, saturated to low ... high. A negative shift multiplies;
 * where even one unit would saturate, or nothing be left, a longer shift is the same. */
static inline aegru_wide_t requantise(
    aegru_wide_t code, int32_t shift, aegru_wide_t low, aegru_wide_t high)
{
    if (shift <= 0) {
        const aegru_wide_t scale = (aegru_wide_t)1 << (shift < -30 ? 30 : -shift);
        if (code > high / scale)
            return high;
        if (code < low / scale)
            return low;
        return code * scale;
    }
    if (shift > AEGRU_LONGEST_SHIFT)
        shift = AEGRU_LONGEST_SHIFT;
    /* A tie stays below the next code where the floor is even, and reaches it where it is odd. */
    const aegru_wide_t below_half = ((aegru_wide_t)1 << (shift - 1)) - 1;
    const aegru_wide_t odd = floor_shift(code, shift) & 1;
    const aegru_wide_t rounded = floor_shift(code + below_half + odd, shift);
    return rounded > high ? high : rounded < low ? low : rounded;
}

/* sums += W[:, column] change: the rows whose weight is not zero. */
static void add_column(
    aegru_sum_t *restrict sums, const aegru_matrix_t *matrix, int32_t column, aegru_sum_t change)
{
    const int32_t first = (int32_t)matrix->start[column];
    const int32_t entries = (int32_t)matrix->start[column + 1] - first;
    const aegru_row_t *restrict row = matrix->row + first;
    const aegru_weight_t *restrict weight = matrix->weight + first;
    for (int32_t entry = 0; entry < entries; entry++)
        sums[row[entry]] += weight[entry] * change;
}

/* sums += W (state - before): the columns whose operand changed. */
static void add_states(
    aegru_sum_t *sums,
    const aegru_matrix_t *matrix,
    const aegru_state_t *state,
    const aegru_state_t *before)
{
    for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++)
        if (state[unit] != before[unit])
            add_column(sums, matrix, unit, (aegru_sum_t)state[unit] - before[unit]);
}

/* r or u = sigmoid(i + a), from the input and the recurrent product. */
static inline aegru_wide_t gate(aegru_sum_t input, aegru_sum_t recurrent)
{
    const aegru_wide_t sum =
        (aegru_wide_t)input * AEGRU_GATE_INPUT_SCALE
        + (aegru_wide_t)recurrent * AEGRU_GATE_RECURRENT_SCALE;
    const aegru_wide_t address = requantise(
        sum, AEGRU_GATE_SHIFT, AEGRU_GATE_ADDRESS_MIN, AEGRU_GATE_ADDRESS_MAX);
    return sigmoid_table[address - AEGRU_GATE_ADDRESS_MIN];
}

/* n = tanh(i + r a) */
static inline aegru_wide_t candidate(aegru_sum_t input, aegru_wide_t reset, aegru_sum_t recurrent)
{
    const aegru_wide_t recurrent_candidate = requantise(
        (aegru_wide_t)recurrent,
        AEGRU_RECURRENT_CANDIDATE_SHIFT,
        AEGRU_RECURRENT_CANDIDATE_MIN,
        AEGRU_RECURRENT_CANDIDATE_MAX);
    const aegru_wide_t sum =
        (aegru_wide_t)input * AEGRU_CANDIDATE_INPUT_SCALE
        + reset * recurrent_candidate * AEGRU_CANDIDATE_GATED_SCALE;
    const aegru_wide_t address = requantise(
        sum, AEGRU_CANDIDATE_SHIFT, AEGRU_CANDIDATE_ADDRESS_MIN, AEGRU_CANDIDATE_ADDRESS_MAX);
    return tanh_table[address - AEGRU_CANDIDATE_ADDRESS_MIN];
}

#if AEGRU_LAYER_NORM
/* LayerNorm over the units, of codes m_i:
 *
 *     S = sum m_i    d_i = H m_i - S    V = H sum m_i^2 - S^2 + epsilon
 *     n_i = d_i / sqrt(V)               h'_i = scale_i n_i + bias_i
 *
 * V = v 4^e with 1 <= v < 4, so 1 / sqrt(V) = 2^-e / sqrt(v), of a table addressed by the parity of
 * V's bit length and the five bits behind its leading one. */
static void finish(const aegru_mixed_t *mixed, aegru_state_t *next)
{
    aegru_moment_t total = 0, squares = 0;
    for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++) {
        total += mixed[unit];
        squares += (aegru_moment_t)mixed[unit] * mixed[unit];
    }
    const aegru_moment_t variance = AEGRU_HIDDEN * squares - total * total + AEGRU_EPSILON;

    int32_t leading = 0; /* bit length of the variance, less one */
    for (int32_t bits = (int32_t)sizeof(aegru_moment_t) * 4; bits > 0; bits /= 2)
        if (variance >> leading >> bits)
            leading += bits;
    const int32_t mantissa = (int32_t)(
        (leading >= 5 ? variance >> (leading - 5) : variance << (5 - leading)) & 31);
    const aegru_wide_t factor = rsqrt_table[(leading & 1) * 32 + mantissa];
    const int32_t shift = AEGRU_NORMALISED_SHIFT + leading / 2;

    for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++) {
        const aegru_wide_t deviation =
            (aegru_wide_t)mixed[unit] * AEGRU_HIDDEN - (aegru_wide_t)total;
        const aegru_wide_t normalised =
            requantise(deviation * factor, shift, AEGRU_NORMALISED_MIN, AEGRU_NORMALISED_MAX);
        next[unit] = (aegru_state_t)requantise(
            norm_scale[unit] * normalised + norm_bias[unit],
            AEGRU_AFFINE_SHIFT,
            AEGRU_STATE_MIN,
            AEGRU_STATE_MAX);
    }
}
#else
/* h' = m */
static void finish(const aegru_mixed_t *mixed, aegru_state_t *next)
{
    for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++)
        next[unit] = (aegru_state_t)requantise(
            (aegru_wide_t)mixed[unit], AEGRU_STATE_SHIFT, AEGRU_STATE_MIN, AEGRU_STATE_MAX);
}
#endif

/* One GRU cell, gates in the order reset, update, candidate:
 *
 *     i = W_ih z + b_ih         a = W_hh h + b_hh
 *     r = sigmoid(i_r + a_r)    u = sigmoid(i_u + a_u)
 *     n = tanh(i_n + r a_n)     m = n + u (h - n)         h' = LayerNorm(m)
 */
static void cell(
    const aegru_sum_t *input_product,
    const aegru_sum_t *recurrent_product,
    const aegru_state_t *state,
    aegru_state_t *next)
{
    aegru_mixed_t mixed[AEGRU_HIDDEN];
    for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++) {
        const int32_t update_row = AEGRU_HIDDEN + unit, candidate_row = 2 * AEGRU_HIDDEN + unit;
        const aegru_wide_t reset = gate(input_product[unit], recurrent_product[unit]);
        const aegru_wide_t update = gate(input_product[update_row], recurrent_product[update_row]);
        const aegru_wide_t new_state =
            candidate(input_product[candidate_row], reset, recurrent_product[candidate_row])
            * AEGRU_MIX_CANDIDATE_SCALE;
        const aegru_wide_t old_state = (aegru_wide_t)state[unit] * AEGRU_MIX_STATE_SCALE;
        mixed[unit] = (aegru_mixed_t)requantise(
            new_state * AEGRU_GATE_ONE + update * (old_state - new_state),
            AEGRU_MIX_SHIFT,
            AEGRU_MIXED_MIN,
            AEGRU_MIXED_MAX);
    }
    finish(mixed, next);
}

/* x = log(softplus(count)), of a window count that saturates at the table's end. */
static inline int32_t saturated(aegru_window_t window_count)
{
    return window_count < AEGRU_COUNT_MAX ? (int32_t)window_count : AEGRU_COUNT_MAX;
}

/* Slide the windows by one output: W1 x follows where a window count changed. */
static void slide_windows(aegru_decoder_t *decoder)
{
    aegru_count_t *leaving = decoder->history[decoder->oldest_counts];
    for (int32_t channel = 0; channel < AEGRU_CHANNELS; channel++) {
        const aegru_window_t count = decoder->window_count[channel];
        const aegru_window_t next =
            (aegru_window_t)(count + decoder->waiting[channel] - leaving[channel]);
        leaving[channel] = decoder->waiting[channel];
        decoder->waiting[channel] = 0;
        decoder->window_count[channel] = next;
        const int32_t before = saturated(count), after = saturated(next);
        if (before != after)
            add_column(
                decoder->encoder_sum,
                &encoder,
                channel,
                (aegru_sum_t)feature_table[after] - feature_table[before]);
    }
    decoder->oldest_counts = (uint16_t)((decoder->oldest_counts + 1) % AEGRU_WINDOW);
}

/* z = requantise(W1 x + b1): W_ih z follows where a latent changed. */
static void encode(aegru_decoder_t *decoder)
{
    for (int32_t unit = 0; unit < AEGRU_LATENT; unit++) {
        const aegru_latent_t before = decoder->latent[unit];
        const aegru_latent_t after = (aegru_latent_t)requantise(
            (aegru_wide_t)decoder->encoder_sum[unit],
            AEGRU_LATENT_SHIFT,
            AEGRU_LATENT_MIN,
            AEGRU_LATENT_MAX);
        decoder->latent[unit] = after;
        if (before != after)
            add_column(decoder->input_product, &input, unit, (aegru_sum_t)after - before);
    }
}

/* v = W2 g_N + b2 */
static void read_out(aegru_decoder_t *decoder, const aegru_state_t *state)
{
    aegru_sum_t sums[2] = {readout_bias[0], readout_bias[1]};
    add_states(sums, &readout, state, zero_state);
    for (int32_t axis = 0; axis < 2; axis++)
        decoder->velocity[axis] = (int32_t)requantise(
            (aegru_wide_t)sums[axis],
            AEGRU_VELOCITY_SHIFT,
            AEGRU_VELOCITY_MIN,
            AEGRU_VELOCITY_MAX);
}

/* Make the next output of the spikes since the last one. */
static void compute(aegru_decoder_t *decoder)
{
    slide_windows(decoder);
    encode(decoder);

    /* The ring has a slot more than the window, so that g_k(t) does not overwrite g_k(t - WINDOW). */
    const int32_t oldest = decoder->oldest_past, next_oldest = (oldest + 1) % (AEGRU_WINDOW + 1);
    const int32_t newest = (oldest + AEGRU_WINDOW) % (AEGRU_WINDOW + 1);
    const aegru_sum_t *product = recurrent_bias; /* W_hh 0 + b_hh */
    const aegru_state_t *state = zero_state;
    for (int32_t chain = 0; chain < AEGRU_STEPS - 1; chain++) {
        cell(decoder->input_product, product, state, decoder->past[newest][chain]);
        product = decoder->recurrent_product[chain];
        state = decoder->past[oldest][chain];
    }
    aegru_state_t last[AEGRU_HIDDEN];
    cell(decoder->input_product, product, state, last);
    read_out(decoder, last);

    /* W_hh g_k(t + 1 - WINDOW), for the next output. */
    for (int32_t chain = 0; chain < AEGRU_STEPS - 1; chain++)
        add_states(
            decoder->recurrent_product[chain],
            &recurrent,
            decoder->past[next_oldest][chain],
            decoder->past[oldest][chain]);
    decoder->oldest_past = (uint16_t)next_oldest;
}

void aegru_init(aegru_decoder_t *decoder)
{
    decoder->ticks = 0;
    decoder->oldest_counts = 0;
    decoder->oldest_past = 0;
    for (int32_t channel = 0; channel < AEGRU_CHANNELS; channel++) {
        decoder->waiting[channel] = 0;
        decoder->window_count[channel] = 0;
        for (int32_t slot = 0; slot < AEGRU_WINDOW; slot++)
            decoder->history[slot][channel] = 0;
    }

    for (int32_t unit = 0; unit < AEGRU_LATENT; unit++) {
        decoder->encoder_sum[unit] = encoder_bias[unit];
        decoder->latent[unit] = 0;
    }
    for (int32_t channel = 0; channel < AEGRU_CHANNELS; channel++)
        add_column(decoder->encoder_sum, &encoder, channel, feature_table[0]);
    for (int32_t row = 0; row < 3 * AEGRU_HIDDEN; row++)
        decoder->input_product[row] = input_bias[row];
    encode(decoder);

    /* The fixed values of silence: g_1 = cell(z, 0), g_k = cell(z, g_(k-1)). */
    const aegru_sum_t *product = recurrent_bias;
    const aegru_state_t *state = zero_state;
    for (int32_t chain = 0; chain < AEGRU_STEPS - 1; chain++) {
        cell(decoder->input_product, product, state, decoder->past[0][chain]);
        for (int32_t slot = 1; slot <= AEGRU_WINDOW; slot++)
            for (int32_t unit = 0; unit < AEGRU_HIDDEN; unit++)
                decoder->past[slot][chain][unit] = decoder->past[0][chain][unit];
        state = decoder->past[0][chain];
        for (int32_t row = 0; row < 3 * AEGRU_HIDDEN; row++)
            decoder->recurrent_product[chain][row] = recurrent_bias[row];
        add_states(decoder->recurrent_product[chain], &recurrent, state, zero_state);
        product = decoder->recurrent_product[chain];
    }
    aegru_state_t last[AEGRU_HIDDEN];
    cell(decoder->input_product, product, state, last);
    read_out(decoder, last);
}

/* A count beyond the table's end is kept as that end: its window counts are beyond it as well. */
static void count(aegru_decoder_t *decoder, int32_t channel, int32_t spikes)
{
    const int32_t room = AEGRU_COUNT_MAX - (int32_t)decoder->waiting[channel];
    decoder->waiting[channel] =
        (aegru_count_t)(decoder->waiting[channel] + (spikes < room ? spikes : room));
}

int aegru_spike(aegru_decoder_t *decoder, int32_t channel)
{
    if (channel < 0 || channel >= AEGRU_CHANNELS)
        return -1;
    count(decoder, channel, 1);
    return 0;
}

void aegru_counts(aegru_decoder_t *decoder, const uint16_t *counts)
{
    for (int32_t channel = 0; channel < AEGRU_CHANNELS; channel++)
        count(decoder, channel, (int32_t)counts[channel]);
}

int aegru_tick(aegru_decoder_t *decoder)
{
    decoder->ticks++;
    if (decoder->ticks < AEGRU_EVERY)
        return 0;
    decoder->ticks = 0;
    compute(decoder);
    return 1;
}
