/*
 * services/shares/holder_take.c - taking side of a holder: requests for shares and verification of
 * gifts (docs/services.md 5.8 to 5.11).
 */
#include "services/shares/holder_internal.h"

enum { REQUESTS_MAX = 16 }; /* in one call */

uint64_t assay_share_pause(uint32_t round)
{
    if (round == 0) return 0;
    const uint64_t pause = (uint64_t)ASSAY_SHARE_PAUSE_MS << (round > 6 ? 5 : round - 1);
    return pause > ASSAY_SHARE_PAUSE_MS_MAX ? ASSAY_SHARE_PAUSE_MS_MAX : pause;
}

/* --- sources of a missing share */

/* docs/services.md 5.11: the origin first, then each other cluster whose equal slot has it by the
 * ledger. Returns: their number. */
static uint32_t find_sources(const struct assay_share_call *call, const struct assay_share_row *row,
                             uint32_t source[ASSAY_SHARE_CLUSTERS_MAX])
{
    const struct assay_share_registry *r = call->r;
    const uint32_t slot = call->h->slot;
    uint32_t count = 0;
    if (row->gone >> slot & 1) return 0; /* it waits for the next generation */
    for (uint32_t i = 0; i < r->config.clusters; i++) {
        const uint32_t c = (row->origin + i) % r->config.clusters;
        if (c == call->h->cluster || !(row->have[c] >> slot & 1)) continue;
        if (!assay_share_registry_is_lost(r, c, slot)) source[count++] = c;
    }
    ASSAY_ASSERT(count < ASSAY_SHARE_CLUSTERS_MAX);
    return count;
}

void assay_share_on_take_failed(const struct assay_share_call *call,
                                struct assay_share_holding *holding)
{
    uint32_t source[ASSAY_SHARE_CLUSTERS_MAX];
    const struct assay_share_row *row = assay_share_registry_find(call->r, holding->id);
    const uint32_t count = row == NULL ? 0 : find_sources(call, row, source);
    holding->tries++;
    holding->due_ms = call->now_ms;
    if (count == 0) holding->due_ms += ASSAY_SHARE_PAUSE_MS;
    else if (holding->tries % count == 0)
        holding->due_ms += assay_share_pause(holding->tries / count);
}

static bool is_busy(const struct assay_share_holder *h, uint32_t cluster)
{
    for (uint32_t i = 0; i < ASSAY_SHARE_TAKING_MAX; i++) {
        const struct assay_share_talk *talk = &h->talk[i];
        if (talk->serial != 0 && talk->x.terms.purpose == ASSAY_SHARE_FETCH &&
            talk->x.terms.giver.cluster == cluster)
            return true;
    }
    return false;
}

static void add_to_batch(struct assay_share_holder *h, uint32_t batch, const uint8_t id[static 32])
{
    ASSAY_ASSERT(batch < ASSAY_SHARE_SLOTS_MAX && h->batch_count[batch] <= ASSAY_SHARE_GIVE_MAX);
    if (h->batch_count[batch] == ASSAY_SHARE_GIVE_MAX) return;
    assay_bytes_copy(h->batch[batch] + (size_t)h->batch_count[batch]++ * 32, 32, id, 32);
}

static enum assay_status request_from_slot(const struct assay_share_call *call,
                                           enum assay_share_purpose purpose, uint32_t cluster,
                                           uint32_t slot, uint32_t batch)
{
    ASSAY_ASSERT(call->h->batch_count[batch] > 0);
    ASSAY_ASSERT(cluster < call->r->config.clusters && slot < call->r->config.slots);
    const struct assay_share_side giver = assay_share_side_of(call, cluster, slot);
    struct assay_share_from peer = { .holder = true };
    assay_bytes_copy(peer.key, sizeof peer.key, call->r->cluster[cluster].seat[slot].key,
                     sizeof peer.key);
    return assay_share_talk_start(call, &peer, purpose, &giver, call->h->batch[batch],
                                  call->h->batch_count[batch]);
}

