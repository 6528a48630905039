/*
 * tests/unit/net/test_runtime_changes.c - tests of the changes that a node offers by feature level,
 * and of the numbers of proposals in its answers (docs/protocol.md 9.6.9, 9.19).
 *
 * Engine, queue and links are made up; store, changes and proposals are the real ones.
 */
#include "engine/store/store_memory.h"
#include "net/runtime/runtime_internal.h"
#include "tests/unit/engine/ledger/review_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ANY_ENGINE = 64 };

static struct assay_runtime host; /* large */
static struct change_bench *bench;
static uint8_t any_engine[ANY_ENGINE];
static uint32_t level, queued, sent;
static uint64_t running;

/* --------------------------------------------------------------- what the engine would say */

void assay_engine_changes(const struct assay_engine *engine, struct assay_changes_snapshot *changes)
{
    (void)engine;
    *changes = (struct assay_changes_snapshot){ .sequence = bench->state.change_sequence };
    changes->rules.parameters.level = level;
}

void assay_engine_snapshot(const struct assay_engine *engine,
                           struct assay_engine_snapshot *snapshot)
{
    (void)engine;
    *snapshot = (struct assay_engine_snapshot){ .era = bench->state.era, .epoch = running };
}

void assay_engine_member_snapshot(const struct assay_engine *engine, uint16_t slot,
                                  struct assay_member_snapshot *snapshot)
{
    (void)engine;
    (void)slot;
    *snapshot = (struct assay_member_snapshot){ .stage = ASSAY_STAGE_MEMBER };
}

/* --------------------------------------------------------------- what the runtime would do */

void runtime_queue_event(struct assay_runtime *runtime, const struct assay_event *event)
{
    (void)runtime;
    queued += event->kind == ASSAY_EVENT_MESSAGE && event->as.message.kind == ASSAY_MESSAGE_RECORD;
}

void runtime_send(struct assay_runtime *runtime, uint16_t to, uint16_t except,
                  enum assay_message_kind kind, struct assay_slice payload)
{
    (void)runtime;
    (void)payload;
    sent += to == ASSAY_SLOT_ALL && except == ASSAY_SLOT_ALL && kind == ASSAY_MESSAGE_RECORD;
}

void runtime_fail(struct assay_runtime *runtime, enum assay_status status, const char *what)
{
    (void)runtime;
    cr_assert_eq(status, ASSAY_OK, "%s", what);
}

void runtime_log_event(struct assay_runtime *runtime, const char *code, uint16_t slot, uint64_t a,
                       uint64_t b, const char *format, ...)
{
    (void)runtime;
    (void)code;
    (void)slot;
    (void)a;
    (void)b;
    (void)format;
}

uint32_t runtime_find_slot(const struct assay_runtime *runtime, const uint8_t node_id[static 32])
{
    (void)node_id;
    return runtime->members;
}

const char *runtime_slot_name(const struct assay_runtime *runtime, uint16_t slot, char *text,
                              size_t text_len)
{
    (void)runtime;
    (void)slot;
    (void)text_len;
    text[0] = '\0';
    return text;
}

const struct assay_genesis *runtime_founding_genesis(const struct assay_runtime *runtime)
{
    return runtime->config.genesis;
}

void assay_dispatch_request_commit(struct assay_dispatch *dispatch)
{
    (void)dispatch;
}

/* --------------------------------------------------------------- the tests */

static void set_up(void)
{
    bench = review_make_bench();
    host = (struct assay_runtime){ .config.genesis = &bench->genesis, .members = CHANGE_MEMBERS };
    host.engine = (struct assay_engine *)(void *)any_engine;
    cr_assert_eq(assay_store_memory_create(&host.config.store), ASSAY_OK);
    running = bench->context.epoch;
    level = ASSAY_LEVEL_REVIEWS;
    queued = sent = 0;
}

static void tear_down(void)
{
    runtime_reviews_close(&host);
    if (host.changes != NULL) runtime_changes_close(&host);
    assay_store_close(&host.config.store);
    change_drop(bench);
}

TestSuite(net_runtime_changes, .init = set_up, .fini = tear_down, .timeout = 60);

