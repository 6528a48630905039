/*
 * quote/verifier.c - a bounded memory of proven platforms, in memory of the caller.
 *
 * What is remembered is a function of the remembered bytes alone (quote/chain.h), and the whole
 * bytes are compared, so an entry can be neither stale nor mistaken for another: nothing has to be
 * invalidated when collateral, policy or time change. Sets of four, least recently used out first;
 * colliding on purpose costs an attacker's victims speed and nothing else.
 */
#include "quote/verifier.h"

#include "base/assert.h"

#include <stdalign.h>

enum {
    WAYS = 4,
    KEY_BYTES_MAX = 8192, /* a genuine one takes 4.5 KB; longer ones are proven each time */
};

struct entry {
    bool used;
    enum assay_evidence_kind kind;
    uint64_t last_use;
    size_t len;
    uint8_t bytes[KEY_BYTES_MAX];
    struct assay_platform platform;
};

struct assay_verifier {
    uint64_t uses;
    size_t set_count;
    struct entry entries[];
};

static size_t set_count_of(size_t entries)
{
    return (entries + WAYS - 1) / WAYS;
}

size_t assay_verifier_size(size_t entries)
{
    ASSAY_ASSERT(entries >= 1);
    ASSAY_ASSERT(entries <= ASSAY_VERIFIER_ENTRIES_MAX);
    return sizeof(struct assay_verifier) + set_count_of(entries) * WAYS * sizeof(struct entry);
}

enum assay_status assay_verifier_init(void *memory, size_t memory_len, size_t entries,
                                      struct assay_verifier **verifier)
{
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT((uintptr_t)memory % alignof(struct assay_verifier) == 0);
    if (memory_len < assay_verifier_size(entries)) return ASSAY_E_FULL;
    struct assay_verifier *const v = memory;
    v->uses = 0;
    v->set_count = set_count_of(entries);
    for (size_t i = 0; i < v->set_count * WAYS; i++) {
        v->entries[i].used = false;
        v->entries[i].last_use = 0;
        v->entries[i].platform.attestation_key = NULL;
    }
    *verifier = v;
    return ASSAY_OK;
}

void assay_verifier_deinit(struct assay_verifier **verifier)
{
    ASSAY_ASSERT(verifier != NULL);
    if (*verifier == NULL) return;
    for (size_t i = 0; i < (*verifier)->set_count * WAYS; i++)
        assay_platform_release(&(*verifier)->entries[i].platform);
    *verifier = NULL;
}

/* The attestation key opens the remembered bytes and is as good as random. */
static struct entry *set_of(struct assay_verifier *v, const struct assay_quote *quote)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < 8; i++)
        hash = hash << 8 | quote->attestation_key[i];
    return &v->entries[hash % v->set_count * WAYS];
}

static bool holds(const struct entry *e, const struct assay_quote *quote)
{
    return e->used && e->kind == quote->kind && e->len == quote->evidence_of_key.len &&
           assay_bytes_equal(e->bytes, quote->evidence_of_key.bytes, e->len);
}

/*
 * The faults remembered with a platform name offsets, which are the same for the same bytes of one
 * kind: the remembered bytes start at a fixed place in a quote.
 */
static enum assay_status remember(struct entry *e, const struct assay_quote *quote)
{
    assay_platform_release(&e->platform);
    e->used = false;
    ASSAY_TRY(assay_platform_prove(quote, &e->platform));
    e->used = true;
    e->kind = quote->kind;
    e->len = quote->evidence_of_key.len;
    assay_bytes_copy(e->bytes, sizeof e->bytes, quote->evidence_of_key.bytes, e->len);
    return ASSAY_OK;
}

enum assay_status assay_lease_take(struct assay_verifier *verifier, const struct assay_quote *quote,
                                   struct assay_lease *lease)
{
    lease->is_own = verifier == NULL || quote->evidence_of_key.len > KEY_BYTES_MAX;
    if (lease->is_own) {
        lease->platform = &lease->own;
        return assay_platform_prove(quote, &lease->own);
    }
    struct entry *const set = set_of(verifier, quote);
    struct entry *oldest = &set[0];
    verifier->uses += 1;
    for (size_t i = 0; i < WAYS; i++) {
        if (holds(&set[i], quote)) {
            set[i].last_use = verifier->uses;
            lease->platform = &set[i].platform;
            return ASSAY_OK;
        }
        if (set[i].last_use < oldest->last_use) oldest = &set[i];
    }
    ASSAY_TRY(remember(oldest, quote));
    oldest->last_use = verifier->uses;
    lease->platform = &oldest->platform;
    return ASSAY_OK;
}

void assay_lease_return(struct assay_lease *lease)
{
    if (lease->is_own) assay_platform_release(&lease->own);
    lease->platform = NULL;
}
