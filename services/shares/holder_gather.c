/*
 * services/shares/holder_gather.c - collection of sub-shares into the next generation of a share
 * (docs/services.md 5.3, 5.8, 5.9).
 */
#include "services/shares/holder_internal.h"

void assay_share_gather_end(struct assay_share_holder *h, struct assay_share_holding *holding)
{
    if (holding->gather == 0) return;
    ASSAY_ASSERT(holding->gather <= ASSAY_SHARE_RESHARES_MAX && h->gather_count > 0);
    ASSAY_ASSERT(
        assay_bytes_equal(h->gather[holding->gather - 1].id, holding->id, sizeof holding->id));
    assay_secret_wipe(&h->gather[holding->gather - 1], sizeof h->gather[0]);
    holding->gather = 0;
    h->gather_count--;
}

void assay_share_dealings_digest(const struct assay_share_reshare *reshare,
                                 uint8_t digest[static 32])
{
    static const char type[] = "assay/share/dealings/v1";
    uint8_t bytes[sizeof type - 1 + 4 + 32 * ASSAY_SHARE_SLOTS_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_ASSERT(!reshare->is_public);
    assay_writer_put(&w, type, sizeof type - 1);
    assay_writer_u32be(&w, reshare->dealers);
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++)
        if (reshare->dealers >> slot & 1) assay_writer_put(&w, reshare->dealing[slot], 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

/* docs/services.md 5.15.1: a new era gives the numbers of an undone attempt once more. Returns:
 * whether the ledger has each dealing of which a sub-share is here. */
static bool is_gather_of(const struct assay_share_gather *gather,
                         const struct assay_share_reshare *reshare)
{
    uint8_t digest[32];
    if (gather->generation != reshare->generation || gather->attempt != reshare->attempt)
        return false;
    for (uint32_t i = 0; i < gather->count; i++) {
        const struct assay_share_dealing *dealing = &gather->dealing[i];
        if (!(reshare->dealt >> dealing->dealer & 1)) return false;
        assay_share_commitments_digest(&dealing->commitments, digest);
        if (!assay_bytes_equal(digest, reshare->dealing[dealing->dealer], 32)) return false;
    }
    return true;
}

/* --- false sub-shares */

static void drop_gather(struct assay_share_gather *gather, uint32_t at)
{
    ASSAY_ASSERT(at < gather->count && gather->count <= ASSAY_SHARE_K_MAX);
    const uint32_t last = --gather->count;
    gather->got &= ~(1u << gather->dealing[at].dealer);
    gather->dealing[at] = gather->dealing[last];
    gather->proof[at] = gather->proof[last];
    assay_secret_wipe(&gather->dealing[last], sizeof gather->dealing[last]);
}

/* The sum of the sub-shares is invalid, so at least one of them is invalid by itself: it is proven
 * on the ledger, and requested again after a pause. Returns: ASSAY_E_INVALID when it is of the
 * giver of this exchange, else ASSAY_OK */
static enum assay_status find_false_dealing(const struct assay_share_call *call,
                                            struct assay_share_gather *gather, uint32_t dealers,
                                            const struct assay_share_side *giver)
{
    ASSAY_ASSERT(gather->count <= ASSAY_SHARE_K_MAX && giver->slot < ASSAY_SHARE_SLOTS_MAX);
    struct assay_share_holder *h = call->h;
    struct assay_share_piece piece = { .generation = gather->generation,
                                       .attempt = gather->attempt };
    enum assay_status status = ASSAY_OK;
    assay_bytes_copy(piece.id, 32, gather->id, 32);
    for (uint32_t i = gather->count; i-- > 0;) {
        const struct assay_share_dealing *dealing = &gather->dealing[i];
        if (dealing->dealer == h->slot || /* its own is derived from its verified share */
            assay_share_dealing_verify(&gather->current, dealers, h->slot, dealing) == ASSAY_OK)
            continue;
        const uint32_t dealer = dealing->dealer;
        piece.share = dealing->sub;
        piece.commitments = dealing->commitments;
        assay_share_submit_lie(call, &piece, &gather->current, &gather->proof[i]);
        if (dealer == giver->slot) {
            status = ASSAY_E_INVALID;
        } else {
            struct assay_share_pace *pace = &h->pace[dealer];
            h->refused++;
            pace->due_ms = call->now_ms + assay_share_pause(++pace->fails);
        }
        drop_gather(gather, i);
    }
    assay_secret_wipe(&piece, sizeof piece);
    return status;
}

void assay_share_gather_submit_sum(const struct assay_share_call *call,
                                   const struct assay_share_holding *holding,
                                   const struct assay_share_reshare *reshare)
{
    struct assay_share_holder *h = call->h;
    struct assay_share_sum_record *sum = &h->sum;
    struct assay_slice out;
    if (holding->gather == 0 || call->now_ms < h->sum_due_ms) return;
    const struct assay_share_gather *gather = &h->gather[holding->gather - 1];
    if (gather->got != reshare->dealers || gather->generation != reshare->generation ||
        gather->attempt != reshare->attempt)
        return;
    h->sum_due_ms = call->now_ms + ASSAY_SHARE_PAUSE_MS; /* one conviction covers all ids */
    *sum = (struct assay_share_sum_record){ .era = h->era,
                                            .generation = gather->generation,
                                            .attempt = gather->attempt,
                                            .current = gather->current };
    assay_bytes_copy(sum->id, 32, gather->id, 32);
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++)
        for (uint32_t i = 0; i < gather->count; i++)
            if (gather->dealing[i].dealer == slot)
                sum->dealt[sum->count++] = gather->dealing[i].commitments;
    ASSAY_ASSERT(sum->count == gather->count);
    const enum assay_status status = assay_share_sum_record_encode(
        sum, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_SUBMIT);
    effect->payload = ASSAY_SHARE_PAYLOAD_SUM;
    effect->bytes = out;
    call->out->used += out.len;
}

/* --- collection */

/* All sub-shares are here: computes the share of the next generation. */
static enum assay_status finish_gather(const struct assay_share_call *call,
                                       struct assay_share_holding *holding,
                                       const struct assay_share_reshare *reshare,
                                       const struct assay_share_side *giver)
{
    struct assay_share_gather *gather = &call->h->gather[holding->gather - 1];
    ASSAY_ASSERT(gather->count >= call->r->config.k && gather->count <= ASSAY_SHARE_K_MAX);
    struct assay_share_piece piece = { .generation = gather->generation,
                                       .attempt = gather->attempt };
    assay_bytes_copy(piece.id, 32, holding->id, 32);
    /* Dealers that colluded on an invalid sum have spoilt this attempt alone. */
    enum assay_status status = assay_share_renew(&gather->current, call->h->slot, gather->dealing,
                                                 &piece.share, &piece.commitments);
    if (status == ASSAY_OK) {
        for (uint32_t i = 0; i < gather->count; i++) /* their B may still be needed as proof */
            assay_secret_wipe(&gather->dealing[i].sub, sizeof gather->dealing[i].sub);
        assay_share_store_next(call, holding, &piece);
        assay_share_dealings_digest(reshare, holding->next_of);
        holding->next_bound = true;
    } else {
        status = find_false_dealing(call, gather, reshare->dealers, giver);
    }
    assay_secret_wipe(&piece, sizeof piece);
    return status;
}

static void add_dealing(struct assay_share_gather *gather,
                        const struct assay_share_commitments *current,
                        const struct assay_share_dealing *dealing,
                        const struct assay_share_proof *proof)
{
    ASSAY_ASSERT(!(gather->got >> dealing->dealer & 1));
    ASSAY_ASSERT(gather->count < ASSAY_SHARE_K_MAX);
    gather->current = *current;
    gather->got |= 1u << dealing->dealer;
    gather->dealing[gather->count] = *dealing;
    gather->proof[gather->count++] = *proof;
}

/* A dealer computes its own part. */
static void add_own_dealing(const struct assay_share_call *call,
                            struct assay_share_holding *holding)
{
    ASSAY_ASSERT(holding->gather != 0 && holding->has);
    static const struct assay_share_proof none;
    struct assay_share_polynomial polynomial;
    struct assay_share_dealing dealing = { .dealer = call->h->slot };
    const bool good =
        assay_share_own_dealing(call->h, holding, &polynomial) == ASSAY_OK &&
        assay_share_of(&polynomial, call->h->slot, &dealing.sub) == ASSAY_OK;
    dealing.commitments = holding->dealt;
    if (good)
        add_dealing(&call->h->gather[holding->gather - 1], &holding->current.commitments, &dealing,
                    &none);
    assay_secret_wipe(&polynomial, sizeof polynomial);
    assay_secret_wipe(&dealing, sizeof dealing);
}

/* Drops the leftovers of an ended attempt: the ledger has no more in progress than fit.
 * Returns: ASSAY_SHARE_RESHARES_MAX when there is none. */
static uint32_t free_place(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    uint32_t at = 0;
    while (at < ASSAY_SHARE_RESHARES_MAX && h->gather[at].generation != 0)
        at++;
    for (uint32_t i = 0; i < ASSAY_SHARE_RESHARES_MAX && at == ASSAY_SHARE_RESHARES_MAX; i++) {
        const struct assay_share_gather *gather = &h->gather[i];
        const struct assay_share_row *row = assay_share_registry_find(call->r, gather->id);
        const struct assay_share_reshare *reshare =
            row == NULL ? NULL : assay_share_own_reshare(call, row);
        if (reshare != NULL && reshare->generation == gather->generation &&
            reshare->attempt == gather->attempt)
            continue;
        struct assay_share_holding *holding = assay_share_holding_find(h, gather->id);
        ASSAY_ASSERT(holding != NULL && holding->gather == i + 1);
        assay_share_gather_end(h, holding);
        at = i;
    }
    ASSAY_ASSERT(at == ASSAY_SHARE_RESHARES_MAX || h->gather[at].generation == 0);
    return at;
}

void assay_share_gather_start(const struct assay_share_call *call,
                              struct assay_share_holding *holding,
                              const struct assay_share_row *row,
                              const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(reshare->generation != 0 && !reshare->is_public);
    struct assay_share_holder *h = call->h;
    if (holding->gather != 0) {
        if (is_gather_of(&h->gather[holding->gather - 1], reshare)) return;
        assay_share_gather_end(h, holding);
    }
    const uint32_t free_at = free_place(call);
    if (free_at == ASSAY_SHARE_RESHARES_MAX) return;
    struct assay_share_gather *gather = &h->gather[free_at];
    *gather = (struct assay_share_gather){ .generation = reshare->generation,
                                           .attempt = reshare->attempt };
    assay_bytes_copy(gather->id, 32, holding->id, 32);
    holding->gather = free_at + 1;
    h->gather_count++;
    ASSAY_ASSERT(h->gather_count <= ASSAY_SHARE_RESHARES_MAX);
    if (holding->has && assay_share_piece_is(&holding->current, row) &&
        assay_share_deals(call, holding, row, reshare))
        add_own_dealing(call, holding);
}

/* Nothing is verified yet: the sum of all dealings is verified when all are here (deal.h). */
enum assay_status assay_share_gather_add(const struct assay_share_call *call,
                                         const struct assay_share_talk *talk,
                                         const struct assay_share_piece *piece,
                                         const struct assay_share_commitments *current,
                                         const struct assay_share_proof *proof)
{
    ASSAY_ASSERT(!talk->x.gives && talk->x.terms.purpose == ASSAY_SHARE_DEAL);
    uint8_t digest[32];
    const struct assay_share_row *row = assay_share_registry_find(call->r, piece->id);
    struct assay_share_holding *holding = assay_share_holding_find(call->h, piece->id);
    const struct assay_share_reshare *reshare =
        row == NULL ? NULL : assay_share_own_reshare(call, row);
    const struct assay_share_side *giver = &talk->x.terms.giver;
    if (reshare == NULL || holding == NULL || holding->gather == 0 ||
        piece->generation != reshare->generation || piece->attempt != reshare->attempt ||
        proof->dealers != reshare->dealers || !(reshare->dealt >> giver->slot & 1) ||
        !assay_share_talk_has_id(talk, piece->id))
        return ASSAY_E_STALE;
    struct assay_share_gather *gather = &call->h->gather[holding->gather - 1];
    if (!is_gather_of(gather, reshare)) return ASSAY_E_STALE;
    assay_share_commitments_digest(current, digest);
    if (!assay_bytes_equal(digest, row->digest, 32)) return ASSAY_E_INVALID;
    assay_share_commitments_digest(&piece->commitments, digest);
    if (!assay_bytes_equal(digest, reshare->dealing[giver->slot], 32)) {
        assay_share_submit_lie(call, piece, current, proof);
        return ASSAY_E_INVALID;
    }
    if (gather->got >> giver->slot & 1) return ASSAY_OK;
    struct assay_share_dealing dealing = { .dealer = giver->slot,
                                           .commitments = piece->commitments,
                                           .sub = piece->share };
    add_dealing(gather, current, &dealing, proof);
    assay_secret_wipe(&dealing, sizeof dealing);
    if (gather->count < call->r->config.k) return ASSAY_OK;
    return finish_gather(call, holding, reshare, giver);
}
