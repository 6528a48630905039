/*
 * services/shares/holder_give.c - giving side of a holder: authorization of takers and contents of
 * gifts (docs/services.md 5.8 to 5.12).
 */
#include "services/shares/holder_internal.h"

/* --- dealings */

/* docs/services.md 5.3: for the same dealers it is the same number for every id. */
static enum assay_status compute_own_part(struct assay_share_holder *h, uint32_t dealers,
                                          const struct assay_secret32 *share,
                                          struct assay_secret32 *part)
{
    ASSAY_ASSERT(h->seated && h->slot < ASSAY_SHARE_SLOTS_MAX);
    if (h->lambda_dealers != dealers) {
        h->lambda_dealers = 0;
        ASSAY_TRY(assay_share_lambda(dealers, h->slot, &h->lambda));
        h->lambda_dealers = dealers;
    }
    assay_sodium_scalar_mul(&h->lambda, share, part);
    return ASSAY_OK;
}

bool assay_share_deals(const struct assay_share_call *call,
                       const struct assay_share_holding *holding,
                       const struct assay_share_row *row,
                       const struct assay_share_reshare *reshare)
{
    const struct assay_share_deal_label *deal = &holding->deal;
    return deal->era == call->epoch->era && deal->generation == reshare->generation &&
           deal->attempt == reshare->attempt && deal->dealers == reshare->dealers &&
           assay_bytes_equal(deal->digest, row->digest, 32);
}

/* docs/services.md 5.8: coefficients are derived from the stored seed, so they are the same at each
 * request, and from all parameters of the polynomial, including its constant term: two that are
 * equal above it are equal. Out: wide[(k - 1) * ASSAY_SODIUM_WIDE_LEN] */
static void derive_coefficients(const struct assay_share_holding *holding,
                                const struct assay_secret32 *constant, uint32_t k, uint8_t *wide)
{
    ASSAY_ASSERT(k >= ASSAY_SHARE_K_MIN && k <= ASSAY_SHARE_K_MAX);
    static const char type[] = "assay/share/deal/v3";
    uint8_t input[sizeof type - 1 + 32 + 8 + 32 + 4 + 8 + 4 + 32 + 32 + 1];
    const struct assay_share_deal_label *deal = &holding->deal;
    struct assay_writer w = assay_writer_over(input, sizeof input);
    assay_writer_put(&w, type, sizeof type - 1);
    assay_writer_put(&w, holding->deal_seed.bytes, sizeof holding->deal_seed.bytes);
    assay_writer_u64be(&w, deal->era);
    assay_writer_put(&w, holding->id, sizeof holding->id);
    assay_writer_u32be(&w, deal->generation);
    assay_writer_u64be(&w, deal->attempt);
    assay_writer_u32be(&w, deal->dealers);
    assay_writer_put(&w, deal->digest, sizeof deal->digest);
    assay_writer_put(&w, constant->bytes, sizeof constant->bytes);
    ASSAY_ASSERT(!w.full && w.len == sizeof input - 1);
    for (uint32_t i = 0; i + 1 < k; i++) {
        input[sizeof input - 1] = (uint8_t)i;
        assay_sha512(input, sizeof input, wide + (size_t)i * ASSAY_SODIUM_WIDE_LEN);
    }
    assay_secret_wipe(input, sizeof input);
}

enum assay_status assay_share_own_dealing(struct assay_share_holder *h,
                                          struct assay_share_holding *holding,
                                          struct assay_share_polynomial *polynomial)
{
    uint8_t wide[(ASSAY_SHARE_K_MAX - 1) * ASSAY_SODIUM_WIDE_LEN];
    const uint32_t k = holding->current.commitments.k;
    struct assay_secret32 part;
    ASSAY_ASSERT(holding->has && holding->deal.attempt != 0);
    ASSAY_ASSERT(holding->current.commitments.k <= ASSAY_SHARE_K_MAX);
    enum assay_status status =
        compute_own_part(h, holding->deal.dealers, &holding->current.share, &part);
    if (status == ASSAY_OK) {
        derive_coefficients(holding, &part, k, wide);
        status = holding->dealt.k == k
                     ? assay_share_polynomial_of(k, &part, wide, polynomial)
                     : assay_share_deal_on(k, &part, wide, polynomial, &holding->dealt);
    }
    assay_secret_wipe(&part, sizeof part);
    assay_secret_wipe(wide, sizeof wide);
    return status;
}

