/*
 * tests/unit/services/tasks/test_task_document.c - tests of the document of tasks.
 *
 * Accounts, offers and tasks as the ledger keeps them (docs/services.md 7.4).
 */
#include "services/tasks/document.h"
#include "tests/support/depth.h"
#include "tests/support/services/registry_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { DOCUMENT = 7, CERTIFIED_EPOCHS = ASSAY_TASK_CLOSED_EPOCHS, BYTES = 256 * 1024 };

struct bench {
    struct registry_world world;
    struct registry_record record;
    struct assay_registry *r;
    struct assay_registry_facts *facts;
    uint8_t bytes[2][BYTES];
};

static struct bench *fresh(uint64_t seed)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    registry_world_init(&b->world, seed);
    b->r = registry_world_fresh(&b->world);
    b->facts = calloc(1, sizeof *b->facts);
    cr_assert_not_null(b->facts);
    return b;
}

static void done(struct bench *b)
{
    free(b->r);
    free(b->facts);
    free(b);
}

static void close_as(struct bench *b, bool certified)
{
    b->world.epoch++;
    for (uint32_t i = 0; i < WORLD_MEMBERS; i++)
        b->world.member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                             .certified = certified,
                                                             .operator_ = (uint8_t)i };
    assay_registry_close_epoch(b->r, b->world.epoch, b->world.member, WORLD_MEMBERS, b->facts, NULL,
                               NULL);
}

