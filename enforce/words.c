/*
 * enforce/words.c - JSON form of an order.
 */
#include "enforce/words.h"

#include <stdio.h>

void assay_enforce_order_event_id(const char *target, const struct assay_target_act *act,
                                  char id[static ASSAY_WORDS_ID_LEN])
{
    const char *const verb = assay_target_verb_name(act->verb);
    const struct assay_order *const order = act->order;
    const char *const held = act->held ? ".held" : "";
    if (order == NULL)
        (void)snprintf(id, ASSAY_WORDS_ID_LEN, "%.64s/none.%s%s", target, verb, held);
    else
        (void)snprintf(id, ASSAY_WORDS_ID_LEN, "%.64s/%u.%llu.%u.%s%s", target,
                       (unsigned)order->era, (unsigned long long)order->epoch, (unsigned)order->seq,
                       verb, held);
}

static struct assay_json *order_of(const struct assay_order *order)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "kind", assay_order_name(order->kind));
    assay_json_set_uint(object, "era", order->era);
    assay_json_set_uint(object, "epoch", order->epoch);
    assay_json_set_uint(object, "seq", order->seq);
    assay_json_set_uint(object, "incarnation", order->incarnation);
    return object;
}

struct assay_json *assay_enforce_order_words(const char *target, const struct assay_target_act *act)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "target", target);
    assay_json_set_text(object, "act", assay_target_verb_name(act->verb));
    assay_json_set_bool(object, "held", act->held);
    if (act->order != NULL) assay_json_set(object, "order", order_of(act->order));
    else assay_json_set_null(object, "order");
    return object;
}