/* --- authorization */

/* The equal slot may take a share, slots of the same cluster sub-shares; no other takers. */
static enum assay_status check_taker(const struct assay_share_call *call,
                                     const struct assay_share_from *from,
                                     enum assay_share_purpose purpose,
                                     struct assay_share_side *taker)
{
    const struct assay_share_holder *h = call->h;
    uint32_t cluster = 0, slot = 0;
    if (!from->holder) return ASSAY_E_LANE;
    if (!assay_share_registry_find_seat(call->r, from->key, &cluster, &slot))
        return ASSAY_E_STRANGER;
    ASSAY_ASSERT(cluster < call->r->config.clusters && slot < call->r->config.slots);
    *taker = assay_share_side_of(call, cluster, slot);
    if (purpose == ASSAY_SHARE_FETCH)
        return cluster != h->cluster && slot == h->slot ? ASSAY_OK : ASSAY_E_LANE;
    if (purpose == ASSAY_SHARE_DEAL)
        return cluster == h->cluster && slot != h->slot ? ASSAY_OK : ASSAY_E_LANE;
    return ASSAY_E_LANE;
}

/* A slot may give its shares at any time, but must be ready to deal: if giving required it as
 * well, two new slots, each with the share that the other lacks, would wait for each other
 * permanently. */
static enum assay_status check_may_give(const struct assay_share_call *call,
                                        enum assay_share_purpose purpose)
{
    if (call->h->lost) return ASSAY_E_STRANGER;
    if (purpose == ASSAY_SHARE_DEAL && !assay_share_may_deal(call)) return ASSAY_E_AGAIN;
    return ASSAY_OK;
}

/* docs/services.md 5.12: the final read with this nonce and box. */
static const struct assay_share_known_read *find_read(const struct assay_share_holder *h,
                                                      const uint8_t id[static 32],
                                                      const uint8_t nonce[static 32],
                                                      const uint8_t box[static 32])
{
    for (uint32_t i = 0; i < h->read_count; i++)
        if (assay_bytes_equal(h->read[i].id, id, 32) &&
            assay_bytes_equal(h->read[i].nonce, nonce, 32) &&
            assay_bytes_equal(h->read[i].box, box, 32))
            return &h->read[i];
    return NULL;
}

/* docs/services.md 5.12: a read that was final before its reader was removed is void. */
static bool is_read_valid(const struct assay_share_call *call, const uint8_t id[static 32],
                          const struct assay_share_reader *reader)
{
    const struct assay_share_row *const row = assay_share_registry_find(call->r, id);
    return row != NULL && assay_share_row_has_reader(row, reader);
}

/* A new request of the same taker replaces its earlier one. */
static void end_older_talks(const struct assay_share_call *call,
                            const struct assay_share_from *from, enum assay_share_purpose purpose)
{
    for (uint32_t i = ASSAY_SHARE_TAKING_MAX; i < ASSAY_SHARE_TALKS; i++) {
        struct assay_share_talk *talk = &call->h->talk[i];
        if (talk->serial == 0 || talk->x.terms.purpose != purpose ||
            talk->peer.holder != from->holder)
            continue;
        if (from->holder ? assay_bytes_equal(talk->peer.key, from->key, sizeof from->key)
                         : talk->peer.link == from->link)
            assay_share_talk_end(call, talk);
    }
}

