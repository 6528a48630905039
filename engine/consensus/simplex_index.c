/*
 * engine/consensus/simplex_index.c - index of certificates by commitment and by statement.
 *
 * docs/protocol.md 5.26: a state without finality has thousands of them, and each proposal of it
 * names hundreds. Two lists for each bucket, through the certificates themselves: by commitment,
 * which is a hash, and by (type, view, block). Nothing a peer sends makes either grow: an entry is
 * a certificate of the table.
 */
#include "engine/consensus/simplex_internal.h"

uint32_t assay_sx_bucket_count(uint32_t certificate_max)
{
    ASSAY_ASSERT(certificate_max > 0 && certificate_max < SX_NONE / 2);
    uint32_t buckets = 1;
    while (buckets < certificate_max)
        buckets *= 2;
    return buckets;
}

/* Four bytes of a hash, spread by the rest of the key. */
static uint32_t bucket_of(const struct assay_simplex *s, const uint8_t hash[static 32],
                          uint64_t key)
{
    uint64_t mixed = key * 0x9e3779b97f4a7c15ULL;
    for (size_t i = 0; i < 4; i++)
        mixed ^= (uint64_t)hash[i] << (8 * i + 8);
    return (uint32_t)(mixed ^ mixed >> 32) & (s->bucket_count - 1);
}

static uint32_t *commitment_bucket(const struct assay_simplex *s,
                                   const uint8_t commitment[static 32])
{
    return &s->by_name[bucket_of(s, commitment, 0)];
}

static uint32_t *statement_bucket(const struct assay_simplex *s, enum assay_vote_type type,
                                  uint64_t view, const uint8_t id[static 32])
{
    return &s->by_statement[bucket_of(s, id, view * 8 + (uint64_t)type)];
}

static uint32_t *bucket_of_statement(const struct assay_simplex *s,
                                     const struct assay_vote_statement *statement)
{
    return statement_bucket(s, statement->type, statement->view, statement->block_id);
}

void assay_sx_index_clear(struct assay_simplex *s)
{
    for (uint32_t i = 0; i < s->bucket_count; i++)
        s->by_name[i] = s->by_statement[i] = SX_NONE;
    for (uint32_t i = 0; i < s->config.certificate_max; i++) {
        s->certificates[i].used = false;
        s->certificates[i].next_named = i + 1 < s->config.certificate_max ? i + 1 : SX_NONE;
    }
    s->certificate_free = 0;
    s->certificate_top = 0;
    s->unstored = 0;
}

uint32_t assay_sx_index_alloc(struct assay_simplex *s)
{
    const uint32_t index = s->certificate_free;
    if (index == SX_NONE) return SX_NONE;
    ASSAY_ASSERT(index < s->config.certificate_max && !s->certificates[index].used);
    s->certificate_free = s->certificates[index].next_named;
    if (index >= s->certificate_top) s->certificate_top = index + 1;
    return index;
}

void assay_sx_index_add(struct assay_simplex *s, uint32_t index)
{
    ASSAY_ASSERT(index < s->certificate_top);
    struct sx_certificate *certificate = &s->certificates[index];
    ASSAY_ASSERT(certificate->used);
    uint32_t *name = commitment_bucket(s, certificate->commitment);
    uint32_t *statement = bucket_of_statement(s, &certificate->statement);
    certificate->next_named = *name;
    certificate->next_stating = *statement;
    *name = index;
    *statement = index;
}

void assay_sx_index_remove(struct assay_simplex *s, uint32_t index)
{
    ASSAY_ASSERT(index < s->certificate_top && index != s->final_certificate);

    struct sx_certificate *certificate = &s->certificates[index];
    ASSAY_ASSERT(certificate->used && !certificate->primary);
    uint32_t *at = commitment_bucket(s, certificate->commitment);
    while (*at != index)
        at = &s->certificates[*at].next_named;
    *at = certificate->next_named;
    at = bucket_of_statement(s, &certificate->statement);
    while (*at != index)
        at = &s->certificates[*at].next_stating;
    *at = certificate->next_stating;
    if (!certificate->stored) s->unstored--;
    certificate->used = false;
    certificate->next_named = s->certificate_free;
    s->certificate_free = index;
}

uint32_t assay_sx_find_certificate(const struct assay_simplex *s,
                                   const uint8_t commitment[static 32])
{
    uint32_t i = *commitment_bucket(s, commitment);
    while (i != SX_NONE && !assay_bytes_equal(s->certificates[i].commitment, commitment, 32))
        i = s->certificates[i].next_named;
    ASSAY_ASSERT(i == SX_NONE || (i < s->certificate_top && s->certificates[i].used));
    return i;
}

uint32_t assay_sx_find_statement(const struct assay_simplex *s, enum assay_vote_type type,
                                 uint64_t view, const uint8_t id[static 32])
{
    uint32_t found = SX_NONE;
    for (uint32_t i = *statement_bucket(s, type, view, id); i != SX_NONE;
         i = s->certificates[i].next_stating) {
        const struct sx_certificate *certificate = &s->certificates[i];
        const struct assay_vote_statement *st = &certificate->statement;
        ASSAY_ASSERT(i < s->certificate_top && certificate->used);
        if (st->type != type || st->view != view || !assay_bytes_equal(st->block_id, id, 32))
            continue;
        found = i;
        if (certificate->primary) break;
    }
    return found;
}

uint32_t assay_sx_find_unstored(const struct assay_simplex *s)
{
    for (uint32_t i = s->unstored_from; s->unstored > 0 && i < s->certificate_top; i++)
        if (s->certificates[i].used && !s->certificates[i].stored) return i;
    ASSAY_ASSERT(s->unstored == 0);
    return SX_NONE;
}

void assay_sx_set_stored(struct assay_simplex *s, uint32_t index)
{
    ASSAY_ASSERT(index < s->certificate_top && s->unstored > 0);
    ASSAY_ASSERT(s->certificates[index].used && !s->certificates[index].stored);
    s->certificates[index].stored = true;
    s->unstored--;
    s->unstored_from = s->unstored > 0 ? index + 1 : SX_NONE;
}
