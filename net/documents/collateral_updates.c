/*
 * net/documents/collateral_updates.c - collateral checks for the ledger.
 */
#include "net/documents/collateral_updates.h"

#include "base/assert.h"
#include "quote/collateral/endorsements.h"
#include "quote/collateral/life.h"
#include "quote/collateral/newer.h"
#include "quote/collateral/replace.h"
#include "quote/collateral/same.h"

#include <stdlib.h>

/* A set or an offer, built from bytes of its own. */
struct built {
    uint8_t digest[32];
    uint8_t *bytes;
    size_t len;
    struct assay_collateral *memory; /* what endorsements point into */
    struct assay_endorsements endorsements;
};

struct assay_collateral_updates {
    struct assay_updates functions;
    struct built set; /* of the last query */
};

static void free_set(struct built *b)
{
    free(b->bytes);
    free(b->memory);
    *b = (struct built){ 0 };
}

static enum assay_status build_copied_set(struct built *b, bool is_set)
{
    ASSAY_ASSERT(b->bytes != NULL && b->memory == NULL);
    size_t count = 0;
    ASSAY_TRY(assay_endorsements_count(b->bytes, b->len, &count));
    b->memory = calloc(count > 0 ? count : 1, sizeof *b->memory);
    if (b->memory == NULL) return ASSAY_E_MEMORY;
    return is_set ? assay_endorsements_decode(b->bytes, b->len, b->memory, count, &b->endorsements)
                  : assay_endorsements_read(b->bytes, b->len, b->memory, count, &b->endorsements);
}

static enum assay_status build_set(struct built *b, struct assay_slice bytes, bool is_set)
{
    *b = (struct built){ .bytes = malloc(bytes.len + 1), .len = bytes.len };
    if (b->bytes == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(b->bytes, bytes.len, bytes.bytes, bytes.len);
    assay_sha256(bytes.bytes, bytes.len, b->digest);
    const enum assay_status status = build_copied_set(b, is_set);
    if (status != ASSAY_OK) free_set(b);
    return status;
}

/* The set, built unless it was the last one. */
static enum assay_status copy_set(struct assay_collateral_updates *judge, struct assay_slice set)
{
    uint8_t digest[32];
    assay_sha256(set.bytes, set.len, digest);
    ASSAY_ASSERT(judge->set.len == 0 || judge->set.bytes != NULL);
    if (judge->set.len > 0 && assay_bytes_equal(judge->set.digest, digest, 32)) return ASSAY_OK;
    free_set(&judge->set);
    return build_set(&judge->set, set, true);
}

static struct assay_collateral_set find_set_of(const struct built *b)
{
    ASSAY_ASSERT(b->bytes != NULL && b->len > 0);
    return (struct assay_collateral_set){ .bytes = assay_slice_over(b->bytes, b->len),
                                          .built = &b->endorsements };
}

/* Which part of its root an offer is about: a family of Intel's (TEE, FMSPC, issuer), else all of
 * the root's that has no documents. */
static enum assay_status find_part(const struct assay_endorsements *offer,
                                   struct assay_update_facts *facts)
{
    ASSAY_ASSERT(offer->count > 0 && offer->count <= ASSAY_ENDORSEMENTS_MAX);
    const struct assay_endorsement *first = &offer->entries[0];
    assay_key_name(&first->root, facts->root);
    assay_bytes_copy(facts->part, 32, facts->root, 32);
    for (size_t i = 0; i < offer->count; i++)
        if (assay_endorsement_has_documents(&offer->entries[i]) && offer->count > 1)
            return ASSAY_E_RANGE; /* each family is checked alone */
    if (!assay_endorsement_has_documents(first)) return ASSAY_OK;
    const struct assay_collateral *c = first->collateral;
    const uint8_t tee = (uint8_t)c->tcb_info.tee;
    const struct assay_slice pieces[] = {
        assay_slice_over(facts->root, 32),
        assay_slice_over(&tee, 1),
        assay_slice_over(c->tcb_info.fmspc, sizeof c->tcb_info.fmspc),
        assay_slice_over(c->pck_issuer_name, sizeof c->pck_issuer_name),
    };
    uint8_t part[32];
    assay_sha256_pieces(pieces, sizeof pieces / sizeof pieces[0], part);
    assay_bytes_copy(facts->part, 32, part, 32);
    return ASSAY_OK;
}

static enum assay_status weigh_part(const struct built *set, const struct built *offer,
                                    int64_t at_unix_s, struct assay_renewal *renewal,
                                    struct assay_update_facts *facts)
{
    ASSAY_ASSERT(set->endorsements.count > 0); /* decoding refuses a set without entries */
    *facts = (struct assay_update_facts){ 0 };
    ASSAY_TRY(find_part(&offer->endorsements, facts));
    assay_collateral_newer(&set->endorsements, &offer->endorsements, at_unix_s, renewal);
    facts->number = renewal->number_offered;
    facts->recovery = renewal->kind == ASSAY_RENEWAL_HIGHER_NUMBER;
    return ASSAY_OK;
}

enum assay_status assay_document_collateral_check(struct assay_collateral_updates *judge,
                                                  struct assay_slice set, struct assay_slice offer,
                                                  int64_t at_unix_s, struct assay_renewal *renewal,
                                                  struct assay_update_facts *facts)
{
    struct built offered;
    *renewal = (struct assay_renewal){ .kind = ASSAY_RENEWAL_REFUSED };
    ASSAY_TRY(copy_set(judge, set));
    ASSAY_TRY(build_set(&offered, offer, false));
    const enum assay_status status = weigh_part(&judge->set, &offered, at_unix_s, renewal, facts);
    free_set(&offered);
    return status;
}

static enum assay_status part_status(const struct assay_renewal *renewal)
{
    if (renewal->kind != ASSAY_RENEWAL_REFUSED) return ASSAY_OK;
    ASSAY_ASSERT(renewal->fault != ASSAY_RENEWAL_FINE);
    switch (renewal->fault) {
    case ASSAY_RENEWAL_EARLY: return ASSAY_E_EARLY;
    case ASSAY_RENEWAL_ENDED:
    case ASSAY_RENEWAL_NOTHING:
    case ASSAY_RENEWAL_SOON: return ASSAY_E_STALE;
    case ASSAY_RENEWAL_FINE:
    case ASSAY_RENEWAL_ROOT:
    case ASSAY_RENEWAL_KINDS:
    case ASSAY_RENEWAL_FAMILY:
    case ASSAY_RENEWAL_MISSING:
    case ASSAY_RENEWAL_STRANGER:
    case ASSAY_RENEWAL_UNSOUND:
    case ASSAY_RENEWAL_CONTRADICTION:
    case ASSAY_RENEWAL_BACKWARDS: break;
    }
    return ASSAY_E_INVALID;
}

static enum assay_status check_offer(void *context, struct assay_slice set,
                                     struct assay_slice offer, int64_t at_unix_s,
                                     struct assay_update_facts *facts)
{
    struct assay_renewal renewal;
    ASSAY_TRY(assay_document_collateral_check(context, set, offer, at_unix_s, &renewal, facts));
    return part_status(&renewal);
}

/* ------------------------------------------------------------ the set that follows */

/* *set becomes what the offer makes of it. Returns: ASSAY_OK | why it does not follow */
static enum assay_status advance_root(struct built *set, struct assay_slice offer,
                                      int64_t at_unix_s, uint8_t root[static 32])
{
    struct built offered, next = { 0 };
    struct assay_renewal renewal;
    struct assay_update_facts facts;
    ASSAY_TRY(build_set(&offered, offer, false));
    enum assay_status status = weigh_part(set, &offered, at_unix_s, &renewal, &facts);
    if (status == ASSAY_OK) status = part_status(&renewal);
    const size_t room = set->len + offer.len;
    uint8_t *bytes = malloc(room);
    if (bytes == NULL) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) {
        const struct assay_collateral_set from = find_set_of(set), with = find_set_of(&offered);
        struct assay_writer w = assay_writer_over(bytes, room);
        status = assay_collateral_replace(&from, &with, &w);
        if (status == ASSAY_OK) status = build_set(&next, assay_slice_over(bytes, w.len), true);
    }
    free(bytes);
    free_set(&offered);
    if (status != ASSAY_OK) return status;
    assay_bytes_copy(root, 32, facts.root, 32);
    free_set(set);
    *set = next;
    return ASSAY_OK;
}

