/*
 * tests/unit/engine/audit/test_audit_books.c - documents that an audit looks up in the audited
 * store: memory for eight of them, in turns.
 */
#include "engine/audit/audit_books.h"
#include "tests/unit/engine/audit/audit_bench.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOT_LEN_MAX = 256 * 1024 };

struct shelf {
    struct assay_audit_books books;
    struct assay_fold_books fold;
};

static void open_shelf(struct shelf *s, struct assay_store *store)
{
    s->books = (struct assay_audit_books){ .store = store };
    for (size_t i = 0; i < ASSAY_AUDIT_DOCUMENTS; i++)
        s->books.documents[i] = calloc(1, ASSAY_SET_LEN_MAX);
    s->fold = (struct assay_fold_books){ .context = &s->books,
                                         .document = assay_audit_find_document,
                                         .change = assay_audit_find_change };
}

/* As after documents of 64 services were looked up. */
static void use_all_turns(struct shelf *s)
{
    for (size_t i = 0; i < ASSAY_AUDIT_DOCUMENTS; i++)
        memset(s->books.documents[i], 0xee, ASSAY_SET_LEN_MAX);
}

static void close_shelf(struct shelf *s)
{
    for (size_t i = 0; i < ASSAY_AUDIT_DOCUMENTS; i++)
        free(s->books.documents[i]);
}

static void expect_digest(struct assay_slice document, const uint8_t digest[static 32],
                          const char *what)
{
    uint8_t own[32];
    assay_sha256(document.bytes, document.len, own);
    cr_expect(assay_bytes_equal(own, digest, 32), "%s", what);
}

Test(audit_books, rules_in_force_outlive_what_is_looked_up_later, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 23, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    static const uint8_t nobody[NODE_BITS] = { 0 };
    uint8_t document[WORLD_POLICY_LEN];
    const size_t policy_len = world_policy_make(1, nobody, document);
    const struct assay_action action = { .kind = ASSAY_ACTION_POLICY,
                                         .document = assay_slice_over(document, policy_len) };
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000));
    decide(w, 1, 7, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, 9, 40000), "%s", assay_sim_world_violation(w));
    decide_operators(w, 2, 13);
    cr_assert(assay_sim_world_run_to_epoch(w, 16, 60000), "%s", assay_sim_world_violation(w));

    struct assay_store *store = copy_of(w, 0);
    struct shelf shelf;
    open_shelf(&shelf, store);
    void *memory = aligned_alloc(64, assay_fold_memory_len(NODES));
    struct assay_fold *fold = calloc(1, sizeof *fold);
    uint8_t *snapshot = malloc(SNAPSHOT_LEN_MAX);
    cr_assert(memory != NULL && fold != NULL && snapshot != NULL);
    const struct assay_store_key key = { .epoch = 14 };
    size_t len = 0;
    cr_assert_eq(assay_store_get(store, ASSAY_STORE_STATE, &key, snapshot, SNAPSHOT_LEN_MAX, &len),
                 ASSAY_OK);
    cr_assert_eq(assay_fold_init(fold, memory, NODES, w->genesis, &shelf.fold), ASSAY_OK);
    cr_assert_eq(assay_fold_from(fold, assay_slice_over(snapshot, len)), ASSAY_OK);
    cr_assert_eq(fold->state.change_sequence, 2);
    cr_assert(!assay_bytes_equal(fold->state.rules.policy_digest, w->genesis->policy_digest, 32));

    use_all_turns(&shelf);
    uint8_t bytes[ASSAY_OPERATORS_LEN_MAX];
    struct assay_writer again = assay_writer_over(bytes, sizeof bytes);
    expect_digest(fold->effective->policy, fold->state.rules.policy_digest, "policy");
    expect_digest(fold->effective->endorsements, fold->state.rules.endorsements_digest,
                  "endorsements");
    expect_digest(fold->context.operators, fold->state.operators_digest, "operators");
    cr_assert_eq(assay_operators_encode(fold->effective, &again), ASSAY_OK);
    expect_digest(assay_slice_over(bytes, again.len), fold->state.operators_digest,
                  "names of operators");
    assay_fold_deinit(fold);
    close_shelf(&shelf);
    free(snapshot);
    free(fold);
    free(memory);
    assay_store_close(&store);
    assay_sim_world_destroy(&w);
}