/* All sources are busy, so the search is skipped: the end of an exchange triggers it again. */
static bool all_are_busy(const struct assay_share_call *call)
{
    for (uint32_t c = 0; c < call->r->config.clusters; c++)
        if (c != call->h->cluster && !is_busy(call->h, c)) return false;
    return true;
}

/* Returns: when the next missing share is due. */
static uint64_t request_missing(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->missing <= call->h->count);
    struct assay_share_holder *h = call->h;
    uint64_t wake_at_ms = UINT64_MAX;
    if (h->missing == 0 || all_are_busy(call)) return wake_at_ms;
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        h->batch_count[c] = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        struct assay_share_holding *holding = &h->holding[h->order[i]];
        uint32_t source[ASSAY_SHARE_CLUSTERS_MAX];
        if (!holding->missing || holding->asked) continue;
        if (holding->due_ms <= call->now_ms) {
            const struct assay_share_row *row = assay_share_registry_find(call->r, holding->id);
            const uint32_t count = row == NULL ? 0 : find_sources(call, row, source);
            if (count > 0) add_to_batch(h, source[holding->tries % count], holding->id);
            else holding->due_ms = call->now_ms + ASSAY_SHARE_PAUSE_MS; /* no source now */
        }
        if (holding->due_ms > call->now_ms && holding->due_ms < wake_at_ms)
            wake_at_ms = holding->due_ms;
    }
    for (uint32_t c = 0; c < call->r->config.clusters; c++) {
        if (h->batch_count[c] == 0 || is_busy(h, c)) continue;
        if (request_from_slot(call, ASSAY_SHARE_FETCH, c, h->slot, c) != ASSAY_OK) break;
        for (uint32_t i = 0; i < h->batch_count[c]; i++) {
            struct assay_share_holding *holding =
                assay_share_holding_find(h, h->batch[c] + (size_t)i * 32);
            ASSAY_ASSERT(holding != NULL);
            holding->asked = true;
        }
    }
    return wake_at_ms;
}

/* --- sub-shares of a reshare */

/* The same of dealers: a busy one may be asked for more when its exchange ends. */
static bool all_dealers_are_busy(const struct assay_share_call *call)
{
    uint32_t dealers = 0;
    for (uint32_t i = 0; i < call->r->reshare_count; i++)
        if (call->r->reshare[i].cluster == call->h->cluster)
            dealers |= call->r->reshare[i].dealers;
    for (uint32_t i = 0; i < call->r->config.slots; i++)
        if ((dealers >> i & 1) && i != call->h->slot && !call->h->pace[i].busy) return false;
    return true;
}

/* Returns: when the next dealer is due. */
static uint64_t request_dealings(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    uint64_t wake_at_ms = UINT64_MAX;
    uint32_t requests = 0;
    if (h->gather_count == 0 || all_dealers_are_busy(call)) return wake_at_ms;
    for (uint32_t i = 0; i < ASSAY_SHARE_SLOTS_MAX; i++)
        h->batch_count[i] = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct assay_share_holding *holding = &h->holding[h->order[i]];
        if (holding->gather == 0) continue;
        ASSAY_ASSERT(holding->gather <= ASSAY_SHARE_RESHARES_MAX);
        const struct assay_share_row *row = assay_share_registry_find(call->r, holding->id);
        const struct assay_share_reshare *reshare =
            row == NULL ? NULL : assay_share_own_reshare(call, row);
        if (reshare == NULL) continue;
        const uint32_t open = reshare->dealers & ~h->gather[holding->gather - 1].got;
        for (uint32_t dealer = 0; dealer < call->r->config.slots; dealer++)
            if (dealer != h->slot && (open >> dealer & 1)) add_to_batch(h, dealer, holding->id);
    }
    for (uint32_t dealer = 0; dealer < call->r->config.slots && requests < REQUESTS_MAX; dealer++) {
        struct assay_share_pace *pace = &h->pace[dealer];
        if (h->batch_count[dealer] == 0 || pace->busy) continue;
        if (assay_share_registry_is_lost(call->r, h->cluster, dealer)) continue;
        if (pace->due_ms <= call->now_ms) {
            if (request_from_slot(call, ASSAY_SHARE_DEAL, h->cluster, dealer, dealer) != ASSAY_OK)
                break;
            pace->busy = true;
            requests++;
        } else if (pace->due_ms < wake_at_ms) {
            wake_at_ms = pace->due_ms;
        }
    }
    return wake_at_ms;
}

