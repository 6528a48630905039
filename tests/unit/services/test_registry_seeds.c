/*
 * tests/unit/services/test_registry_seeds.c - seeds of fuzz_registry, fuzz_registry_records and
 * fuzz_records are of the format of today.
 */
#include "tests/support/depth.h"
#include "tests/support/seed.h"
#include "tests/unit/services/registry_pair.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

static bool is_a_course(const struct assay_registry *r)
{
    return assay_registry_group(r, 0)->instance_count > 1 &&
           assay_registry_shares(r)->cluster[0].seated;
}

static bool is_of_two_groups(const struct assay_registry *r)
{
    return assay_registry_group(r, 0)->phase == ASSAY_CONT_CHANGING &&
           assay_registry_group(r, 1)->phase == ASSAY_CONT_SERVING &&
           assay_registry_group(r, 1)->instance_count > 0;
}

static bool is_dealing(const struct assay_registry *r)
{
    const struct assay_share_registry *s = assay_registry_shares(r);
    return s->reshare_count > 0 && s->reshare[0].have[0] != 0;
}

struct script {
    struct pair *pair;
    struct assay_writer steps; /* as fuzz_registry_records reads them */
    uint8_t bytes[SEED_MAX];
    uint32_t paid;
};

static void script_put(struct assay_writer *w, uint8_t kind, uint32_t slot,
                       struct assay_slice payload)
{
    assay_writer_u8(w, kind);
    assay_writer_u8(w, (uint8_t)slot);
    assay_writer_u16be(w, (uint16_t)payload.len);
    assay_writer_put(w, payload.bytes, payload.len);
}

/* An epoch as the target closes it: standing and score are one byte. */
static void script_close(struct script *s)
{
    struct pair *const p = s->pair;
    uint8_t standings[WORLD_MEMBERS];
    const uint64_t epoch = p->world.epoch + 1;
    registry_world_close(&p->world);
    p->world.epoch = epoch;
    for (uint32_t i = 0; i < WORLD_MEMBERS; i++) {
        standings[i] = (uint8_t)p->world.member[i].standing;
        p->world.member[i] = (struct assay_registry_member){
            .standing = p->world.member[i].standing,
            .score_bp = standings[i],
            .certified = true,
            .operator_ = (uint8_t)i,
        };
    }
    script_put(&s->steps, 0, 0, assay_slice_over(standings, sizeof standings));
    pair_close_one(p, p->live, &p->received[0]);
}

static void script_step(struct script *s)
{
    struct pair *const p = s->pair;
    const struct registry_record *m = &p->record;
    if (registry_world_below(&p->world, 24) == 0) {
        script_close(s);
        return;
    }
    registry_world_record(&p->world, p->live, &p->record);
    script_put(&s->steps, (uint8_t)m->kind, m->slot, m->payload);
    const char *const word =
        assay_registry_apply(p->live, m->slot, m->node, m->kind, m->payload, p->facts);
    s->paid += m->kind == ASSAY_SERVICE_TASK_CLAIM && word[1] == 'p';
}

static void documents_put(struct pair *p, struct assay_writer *w)
{
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    for (uint32_t i = 0; i < documents.count; i++) {
        assay_writer_u16be(w, (uint16_t)documents.of[i].len);
        assay_writer_put(w, documents.of[i].bytes, documents.of[i].len);
    }
    registry_documents_free(&documents);
}

static void expect_documents(struct pair *p, const char *name, struct assay_slice seed)
{
    struct assay_cursor in = assay_cursor_over(seed.bytes, seed.len);
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    for (uint32_t i = 0; i < documents.count; i++) {
        uint16_t len = 0;
        cr_assert_eq(assay_cursor_u16be(&in, &len), ASSAY_OK, "%s", name);
        cr_assert_eq(assay_cursor_slice(&in, len, &documents.of[i]), ASSAY_OK, "%s", name);
    }
    cr_expect_eq(registry_documents_read(&documents, 0, p->read), ASSAY_OK, "%s", name);
    registry_documents_free(&documents);
}

