/*
 * tests/unit/engine/audit/audit_bench.c - bench of audits: a network with a past, and stores of
 * its nodes in which one row is another.
 */
#include "tests/unit/engine/audit/audit_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct assay_sim_world *past(void)
{
    const struct assay_sim_world_options o = { .seed = 21, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, TAMPERED_FROM, 20000));
    assay_sim_world_acts(w, 4)->tampered = true;
    cr_assert(assay_sim_world_run_to_epoch(w, TAMPERED_FROM + 2, 20000));
    assay_sim_world_acts(w, 2)->quiet = true;
    cr_assert(assay_sim_world_run_to_epoch(w, EPOCHS, 60000), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, ASSAY_SLOT_ALL), 0);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_INCARNATION_LISTED, ASSAY_SLOT_ALL), 0);
    return w;
}

struct assay_store *copy_of(struct assay_sim_world *w, uint32_t node)
{
    struct assay_store *store = NULL;
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[node].store, &store), ASSAY_OK);
    return store;
}

struct judge {
    const struct assay_sim_world *world;
    struct assay_finding_record items[16];
    struct assay_findings findings;
    uint64_t asked;
};

static const struct assay_finding_record *judge(void *context, const struct assay_ask *ask)
{
    struct judge *j = context;
    struct assay_verdict verdict;
    world_appraise(j->world, ask->bytes, ask->kind, ask->at_unix_s,
                   world_rules_of(j->world, ask->epoch), &verdict);
    j->asked++;
    return assay_findings_put(&j->findings, ask->digest, ask->at_unix_s, ask->before, &verdict);
}

struct outcome audit(struct assay_sim_world *w, struct assay_store *store, const struct wish *wish)
{
    struct outcome o;
    struct judge j = { .world = w };
    j.findings.items = j.items;
    j.findings.count = 16;
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    const struct assay_audit_config config = {
        .store = store,
        .genesis = w->genesis,
        .vet = { .context = &j, .finding = judge },
        .signatures = !wish->unsigned_,
        .items = true,
        .from_epoch = wish->from_epoch,
        .checkpoint = wish->checkpoint,
        .memory = memory,
        .closed = wish->closed,
        .context = wish->context,
    };
    o.status = assay_audit(&config, &o.figures, &o.fault);
    o.asked = j.asked;
    free(memory);
    return o;
}

static bool take_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct target *t = context;
    if (t->skip > 0) {
        t->skip--;
        return true;
    }
    t->found = true;
    t->key = *key;
    t->len = value.len;
    t->value = malloc(value.len);
    assay_bytes_copy(t->value, value.len, value.bytes, value.len);
    return false;
}

struct target pick(struct assay_store *store, enum assay_store_class class_, size_t skip)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    struct target t = { .skip = skip };
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(store->ops->scan(store, class_, &from, &to, false, take_one, &t), ASSAY_OK);
    return t;
}

void put_back(struct assay_store *store, enum assay_store_class class_, const struct target *t)
{
    cr_assert_eq(assay_store_put(store, class_, &t->key, assay_slice_over(t->value, t->len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

struct assay_store *without(struct assay_sim_world *w, enum assay_store_class class_,
                            uint64_t epoch, size_t skip)
{
    struct assay_store *store = NULL;
    struct assay_store *from = copy_of(w, 0);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    for (unsigned c = 1; c <= ASSAY_STORE_CLASS_COUNT; c++) {
        for (size_t i = 0;; i++) {
            struct target t = pick(from, (enum assay_store_class)c, i);
            if (!t.found) break;
            if (c == (unsigned)class_ && t.key.epoch == epoch && skip-- == 0) {
                free(t.value);
                continue;
            }
            put_back(store, (enum assay_store_class)c, &t);
            free(t.value);
        }
    }
    assay_store_close(&from);
    return store;
}