static struct assay_slice document(struct bench *b, uint32_t into)
{
    struct assay_writer w = assay_writer_over(b->bytes[into], BYTES);
    struct assay_slice out;
    cr_assert_eq(assay_registry_encode(b->r, DOCUMENT, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out;
}

/* Of the parts that the plan of the world has. */
static struct assay_task_ledger *ledger_of(const struct registry_world *w)
{
    const size_t len = assay_task_ledger_size(w->plan.tasks.accounts_max, w->plan.tasks.tasks_max,
                                              ASSAY_REGISTRY_SLOTS_MAX);
    struct assay_task_ledger_config config = {
        .accounts_max = w->plan.tasks.accounts_max,
        .tasks_max = w->plan.tasks.tasks_max,
        .slots_max = ASSAY_REGISTRY_SLOTS_MAX,
        .epoch = 1,
        .balances = w->plan.tasks.balance,
        .balance_count = w->plan.tasks.balance_count,
    };
    struct assay_task_ledger *ledger = NULL;
    cr_assert_eq(assay_task_ledger_init(malloc(len), len, &config, &ledger), ASSAY_OK);
    return ledger;
}

Test(task_document, while_members_are_certified_nothing_changes)
{
    struct bench *b = fresh(1);
    uint32_t changes = 0;
    for (uint32_t i = 0; i < 2 * CERTIFIED_EPOCHS; i++)
        close_as(b, true);
    const struct assay_slice before = document(b, 0);
    for (uint32_t i = 0; i < 100; i++) {
        close_as(b, true);
        cr_assert(assay_slice_equal(document(b, 1), before), "after %u epochs", i);
    }
    for (uint32_t i = 0; i < CERTIFIED_EPOCHS + 10; i++) {
        const struct assay_slice last = document(b, 0);
        close_as(b, i != 3);
        changes += !assay_slice_equal(last, document(b, 1));
    }
    cr_expect_eq(changes, 2, "the epoch without a certificate comes, and is forgotten");
    done(b);
}

/* A receipt of `made` is paid: task by account 40 at slot 4. Returns: the word of its claim. */
static const char *claim_of(struct bench *b, uint64_t made)
{
    struct assay_task_offer offer = { .count = 1, .price = 5, .hold = 1 };
    struct assay_task_open open = {
        .executor = 4,
        .price = 5,
        .hold = 1,
        .steps = 2, /* so that it runs on */
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    struct assay_task_accept accept = { 0 };
    struct assay_task_claim claim;
    struct assay_slice payload;
    uint64_t balance = 0;
    const struct kit_key *payer = &b->world.key[40 + made % 2], *task_key = &b->world.key[54];
    uint8_t *bytes = b->record.bytes, name[32];
    open.deadline = b->world.epoch + 2; /* so that there is room for the next */
    cr_assert(assay_task_ledger_get_balance(assay_registry_tasks(b->r), payer->account, &balance,
                                            &open.sequence));
    cr_assert_eq(assay_task_offer_encode(&offer, bytes, 1024, &payload), ASSAY_OK);
    (void)assay_registry_apply(b->r, 4, bytes, ASSAY_SERVICE_TASK_OFFER, payload, NULL);
    kit_sign_open(b->world.chain_id, payer, &open);
    assay_task_open_statement(b->world.chain_id, &open, name);
    cr_assert_eq(assay_task_open_encode(&open, bytes, 1024, &payload), ASSAY_OK);
    cr_assert_str_eq(
        assay_registry_apply(b->r, 4, bytes, ASSAY_SERVICE_TASK_OPEN, payload, b->facts),
        "applied");
    assay_bytes_copy(accept.task, 32, name, 32);
    assay_bytes_copy(accept.key, 64, task_key->key, 64);
    assay_bytes_copy(accept.account, 32, payer->account, 32);
    cr_assert_eq(assay_task_accept_encode(&accept, bytes, 1024, &payload), ASSAY_OK);
    cr_assert_str_eq(
        assay_registry_apply(b->r, 4, bytes, ASSAY_SERVICE_TASK_ACCEPT, payload, b->facts),
        "applied");
    kit_claim(b->world.chain_id, payer, task_key, name, open.input, 1, made, &claim);
    cr_assert_eq(assay_task_claim_encode(&claim, bytes, 1024, &payload), ASSAY_OK);
    return assay_registry_apply(b->r, 4, bytes, ASSAY_SERVICE_TASK_CLAIM, payload, b->facts);
}

/* The same ledger, from its document alone. */
static void read_again(struct bench *b)
{
    struct registry_documents documents;
    registry_documents_of(&b->world, b->r, &documents);
    free(b->r);
    b->r = registry_world_fresh(&b->world);
    cr_assert_eq(registry_documents_read(&documents, 0, b->r), ASSAY_OK);
    assay_registry_set_standing(b->r, b->world.epoch, b->world.member, WORLD_MEMBERS);
    registry_documents_free(&documents);
}

Test(task_document, in_which_epochs_a_member_was_certified_is_kept)
{
    for (uint32_t gap = 0; gap < CERTIFIED_EPOCHS; gap += 9) {
        struct bench *b = fresh(1);
        for (uint32_t i = 0; i < 2 * CERTIFIED_EPOCHS + 5; i++)
            close_as(b, i != CERTIFIED_EPOCHS + 5 + gap);
        const uint64_t without = CERTIFIED_EPOCHS + 6 + gap; /* epochs count from 1 */
        read_again(b);
        cr_expect_str_eq(claim_of(b, without), "unproven");
        cr_expect_str_eq(claim_of(b, gap < 60 ? without + 1 : without - 1), "applied");
        cr_expect_str_eq(claim_of(b, b->world.epoch - CERTIFIED_EPOCHS), "unproven", "too old");
        cr_expect_str_eq(claim_of(b, b->world.epoch + 1), "early");
        done(b);
    }
}

Test(task_document, a_certificate_of_64_epochs_ago_is_none_of_today)
{
    struct bench *b = fresh(1);
    for (uint32_t i = 0; i < CERTIFIED_EPOCHS; i++)
        close_as(b, true);
    for (uint32_t i = 0; i < CERTIFIED_EPOCHS; i++) {
        close_as(b, false);
        cr_expect_str_eq(claim_of(b, b->world.epoch), "unproven");
    }
    done(b);
}

Test(task_document, it_is_of_these_limits_and_first_balances)
{
    struct bench *b = fresh(1);
    struct registry_world other = b->world;
    const struct assay_slice good = document(b, 0);
    struct assay_task_ledger *ledger = ledger_of(&b->world);
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_OK);
    free(ledger);
    other.plan.tasks.tasks_max++;
    ledger = ledger_of(&other);
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_E_RANGE);
    free(ledger);
    other = b->world;
    other.plan.tasks.accounts_max--;
    ledger = ledger_of(&other);
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_E_RANGE);
    free(ledger);
    other = b->world;
    other.plan.tasks.balance[0].amount++;
    ledger = ledger_of(&other);
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_E_INVALID, "money from nowhere");
    free(ledger);
    done(b);
}