uint64_t assay_share_request_due(const struct assay_share_call *call)
{
    const struct assay_share_holder *h = call->h;
    if (h->lost) return UINT64_MAX;
    const uint64_t fetch = request_missing(call), deals = request_dealings(call);
    return fetch < deals ? fetch : deals;
}

/* --- verification */

bool assay_share_talk_has_id(const struct assay_share_talk *talk, const uint8_t id[static 32])
{
    ASSAY_ASSERT(talk->x.count <= ASSAY_SHARE_GIVE_MAX);
    for (uint32_t i = 0; i < talk->x.count; i++)
        if (assay_bytes_equal(talk->x.ids[i], id, 32)) return true;
    return false;
}

/* The proof is public now. */
void assay_share_submit_lie(const struct assay_share_call *call,
                            const struct assay_share_piece *piece,
                            const struct assay_share_commitments *current,
                            const struct assay_share_proof *proof)
{
    ASSAY_ASSERT(proof->index < proof->count && proof->path_len <= ASSAY_SHARE_PATH_MAX);
    struct assay_share_holder *h = call->h;
    struct assay_share_lie_record *lie = &h->lie;
    struct assay_slice out;
    if (h->lie_shown) return;
    h->lie_shown = true;
    *lie = (struct assay_share_lie_record){
        .given = proof->given, .dealers = proof->dealers, .piece = *piece,
        .count = proof->count, .index = proof->index, .path_len = proof->path_len,
        .current = *current,
    };
    assay_bytes_copy(lie->key, sizeof lie->key, proof->key, sizeof proof->key);
    assay_bytes_copy(lie->root, 32, proof->root, 32);
    assay_bytes_copy(lie->signature, sizeof lie->signature, proof->signature,
                     sizeof proof->signature);
    assay_bytes_copy(lie->path, sizeof lie->path, proof->path, sizeof proof->path);
    const enum assay_status status = assay_share_lie_record_encode(
        lie, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_SUBMIT);
    effect->payload = ASSAY_SHARE_PAYLOAD_LIE;
    effect->bytes = out;
    call->out->used += out.len;
    assay_secret_wipe(lie, sizeof *lie);
}

/* docs/services.md 5.3: verified on arrival, against the ledger. A giver that signed a false
 * current generation is proven to lie; an owner's mistake convicts no member. */
static enum assay_status take_share(const struct assay_share_call *call,
                                    const struct assay_share_talk *talk,
                                    const struct assay_share_piece *piece,
                                    const struct assay_share_proof *proof)
{
    ASSAY_ASSERT(!talk->x.gives && talk->x.terms.purpose != ASSAY_SHARE_DEAL);
    const struct assay_share_terms *terms = &talk->x.terms;
    const struct assay_share_row *row = assay_share_registry_find(call->r, piece->id);
    struct assay_share_holding *holding = assay_share_holding_find(call->h, piece->id);
    if (row == NULL || holding == NULL || !assay_share_talk_has_id(talk, piece->id))
        return ASSAY_E_STALE;
    if (!row->synced && row->origin != call->h->cluster) return ASSAY_E_STALE;
    if (piece->generation != row->generation || piece->attempt != row->attempt)
        return ASSAY_E_STALE; /* the ledger advanced meanwhile, here or there */
    enum assay_status status = assay_share_piece_is(piece, row) ? ASSAY_OK : ASSAY_E_INVALID;
    if (status == ASSAY_OK)
        status = assay_share_verify(&piece->commitments, call->h->slot, &piece->share);
    if (status != ASSAY_OK) {
        if (terms->purpose == ASSAY_SHARE_FETCH)
            assay_share_submit_lie(call, piece, &piece->commitments, proof);
        return ASSAY_E_INVALID;
    }
    if (!holding->has || !assay_share_piece_is(&holding->current, row))
        assay_share_store_current(call, holding, row, piece);
    return ASSAY_OK;
}