/* Until when a root's part of a set is valid. */
static int64_t part_lifetime(const struct assay_endorsements *set, const uint8_t root[static 32])
{
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    assay_collateral_lifetimes(set, lives, &count);
    ASSAY_ASSERT(count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        uint8_t own[32];
        assay_key_name(&lives[i].root, own);
        if (lives[i].is_bounded && assay_bytes_equal(own, root, 32)) return lives[i].until_unix_s;
    }
    return INT64_MAX;
}

static enum assay_status follow_offer(void *context, struct assay_slice set,
                                      const struct assay_slice *offers, size_t count,
                                      int64_t at_unix_s, struct assay_writer *w, bool *taken,
                                      int64_t *until_unix_s, bool *same)
{
    ASSAY_ASSERT(count == 0 || (offers != NULL && taken != NULL));
    struct assay_collateral_updates *judge = context;
    struct built now;
    bool any = false;
    *until_unix_s = INT64_MAX;
    *same = false;
    ASSAY_TRY(copy_set(judge, set));
    ASSAY_TRY(build_set(&now, set, true));
    for (size_t i = 0; i < count; i++) {
        uint8_t root[32];
        const enum assay_status status = advance_root(&now, offers[i], at_unix_s, root);
        taken[i] = status == ASSAY_OK;
        if (assay_status_class(status) == ASSAY_CLASS_HOST) {
            free_set(&now);
            return status;
        }
        if (!taken[i]) continue;
        any = true;
        const int64_t until = part_lifetime(&judge->set.endorsements, root);
        if (until < *until_unix_s) *until_unix_s = until;
    }
    assay_writer_put(w, now.bytes, now.len);
    *same = assay_collateral_same(&judge->set.endorsements, &now.endorsements);
    free_set(&now);
    if (!any) return ASSAY_E_STALE;
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

/* ------------------------------------------------------------ interface */

enum assay_status assay_document_collateral_create(struct assay_collateral_updates **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) return ASSAY_E_MEMORY;
    (*out)->functions = (struct assay_updates){ *out, check_offer, follow_offer };
    return ASSAY_OK;
}

void assay_document_collateral_destroy(struct assay_collateral_updates **judge)
{
    if (*judge == NULL) return;
    free_set(&(*judge)->set);
    free(*judge);
    *judge = NULL;
}

const struct assay_updates *assay_document_collateral_functions(
    const struct assay_collateral_updates *judge)
{
    ASSAY_ASSERT(judge->functions.context == judge);
    return &judge->functions;
}
