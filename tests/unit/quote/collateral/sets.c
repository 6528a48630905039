/*
 * tests/unit/quote/collateral/sets.c - sets of endorsements for tests (sets.h).
 */
#include "tests/unit/quote/collateral/sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct made *made_open(void)
{
    struct made *const m = calloc(1, sizeof *m);
    cr_assert_not_null(m);
    return m;
}

void made_close(struct made *m)
{
    free(m);
}

struct assay_soft_terms terms_at(const struct assay_soft_ca *ca, int64_t after_s, uint32_t number)
{
    struct assay_soft_terms terms;
    assay_soft_terms_default(ca, &terms);
    terms.issue_unix_s = SET_FROM + after_s;
    terms.next_unix_s = terms.issue_unix_s + SET_LIFE;
    terms.evaluation_number = number;
    return terms;
}

void made_soft(struct made *m, const struct assay_soft_ca *ca, const struct assay_soft_terms *terms)
{
    cr_assert_lt(m->count, SET_ENTRIES_MAX);
    struct assay_soft_bundle *const bundle = &m->bundles[m->count];
    cr_assert_eq(assay_soft_collateral(ca, terms, bundle), ASSAY_OK);
    m->entries[m->count] = (struct assay_endorsement_files){
        .root = assay_key_p256(ca->root_public),
        .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT),
        .files = bundle->files,
    };
    m->count += 1;
}

void made_other(struct made *m, const struct authority_key *root, uint32_t kinds,
                const struct authority_certificate *certificates, size_t count,
                const struct authority_crl *lists, size_t list_count)
{
    cr_assert_lt(m->count, SET_ENTRIES_MAX);
    struct assay_endorsement_files *const entry = &m->entries[m->count];
    uint8_t *const room = m->pieces[m->count];
    size_t used = 0;
    *entry = (struct assay_endorsement_files){ .kinds = kinds };
    authority_key_public(root, &entry->root);
    cr_assert_leq(count + list_count, SET_PIECES_MAX);
    for (size_t i = 0; i < count; i++)
        used += authority_certificate_make(&certificates[i], room + used);
    entry->files.part[ASSAY_PART_CERTIFICATES] = assay_slice_over(room, used);
    const size_t before = used;
    for (size_t i = 0; i < list_count; i++)
        used += authority_crl_make(&lists[i], room + used);
    entry->files.part[ASSAY_PART_CRL] = assay_slice_over(room + before, used - before);
    m->count += 1;
}

static int by_entry(const void *a, const void *b)
{
    return assay_endorsement_compare(a, b);
}

static void read_back(struct made *m)
{
    const enum assay_status status =
        assay_endorsements_read(m->bytes, m->len, m->collateral, SET_ENTRIES_MAX, &m->built);
    cr_assert_eq(status, ASSAY_OK, "%s", assay_status_symbol(status));
    m->set.bytes = assay_slice_over(m->bytes, m->len);
    m->set.built = &m->built;
}

void made_build(struct made *m)
{
    struct assay_writer w = assay_writer_over(m->bytes, sizeof m->bytes);
    qsort(m->entries, m->count, sizeof m->entries[0], by_entry);
    const enum assay_status status = assay_endorsements_encode(m->entries, m->count, &w);
    cr_assert_eq(status, ASSAY_OK, "%s", assay_status_symbol(status));
    m->len = w.len;
    read_back(m);
}

void made_read(struct made *m, const uint8_t *bytes, size_t len)
{
    assay_bytes_copy(m->bytes, sizeof m->bytes, bytes, len);
    m->len = len;
    read_back(m);
}