static void expect_records(struct pair *p, const char *name, struct assay_slice seed)
{
    struct assay_cursor in = assay_cursor_over(seed.bytes, seed.len);
    while (assay_cursor_left(&in) > 0) {
        uint8_t head[2];
        uint16_t len = 0;
        struct assay_slice payload;
        cr_assert_eq(assay_cursor_copy(&in, head, 2), ASSAY_OK, "%s", name);
        cr_assert_eq(assay_cursor_u16be(&in, &len), ASSAY_OK, "%s", name);
        cr_assert_eq(assay_cursor_slice(&in, len, &payload), ASSAY_OK, "%s", name);
        const enum assay_service_kind kind = (enum assay_service_kind)head[0];
        if (kind != 0)
            cr_expect_eq(
                assay_registry_check_record(&p->world.plan, p->world.chain_id, kind, payload),
                ASSAY_OK, "%s: %s", name, assay_registry_kind_name(kind));
    }
}

Test(registry, seeds_of_courses_are_of_the_format_of_today, .timeout = 600)
{
    static const struct {
        const char *name;
        bool (*is)(const struct assay_registry *r); /* NULL: a task was paid */
    } seeds[] = { { "course", is_a_course },
                  { "two_groups", is_of_two_groups },
                  { "dealing", is_dealing },
                  { "paid", NULL } };
    static struct script script;
    static uint8_t bytes[SEED_MAX];
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        bool found = false;
        for (uint64_t round = 1; !found; round++) {
            cr_assert_lt(round, 200, "%s", seeds[i].name);
            script.pair = pair_of(round);
            script.steps = assay_writer_over(script.bytes, sizeof script.bytes);
            script.paid = 0;
            script_close(&script);
            for (uint32_t step = 0; step < 300 && !found; step++) {
                script_step(&script);
                found = seeds[i].is == NULL ? script.paid > 0 : seeds[i].is(script.pair->live);
            }
            if (!found) pair_free(script.pair);
        }
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        documents_put(script.pair, &w);
        expect_documents(script.pair, seeds[i].name,
                         seed_of("services_registry", seeds[i].name,
                                 assay_slice_over(bytes, w.len)));
        expect_records(script.pair, seeds[i].name,
                       seed_of("services_registry_records", seeds[i].name,
                               assay_slice_over(script.bytes, script.steps.len)));
        pair_free(script.pair);
    }
    struct pair *p = pair_of(1);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    documents_put(p, &w);
    expect_documents(p, "genesis",
                     seed_of("services_registry", "genesis", assay_slice_over(bytes, w.len)));
    pair_free(p);
}

static void expect_record(uint8_t number, const char *name, struct assay_slice payload,
                          enum assay_status (*decode)(struct assay_slice bytes),
                          enum assay_status status)
{
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX + 1] = { number };
    assay_bytes_copy(bytes + 1, sizeof bytes - 1, payload.bytes, payload.len);
    const struct assay_slice seed =
        seed_of("services_records", name, assay_slice_over(bytes, payload.len + 1));
    cr_expect_eq(decode(assay_slice_over(seed.bytes + 1, seed.len - 1)), status, "%s", name);
}

static enum assay_status read_replica(struct assay_slice bytes)
{
    struct assay_cont_replica_record record;
    return assay_cont_replica_record_decode(bytes, &record);
}

static enum assay_status read_session(struct assay_slice bytes)
{
    struct assay_cont_session_record record;
    return assay_cont_session_record_decode(bytes, &record);
}

static enum assay_status read_table(struct assay_slice bytes)
{
    struct assay_cont_table_record record;
    return assay_cont_table_record_decode(bytes, &record);
}

static enum assay_status read_keep(struct assay_slice bytes)
{
    struct assay_cont_keep_record record;
    return assay_cont_keep_record_decode(bytes, &record);
}

