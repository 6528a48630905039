/*
 * sim/simplex/network.c - environment of the machines of the Simplex world: randomness, event
 * queue, each machine's log, links.
 */
#include "sim/simplex/world_internal.h"

#include "base/assert.h"

#include <stdlib.h>

uint64_t assay_sxw_random(struct assay_sim_simplex *w)
{
    /* splitmix64 */
    w->random += 0x9e3779b97f4a7c15ULL;
    uint64_t z = w->random;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

bool assay_sxw_chance(struct assay_sim_simplex *w, uint32_t permille)
{
    return permille > 0 && assay_sxw_random(w) % 1000 < permille;
}

uint64_t assay_sxw_between(struct assay_sim_simplex *w, uint64_t min, uint64_t max)
{
    return max <= min ? min : min + assay_sxw_random(w) % (max - min + 1);
}

void *assay_sxw_must(void *memory)
{
    if (memory == NULL) abort();
    return memory;
}

/* --- events: a binary heap by (time, order of creation) */

static bool is_earlier(const struct sxw_event *a, const struct sxw_event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void assay_sxw_schedule(struct assay_sim_simplex *w, const struct sxw_event *event)
{
    if (w->event_count == w->event_capacity) {
        w->event_capacity = w->event_capacity == 0 ? 256 : 2 * w->event_capacity;
        w->events = assay_sxw_must(realloc(w->events, w->event_capacity * sizeof *w->events));
    }
    size_t at = w->event_count++;
    struct sxw_event added = *event;
    added.order = w->event_order++;
    while (at > 0 && is_earlier(&added, &w->events[(at - 1) / 2])) {
        w->events[at] = w->events[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->events[at] = added;
}

struct sxw_event assay_sxw_next_event(struct assay_sim_simplex *w)
{
    const struct sxw_event first = w->events[0];
    const struct sxw_event last = w->events[--w->event_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= w->event_count) break;
        if (child + 1 < w->event_count && is_earlier(&w->events[child + 1], &w->events[child]))
            child++;
        if (!is_earlier(&w->events[child], &last)) break;
        w->events[at] = w->events[child];
        at = child;
    }
    if (w->event_count > 0) w->events[at] = last;
    return first;
}

/* --- the log */

void assay_sxw_log_put(struct sxw_machine *m, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value)
{
    if (m->log_count == m->log_capacity) {
        m->log_capacity = m->log_capacity == 0 ? 64 : 2 * m->log_capacity;
        m->log = assay_sxw_must(realloc(m->log, m->log_capacity * sizeof *m->log));
    }
    uint8_t *copy = assay_sxw_must(malloc(value.len + 1));
    assay_bytes_copy(copy, value.len, value.bytes, value.len);
    m->log[m->log_count++] =
        (struct sxw_log_item){ .class_ = class_, .key = *key, .bytes = copy, .len = value.len };
}

const struct sxw_log_item *assay_sxw_log_find(const struct sxw_machine *m,
                                              enum assay_store_class class_, uint64_t epoch,
                                              uint64_t number, const uint8_t *id)
{
    for (size_t i = m->log_count; i-- > 0;) {
        const struct sxw_log_item *item = &m->log[i];
        if (item->class_ != class_ || item->key.epoch != epoch) continue;
        if (number != UINT64_MAX && item->key.number != number) continue;
        if (id == NULL || assay_bytes_equal(item->key.id, id, 32)) return item;
    }
    return NULL;
}

void assay_sxw_log_prune(struct sxw_machine *m, uint64_t epoch)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->log_count; i++) {
        if (m->log[i].key.epoch < epoch) free(m->log[i].bytes);
        else m->log[kept++] = m->log[i];
    }
    m->log_count = kept;
}

void assay_sim_simplex_lose(struct assay_sim_simplex *w, uint32_t machine, uint32_t votes)
{
    struct sxw_machine *m = &w->machines[machine];
    ASSAY_ASSERT(!m->alive);
    for (size_t i = m->log_count; i-- > 0 && votes > 0;) {
        if (m->log[i].class_ != ASSAY_STORE_VOTE) continue;
        free(m->log[i].bytes);
        for (size_t after = i; after + 1 < m->log_count; after++)
            m->log[after] = m->log[after + 1];
        m->log_count--;
        votes--;
    }
}

/* --- the network */

static void transmit_message(struct assay_sim_simplex *w, struct sxw_machine *from, uint32_t to,
                             enum assay_message_kind kind, struct assay_slice payload)
{
    const uint32_t self = (uint32_t)(from - w->machines);
    w->counts.sent++;
    if (w->partitioned && w->group_of[self] != w->group_of[to]) return;
    if (w->filter != NULL && !w->filter(w->filter_context, self, to, kind, payload)) return;
    if (assay_sxw_chance(w, w->options.loss_permille)) {
        w->counts.lost++;
        return;
    }
    const int copies = assay_sxw_chance(w, w->options.duplicate_permille) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        struct sxw_event event = { .kind = SXW_MESSAGE,
                                   .machine = to,
                                   .from = from->slot,
                                   .message = kind,
                                   .len = payload.len };
        event.at_ms =
            w->now + assay_sxw_between(w, w->options.delay_min_ms, w->options.delay_max_ms);
        if (kind == ASSAY_MESSAGE_PROPOSAL) event.at_ms += w->options.proposal_extra_ms;
        event.bytes = assay_sxw_must(malloc(payload.len + 1));
        assay_bytes_copy(event.bytes, payload.len, payload.bytes, payload.len);
        assay_sxw_schedule(w, &event);
    }
}

void assay_sxw_send(struct assay_sim_simplex *w, struct sxw_machine *m, uint16_t to,
                    uint16_t except, enum assay_message_kind kind, struct assay_slice payload)
{
    if (w->observer != NULL)
        w->observer(w->observer_context, (uint32_t)(m - w->machines), kind, payload);
    assay_sxw_trace(w, (uint64_t)(m - w->machines) << 32 | (uint64_t)kind << 16 | to, payload);
    assay_sxw_check_send(w, m, kind, payload);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        if (&w->machines[i] == m) continue;
        if (to == ASSAY_SLOT_ALL ? w->machines[i].slot == except : w->machines[i].slot != to)
            continue;
        if (w->machines[i].slot == m->slot) continue; /* a twin sends nothing to itself */
        transmit_message(w, m, i, kind, payload);
    }
}
