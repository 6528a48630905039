/*
 * base/status.c - text, symbol and class of every status, from the list in status.h.
 *
 * Numbers from outside (a log, a peer's refusal) may be looked up here, hence the answers for a
 * number that is not on the list.
 */
#include "base/status.h"

#define STATUS_TEXT(symbol, number, class_, text)                                                  \
    case symbol: return text;
#define STATUS_SYMBOL(symbol, number, class_, text)                                                \
    case symbol: return #symbol;
#define STATUS_CLASS(symbol, number, class_, text)                                                 \
    case symbol: return class_;

const char *assay_status_text(enum assay_status status)
{
    switch (status) {
        ASSAY_STATUS_LIST(STATUS_TEXT)
    }
    return "unknown status";
}

const char *assay_status_symbol(enum assay_status status)
{
    switch (status) {
        ASSAY_STATUS_LIST(STATUS_SYMBOL)
    }
    return "ASSAY_E_UNKNOWN";
}

enum assay_class assay_status_class(enum assay_status status)
{
    switch (status) {
        ASSAY_STATUS_LIST(STATUS_CLASS)
    }
    return ASSAY_CLASS_HOST; /* never guess about what is not understood */
}