enum assay_status assay_share_on_ask(const struct assay_share_call *call,
                                     const struct assay_share_from *from,
                                     const struct assay_share_message *ask)
{
    ASSAY_ASSERT(ask->kind == ASSAY_SHARE_ASK && call->h->seated);
    struct assay_share_holder *h = call->h;
    const struct assay_share_known_read *read = NULL;
    struct assay_share_terms terms = {
        .home = call->r->config.home, .era = call->epoch->era, .epoch = call->epoch->epoch,
        .purpose = ask->purpose, .giver = assay_share_own_side(call), .taker_proves = true,
    };
    struct assay_share_want want;
    uint8_t nonce[32];
    if (ask->purpose == ASSAY_SHARE_LET) {
        read = ask->count == 1 && !from->holder
                   ? find_read(h, ask->ids.bytes, ask->nonce_a, ask->box)
                   : NULL;
        if (read == NULL || !is_read_valid(call, read->id, &read->reader)) return ASSAY_E_LANE;
        terms.taker = (struct assay_share_side){ .cluster = h->cluster, .slot = h->slot };
        assay_bytes_copy(terms.taker.node, 32, from->name, 32);
        terms.taker_proves = read->reader.kind == ASSAY_SHARE_READER_MEASUREMENT;
    } else {
        ASSAY_TRY(check_taker(call, from, ask->purpose, &terms.taker));
    }
    ASSAY_TRY(check_may_give(call, ask->purpose));
    end_older_talks(call, from, ask->purpose);
    struct assay_share_talk *talk = assay_share_talk_add(h, true, from);
    if (talk == NULL) return ASSAY_E_FULL;
    if (read != NULL) talk->reader = read->reader;
    if (read != NULL && terms.taker_proves) {
        talk->measured = true;
        assay_bytes_copy(talk->measurement, 32, read->reader.name, 32);
    }
    assay_bytes_copy(terms.beacon, 32, call->epoch->beacon, 32);
    h->config.host.random(h->config.host.context, nonce, sizeof nonce);
    enum assay_status status = assay_share_exchange_answer(
        &talk->x, &terms, ask, nonce, call->now_ms,
        assay_share_effect_room(call, ASSAY_SHARE_MESSAGE_MAX), ASSAY_SHARE_MESSAGE_MAX, &want);
    if (status == ASSAY_OK) status = assay_share_talk_execute(call, talk, &want);
    if (status != ASSAY_OK) {
        talk->x.gives = true; /* the end of a giver's exchange has no side effects */
        assay_share_talk_end(call, talk);
    }
    return status;
}

/* --- contents */

/* The share itself. docs/services.md 5.11: no taker gets the shares of one generation slot by
 * slot. */
static bool pick_share(const struct assay_share_call *call, const struct assay_share_talk *talk,
                       const uint8_t id[static 32], struct assay_share_piece *piece)
{
    ASSAY_ASSERT(talk->x.gives && talk->x.terms.purpose != ASSAY_SHARE_DEAL);
    const struct assay_share_row *row = assay_share_registry_find(call->r, id);
    const struct assay_share_holding *holding = assay_share_holding_find(call->h, id);
    if (row == NULL || !row->synced || holding == NULL || !holding->has ||
        !assay_share_piece_is(&holding->current, row))
        return false;
    if (talk->x.terms.purpose == ASSAY_SHARE_FETCH && (row->gone >> call->h->slot & 1))
        return false;
    *piece = holding->current;
    return true;
}

/* The sub-share of a slot, only once its dealing is on the ledger. */
static bool pick_dealing(const struct assay_share_call *call, const uint8_t id[static 32],
                         uint32_t slot, struct assay_share_piece *piece, uint32_t *dealers,
                         struct assay_share_commitments *current)
{
    ASSAY_ASSERT(slot < ASSAY_SHARE_SLOTS_MAX && slot != call->h->slot);
    const struct assay_share_row *row = assay_share_registry_find(call->r, id);
    struct assay_share_holding *holding = assay_share_holding_find(call->h, id);
    const struct assay_share_reshare *reshare =
        row == NULL ? NULL : assay_share_own_reshare(call, row);
    struct assay_share_polynomial polynomial;
    uint8_t digest[32];
    if (reshare == NULL || holding == NULL || !(reshare->dealt >> call->h->slot & 1) ||
        !holding->has || !assay_share_piece_is(&holding->current, row) ||
        !assay_share_deals(call, holding, row, reshare))
        return false;
    *piece = (struct assay_share_piece){ .generation = reshare->generation,
                                         .attempt = reshare->attempt };
    assay_bytes_copy(piece->id, 32, id, 32);
    *current = holding->current.commitments;
    *dealers = reshare->dealers;
    const bool good =
        assay_share_own_dealing(call->h, holding, &polynomial) == ASSAY_OK &&
        assay_share_of(&polynomial, slot, &piece->share) == ASSAY_OK;
    piece->commitments = holding->dealt;
    assay_secret_wipe(&polynomial, sizeof polynomial);
    if (!good) return false;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, reshare->dealing[call->h->slot], 32);
}