static enum assay_status read_retire(struct assay_slice bytes)
{
    struct assay_cont_retire_record record;
    return assay_cont_retire_record_decode(bytes, &record);
}

static enum assay_status read_silent(struct assay_slice bytes)
{
    struct assay_cont_silent_record record;
    return assay_cont_silent_record_decode(bytes, &record);
}

static enum assay_status read_alive(struct assay_slice bytes)
{
    struct assay_cont_alive_record record;
    return assay_cont_alive_record_decode(bytes, &record);
}

static enum assay_status read_receipt(struct assay_slice bytes)
{
    struct assay_cont_receipt record;
    return assay_cont_receipt_decode(bytes, &record);
}

static void expect_receipt(struct assay_slice payload)
{
    struct assay_cont_keep_record keep;
    uint8_t bytes[ASSAY_CONT_RECEIPT_MAX];
    struct assay_slice out;
    cr_assert_eq(assay_cont_keep_record_decode(payload, &keep), ASSAY_OK);
    cr_assert_eq(assay_cont_receipt_encode(&keep.receipt, bytes, sizeof bytes, &out), ASSAY_OK);
    expect_record(5, "receipt", out, read_receipt, ASSAY_OK);
    keep.receipt.seat[1] = keep.receipt.seat[0];
    cr_assert_eq(assay_cont_receipt_encode(&keep.receipt, bytes, sizeof bytes, &out), ASSAY_OK);
    expect_record(5, "receipt_seat_twice", out, read_receipt, ASSAY_E_DUPLICATE);
}

static void expect_session_0(struct assay_slice payload)
{
    struct assay_cont_session_record record;
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    cr_assert_eq(assay_cont_session_record_decode(payload, &record), ASSAY_OK);
    record.expected = 0;
    cr_assert_eq(assay_cont_session_record_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    expect_record(1, "session_0", out, read_session, ASSAY_E_RANGE);
}

Test(registry, seeds_of_records_are_of_the_format_of_today, .timeout = 600)
{
    static const struct {
        enum assay_service_kind kind;
        const char *name;
        enum assay_status (*decode)(struct assay_slice bytes);
    } seeds[] = { { ASSAY_SERVICE_REPLICA, "replica", read_replica }, /* as fuzz_records counts */
                  { ASSAY_SERVICE_SESSION, "session", read_session },
                  { ASSAY_SERVICE_TABLE, "table", read_table },
                  { ASSAY_SERVICE_KEEP, "keep", read_keep },
                  { ASSAY_SERVICE_RETIRE, "retire", read_retire },
                  { ASSAY_SERVICE_SILENT, "silent", read_silent }, /* behind the receipt */
                  { ASSAY_SERVICE_ALIVE, "alive", read_alive } };
    enum { SEEDS = sizeof seeds / sizeof *seeds, RECEIPT = 5 };
    uint32_t made = 0;
    for (uint64_t round = 1; made != (1u << SEEDS) - 1; round++) {
        struct pair *p = pair_of(round);
        cr_assert_lt(round, 200);
        pair_close_epoch(p);
        for (uint32_t step = 0; step < 400; step++) {
            if (step % 24 == 23) pair_close_epoch(p);
            (void)pair_apply(p);
            for (uint8_t i = 0; i < SEEDS; i++) {
                if (seeds[i].kind != p->record.kind || made >> i & 1) continue;
                expect_record(i < RECEIPT ? i : (uint8_t)(i + 1), seeds[i].name,
                              p->record.payload, seeds[i].decode, ASSAY_OK);
                if (seeds[i].kind == ASSAY_SERVICE_SESSION) expect_session_0(p->record.payload);
                if (seeds[i].kind == ASSAY_SERVICE_KEEP) expect_receipt(p->record.payload);
                made |= 1u << i;
            }
        }
        pair_free(p);
    }
}
