/*
 * tests/model/rules/shim.c - scoring/ as flat functions over arrays, for run.py.
 */
#include "base/bytes.h"
#include "scoring/groups.h"
#include "scoring/quiet.h"
#include "scoring/seats.h"
#include "scoring/tally.h"
#include "scoring/trust.h"
#include "scoring/weight.h"

#include <stdlib.h>

enum { FOUND = 21, ALIGNMENT = 64 };

#define PUBLIC __attribute__((visibility("default")))

/* A roster: ids of 32 bytes one after the other, and which platforms are masked. */
struct roster {
    uint32_t count;
    const uint8_t *ids, *platforms, *operators, *vendors, *masked;
};

/* One member's trust, as far as weights read it. */
struct standing {
    const uint16_t *integrity, *peak;
    const uint8_t *suspended, *unlisted;
};

/* A network that goes on, epoch after epoch. */
struct network {
    uint32_t count;
    struct assay_groups groups;
    void *groups_memory;
    struct assay_trust_state *trust;
};

/* What happened in an epoch, each [count]; rows: count x count outcomes. */
struct epoch {
    uint64_t number;
    uint32_t roll, trial, hardening, grace;
    const uint32_t *weights;
    const uint8_t *rows, *present, *hard, *soft, *equivocation, *false_pass, *false_fail, *duty,
        *held;
};

PUBLIC void rules_weights(const struct roster *r, const struct standing *s,
                          const uint32_t *previous, const uint32_t *caps, uint32_t *stages,
                          uint32_t *meta);
PUBLIC void rules_seats(const struct roster *r, const uint32_t *weights, const uint8_t *present,
                        const uint8_t *sat, uint32_t seats_max, uint32_t *votes);
PUBLIC void rules_quiet(uint32_t count, const uint8_t *epochs, const uint64_t *since,
                        const uint32_t *weights, uint32_t floor_percent, uint8_t *keyless);
PUBLIC struct network *rules_open(const struct roster *r);
PUBLIC void rules_close(struct network *n);
PUBLIC void rules_list(struct network *n, uint32_t slot);
PUBLIC void rules_rest(struct network *n, uint32_t slot);
PUBLIC uint32_t rules_epoch(struct network *n, const struct epoch *e, int64_t *found);

static void *memory_of(size_t len)
{
    void *memory = aligned_alloc(ALIGNMENT, (len / ALIGNMENT + 1) * ALIGNMENT);
    if (memory == NULL) abort();
    return memory;
}

static void build(const struct roster *r, struct assay_groups *groups, void **memory)
{
    struct assay_place *places = calloc(r->count, sizeof *places);
    const size_t len = assay_groups_memory_len(r->count);
    if (places == NULL) abort();
    for (uint32_t i = 0; i < r->count; i++) {
        assay_bytes_copy(places[i].node_id, 32, r->ids + (size_t)32 * i, 32);
        assay_bytes_copy(places[i].platform_id, 32, r->platforms + (size_t)32 * i, 32);
        assay_bytes_copy(places[i].operator_id, 32, r->operators + (size_t)32 * i, 32);
        assay_bytes_copy(places[i].vendor_root, 32, r->vendors + (size_t)32 * i, 32);
        places[i].platform_shared = r->masked[i] != 0;
    }
    *memory = memory_of(len);
    assay_groups_build(places, r->count, *memory, len, groups);
    free(places);
}

/* caps: operator num, den, vendor num, den, B in percent. stages: raw, unit, peak, factor, capped,
 * table, one array after the other. meta: which cuts, operator cap met, vendor cap met. */
void rules_weights(const struct roster *r, const struct standing *s, const uint32_t *previous,
                   const uint32_t *caps, uint32_t *stages, uint32_t *meta)
{
    struct assay_groups groups;
    void *groups_memory = NULL;
    build(r, &groups, &groups_memory);
    struct assay_trust_state *trust = calloc(r->count, sizeof *trust);
    bool *unlisted = calloc(r->count, sizeof *unlisted);
    if (trust == NULL || unlisted == NULL) abort();
    for (uint32_t i = 0; i < r->count; i++) {
        trust[i] = assay_trust_genesis();
        trust[i].integrity_bp = s->integrity[i];
        trust[i].peak_bp = s->peak[i];
        trust[i].integrity.standing = (enum assay_standing)s->suspended[i];
        unlisted[i] = s->unlisted[i] != 0;
    }
    const struct assay_weight_rules rules = { { caps[0], caps[1] }, { caps[2], caps[3] }, caps[4] };
    const struct assay_weight_input input = { &rules, &groups, trust, unlisted, previous };
    const size_t len = assay_weights_memory_len(r->count);
    void *memory = memory_of(len);
    const size_t n = r->count;
    const struct assay_weight_stages out = { stages, stages + n, stages + 2 * n, stages + 3 * n,
                                             stages + 4 * n };
    struct assay_tolerance tolerance;
    meta[0] = assay_weight_stages(&input, memory, len, &out);
    assay_weights(&input, memory, len, stages + 5 * n, &tolerance);
    meta[1] = tolerance.operator_cap_met;
    meta[2] = tolerance.vendor_cap_met;
    free(memory);
    free(unlisted);
    free(trust);
    free(groups_memory);
}

