/*
 * host/peers/counters.c - names of the counters.
 */
#include "host/peers/counters.h"

const char *assay_counter_name(enum assay_counter which)
{
#define ASSAY_COUNTER_NAME(symbol, name) [symbol] = (name),
    static const char *const names[ASSAY_COUNTER_COUNT] = { ASSAY_COUNTER_LIST(
        ASSAY_COUNTER_NAME) };
#undef ASSAY_COUNTER_NAME
    return (unsigned)which < ASSAY_COUNTER_COUNT ? names[which] : "unknown";
}
