/*
 * tests/unit/services/shares/test_share_document.c - tests of the document of shares.
 *
 * Clusters and ids as the ledger keeps them (docs/services.md 7.5).
 */
#include "services/shares/cluster_internal.h"
#include "services/shares/document.h"
#include "tests/support/depth.h"
#include "tests/support/services/registry_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { BYTES = ASSAY_REGISTRY_DOCUMENT_LEN_MAX, IDS = 2000, DOCUMENTS = 5 };

struct bench {
    struct assay_share_config config;
    struct assay_share_registry *r, *read;
    struct assay_share_facts facts;
    struct assay_slice of[DOCUMENTS]; /* of bytes */
    uint8_t bytes[DOCUMENTS][BYTES];
};

static struct assay_share_registry *registry_of(const struct assay_share_config *config)
{
    const size_t len = assay_share_registry_size(config->ids_max);
    return assay_share_registry_init(malloc(len), len, config);
}

static struct bench *bench_of(uint32_t clusters, uint32_t slots, uint32_t k, uint32_t ids_max)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->config = (struct assay_share_config){
        .clusters = clusters, .slots = slots, .k = k, .confirmations = slots, .ids_max = ids_max
    };
    b->r = registry_of(&b->config);
    b->read = registry_of(&b->config);
    return b;
}

static void done(struct bench *b)
{
    free(b->r);
    free(b->read);
    free(b);
}

static struct assay_slice write_one(struct bench *b, const struct assay_share_registry *r,
                                    uint32_t document)
{
    struct assay_writer w = assay_writer_over(b->bytes[document], BYTES);
    cr_assert_eq(assay_share_registry_encode(r, document, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &b->of[document]), ASSAY_OK);
    return b->of[document];
}

static void write_all(struct bench *b, const struct assay_share_registry *r)
{
    for (uint32_t i = 0; i < assay_share_documents(b->config.ids_max); i++)
        (void)write_one(b, r, i);
}

/* What was written, from document `from` on. */
static enum assay_status read_all(struct bench *b, uint32_t from)
{
    const uint32_t count = assay_share_documents(b->config.ids_max);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = (from + i) % count;
        ASSAY_TRY(assay_share_registry_decode(b->read, at, b->of[at]));
    }
    return assay_share_registry_join(b->read);
}

/* Member i in slot i of cluster 0. */
static void seat_all(struct bench *b)
{
    enum assay_share_standing standing[ASSAY_SHARE_SLOTS_MAX];
    uint16_t score[ASSAY_SHARE_SLOTS_MAX] = { 0 };
    const uint8_t node[32] = { 9 };
    for (uint32_t i = 0; i < b->config.slots; i++)
        standing[i] = ASSAY_SHARE_STAND_FULL;
    assay_share_registry_close_epoch(b->r, 1, standing, score, b->config.slots, &b->facts);
    for (uint32_t i = 0; i < b->config.slots; i++) {
        const struct assay_share_holder_record record = { .node = { 9 },
                                                          .key = { (uint8_t)(i + 1) },
                                                          .curve = { (uint8_t)(i + 1) },
                                                          .address = "a:1/2",
                                                          .address_len = 5 };
        cr_assert_eq(assay_share_registry_apply_holder(b->r, i, node, &record, &b->facts),
                     ASSAY_SHARE_APPLIED);
    }
    cr_assert(b->r->cluster[0].seated);
}

/* So many that none has more than its quota. */
static struct assay_share_put_record put_of(uint32_t number)
{
    struct assay_share_put_record record = { .k = 2 };
    const uint32_t owner = number / ASSAY_SHARE_QUOTA_MIN;
    assay_bytes_copy(record.owner, sizeof record.owner, &owner, sizeof owner);
    return record;
}

