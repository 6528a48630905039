/*
 * tests/unit/engine/audit/test_audit_labels.c - a row that is stored under another era, epoch or
 * number than its content has is refused (docs/protocol.md 11.4.5).
 */
#include "tests/unit/engine/audit/audit_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* A row of node 0 moved to another key, and nothing else. */
static struct outcome relabel(struct assay_sim_world *w, enum assay_store_class class_,
                              const struct target *row, const struct assay_store_key *to)
{
    struct assay_store *store = NULL, *from = copy_of(w, 0);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    for (unsigned c = 1; c <= ASSAY_STORE_CLASS_COUNT; c++) {
        for (size_t i = 0;; i++) {
            struct target t = pick(from, (enum assay_store_class)c, i);
            if (!t.found) break;
            if (c == (unsigned)class_ && assay_store_key_compare(&t.key, &row->key) == 0)
                t.key = *to;
            put_back(store, (enum assay_store_class)c, &t);
            free(t.value);
        }
    }
    assay_store_close(&from);
    const struct outcome o = audit(w, store, &plain);
    assay_store_close(&store);
    return o;
}

/* Another era, epoch or incarnation than the content has; an epoch that
 * was visited already, is visited later, or never. */
Test(audit_labels, names_an_envelope_or_a_ballot_that_stands_under_another_epoch, .timeout = 600)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_ENVELOPE, ASSAY_STORE_BALLOT };
    static const struct {
        uint32_t era;
        int64_t epoch;
        uint64_t incarnation;
        const char *what;
    } moves[] = {
        { 0, -1, 0, "epoch that the row is stored under" },
        { 0, +1, 0, "epoch that the row is stored under" },
        { 0, -EPOCHS, 0, "epoch that the row is stored under" },
        { 0, 0, 1, "incarnation that the row is stored under" },
        { 0, 1000, 0, "the row is stored under an epoch that has not begun" },
        { 1, 0, 0, "the row is stored under an epoch that has not begun" },
    };
    struct assay_sim_world *w = past();
    struct assay_store *honest = copy_of(w, 0);
    for (size_t c = 0; c < 2; c++) {
        struct target row = pick(honest, classes[c], 2);
        cr_assert(row.found && row.key.epoch > 1 && row.key.number > 0);
        for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
            struct assay_store_key to = row.key;
            to.era += moves[i].era;
            to.number += moves[i].incarnation;
            to.epoch = moves[i].epoch == -EPOCHS ? 1 : to.epoch + (uint64_t)moves[i].epoch;
            const struct outcome o = relabel(w, classes[c], &row, &to);
            cr_assert_eq(o.status, ASSAY_E_INVALID, "class %u, move %zu", (unsigned)classes[c], i);
            cr_expect_str_eq(o.fault.fault.what, moves[i].what);
            cr_expect_eq(o.fault.class_, classes[c]);
            cr_expect_eq(assay_store_key_compare(&o.fault.key, &to), 0);
            if (!o.fault.fault.has_numbers) continue;
            const bool epoch = moves[i].epoch != 0;
            cr_expect_eq(o.fault.fault.expected, epoch ? row.key.epoch : row.key.number);
            cr_expect_eq(o.fault.fault.found, epoch ? to.epoch : to.number);
        }
        cr_expect_eq(relabel(w, classes[c], &row, &row.key).status, ASSAY_OK);
        free(row.value);
    }
    assay_store_close(&honest);
    assay_sim_world_destroy(&w);
}

/* An own envelope names the epoch of its evidence; that of others is known by its report data. */
Test(audit_labels, names_evidence_that_stands_under_another_epoch, .timeout = 600)
{
    struct assay_sim_world *w = past();
    struct assay_store *store = copy_of(w, 0);
    struct target row = pick(store, ASSAY_STORE_ENVELOPE, 2);
    struct assay_envelope e;
    const struct assay_store_key before = row.key;
    cr_assert_eq(assay_envelope_decode(assay_slice_over(row.value, row.len), &e), ASSAY_OK);
    const struct assay_slice evidence = world_evidence_bytes(w, 0, e.evidence_digest);
    cr_assert(evidence.len > 0);
    free(row.value);
    static const struct {
        uint32_t era;
        uint64_t epoch, number;
        const char *what;
    } moves[] = {
        { 0, 0, 0, NULL },
        { 0, 1, 0, "epoch that the evidence of an own envelope is stored under" },
        { 0, 0, 1, "number that the evidence is stored under" },
        { 0, 1000, 0, "the row is stored under an epoch that has not begun" },
        { 1, 0, 0, "the row is stored under an epoch that has not begun" },
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct assay_store *with = copy_of(w, 0);
        struct assay_store_key key = { .era = moves[i].era,
                                       .epoch = before.epoch + moves[i].epoch,
                                       .number = moves[i].number };
        assay_bytes_copy(key.id, 32, e.evidence_digest, 32);
        cr_assert_eq(assay_store_put(with, ASSAY_STORE_EVIDENCE, &key, evidence), ASSAY_OK);
        cr_assert_eq(assay_store_commit(with), ASSAY_OK);
        const struct outcome o = audit(w, with, &plain);
        cr_assert_eq(o.status, moves[i].what == NULL ? ASSAY_OK : ASSAY_E_INVALID, "move %zu", i);
        if (moves[i].what != NULL) {
            cr_expect_str_eq(o.fault.fault.what, moves[i].what);
            cr_expect_eq(o.fault.class_, ASSAY_STORE_EVIDENCE);
        }
        assay_store_close(&with);
    }
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}
