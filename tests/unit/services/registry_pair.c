/*
 * tests/unit/services/registry_pair.c - a registry and its twin that is read from documents.
 */
#include "tests/unit/services/registry_pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void hear(struct received *h, const void *facts, size_t len)
{
    const struct assay_slice pieces[] = { assay_slice_over(h->digest, 32),
                                          assay_slice_over(facts, len) };
    assay_sha256_pieces(pieces, 2, h->digest);
}

void pair_told(void *context, const struct assay_registry_facts *facts)
{
    struct received *h = context;
    h->count += facts->continuity.count + facts->shares.count + facts->task_count;
    hear(h, &facts->group, sizeof facts->group);
    hear(h, facts->continuity.fact, facts->continuity.count * sizeof *facts->continuity.fact);
    hear(h, facts->shares.fact, facts->shares.count * sizeof *facts->shares.fact);
    hear(h, facts->task, facts->task_count * sizeof *facts->task);
}

struct pair *pair_of(uint64_t seed)
{
    struct pair *p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    registry_world_init(&p->world, seed);
    p->live = registry_world_fresh(&p->world);
    p->read = registry_world_fresh(&p->world);
    p->facts = calloc(1, sizeof *p->facts);
    cr_assert_not_null(p->facts);
    return p;
}

void pair_free(struct pair *p)
{
    free(p->live);
    free(p->read);
    free(p->facts);
    free(p);
}

void pair_stand(const struct registry_world *w, struct assay_registry *r)
{
    if (w->epoch > 0) assay_registry_set_standing(r, w->epoch, w->member, WORLD_MEMBERS);
}

void pair_expect_same_documents(struct pair *p)
{
    struct registry_documents one, other;
    registry_documents_of(&p->world, p->live, &one);
    registry_documents_of(&p->world, p->read, &other);
    for (uint32_t i = 0; i < one.count; i++) {
        char name[80];
        assay_registry_document_name(&p->world.plan, i, name);
        cr_assert(assay_slice_equal(one.of[i], other.of[i]), "%s differs", name);
    }
    registry_documents_free(&one);
    registry_documents_free(&other);
}

static void expect_same_row(const struct assay_share_row *one, const struct assay_share_row *other)
{
    cr_assert_eq(one->deleted, other->deleted);
    cr_assert(assay_bytes_equal(one->id, other->id, 32));
    cr_assert(assay_bytes_equal(one->owner, other->owner, 32));
    cr_assert_eq(one->author, other->author, "an id is charged to member %u, it was %u",
                 other->author, one->author);
    cr_assert_eq(one->deleted_epoch, other->deleted_epoch);
    if (one->deleted) return;
    cr_assert(one->generation == other->generation && one->attempt == other->attempt &&
              one->tried == other->tried && one->due_epoch == other->due_epoch &&
              one->gone == other->gone && one->wanted == other->wanted);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        cr_assert_eq(one->have[c], other->have[c]);
}

static void expect_same_reshare(const struct assay_share_reshare *one,
                                const struct assay_share_reshare *other)
{
    cr_assert(one->row == other->row && one->attempt == other->attempt &&
              one->dealers == other->dealers && one->dealt == other->dealt &&
              one->other == other->other && one->whole == other->whole);
    for (uint32_t i = 0; i < ASSAY_SHARE_DIGESTS_MAX; i++) {
        cr_assert_eq(one->have[i], other->have[i], "slots %x keep digest %u, they were %x",
                     other->have[i], i, one->have[i]);
        if (one->have[i] != 0) cr_assert(assay_bytes_equal(one->digest[i], other->digest[i], 32));
    }
}

/* Courses see little of what decides in later epochs alone: a quota, an incomplete vote. */
static void expect_same_shares(const struct pair *p)
{
    const struct assay_share_registry *one = assay_registry_shares(p->live),
                                      *other = assay_registry_shares(p->read);
    cr_assert(one->row_count == other->row_count && one->reshare_count == other->reshare_count);
    for (uint32_t i = 0; i < one->row_count; i++)
        expect_same_row(&one->row[i], &other->row[i]);
    for (uint32_t i = 0; i < one->reshare_count; i++)
        expect_same_reshare(&one->reshare[i], &other->reshare[i]);
}

void pair_read_again(struct pair *p)
{
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    free(p->read);
    p->read = registry_world_fresh(&p->world);
    cr_assert_eq(registry_documents_read(&documents, registry_world_below(&p->world, 8), p->read),
                 ASSAY_OK);
    pair_stand(&p->world, p->read);
    assay_registry_check(p->read);
    expect_same_shares(p);
    registry_documents_free(&documents);
}

/* Returns: what became of it. */
const char *pair_apply(struct pair *p)
{
    const struct registry_record *m = &p->record;
    registry_world_record(&p->world, p->live, &p->record);
    cr_assert_eq(
        assay_registry_check_record(&p->world.plan, p->world.chain_id, m->kind, m->payload),
        ASSAY_OK, "%s", assay_registry_kind_name(m->kind));
    const char *const one =
        assay_registry_apply(p->live, m->slot, m->node, m->kind, m->payload, p->facts);
    pair_told(&p->received[0], p->facts);
    const char *const other =
        assay_registry_apply(p->read, m->slot, m->node, m->kind, m->payload, p->facts);
    pair_told(&p->received[1], p->facts);
    cr_assert_str_eq(one, other, "%s", assay_registry_kind_name(m->kind));
    return one;
}

void pair_close_one(struct pair *p, struct assay_registry *r, struct received *received)
{
    assay_registry_close_epoch(r, p->world.epoch, p->world.member, WORLD_MEMBERS, p->facts,
                               pair_told, received);
    assay_registry_check(r);
}

void pair_close_epoch(struct pair *p)
{
    registry_world_close(&p->world);
    pair_close_one(p, p->live, &p->received[0]);
    pair_close_one(p, p->read, &p->received[1]);
}

void pair_expect_same_facts(const struct pair *p)
{
    cr_assert_eq(p->received[0].count, p->received[1].count);
    cr_assert(assay_bytes_equal(p->received[0].digest, p->received[1].digest, 32));
}