static void put(struct bench *b, uint32_t number)
{
    struct assay_share_put_record record = put_of(number);
    assay_bytes_copy(record.name, 32, &number, sizeof number);
    assay_bytes_copy(record.digest, 32, &number, sizeof number);
    const uint32_t author = number % ASSAY_SHARE_MEMBERS_MAX;
    cr_assert_eq(assay_share_registry_apply_put(b->r, author, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

static void have(struct bench *b, uint32_t number, uint32_t slot)
{
    struct assay_share_put_record of = put_of(number);
    struct assay_share_list_record record = { .seating = b->r->cluster[0].seat[slot].seating,
                                              .count = 1 };
    assay_bytes_copy(of.name, 32, &number, sizeof number);
    assay_share_id(of.owner, of.name, record.line[0].id);
    assay_bytes_copy(record.line[0].digest, 32, &number, sizeof number);
    record.line[0].generation = 1;
    record.line[0].attempt = assay_share_put_attempt(b->r->epoch);
    cr_assert_eq(assay_share_registry_apply_have(b->r, slot, &record, &b->facts),
                 ASSAY_SHARE_APPLIED);
}

Test(share_document, an_id_that_changes_changes_one_document)
{
    struct bench *b = bench_of(1, 3, 2, IDS);
    static uint8_t before[DOCUMENTS][BYTES];
    cr_assert_eq(assay_share_documents(IDS), DOCUMENTS);
    seat_all(b);
    for (uint32_t i = 0; i < IDS; i++)
        put(b, i);
    write_all(b, b->r);
    for (uint32_t number = 0; number < IDS; number += 111) {
        size_t len[DOCUMENTS];
        uint32_t changed = 0, which = 0;
        for (uint32_t i = 0; i < DOCUMENTS; i++) {
            len[i] = b->of[i].len;
            assay_bytes_copy(before[i], BYTES, b->bytes[i], len[i]);
        }
        have(b, number, number % 3);
        write_all(b, b->r);
        for (uint32_t i = 0; i < DOCUMENTS; i++)
            if (b->of[i].len != len[i] || !assay_bytes_equal(before[i], b->bytes[i], len[i])) {
                changed++;
                which = i;
            }
        cr_expect_eq(changed, 1);
        cr_expect_eq(which, ASSAY_SHARE_DOCUMENT_FIRST + number / ASSAY_SHARE_DOCUMENT_ROWS);
    }
    done(b);
}

Test(share_document, documents_are_read_in_any_order)
{
    struct bench *b = bench_of(1, 3, 2, IDS);
    seat_all(b);
    for (uint32_t i = 0; i < IDS; i++)
        put(b, i);
    for (uint32_t from = 0; from < DOCUMENTS; from++) {
        write_all(b, b->r);
        cr_assert_eq(read_all(b, from), ASSAY_OK);
        for (uint32_t i = 0; i < DOCUMENTS; i++) {
            struct assay_slice was = b->of[i], now;
            uint8_t *copy = malloc(was.len);
            assay_bytes_copy(copy, was.len, was.bytes, was.len);
            was.bytes = copy;
            now = write_one(b, b->read, i);
            cr_expect(assay_slice_equal(was, now));
            free(copy);
        }
        cr_expect_eq(b->read->row_count, IDS);
        cr_expect_not_null(assay_share_registry_find(b->read, b->r->row[1234].id));
    }
    done(b);
}

Test(share_document, rows_come_without_a_gap_and_each_id_once)
{
    struct bench *b = bench_of(1, 3, 2, IDS);
    seat_all(b);
    for (uint32_t i = 0; i < 900; i++)
        put(b, i);
    write_all(b, b->r);
    b->r->row_count = ASSAY_SHARE_DOCUMENT_ROWS - 1; /* one less than the first one has */
    (void)write_one(b, b->r, 2);
    cr_expect_eq(read_all(b, 0), ASSAY_E_INVALID, "a gap between documents");
    b->r->row_count = 900;
    const struct assay_share_row row = b->r->row[5];
    b->r->row[5] = b->r->row[880];
    (void)write_one(b, b->r, 2);
    cr_expect_eq(read_all(b, 0), ASSAY_E_INVALID, "an id twice, in two documents");
    b->r->row[5] = row;
    (void)write_one(b, b->r, 2);
    cr_expect_eq(read_all(b, 0), ASSAY_OK);
    (void)write_one(b, b->r, 3);
    b->of[2] = b->of[3];
    cr_expect_eq(read_all(b, 0), ASSAY_E_RANGE, "one in the place of another");
    done(b);
}

Test(share_document, it_is_of_this_configuration)
{
    struct bench *b = bench_of(2, 5, 3, 10);
    write_all(b, b->r);
    struct assay_share_config other[5];
    for (uint32_t i = 0; i < 5; i++)
        other[i] = b->config;
    other[0].clusters = 1;
    other[1].slots = 6;
    other[2].k = 2;
    other[3].confirmations = 4;
    other[4].ids_max = 11;
    for (uint32_t i = 0; i < 5; i++) {
        struct assay_share_registry *r = registry_of(&other[i]);
        cr_expect_eq(assay_share_registry_decode(r, 0, b->of[0]), ASSAY_E_RANGE, "%u", i);
        free(r);
    }
    cr_expect_eq(read_all(b, 1), ASSAY_OK);
    done(b);
}

/* --- what no fold could have made */

/* One that waits, one that was deleted, one whose readers were changed. */
static bool has_all_kinds(const struct assay_share_registry *s)
{
    bool waits = false, deleted = false, changed = false;
    for (uint32_t i = 0; i < s->row_count; i++) {
        waits = waits || (!s->row[i].synced && !s->row[i].deleted);
        deleted = deleted || s->row[i].deleted;
        changed = changed || s->row[i].version > 0;
    }
    return waits && deleted && changed;
}

/* Of a course of random records: with an id that is dealt anew and has reached its slots. */
static struct assay_registry *rich(struct registry_world *w)
{
    static struct registry_record m;
    static struct assay_registry_facts facts;
    for (uint64_t seed = 1;; seed++) {
        registry_world_init(w, seed);
        struct assay_registry *r = registry_world_fresh(w);
        for (uint32_t step = 0; step < 600; step++) {
            const struct assay_share_registry *s = assay_registry_shares(r);
            if (s->reshare_count > 1 && s->begun > s->reshare_count && s->reshare[0].have[0] != 0 &&
                s->synced_count > 3 && has_all_kinds(s) && s->cluster[1].seated)
                return r;
            if (step % 24 == 0) {
                registry_world_close(w);
                assay_registry_close_epoch(r, w->epoch, w->member, WORLD_MEMBERS, &facts, NULL,
                                           NULL);
            }
            registry_world_record(w, r, &m);
            (void)assay_registry_apply(r, m.slot, m.node, m.kind, m.payload, NULL);
        }
        free(r);
    }
}

static void expect_same_fields(const struct assay_share_registry *a,
                               const struct assay_share_registry *b)
{
    cr_expect(a->begun == b->begun && a->begin_at == b->begin_at);
    cr_expect(a->row_count == b->row_count && a->synced_count == b->synced_count);
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        const struct assay_share_member *m = &a->member[i], *n = &b->member[i];
        cr_expect(assay_bytes_equal(m->curve, n->curve, 32) && m->address_len == n->address_len &&
                  assay_bytes_equal(m->address, n->address, sizeof m->address));
        cr_expect(m->listed == n->listed && m->convicted == n->convicted);
        cr_expect(m->cluster == n->cluster && assay_bytes_equal(m->key, n->key, 64));
        cr_expect(assay_bytes_equal(m->node, n->node, 32));
    }
    for (uint32_t i = 0; i < a->row_count; i++) {
        const struct assay_share_row *m = &a->row[i], *n = &b->row[i];
        cr_expect(assay_bytes_equal(m->id, n->id, 32) && assay_bytes_equal(m->have, n->have, 32));
        cr_expect(assay_bytes_equal(m->payload, n->payload, 32));
        cr_expect(assay_bytes_equal(m->owner, n->owner, 32) && m->author == n->author);
        cr_expect(m->birth.era == n->birth.era && m->birth.epoch == n->birth.epoch);
        cr_expect(m->version == n->version && m->deleted == n->deleted);
        cr_expect_eq(m->deleted_epoch, n->deleted_epoch);
        cr_expect(m->tried == n->tried && m->wanted == n->wanted && m->reshare == n->reshare);
        cr_expect(m->put_epoch == n->put_epoch && m->reader_count == n->reader_count);
        cr_expect_eq(a->order[i], b->order[i]);
    }
    for (uint32_t i = 0; i < a->reshare_count; i++)
        cr_expect(assay_bytes_equal(&a->reshare[i], &b->reshare[i], sizeof a->reshare[i]));
}

Test(share_document, all_of_it_is_kept)
{
    struct registry_world w;
    struct assay_registry *whole = rich(&w);
    const struct assay_share_registry *const good = assay_registry_shares(whole);
    struct bench *b = bench_of(2, 4, 2, good->config.ids_max);
    free(b->read);
    b->config = good->config;
    b->read = registry_of(&b->config);
    write_all(b, good);
    cr_assert_eq(read_all(b, 0), ASSAY_OK);
    cr_expect_gt(good->begun, good->reshare_count, "some that began are done");
    expect_same_fields(good, b->read);
    free(whole);
    done(b);
}

static struct assay_share_registry *copy_of(const struct assay_share_registry *from)
{
    struct assay_share_registry *copy = registry_of(&from->config);
    assay_share_registry_copy(copy, from);
    cr_assert(assay_share_registry_is_valid(copy));
    return copy;
}

static uint32_t waiting_row(const struct assay_share_registry *r)
{
    uint32_t i = 0;
    while (r->row[i].synced || r->row[i].deleted)
        i++;
    return i;
}

static uint32_t deleted_row(const struct assay_share_registry *r)
{
    uint32_t i = 0;
    while (!r->row[i].deleted)
        i++;
    return i;
}

static uint32_t listed_member(const struct assay_share_registry *r, uint32_t from)
{
    while (!r->member[from].listed)
        from++;
    return from;
}

#define UNSOUND(change)                                                                            \
    do {                                                                                           \
        struct assay_share_registry *r = copy_of(good);                                            \
        struct assay_share_reshare *reshare = &r->reshare[0];                                      \
        struct assay_share_row *dealt = &r->row[reshare->row];                                     \
        struct assay_share_row *waits = &r->row[waiting_row(r)];                                   \
        struct assay_share_member *first = &r->member[listed_member(r, 0)];                        \
        struct assay_share_member *second = &r->member[listed_member(r, listed_member(r, 0) + 1)]; \
        struct assay_share_row *gone = &r->row[deleted_row(r)];                                    \
        (void)dealt, (void)waits, (void)gone, (void)first, (void)second;                           \
        change;                                                                                    \
        cr_expect(!assay_share_registry_is_valid(r), "%s", #change);                               \
        free(r);                                                                                   \
    } while (0)

Test(share_document, what_no_fold_could_have_made_is_not_sound)
{
    struct registry_world w;
    struct assay_registry *whole = rich(&w);
    const struct assay_share_registry *const good = assay_registry_shares(whole);
    UNSOUND(r->begun = r->reshare_count - 1);
    UNSOUND(r->begun = ASSAY_SHARE_BEGUN_MAX + 1);
    UNSOUND(r->begin_at = r->config.ids_max + 1);
    UNSOUND(r->synced_count++);
    UNSOUND((first->key[9] ^= 1, assay_bytes_copy(second->key, 64, first->key, 64)));
    UNSOUND(first->cluster = r->config.clusters);
    UNSOUND(first->listed = false; first->convicted = true);
    UNSOUND(r->cluster[0].ready = 16);
    UNSOUND(r->cluster[0].seat[0].member = ASSAY_SHARE_NO_MEMBER + 1);
    UNSOUND(r->cluster[0].seat[0].member = 100);
    UNSOUND(r->cluster[0].seat[0].member = r->cluster[1].seat[2].member);
    UNSOUND(r->cluster[0].seat[0].member = ASSAY_SHARE_NO_MEMBER;
            assay_bytes_copy(r->cluster[0].seat[0].key, 64, first->key, 64));
    UNSOUND((first->curve[0] = 9, assay_bytes_copy(second->curve, 32, first->curve, 32)));
    UNSOUND(assay_bytes_copy(r->cluster[1].seat[3].key, 64, r->cluster[0].seat[0].key, 64));
    UNSOUND(r->cluster[1].seated = false);
    UNSOUND(dealt->wanted = 0);
    UNSOUND(dealt->wanted = 4);
    UNSOUND(dealt->generation++);
    UNSOUND(dealt->tried++);
    UNSOUND(dealt->attempt = 0);
    UNSOUND(dealt->synced = false; r->synced_count--);
    UNSOUND(dealt->reshare = 0);
    UNSOUND(dealt->have[reshare->cluster] &= ~reshare->dealers);
    UNSOUND(dealt->have[reshare->cluster] &= ~(reshare->dealers & (0U - reshare->dealers)));
    UNSOUND(r->cluster[reshare->cluster].ready = 0);
    UNSOUND(waits->have[waits->origin] = 15);
    UNSOUND(waits->have[waits->origin] |= 16);
    UNSOUND(waits->have[1 - waits->origin] = 1);
    UNSOUND(waits->have[5] = 1);
    UNSOUND(waits->generation = 2);
    UNSOUND(waits->attempt = 2);
    UNSOUND(waits->tried = 1; waits->wanted = 1);
    UNSOUND(waits->origin = 2);
    UNSOUND(waits->version = 1);
    UNSOUND(waits->author = ASSAY_SHARE_NO_MEMBER + 1);
    UNSOUND(waits->birth.epoch = waits->put_epoch + 1);
    UNSOUND(waits->put_epoch = waits->birth.epoch + ASSAY_SHARE_PUT_EPOCHS;
            waits->attempt = assay_share_put_attempt(waits->put_epoch));
    UNSOUND(gone->author = ASSAY_SHARE_NO_MEMBER + 1);
    UNSOUND(gone->synced = true; r->synced_count++);
    UNSOUND(gone->have[0] = 1);
    UNSOUND(gone->wanted = 1);
    UNSOUND(gone->version = 1);
    UNSOUND(gone->deleted = false);
    UNSOUND(gone->deleted_epoch = 0);
    UNSOUND(gone->put_epoch = 1);
    UNSOUND(waits->deleted_epoch = waits->birth.epoch);
    UNSOUND(reshare->dealers = 15);
    UNSOUND(reshare->dealt = 0);
    UNSOUND(reshare->have[1] = reshare->have[0]; reshare->digest[1][0] = 1);
    UNSOUND(reshare->have[0] = 15);
    UNSOUND(reshare->other = 16);
    UNSOUND(reshare->other = 1);
    UNSOUND(reshare->have[0] = 0);
    UNSOUND(reshare->have[0] = 0; reshare->have[1] = 1);
    UNSOUND(reshare->digest[2][0] = 1);
    UNSOUND(waits->gone = 16);
    UNSOUND(reshare->cluster = 2);
    UNSOUND(reshare->attempt++);
    UNSOUND(r->order[0] = r->order[1]);
    free(whole);
}

Test(share_document, what_no_public_attempt_could_have_made_is_not_sound)
{
    struct registry_world w;
    struct assay_registry *whole = rich(&w);
    const struct assay_share_registry *const good = assay_registry_shares(whole);
    UNSOUND(reshare->is_public = true);
    UNSOUND(reshare->able = 1);
    UNSOUND(reshare->place = 1);
    UNSOUND(r->round->phase = ASSAY_SHARE_PHASE_DEALS);
    UNSOUND(r->cluster[0].seat[0].has_next = false; r->cluster[0].seat[0].next_era = 1);
    UNSOUND(r->cluster[0].seat[0].next[3] = 1; r->cluster[0].seat[0].has_next = false);
    UNSOUND(first->listed = false; first->away_until = 1);
    free(whole);
}

/* The same by bytes of a document: whatever is taken is sound, and was written so. */
static void change_bytes(uint32_t document)
{
    struct registry_world w;
    struct assay_registry *whole = rich(&w);
    const struct assay_share_registry *const good = assay_registry_shares(whole);
    struct bench *b = bench_of(2, 4, 2, good->config.ids_max);
    static uint8_t again[BYTES];
    uint32_t taken = 0, refused = 0;
    free(b->read);
    b->config = good->config;
    b->read = registry_of(&b->config);
    write_all(b, good);
    for (size_t at = 0; at < b->of[document].len; at += test_every(5)) {
        const uint8_t was = b->bytes[document][at];
        for (uint32_t value = 0; value < 256; value += 1 + at % 5) {
            b->bytes[document][at] = (uint8_t)value;
            if (read_all(b, document) != ASSAY_OK) {
                refused++;
                continue;
            }
            struct assay_writer out = assay_writer_over(again, BYTES);
            cr_assert_eq(assay_share_registry_encode(b->read, document, &out), ASSAY_OK);
            cr_assert(out.len == b->of[document].len &&
                          assay_bytes_equal(again, b->bytes[document], out.len),
                      "byte %zu of document %u", at, document);
            taken++;
        }
        b->bytes[document][at] = was;
    }
    cr_expect_gt(taken, 1000);
    cr_expect_gt(refused, 1000);
    free(whole);
    done(b);
}

Test(share_document, no_other_bytes_are_a_head, .timeout = 600)
{
    change_bytes(0);
}

Test(share_document, no_other_bytes_are_rows, .timeout = 600)
{
    change_bytes(ASSAY_SHARE_DOCUMENT_FIRST);
}
