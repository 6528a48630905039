/*
 * enforce/words.h - JSON form of an order, shared by hooks and webhooks.
 */
#ifndef ASSAY_ENFORCE_WORDS_H
#define ASSAY_ENFORCE_WORDS_H

#include "enforce/target.h"
#include "net/json/json.h"

enum { ASSAY_WORDS_ID_LEN = 160 };

/* The name of one act for one order: the same whenever it is told again. */
void assay_enforce_order_event_id(const char *target, const struct assay_target_act *act,
                                  char id[static ASSAY_WORDS_ID_LEN]);
/* target, act, held, order. Returns: an object, the caller's; NULL without memory. */
struct assay_json *assay_enforce_order_words(const char *target,
                                             const struct assay_target_act *act);

#endif
