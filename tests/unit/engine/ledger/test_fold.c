/*
 * tests/unit/engine/ledger/test_fold.c - whoever folds a block, voter or auditor, refuses what its
 * leader may not propose (docs/protocol.md 5.12).
 */
#include "sim/world/world_internal.h"

#include "engine/ledger/fold/fold.h"
#include "engine/ledger/records/row.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 7, EPOCHS = 24, TAMPERED_FROM = 3, FINDINGS = 16 };

/* A member fails, is restarted and listed anew: blocks hold records that are verified again. */
static struct assay_sim_world *past(void)
{
    const struct assay_sim_world_options o = { .seed = 21, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, TAMPERED_FROM, 20000));
    assay_sim_world_acts(w, 4)->tampered = true;
    cr_assert(assay_sim_world_run_to_epoch(w, EPOCHS, 60000), "%s", assay_sim_world_violation(w));
    return w;
}

struct judge {
    const struct assay_sim_world *world;
    struct assay_finding_record items[FINDINGS];
    struct assay_findings findings;
    bool answers, knows_nothing;
    unsigned refused, asked;
};

static const struct assay_finding_record *judge(void *context, const struct assay_ask *ask)
{
    struct judge *j = context;
    struct assay_verdict verdict;
    j->asked++;
    if (!j->answers) return NULL;
    world_appraise(j->world, ask->bytes, ask->kind, ask->at_unix_s,
                   world_rules_of(j->world, ask->epoch), &verdict);
    if (j->knows_nothing) verdict = (struct assay_verdict){ .kind = ask->kind };
    return assay_findings_put(&j->findings, ask->digest, ask->at_unix_s, ask->before, &verdict);
}

static void refused(void *context)
{
    ((struct judge *)context)->refused++;
}

/* --- down to the first block with such a record */

struct walk {
    struct assay_fold fold;
    struct judge judge;
    struct assay_fold_vet vet;
    void *memory;
    struct assay_proposal found;
    uint8_t *bytes;
};

static bool asks(const struct assay_proposal *p)
{
    struct assay_cursor c;
    uint64_t count = 0;
    cr_assert_eq(assay_body_open(p->body, &c, &count), ASSAY_OK);
    while (count-- > 0) {
        struct assay_slice bytes;
        struct assay_record r;
        cr_assert_eq(assay_body_next(&c, &bytes), ASSAY_OK);
        cr_assert_eq(assay_record_decode(bytes, &r), ASSAY_OK);
        if (assay_record_row(r.kind)->judge != NULL) return true;
    }
    return false;
}

static bool visit(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct walk *k = context;
    struct assay_fault fault;
    (void)key;
    k->bytes = malloc(value.len);
    cr_assert_not_null(k->bytes);
    assay_bytes_copy(k->bytes, value.len, value.bytes, value.len);
    cr_assert_eq(assay_proposal_decode(assay_slice_over(k->bytes, value.len), &k->found), ASSAY_OK);
    if (asks(&k->found)) return false;
    cr_assert_eq(assay_fold_block(&k->fold, value, &k->vet, &fault), ASSAY_OK, "%s", fault.what);
    if (k->found.header.kind == ASSAY_BLOCK_EPOCH)
        cr_assert_eq(assay_fold_take(&k->fold), ASSAY_OK);
    free(k->bytes);
    k->bytes = NULL;
    return true;
}

static struct walk *walk(struct assay_sim_world *w)
{
    struct walk *k = calloc(1, sizeof *k);
    struct assay_store *store = NULL;
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    k->judge.world = w;
    k->judge.answers = true;
    k->judge.findings.items = k->judge.items;
    k->judge.findings.count = FINDINGS;
    k->vet = (struct assay_fold_vet){ .context = &k->judge, .finding = judge, .refused = refused };
    k->memory = aligned_alloc(64, assay_fold_memory_len(NODES));
    cr_assert_eq(assay_fold_init(&k->fold, k->memory, NODES, w->genesis, NULL), ASSAY_OK);
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[0].store, &store), ASSAY_OK);
    cr_assert_eq(assay_store_scan(store, ASSAY_STORE_BLOCK, &from, &to, false, visit, k), ASSAY_OK);
    cr_assert_not_null(k->bytes, "no block asks for a verification");
    assay_store_close(&store);
    return k;
}

static enum assay_status fold(struct walk *k, struct assay_fault *fault)
{
    return assay_fold_body(&k->fold.context, &k->fold.ledger, &k->found.header, k->found.id,
                           k->found.body, &k->vet, fault);
}

static void end(struct walk *k)
{
    assay_fold_deinit(&k->fold);
    free(k->memory);
    free(k->bytes);
    free(k);
}

Test(fold, refuses_what_is_verified_again_after_four_views_in_vain, .timeout = 600)
{
    struct assay_sim_world *w = past();
    for (uint64_t in_vain = 0; in_vain <= ASSAY_POISON_VERIFIED_VIEWS; in_vain++) {
        struct walk *k = walk(w);
        struct assay_fault fault;
        k->found.header.view = k->fold.ledger.view + 1 + in_vain;
        k->judge.asked = 0;
        const enum assay_status status = fold(k, &fault);
        if (in_vain < ASSAY_POISON_VERIFIED_VIEWS) {
            cr_expect_eq(status, ASSAY_OK, "%llu: %s", (unsigned long long)in_vain, fault.what);
            cr_expect_gt(k->judge.asked, 0);
        } else {
            cr_expect_eq(status, ASSAY_E_INVALID);
            cr_expect_eq(k->judge.asked, 0, "it is refused before it is verified");
        }
        end(k);
    }
    assay_sim_world_destroy(&w);
}

Test(fold, takes_no_block_of_a_view_that_is_over, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct walk *k = walk(w);
    struct assay_fault fault;
    k->found.header.view = k->fold.ledger.view;
    cr_expect_eq(fold(k, &fault), ASSAY_E_INVALID);
    cr_expect_str_eq(fault.what, "view not above the parent's");
    end(k);
    assay_sim_world_destroy(&w);
}

/* Who answers for a record learns that it was refused, and of nothing that is only awaited. */
Test(fold, tells_of_a_refusal_but_of_no_delay, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_fault fault;
    struct walk *k = walk(w);
    k->judge.answers = false;
    cr_expect_eq(fold(k, &fault), ASSAY_E_AGAIN);
    cr_expect_gt(k->judge.asked, 0);
    cr_expect_eq(k->judge.refused, 0);
    end(k);
    for (unsigned i = 0; i < 2; i++) {
        k = walk(w);
        k->judge.knows_nothing = i == 1;
        cr_expect_eq(fold(k, &fault) == ASSAY_OK, i == 0, "%u: %s", i, fault.what);
        cr_expect_eq(k->judge.refused, i);
        end(k);
    }
    assay_sim_world_destroy(&w);
}