/* As much of the requested as is here and fits. Returns: the gift, in h->gift. */
static struct assay_slice fill_gift(const struct assay_share_call *call,
                                    const struct assay_share_talk *talk)
{
    ASSAY_ASSERT(talk->x.gives && talk->x.count <= ASSAY_SHARE_GIVE_MAX);
    struct assay_share_holder *h = call->h;
    const struct assay_share_terms *t = &talk->x.terms;
    const bool dealt = t->purpose == ASSAY_SHARE_DEAL;
    const size_t most = ASSAY_SHARE_PIECE_MAX + 2 + ASSAY_SHARE_K_MAX * ASSAY_SODIUM_POINT_LEN +
                        ASSAY_P256_SIGNATURE_LEN;
    struct assay_writer w = assay_writer_over(h->gift, sizeof h->gift);
    struct assay_share_piece piece;
    struct assay_share_commitments current;
    struct assay_merkle tree;
    uint16_t count = 0;
    uint8_t leaf[32];
    assay_merkle_init(&tree);
    assay_writer_u16be(&w, 0);
    for (uint32_t i = 0; i < talk->x.count && w.capacity - w.len >= most; i++) {
        uint32_t dealers = 0;
        if (dealt ? !pick_dealing(call, talk->x.ids[i], t->taker.slot, &piece, &dealers, &current)
                  : !pick_share(call, talk, talk->x.ids[i], &piece))
            continue;
        assay_share_piece_encode(&w, &piece);
        assay_share_piece_leaf(assay_share_gift_type_of(t->purpose), dealers, &piece, leaf);
        assay_merkle_add_hash(&tree, leaf);
        count++;
        if (!dealt) continue;
        assay_writer_u16be(&w, (uint16_t)dealers);
        assay_writer_put(&w, current.point, (size_t)current.k * ASSAY_SODIUM_POINT_LEN);
    }
    if (t->purpose == ASSAY_SHARE_FETCH || dealt) {
        uint8_t root[32], digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
        assay_merkle_root(&tree, root);
        const struct assay_share_given given = assay_share_given_by(t);
        assay_share_given_statement(&t->home, &given, root, count, digest);
        h->config.host.sign(h->config.host.context, digest, signature);
        assay_writer_put(&w, signature, sizeof signature);
    }
    ASSAY_ASSERT(!w.full);
    h->gift[0] = (uint8_t)(count >> 8);
    h->gift[1] = (uint8_t)count;
    assay_secret_wipe(&piece, sizeof piece);
    return assay_slice_over(h->gift, w.len);
}

enum assay_status assay_share_give(const struct assay_share_call *call,
                                   struct assay_share_talk *talk)
{
    ASSAY_ASSERT(talk->serial != 0 && talk->x.gives);
    struct assay_share_holder *h = call->h;
    struct assay_share_side taker;
    struct assay_share_want want;
    struct assay_secret32 seed;
    /* Checked again: an epoch may have closed while evidence was verified. */
    ASSAY_TRY(check_may_give(call, talk->x.terms.purpose));
    if (talk->x.terms.epoch != call->epoch->epoch) return ASSAY_E_INVALID;
    if (talk->x.terms.purpose != ASSAY_SHARE_LET)
        ASSAY_TRY(check_taker(call, &talk->peer, talk->x.terms.purpose, &taker));
    else if (!is_read_valid(call, talk->x.ids[0], &talk->reader)) return ASSAY_E_LANE;
    const struct assay_slice gift = fill_gift(call, talk);
    h->config.host.random(h->config.host.context, seed.bytes, sizeof seed.bytes);
    enum assay_status status = assay_share_exchange_give(
        &talk->x, gift, &seed, h->room, assay_share_effect_room(call, ASSAY_SHARE_MESSAGE_MAX),
        ASSAY_SHARE_MESSAGE_MAX, &want);
    assay_secret_wipe(h->gift, sizeof h->gift);
    assay_secret_wipe(&seed, sizeof seed);
    if (status == ASSAY_OK) status = assay_share_talk_execute(call, talk, &want);
    return status;
}