void rules_seats(const struct roster *r, const uint32_t *weights, const uint8_t *present,
                 const uint8_t *sat, uint32_t seats_max, uint32_t *votes)
{
    struct assay_groups groups;
    void *groups_memory = NULL;
    build(r, &groups, &groups_memory);
    bool *flags = calloc((size_t)2 * r->count, sizeof *flags);
    if (flags == NULL) abort();
    for (uint32_t i = 0; i < r->count; i++) {
        flags[i] = present[i] != 0;
        flags[r->count + i] = sat[i] != 0;
    }
    const struct assay_seats_input input = { &groups, weights, flags, flags + r->count, seats_max };
    const size_t len = assay_seats_memory_len(r->count);
    void *memory = memory_of(len);
    assay_seats(&input, memory, len, votes);
    free(memory);
    free(flags);
    free(groups_memory);
}

void rules_quiet(uint32_t count, const uint8_t *epochs, const uint64_t *since,
                 const uint32_t *weights, uint32_t floor_percent, uint8_t *keyless)
{
    struct assay_trust_state *trust = calloc(count, sizeof *trust);
    bool *taken = calloc(count, sizeof *taken);
    if (trust == NULL || taken == NULL) abort();
    for (uint32_t i = 0; i < count; i++) {
        trust[i] = assay_trust_genesis();
        trust[i].quiet_epochs = epochs[i];
        trust[i].quiet_since_epoch = since[i];
    }
    const struct assay_quiet_input input = { count, trust, weights, floor_percent };
    (void)assay_quiet_rows(&input, taken);
    for (uint32_t i = 0; i < count; i++)
        keyless[i] = taken[i];
    free(taken);
    free(trust);
}

struct network *rules_open(const struct roster *r)
{
    struct network *n = calloc(1, sizeof *n);
    if (n == NULL) abort();
    n->count = r->count;
    build(r, &n->groups, &n->groups_memory);
    n->trust = calloc(r->count, sizeof *n->trust);
    if (n->trust == NULL) abort();
    for (uint32_t i = 0; i < r->count; i++)
        n->trust[i] = assay_trust_genesis();
    return n;
}

void rules_close(struct network *n)
{
    free(n->groups_memory);
    free(n->trust);
    free(n);
}

void rules_list(struct network *n, uint32_t slot)
{
    assay_trust_list(&n->trust[slot]);
}

void rules_rest(struct network *n, uint32_t slot)
{
    assay_trust_rest(&n->trust[slot]);
}

/* FOUND numbers of one member. */
static void report(const struct assay_trust_state *t, const struct assay_tally_result *r,
                   int64_t *found)
{
    const int64_t all[FOUND] = { t->integrity_bp,
                                 t->peak_bp,
                                 t->availability_bp,
                                 t->score.standing,
                                 t->score.held_epochs,
                                 t->integrity.standing,
                                 t->integrity.held_epochs,
                                 t->listed_after_failure,
                                 t->offences.count,
                                 (int64_t)t->offences.last_epoch,
                                 t->offences.clean_epochs,
                                 t->mute_epochs,
                                 t->unjudged_epochs,
                                 t->quiet_epochs,
                                 (int64_t)t->quiet_since_epoch,
                                 (int64_t)r->pass_weight,
                                 (int64_t)r->negative_weight,
                                 (int64_t)r->unjudged_weight,
                                 (int64_t)r->electorate_weight,
                                 r->certified_pass,
                                 r->integrity_failed };
    for (size_t k = 0; k < FOUND; k++)
        found[k] = all[k];
}

uint32_t rules_epoch(struct network *n, const struct epoch *e, int64_t *found)
{
    const size_t row_len = assay_votes_row_len(n->count);
    uint8_t *packed = calloc(n->count, row_len);
    const uint8_t **rows = calloc(n->count, sizeof *rows);
    struct assay_tally_member *members = calloc(n->count, sizeof *members);
    struct assay_tally_result *results = calloc(n->count, sizeof *results);
    if (packed == NULL || rows == NULL || members == NULL || results == NULL) abort();
    for (uint32_t i = 0; i < n->count; i++) {
        if (e->present[i]) rows[i] = packed + i * row_len;
        for (uint32_t s = 0; s < n->count; s++)
            assay_votes_row_set(packed + i * row_len, s,
                                (enum assay_outcome)e->rows[i * n->count + s]);
        members[i] = (struct assay_tally_member){
            .faults = { e->hard[i] != 0, e->soft[i] != 0, e->equivocation[i] != 0,
                        e->false_pass[i] != 0, e->false_fail[i] },
            .duty = e->duty[i] != 0,
            .balloted = e->present[i] != 0,
            .held = e->held[i] != 0,
        };
    }
    const struct assay_score_rules rules = { (uint16_t)e->hardening, e->grace };
    const struct assay_tally_input input = { e->number, e->roll != 0, e->trial != 0,
                                             &rules,    &n->groups,   e->weights,
                                             members,   rows,         n->trust };
    const size_t len = assay_tally_memory_len(n->count);
    void *memory = memory_of(len);
    struct assay_tally_summary summary;
    assay_tally_epoch(&input, memory, len, n->trust, results, &summary);
    for (uint32_t i = 0; i < n->count; i++)
        report(&n->trust[i], &results[i], found + (size_t)FOUND * i);
    free(memory);
    free(results);
    free(members);
    free(rows);
    free(packed);
    return summary.certified;
}
