#ifndef GRU_CELL_H_
#define GRU_CELL_H_

#include "nnet_common.h"

namespace nnet {

/// The entry of a table for a signed address; the table starts at the address type's lowest code.
template <class table_T, class address_T> table_T look_up(table_T table[1 << address_T::width], address_T address) {
    #pragma HLS INLINE
    ap_uint<address_T::width> entry = address.range();
    entry[address_T::width - 1] = !entry[address_T::width - 1];
    return table[entry];
}

/// One GRU cell up to its mixed state (H,), from the input product and the recurrent product (3H,
/// in the order reset, update, candidate) and the state (H,):
///
///   r = sigmoid(i_r + a_r)    u = sigmoid(i_u + a_u)    n = tanh(i_n + r*a_n)    m = n + u*(h - n)
///
/// Every sum and product is exact; a value is rounded and saturated where its type says so, that is
/// at the addresses of the tables, at the recurrent candidate a_n and at the mixed state m.
template <typename CONFIG_T>
void gru_cell(typename CONFIG_T::input_accum_t input_product[3 * CONFIG_T::n_out],
              typename CONFIG_T::recurrent_accum_t recurrent_product[3 * CONFIG_T::n_out],
              typename CONFIG_T::state_t state[CONFIG_T::n_out],
              typename CONFIG_T::mixed_state_t mixed_state[CONFIG_T::n_out],
              typename CONFIG_T::gate_t sigmoid_table[1 << CONFIG_T::gate_address_t::width],
              typename CONFIG_T::candidate_t tanh_table[1 << CONFIG_T::candidate_address_t::width]) {
    #pragma HLS INLINE off

Unit:
    for (unsigned unit = 0; unit < CONFIG_T::n_out; unit++) {
        #pragma HLS PIPELINE II=1
        const unsigned update_row = CONFIG_T::n_out + unit;
        const unsigned candidate_row = 2 * CONFIG_T::n_out + unit;

        typename CONFIG_T::gate_address_t reset_address = input_product[unit] + recurrent_product[unit];
        typename CONFIG_T::gate_address_t update_address = input_product[update_row] + recurrent_product[update_row];
        typename CONFIG_T::gate_t reset = look_up(sigmoid_table, reset_address);
        typename CONFIG_T::gate_t update = look_up(sigmoid_table, update_address);

        typename CONFIG_T::recurrent_candidate_t recurrent_candidate = recurrent_product[candidate_row];
        typename CONFIG_T::candidate_address_t candidate_address =
            input_product[candidate_row] + reset * recurrent_candidate;
        typename CONFIG_T::candidate_t candidate = look_up(tanh_table, candidate_address);

        mixed_state[unit] = candidate + update * (state[unit] - candidate);
    }
}

} // namespace nnet

#endif