/* A change that this node was given before its start, and that no block has. */
static void store_change(const struct assay_action *action)
{
    const struct assay_change head = change_head_of(bench, 1, running + 40);
    const struct assay_store_key key = { .number = RUNTIME_META_CHANGES };
    struct change_made *m = change_make_change(bench, &head, action, 1, 3);
    cr_assert_eq(assay_store_put(host.config.store, ASSAY_STORE_META, &key, m->record.bytes),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(host.config.store), ASSAY_OK);
    free(m);
    cr_assert_eq(runtime_changes_open(&host), ASSAY_OK);
}

/* A build of before cannot read it, and would count it against the node that sends it. */
Test(net_runtime_changes, a_change_of_a_key_is_offered_from_its_level_on)
{
    struct assay_action a = change_about(ASSAY_ACTION_IDENTITY, bench, 1);
    assay_bytes_copy(a.public_key, 64, bench->state.members[2].identity_public, 64);
    store_change(&a);
    for (level = 0; level < ASSAY_LEVEL_KEYS; level++) {
        runtime_changes_on_epoch(&host);
        cr_expect_eq(queued, 0, "level %u: own pool", level);
        cr_expect_eq(sent, 0, "level %u: peers", level);
        running++;
    }
    runtime_changes_on_epoch(&host);
    cr_expect_eq(queued, 1, "it waited, and is offered once the level is in force");
    cr_expect_eq(sent, 1);
}

Test(net_runtime_changes, a_change_that_all_builds_read_waits_for_no_level)
{
    const struct assay_action a = change_about(ASSAY_ACTION_REST, bench, 1);
    store_change(&a);
    level = 0;
    runtime_changes_on_epoch(&host);
    cr_expect_eq(queued, 1);
    cr_expect_eq(sent, 1);
}

static void state(uint32_t operator_, enum assay_review_act act, const struct review_change *c)
{
    struct assay_reviews_facts facts;
    struct assay_review r = review_of(bench, operator_, act, c);
    struct review_made *m = review_sign(bench, &r, operator_);
    runtime_reviews_facts(&host, &facts);
    cr_assert(assay_reviews_apply(&host.reviews->set, &m->record, running, &facts, NULL, NULL));
    free(m);
}

static void expect_numbers(uint32_t open, uint32_t waiting, uint32_t missing, const char *when)
{
    const struct assay_snapshot_proposals s = runtime_reviews_summary(&host);
    cr_expect_eq(s.open, open, "%s: %u are open", when, (unsigned)s.open);
    cr_expect_eq(s.waiting, waiting, "%s: %u wait", when, (unsigned)s.waiting);
    cr_expect_eq(s.missing, missing, "%s: %u are missing", when, (unsigned)s.missing);
}

static void pass_epoch(void)
{
    running++;
    runtime_reviews_on_epoch(&host);
}

/* Each answer of a node has these numbers, and requests come at any rate: they are made once an
 * epoch, of what its blocks leave, and once at a start. */
Test(net_runtime_changes, proposals_are_counted_once_an_epoch)
{
    struct review_change first, second;
    const uint32_t needed = bench->genesis.threshold;
    cr_assert_geq(needed, 2);
    review_make_change(bench, 1, "a", &first);
    review_make_change(bench, 1, "b", &second);
    expect_numbers(0, 0, 0, "before there is a set");
    cr_assert_eq(runtime_reviews_open(&host), ASSAY_OK);
    state(0, ASSAY_REVIEW_PROPOSE, &first);
    state(1, ASSAY_REVIEW_PROPOSE, &second);
    expect_numbers(0, 0, 0, "while the epoch runs");
    pass_epoch();
    expect_numbers(2, 2, needed - 1, "after its close");
    for (uint32_t i = 1; i < needed; i++)
        state(i, ASSAY_REVIEW_APPROVE, &first);
    expect_numbers(2, 2, needed - 1, "while the next one runs");
    pass_epoch();
    expect_numbers(2, 1, needed - 1, "enough approve of one");
    runtime_reviews_close(&host);
    expect_numbers(0, 0, 0, "while it starts");
    cr_assert_eq(runtime_reviews_open(&host), ASSAY_OK);
    expect_numbers(2, 1, needed - 1, "after a restart");
    running = REVIEW_EXPIRES;
    pass_epoch();
    expect_numbers(0, 0, 0, "they expired");
}
