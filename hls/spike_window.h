#ifndef SPIKE_WINDOW_H_
#define SPIKE_WINDOW_H_

#include "hls_stream.h"
#include "nnet_common.h"

namespace nnet {

/// Sizes and types that a SpikeWindow layer's configuration gives.
struct spike_window_config {
    static const unsigned n_in = 1;     // channels C
    static const unsigned n_window = 1; // ticks WS that a window count sums

    typedef ap_uint<1> slot_t;              // holds 0 ... WS
    typedef ap_ufixed<1, 1> window_count_t; // holds WS times the greatest address
    typedef ap_ufixed<1, 1, AP_TRN, AP_SAT> feature_address_t;
    typedef ap_ufixed<1, 1> feature_table_t;
};

/// One tick: the spike counts (C,) of the tick to the features (C,) of its window counts.
///
///   c(t) = s(t) + s(t-1) + ... + s(t-WS+1)     x(t) = feature_table[min(c(t), table's end)]
///
/// A count is saturated at the table's end on arrival; the window count then saturates wherever it
/// would have done without. The ring of the last WS ticks and the window counts are static. Only
/// scalars need a reset: memory that silence would have filled is not read before it is written.
template <class data_T, class res_T, typename CONFIG_T>
void spike_window(data_T counts[CONFIG_T::n_in], res_T features[CONFIG_T::n_in],
                  typename CONFIG_T::feature_table_t feature_table[1 << CONFIG_T::feature_address_t::width]) {
    static typename CONFIG_T::feature_address_t history[CONFIG_T::n_window][CONFIG_T::n_in];
    static typename CONFIG_T::window_count_t window_counts[CONFIG_T::n_in];
    static typename CONFIG_T::slot_t slot = 0;
    static bool started = false; // a tick went before
    static bool wrapped = false; // WS ticks went before
    #pragma HLS RESET variable=slot
    #pragma HLS RESET variable=started
    #pragma HLS RESET variable=wrapped

Channel:
    for (unsigned channel = 0; channel < CONFIG_T::n_in; channel++) {
        #pragma HLS PIPELINE II=1
        // Each iteration has a channel of its own.
        #pragma HLS DEPENDENCE variable=history type=inter dependent=false
        #pragma HLS DEPENDENCE variable=window_counts type=inter dependent=false
        typename CONFIG_T::feature_address_t entering = counts[channel];
        typename CONFIG_T::feature_address_t leaving = 0;
        typename CONFIG_T::window_count_t window_count = 0;
        if (wrapped) {
            leaving = history[slot][channel];
        }
        if (started) {
            window_count = window_counts[channel];
        }
        window_count += entering;
        window_count -= leaving;
        history[slot][channel] = entering;
        window_counts[channel] = window_count;

        typename CONFIG_T::feature_address_t feature_address = window_count;
        features[channel] = feature_table[feature_address.to_uint()];
    }

    started = true;
    slot += 1;
    if (slot == CONFIG_T::n_window) {
        slot = 0;
        wrapped = true;
    }
}

/// The same between streams that carry all channels of a tick in one word.
template <class data_T, class res_T, typename CONFIG_T>
void spike_window(hls::stream<data_T> &counts_stream, hls::stream<res_T> &features_stream,
                  typename CONFIG_T::feature_table_t feature_table[1 << CONFIG_T::feature_address_t::width]) {
    typename data_T::value_type counts[CONFIG_T::n_in];
    typename res_T::value_type features[CONFIG_T::n_in];
    #pragma HLS ARRAY_PARTITION variable=counts complete
    #pragma HLS ARRAY_PARTITION variable=features complete

    data_T counts_word = counts_stream.read();
Unpack:
    for (unsigned channel = 0; channel < CONFIG_T::n_in; channel++) {
        #pragma HLS UNROLL
        counts[channel] = counts_word[channel];
    }

    spike_window<typename data_T::value_type, typename res_T::value_type, CONFIG_T>(counts, features, feature_table);

    res_T features_word;
Pack:
    for (unsigned channel = 0; channel < CONFIG_T::n_in; channel++) {
        #pragma HLS UNROLL
        features_word[channel] = features[channel];
    }
    features_stream.write(features_word);
}

} // namespace nnet

#endif
