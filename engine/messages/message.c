/*
 * engine/messages/message.c - names and lanes of the message kinds (engine/messages/message.h).
 */
#include "engine/messages/message.h"

#include "base/checked.h"

const char *assay_message_name(unsigned kind)
{
#define NAME_CASE(symbol, number, name, lane)                                                      \
    if (kind == (number)) return name;
    ASSAY_MESSAGE_LIST(NAME_CASE)
#undef NAME_CASE
    return "unknown";
}

int assay_message_lane(unsigned kind, enum assay_lane *lane)
{
#define LANE_CASE(symbol, number, name, lane_)                                                     \
    if (kind == (number)) {                                                                        \
        *lane = lane_;                                                                             \
        return 1;                                                                                  \
    }
    ASSAY_MESSAGE_LIST(LANE_CASE)
#undef LANE_CASE
    return 0;
}

uint64_t assay_message_pause_ms(uint64_t epoch_ms)
{
    return assay_max_u64(5, assay_min_u64(epoch_ms / 64, 500));
}
