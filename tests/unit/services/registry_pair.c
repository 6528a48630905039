/*
 * tests/unit/services/registry_pair.c - a registry and its twin that is read from documents.
 */
#include "tests/unit/services/registry_pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void hear(struct heard *h, const void *facts, size_t len)
{
    const struct assay_slice pieces[] = { assay_slice_over(h->digest, 32),
                                          assay_slice_over(facts, len) };
    assay_sha256_pieces(pieces, 2, h->digest);
}

void pair_told(void *context, const struct assay_registry_facts *facts)
{
    struct heard *h = context;
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
    if (w->epoch > 0) assay_registry_stand(r, w->epoch, w->member, WORLD_MEMBERS);
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
    registry_documents_free(&documents);
}

/* Returns: what became of it. */
const char *pair_apply(struct pair *p)
{
    const struct registry_record *m = &p->record;
    registry_world_record(&p->world, p->live, &p->record);
    cr_assert_eq(
        assay_registry_check_record(&p->world.plan, p->world.chain_id, m->kind, m->payload),
        ASSAY_OK, "%s", assay_service_kind_name(m->kind));
    const char *const one =
        assay_registry_apply(p->live, m->slot, m->node, m->kind, m->payload, p->facts);
    pair_told(&p->heard[0], p->facts);
    const char *const other =
        assay_registry_apply(p->read, m->slot, m->node, m->kind, m->payload, p->facts);
    pair_told(&p->heard[1], p->facts);
    cr_assert_str_eq(one, other, "%s", assay_service_kind_name(m->kind));
    return one;
}

void pair_close_one(struct pair *p, struct assay_registry *r, struct heard *heard)
{
    assay_registry_close(r, p->world.epoch, p->world.member, WORLD_MEMBERS, p->facts, pair_told,
                         heard);
    assay_registry_check(r);
}

void pair_close_epoch(struct pair *p)
{
    registry_world_close(&p->world);
    pair_close_one(p, p->live, &p->heard[0]);
    pair_close_one(p, p->read, &p->heard[1]);
}

void pair_expect_same_facts(const struct pair *p)
{
    cr_assert_eq(p->heard[0].count, p->heard[1].count);
    cr_assert(assay_bytes_equal(p->heard[0].digest, p->heard[1].digest, 32));
}
