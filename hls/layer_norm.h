#ifndef LAYER_NORM_H_
#define LAYER_NORM_H_

#include "nnet_common.h"

namespace nnet {

/// The next state without LayerNorm: the mixed state, rounded and saturated.
struct no_norm {
    template <typename CONFIG_T>
    static void apply(typename CONFIG_T::mixed_state_t mixed_state[CONFIG_T::n_out],
                      typename CONFIG_T::state_t state[CONFIG_T::n_out]) {
        #pragma HLS INLINE off
    Unit:
        for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
            #pragma HLS PIPELINE II=1
            state[unit] = mixed_state[unit];
        }
    }
};

/// The next state with LayerNorm in integers. With m_i the codes of the H mixed states:
///
///   S = sum m_i    d_i = H*m_i - S    V = H*sum m_i^2 - S^2 + epsilon    y_i = scale_i*d_i/sqrt(V) + bias_i
///
/// V = v*4^e with 1 <= v < 4, so that 1/sqrt(V) = rsqrt_table[v]*2^-e. The table's address is the
/// parity of the place of V's leading bit and the bits behind that bit.
struct layer_norm {
    template <typename CONFIG_T>
    static void apply(typename CONFIG_T::mixed_state_t mixed_state[CONFIG_T::n_out],
                      typename CONFIG_T::state_t state[CONFIG_T::n_out],
                      typename CONFIG_T::norm_scale_t norm_scale[CONFIG_T::n_out],
                      typename CONFIG_T::norm_bias_t norm_bias[CONFIG_T::n_out],
                      typename CONFIG_T::rsqrt_t rsqrt_table[2 << CONFIG_T::n_mantissa_bits]) {
        #pragma HLS INLINE off
        const int variance_width = CONFIG_T::variance_t::width;
        const int n_mantissa_bits = CONFIG_T::n_mantissa_bits;

        typename CONFIG_T::total_t total = 0;
        typename CONFIG_T::squares_t squares = 0;
    Moments:
        for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
            #pragma HLS PIPELINE II=1
            typename CONFIG_T::mixed_state_code_t code = mixed_state[unit].range();
            total += code;
            squares += code * code;
        }
        typename CONFIG_T::variance_t epsilon = CONFIG_T::epsilon;
        typename CONFIG_T::variance_t variance = CONFIG_T::n_out * squares - total * total + epsilon;

        ap_uint<8> leading = 0;
    LeadingBit:
        for (int bit = 0; bit < variance_width; bit++) {
            #pragma HLS UNROLL
            if (variance[bit]) {
                leading = bit;
            }
        }
        ap_uint<8> exponent = leading >> 1;
        typename CONFIG_T::variance_t leading_first = variance << (variance_width - 1 - leading);
        ap_uint<CONFIG_T::n_mantissa_bits + 1> rsqrt_address =
            leading_first.range(variance_width - 2, variance_width - 1 - n_mantissa_bits);
        rsqrt_address[CONFIG_T::n_mantissa_bits] = leading[0];
        typename CONFIG_T::rsqrt_t rsqrt = rsqrt_table[rsqrt_address];

    Unit:
        for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
            #pragma HLS PIPELINE II=1
            typename CONFIG_T::mixed_state_code_t code = mixed_state[unit].range();
            typename CONFIG_T::deviation_t deviation = CONFIG_T::n_out * code - total;
            // Wide enough below the binary point for the greatest exponent: the shift is exact.
            typename CONFIG_T::quotient_t quotient = deviation * rsqrt;
            quotient >>= exponent.to_int();
            typename CONFIG_T::normalised_t normalised = quotient;
            state[unit] = norm_scale[unit] * normalised + norm_bias[unit];
        }
    }
};

} // namespace nnet

#endif
