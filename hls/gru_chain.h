#ifndef GRU_CHAIN_H_
#define GRU_CHAIN_H_

#include "gru_cell.h"
#include "hls_stream.h"
#include "layer_norm.h"
#include "nnet_common.h"
#include "nnet_dense.h"

namespace nnet {

/// Sizes that a GRUChain layer's configuration gives, beside a type for each quantity.
struct gru_chain_config {
    static const unsigned n_in = 1;     // latent units L
    static const unsigned n_out = 1;    // hidden units H
    static const unsigned n_window = 1; // ticks WS between the steps of a chain
    static const unsigned n_steps = 1;  // chains N
    static const unsigned n_rings = 1;  // rings of states: N - 1, at least 1

    typedef no_norm norm;
};

/// One tick: the latent (L,) to the state g_N (H,) of the last of N chains.
///
///   g_1(t) = cell(z(t), 0)    g_k(t) = cell(z(t), g_{k-1}(t - WS))
///
/// One input product serves all N cells. The rings of the last WS states of g_1 ... g_{N-1} are
/// static; until a ring has gone round once, its past is the chain's state in silence. g_N comes
/// first: it alone is on the way to the output, and each ring is read before it is written.
template <class data_T, class res_T, typename CONFIG_T, typename... norm_parameter_T>
void gru_chain(data_T latent[CONFIG_T::n_in], res_T last_state[CONFIG_T::n_out],
               typename CONFIG_T::input_weight_t input_weight[CONFIG_T::n_in * 3 * CONFIG_T::n_out],
               typename CONFIG_T::input_bias_t input_bias[3 * CONFIG_T::n_out],
               typename CONFIG_T::recurrent_weight_t recurrent_weight[CONFIG_T::n_out * 3 * CONFIG_T::n_out],
               typename CONFIG_T::recurrent_bias_t recurrent_bias[3 * CONFIG_T::n_out],
               typename CONFIG_T::gate_t sigmoid_table[1 << CONFIG_T::gate_address_t::width],
               typename CONFIG_T::candidate_t tanh_table[1 << CONFIG_T::candidate_address_t::width],
               typename CONFIG_T::state_t startup_states[CONFIG_T::n_rings * CONFIG_T::n_out],
               norm_parameter_T *...norm_parameters) {
    static typename CONFIG_T::state_t rings[CONFIG_T::n_rings][CONFIG_T::n_window][CONFIG_T::n_out];
    static typename CONFIG_T::slot_t slot = 0;
    static bool wrapped = false; // WS ticks went before
    #pragma HLS ARRAY_RESHAPE variable=rings complete dim=3
    #pragma HLS ARRAY_RESHAPE variable=startup_states cyclic factor=CONFIG_T::n_out
    #pragma HLS RESET variable=slot
    #pragma HLS RESET variable=wrapped

    typename CONFIG_T::input_accum_t input_product[3 * CONFIG_T::n_out];
    typename CONFIG_T::recurrent_accum_t recurrent_product[3 * CONFIG_T::n_out];
    typename CONFIG_T::state_t past[CONFIG_T::n_out];
    typename CONFIG_T::mixed_state_t mixed_state[CONFIG_T::n_out];
    typename CONFIG_T::state_t state[CONFIG_T::n_out];
    #pragma HLS ARRAY_PARTITION variable=input_product complete
    #pragma HLS ARRAY_PARTITION variable=recurrent_product complete
    #pragma HLS ARRAY_PARTITION variable=past complete
    #pragma HLS ARRAY_PARTITION variable=mixed_state complete
    #pragma HLS ARRAY_PARTITION variable=state complete

    dense<data_T, typename CONFIG_T::input_accum_t, typename CONFIG_T::input_config>(latent, input_product, input_weight,
                                                                                     input_bias);

Chain:
    for (unsigned chain = CONFIG_T::n_steps; chain > 0; chain--) {
        if (chain > 1) {
        Past:
            for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
                #pragma HLS UNROLL
                past[unit] = wrapped ? rings[chain - 2][slot][unit]
                                     : startup_states[(chain - 2) * CONFIG_T::n_out + unit];
            }
            dense<typename CONFIG_T::state_t, typename CONFIG_T::recurrent_accum_t, typename CONFIG_T::recurrent_config>(
                past, recurrent_product, recurrent_weight, recurrent_bias);
        } else {
            // g_1's past is h_0 = 0: its recurrent product is the bias.
        Rest:
            for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
                #pragma HLS UNROLL
                past[unit] = 0;
            }
        RestProduct:
            for (unsigned row = 0; row < 3 * CONFIG_T::n_out; row++) {
                #pragma HLS UNROLL
                recurrent_product[row] = recurrent_bias[row];
            }
        }

        gru_cell<CONFIG_T>(input_product, recurrent_product, past, mixed_state, sigmoid_table, tanh_table);
        CONFIG_T::norm::template apply<CONFIG_T>(mixed_state, state, norm_parameters...);

    Keep:
        for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
            #pragma HLS UNROLL
            if (chain == CONFIG_T::n_steps) {
                last_state[unit] = state[unit];
            } else {
                rings[chain - 1][slot][unit] = state[unit];
            }
        }
    }

    slot += 1;
    if (slot == CONFIG_T::n_window) {
        slot = 0;
        wrapped = true;
    }
}

/// The same between streams that carry a whole latent and a whole state in one word.
template <class data_T, class res_T, typename CONFIG_T, typename... parameter_T>
void gru_chain(hls::stream<data_T> &latent_stream, hls::stream<res_T> &state_stream, parameter_T *...parameters) {
    typename data_T::value_type latent[CONFIG_T::n_in];
    typename res_T::value_type last_state[CONFIG_T::n_out];
    #pragma HLS ARRAY_PARTITION variable=latent complete
    #pragma HLS ARRAY_PARTITION variable=last_state complete

    data_T latent_word = latent_stream.read();
Unpack:
    for (unsigned unit = 0; unit < CONFIG_T::n_in; unit++) {
        #pragma HLS UNROLL
        latent[unit] = latent_word[unit];
    }

    gru_chain<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(latent, last_state, parameters...);

    res_T state_word;
Pack:
    for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
        #pragma HLS UNROLL
        state_word[unit] = last_state[unit];
    }
    state_stream.write(state_word);
}

} // namespace nnet

#endif