/* Where 32 bytes stand in the document that was written first. */
static uint8_t *find(struct bench *b, size_t len, const uint8_t bytes[static 32])
{
    for (size_t at = 0; at + 32 <= len; at++)
        if (assay_bytes_equal(b->bytes[0] + at, bytes, 32)) return b->bytes[0] + at;
    cr_assert(false, "it is there");
    return NULL;
}

/* How far before `from` the same 32 bytes stand. */
static size_t find_back(const uint8_t *from, const uint8_t bytes[static 32])
{
    size_t back = 1;
    while (!assay_bytes_equal(from - back, bytes, 32))
        back++;
    return back;
}

Test(task_document, who_pays_and_who_is_paid_have_accounts)
{
    struct bench *b = fresh(1);
    struct assay_task_ledger *ledger = ledger_of(&b->world);
    struct assay_slice good;
    close_as(b, true);
    close_as(b, true);
    cr_assert_str_eq(claim_of(b, 2), "applied");
    good = document(b, 0);
    /* [task, requestor, ..., [key, payee]]: the key of the task stands once. */
    uint8_t *const payee = find(b, good.len, b->world.key[54].key) + 64 + 2;
    uint8_t *const requestor = payee - find_back(payee, b->world.key[40].account);
    uint8_t *const both[] = { payee, requestor };
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert(assay_bytes_equal(both[i], b->world.key[40].account, 32));
        both[i][0] ^= 1;
        cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_E_INVALID);
        both[i][0] ^= 1;
    }
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_OK);
    /* When the task has ended its accounts may go. */
    for (uint32_t i = 0; i < 3; i++)
        close_as(b, true);
    good = document(b, 0);
    uint8_t *const paid = find(b, good.len, b->world.key[54].key) + 64 + 2;
    paid[0] ^= 1;
    cr_expect_eq(assay_task_ledger_decode(good, ledger), ASSAY_OK);
    free(ledger);
    done(b);
}

/* Each offset of a document that a fold has made, with each other byte. */
Test(task_document, no_other_bytes_are_a_ledger, .timeout = 600)
{
    struct bench *b = fresh(7);
    struct assay_task_ledger *ledger = ledger_of(&b->world);
    uint32_t taken = 0;
    for (uint32_t step = 0; step < 400; step++) {
        const struct registry_record *m = &b->record;
        if (step % 30 == 0) close_as(b, step % 60 == 0);
        registry_world_record(&b->world, b->r, &b->record);
        (void)assay_registry_apply(b->r, m->slot, m->node, m->kind, m->payload, b->facts);
    }
    const struct assay_slice good = document(b, 0);
    for (size_t at = 0; at < good.len; at += test_every(5)) {
        const uint8_t was = b->bytes[0][at];
        for (uint32_t value = 0; value < 256; value++) {
            b->bytes[0][at] = (uint8_t)value;
            if (assay_task_ledger_decode(good, ledger) != ASSAY_OK) continue;
            struct assay_writer w = assay_writer_over(b->bytes[1], BYTES);
            struct assay_slice again;
            cr_assert_eq(assay_task_ledger_encode(ledger, &w), ASSAY_OK);
            cr_assert_eq(assay_writer_finish(&w, &again), ASSAY_OK);
            cr_assert(assay_slice_equal(good, again), "byte %zu", at);
            taken++;
        }
        b->bytes[0][at] = was;
    }
    cr_expect_gt(taken, 1000);
    free(ledger);
    done(b);
}