static bool is_signed(const struct assay_share_talk *talk, const struct assay_share_gift *gift)
{
    const struct assay_share_terms *t = &talk->x.terms;
    const struct assay_share_given given = assay_share_given_by(t);
    uint8_t digest[32];
    assay_share_given_statement(&t->home, &given, gift->root, gift->count, digest);
    return assay_share_verify_signature(talk->peer.key, digest, gift->signature);
}

/* Of piece `index`; the tree is in h->node. */
static void make_proof(const struct assay_share_holder *h, uint32_t index,
                       struct assay_share_proof *proof)
{
    ASSAY_ASSERT(index < proof->count && proof->count <= ASSAY_SHARE_GIVE_MAX);
    size_t path_len = 0;
    const enum assay_status status =
        assay_merkle_path_in((const uint8_t(*)[32])h->node, proof->count, index, proof->path,
                             ASSAY_SHARE_PATH_MAX, &path_len);
    ASSAY_ASSERT(status == ASSAY_OK); /* 2^8 leaves are more than a gift has */
    proof->index = index;
    proof->path_len = (uint32_t)path_len;
}

static enum assay_status take_gift(const struct assay_share_call *call,
                                   struct assay_share_talk *talk, struct assay_slice bytes)
{
    struct assay_share_holder *h = call->h;
    const enum assay_share_purpose purpose = talk->x.terms.purpose;
    struct assay_share_gift gift;
    struct assay_share_piece piece = { 0 };
    struct assay_share_commitments current;
    enum assay_status worst = ASSAY_OK;
    ASSAY_TRY(assay_share_gift_open(bytes, purpose, &gift, h->node));
    /* Without a signature nothing could be proven, so an unsigned gift of a holder is rejected. */
    if (purpose != ASSAY_SHARE_HAND && !is_signed(talk, &gift)) return ASSAY_E_SIGNATURE;
    struct assay_share_proof proof = { .count = gift.count,
                                       .given = assay_share_given_by(&talk->x.terms) };
    assay_bytes_copy(proof.key, sizeof proof.key, talk->peer.key, sizeof proof.key);
    assay_bytes_copy(proof.root, 32, gift.root, 32);
    assay_bytes_copy(proof.signature, sizeof proof.signature, gift.signature,
                     sizeof gift.signature);
    if (gift.count > 0) assay_merkle_grow(h->node, gift.count);
    for (uint32_t i = 0; assay_share_gift_next(&gift, &piece, &current); i++) {
        make_proof(h, i, &proof);
        proof.dealers = gift.dealers;
        const enum assay_status status =
            purpose == ASSAY_SHARE_DEAL
                ? assay_share_gather_add(call, talk, &piece, &current, &proof)
                : take_share(call, talk, &piece, &proof);
        if (status == ASSAY_OK) talk->progress = true;
        if (status != ASSAY_E_INVALID) continue;
        worst = status;
        talk->refused = true;
        h->refused++;
    }
    assay_secret_wipe(&piece, sizeof piece);
    return worst;
}

enum assay_status assay_share_on_gift(const struct assay_share_call *call,
                                      struct assay_share_talk *talk,
                                      const struct assay_share_message *m)
{
    ASSAY_ASSERT(talk->serial != 0 && !talk->x.gives);
    struct assay_slice gift;
    struct assay_share_holder *h = call->h;
    enum assay_status status = assay_share_exchange_open(&talk->x, m, h->room, &gift);
    if (status == ASSAY_OK) status = take_gift(call, talk, gift);
    assay_secret_wipe(h->room, sizeof h->room);
    return status;
}
