/*
 * services/shares/holder_public.c - public attempts of a holder (docs/services.md 5.17): its key of
 * each round, its dealings, disputes and shares. All of it is derived from the ledger, so a crash
 * or downtime needs no special case.
 */
#include "services/shares/holder_internal.h"

enum { DISPUTES_MAX = ASSAY_SHARE_SLOTS_MAX }; /* in one call */

static const uint8_t own_row[32]; /* no id is zeros */

/* --- keys */

static void wipe_key(struct assay_share_own_key *key)
{
    assay_secret_wipe(key, sizeof *key);
}

static bool has_key(const struct assay_share_own_key *key, const uint8_t point[static 32])
{
    return key->set && assay_bytes_equal(key->point, point, sizeof key->point);
}

static void persist_keys(const struct assay_share_call *call)
{
    struct assay_share_effect *effect = assay_share_effect_add(call, ASSAY_SHARE_ACT_PERSIST);
    assay_bytes_copy(effect->id, 32, own_row, 32);
}

static bool is_in_round(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    const struct assay_share_holder *h = call->h;
    const struct assay_share_round *round = call->r->round;
    return round->phase != ASSAY_SHARE_PHASE_NONE && round->cluster == h->cluster &&
           round->era == h->era && ((round->takers & ~round->out) >> h->slot & 1);
}

static bool generate_key(const struct assay_share_call *call, struct assay_share_own_key *key)
{
    ASSAY_ASSERT(!key->set);
    const struct assay_share_host *host = &call->h->config.host;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    host->random(host->context, wide, sizeof wide);
    assay_sodium_scalar_from(wide, &key->secret);
    assay_secret_wipe(wide, sizeof wide);
    key->set = assay_sodium_point_base(&key->secret, key->point) == ASSAY_OK;
    return key->set;
}

static struct assay_share_speaker speaker_of(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    const struct assay_share_holder *h = call->h;
    struct assay_share_speaker speaker = { .cluster = h->cluster, .slot = h->slot,
                                           .seating = h->seating, .era = h->era };
    const struct assay_share_side side = assay_share_own_side(call);
    assay_bytes_copy(speaker.node, 32, side.node, 32);
    assay_bytes_copy(speaker.key, sizeof speaker.key, h->config.key, sizeof h->config.key);
    return speaker;
}

static void sign_statement(const struct assay_share_call *call, const uint8_t digest[static 32],
                           uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct assay_share_host *host = &call->h->config.host;
    host->sign(host->context, digest, signature);
}

static void submit_key(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->key_next.set);
    struct assay_share_holder *h = call->h;
    const struct assay_share_host *host = &h->config.host;
    struct assay_share_key_record record = { .speaker = speaker_of(call),
                                             .round = call->r->cluster[h->cluster].rounds };
    uint8_t digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_slice out;
    assay_bytes_copy(record.point, 32, h->key_next.point, 32);
    assay_share_key_statement(&call->r->config.home, &record, digest);
    host->random(host->context, wide, sizeof wide);
    enum assay_status status =
        assay_dealing_prove(&h->key_next.secret, digest, wide, record.point, &record.proof);
    assay_secret_wipe(wide, sizeof wide);
    if (status != ASSAY_OK) return; /* a zero was drawn: the next call draws again */
    sign_statement(call, digest, record.signature);
    status = assay_share_key_record_encode(
        &record, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX,
        &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_submit(call, ASSAY_SHARE_PAYLOAD_KEY, out);
    h->key_said_seating = h->seating;
    h->key_said_era = h->era;
    h->key_said_round = record.round;
}

/* docs/services.md 5.17.2: the key of the current round is retained until the round ends; there is
 * always one for the next, stored before it is listed. */
void assay_share_public_keys(const struct assay_share_call *call)
{
    ASSAY_ASSERT(call->h->seated);
    struct assay_share_holder *h = call->h;
    const struct assay_share_round *round = call->r->round;
    const struct assay_share_seat *seat = &call->r->cluster[h->cluster].seat[h->slot];
    bool changed = false;
    if (is_in_round(call)) {
        if (has_key(&h->key_next, round->key[h->slot])) {
            h->key_now = h->key_next;
            wipe_key(&h->key_next);
            h->key_said_seating = 0;
            changed = true;
        }
    } else if (h->key_now.set) {
        wipe_key(&h->key_now);
        changed = true;
    }
    const bool listed =
        seat->has_next && seat->next_era == h->era && has_key(&h->key_next, seat->next);
    const bool announces = !h->lost && !listed &&
                           (h->key_said_seating != h->seating || h->key_said_era != h->era ||
                            h->key_said_round != call->r->cluster[h->cluster].rounds);
    if (announces && !h->key_next.set) changed = generate_key(call, &h->key_next) || changed;
    if (changed) persist_keys(call);
    if (announces && h->key_next.set) submit_key(call);
}

/* --- dealings */

static bool is_own_dealing(const struct assay_share_own_public *own,
                           const struct assay_share_call *call, const struct assay_share_row *row,
                           const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(reshare->is_public);
    return own->line.attempt != 0 && own->era == call->epoch->era &&
           own->seating == call->h->seating && own->line.generation == reshare->generation &&
           own->line.attempt == reshare->attempt &&
           assay_bytes_equal(own->digest, row->digest, 32);
}

/* Returns: ASSAY_SHARE_ROUND_IDS_MAX when it has dealt none of it. */
static uint32_t find_own_place(const struct assay_share_holder *h, const uint8_t id[static 32])
{
    uint32_t i = 0;
    while (i < ASSAY_SHARE_ROUND_IDS_MAX &&
           (h->own[i].line.attempt == 0 || !assay_bytes_equal(h->own[i].line.id, id, 32)))
        i++;
    return i;
}

const struct assay_share_own_public *assay_share_public_find_own(const struct assay_share_holder *h,
                                                                 const uint8_t id[static 32])
{
    const uint32_t at = find_own_place(h, id);
    return at < ASSAY_SHARE_ROUND_IDS_MAX ? &h->own[at] : NULL;
}

bool assay_share_public_settle(const struct assay_share_call *call, const uint8_t id[static 32],
                               const struct assay_share_row *row,
                               const struct assay_share_reshare *reshare)
{
    const uint32_t at = find_own_place(call->h, id);
    if (at == ASSAY_SHARE_ROUND_IDS_MAX) return false;
    struct assay_share_own_public *own = &call->h->own[at];
    if (reshare != NULL && reshare->is_public && is_own_dealing(own, call, row, reshare))
        return false;
    *own = (struct assay_share_own_public){ 0 };
    return true;
}

void assay_share_public_remove(const struct assay_share_call *call, const uint8_t id[static 32])
{
    struct assay_share_holder *h = call->h;
    const uint32_t at = find_own_place(h, id);
    for (uint32_t dealer = 0; dealer < ASSAY_SHARE_SLOTS_MAX; dealer++) {
        if (!(h->accused >> dealer & 1) || !assay_bytes_equal(h->accused_of[dealer], id, 32))
            continue;
        h->insists |= 1u << dealer;
        h->rows_left = call->r->row_count;
    }
    if (at < ASSAY_SHARE_ROUND_IDS_MAX) h->own[at] = (struct assay_share_own_public){ 0 };
}

/* The ledger has no more in progress than fit: an ended one makes room. */
static struct assay_share_own_public *find_own_room(const struct assay_share_call *call)
{
    struct assay_share_holder *h = call->h;
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < ASSAY_SHARE_ROUND_IDS_MAX; i++) {
            struct assay_share_own_public *own = &h->own[i];
            if (own->line.attempt == 0) return own;
            if (pass == 0) continue;
            const struct assay_share_row *row = assay_share_registry_find(call->r, own->line.id);
            const struct assay_share_reshare *reshare =
                row == NULL ? NULL : assay_share_own_reshare(call, row);
            if (reshare != NULL && reshare->is_public && is_own_dealing(own, call, row, reshare))
                continue;
            const struct assay_share_holding *holding =
                assay_share_holding_find(h, own->line.id);
            *own = (struct assay_share_own_public){ 0 };
            if (holding != NULL) assay_share_persist(call, holding);
            return own;
        }
    return NULL;
}

/* Coefficients and r are drawn, and wiped once the results are sealed. */
static enum assay_status make_dealing(const struct assay_share_call *call,
                                      const struct assay_secret32 *share,
                                      const struct assay_share_reshare *reshare,
                                      struct assay_share_dealing_line *line)
{
    ASSAY_ASSERT(reshare->is_public && call->r->config.k <= ASSAY_SHARE_K_MAX);
    const struct assay_share_registry *r = call->r;
    const struct assay_share_host *host = &call->h->config.host;
    struct assay_share_public_dealing *d = &line->dealing;
    uint8_t wide[(ASSAY_SHARE_K_MAX + 1) * ASSAY_SODIUM_WIDE_LEN], label[32];
    struct assay_share_polynomial f;
    struct assay_secret32 dealt, sub;
    const size_t k = r->config.k;
    host->random(host->context, wide, (k + 1) * ASSAY_SODIUM_WIDE_LEN);
    assay_sodium_scalar_from(wide + (k - 1) * ASSAY_SODIUM_WIDE_LEN, &dealt);
    d->slots = r->config.slots;
    enum assay_status status = assay_share_deal_on(r->config.k, share, wide, &f, &d->commitments);
    if (status == ASSAY_OK) status = assay_sodium_point_base(&dealt, d->dealt);
    for (uint32_t i = 0; i < r->config.slots && status == ASSAY_OK; i++) {
        if (!(r->round->takers >> i & 1)) continue; /* it has no key */
        assay_share_registry_get_label(r, reshare, call->h->slot, i, label);
        status = assay_share_of(&f, i, &sub);
        if (status == ASSAY_OK)
            status = assay_dealing_seal(&dealt, r->round->key[i], label, &sub, d->sealed[i]);
    }
    if (status == ASSAY_OK) {
        const struct assay_share_speaker speaker = speaker_of(call);
        assay_share_dealing_label(&r->config.home, &speaker, line, label);
        status = assay_dealing_prove(&dealt, label, wide + k * ASSAY_SODIUM_WIDE_LEN, d->dealt,
                                     &line->proof);
    }
    assay_secret_wipe(wide, sizeof wide);
    assay_secret_wipe(&f, sizeof f);
    assay_secret_wipe(&dealt, sizeof dealt);
    assay_secret_wipe(&sub, sizeof sub);
    return status;
}

void assay_share_public_submit(const struct assay_share_call *call)
{
    struct assay_share_dealing_record *record = &call->h->dealings;
    uint8_t digest[32];
    struct assay_slice out;
    if (record->count == 0) return;
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_DEALINGS_MAX);
    for (uint32_t i = 1; i < record->count; i++) { /* ids of one record ascend */
        const struct assay_share_dealing_line line = record->line[i];
        uint32_t at = i;
        for (; at > 0 && assay_bytes_compare(record->line[at - 1].id, line.id, 32) > 0; at--)
            record->line[at] = record->line[at - 1];
        record->line[at] = line;
    }
    record->speaker = speaker_of(call);
    assay_share_dealing_statement(&call->r->config.home, record, digest);
    sign_statement(call, digest, record->signature);
    const enum assay_status status = assay_share_dealing_record_encode(
        record, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX,
        &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_submit(call, ASSAY_SHARE_PAYLOAD_DEALING, out);
    record->count = 0;
}

static bool has_current(const struct assay_share_holding *holding,
                        const struct assay_share_row *row)
{
    return holding->has && assay_share_piece_is(&holding->current, row);
}

/* docs/services.md 5.17.3: a dealing is resubmitted after a crash, byte for byte.
 * Returns: whether it was made now, and must be stored. */
static bool deal_in_public(const struct assay_share_call *call, struct assay_share_holding *holding,
                           const struct assay_share_row *row,
                           const struct assay_share_reshare *reshare)
{
    struct assay_share_holder *h = call->h;
    const struct assay_share_own_public *own = assay_share_public_find_own(h, holding->id);
    bool made = false;
    if (!(reshare->able >> h->slot & 1) || (reshare->dealt >> h->slot & 1)) return false;
    if (!has_current(holding, row)) return false;
    if (own == NULL) {
        struct assay_share_dealing_line line = { .generation = reshare->generation,
                                                 .attempt = reshare->attempt };
        assay_bytes_copy(line.id, 32, holding->id, 32);
        struct assay_share_own_public *room = find_own_room(call);
        if (room == NULL ||
            make_dealing(call, &holding->current.share, reshare, &line) != ASSAY_OK)
            return false;
        *room = (struct assay_share_own_public){ .era = call->epoch->era, .seating = h->seating,
                                                .line = line };
        assay_bytes_copy(room->digest, 32, row->digest, 32);
        own = room;
        made = true;
    }
    if (!assay_share_mark_submitted(holding->said_deal, reshare->generation, reshare->attempt))
        return made;
    if (h->dealings.count == ASSAY_SHARE_DEALINGS_MAX) assay_share_public_submit(call);
    ASSAY_ASSERT(h->dealings.count < ASSAY_SHARE_DEALINGS_MAX);
    h->dealings.line[h->dealings.count++] = own->line;
    return made;
}

/* --- disputes */

/* The number that a dealer sealed for this slot. */
static enum assay_status open_dealing(const struct assay_share_call *call,
                                      const struct assay_share_reshare *reshare, uint32_t dealer,
                                      struct assay_share_public_dealing *dealing,
                                      struct assay_secret32 *number)
{
    ASSAY_ASSERT(call->h->key_now.set);
    const struct assay_share_holder *h = call->h;
    uint8_t label[32];
    if (!assay_share_registry_get_dealing(call->r, reshare, dealer, dealing))
        return ASSAY_E_NOT_FOUND;
    assay_share_registry_get_label(call->r, reshare, dealer, h->slot, label);
    return assay_dealing_open(&h->key_now.secret, dealing->dealt, label, dealing->sealed[h->slot],
                              number);
}

static void submit_dispute(const struct assay_share_call *call, struct assay_share_holding *holding,
                           const struct assay_share_reshare *reshare, uint32_t dealer,
                           enum assay_share_dispute_kind kind)
{
    ASSAY_ASSERT(dealer < ASSAY_SHARE_SLOTS_MAX && dealer != call->h->slot);
    ASSAY_ASSERT(call->h->disputes < DISPUTES_MAX);
    struct assay_share_holder *h = call->h;
    const struct assay_share_host *host = &h->config.host;
    struct assay_share_dispute_record record = {
        .speaker = speaker_of(call), .generation = reshare->generation,
        .attempt = reshare->attempt, .dealer = dealer, .kind = kind,
    };
    struct assay_share_public_dealing dealing;
    uint8_t digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_slice out;
    assay_bytes_copy(record.id, 32, holding->id, 32);
    if (kind == ASSAY_SHARE_DISPUTE_CONSTANT) {
        record.current = holding->current.commitments;
    } else {
        const bool dealt = assay_share_registry_get_dealing(call->r, reshare, dealer, &dealing);
        ASSAY_ASSERT(dealt);
        assay_share_registry_get_label(call->r, reshare, dealer, h->slot, digest);
        host->random(host->context, wide, sizeof wide);
        const enum assay_status shown = assay_dealing_open_public(
            &h->key_now.secret, dealing.dealt, digest, wide, record.shown, &record.proof);
        assay_secret_wipe(wide, sizeof wide);
        if (shown != ASSAY_OK) return;
    }
    assay_share_dispute_statement(&call->r->config.home, &record, digest);
    sign_statement(call, digest, record.signature);
    const enum assay_status status = assay_share_dispute_record_encode(
        &record, assay_share_effect_room(call, ASSAY_SHARE_RECORD_MAX), ASSAY_SHARE_RECORD_MAX,
        &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_submit(call, ASSAY_SHARE_PAYLOAD_DISPUTE, out);
    h->disputes++;
    holding->disputed |= 1u << dealer;
    if (h->accused >> dealer & 1) return;
    h->accused |= 1u << dealer;
    assay_bytes_copy(h->accused_of[dealer], 32, holding->id, 32);
}

/* docs/services.md 5.17.4: one dispute of a dealer covers all its dealings, as long as the id of
 * the dispute exists. */
static bool is_accused(const struct assay_share_holder *h,
                       const struct assay_share_holding *holding, uint32_t dealer)
{
    return (holding->disputed >> dealer & 1) || ((h->accused & ~h->insists) >> dealer & 1);
}

/* Each dealing separately, since they are chosen when disputes are over. */
static void check_dealings(const struct assay_share_call *call, struct assay_share_holding *holding,
                           const struct assay_share_row *row,
                           const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(call->r->round->phase == ASSAY_SHARE_PHASE_DISPUTES);
    struct assay_share_holder *h = call->h;
    if (assay_share_mark_submitted(holding->said_dispute, reshare->generation, reshare->attempt))
        holding->disputed = 0;
    for (uint32_t dealer = 0; dealer < call->r->config.slots; dealer++) {
        struct assay_share_public_dealing dealing;
        struct assay_secret32 number;
        if (dealer == h->slot || is_accused(h, holding, dealer) || (reshare->bad >> dealer & 1))
            continue;
        if (h->disputes == DISPUTES_MAX) { /* others in another call */
            h->rows_left = call->r->row_count;
            return;
        }
        const enum assay_status opened = open_dealing(call, reshare, dealer, &dealing, &number);
        if (opened == ASSAY_E_NOT_FOUND) continue;
        if (opened != ASSAY_OK ||
            assay_share_verify(&dealing.commitments, h->slot, &number) != ASSAY_OK)
            submit_dispute(call, holding, reshare, dealer, ASSAY_SHARE_DISPUTE_NUMBER);
        else if (has_current(holding, row) &&
                 assay_share_constant_verify(&holding->current.commitments, dealer,
                                             &dealing.commitments) == ASSAY_E_INVALID)
            submit_dispute(call, holding, reshare, dealer, ASSAY_SHARE_DISPUTE_CONSTANT);
        assay_secret_wipe(&number, sizeof number);
    }
}

/* --- shares */

static enum assay_status make_share(const struct assay_share_call *call,
                                    const struct assay_share_reshare *reshare,
                                    struct assay_share_piece *piece)
{
    struct assay_share_commitments dealt[ASSAY_SHARE_K_MAX];
    struct assay_secret32 number[ASSAY_SHARE_K_MAX];
    enum assay_status status = ASSAY_OK;
    uint32_t count = 0;
    for (uint32_t dealer = 0; dealer < call->r->config.slots && status == ASSAY_OK; dealer++) {
        struct assay_share_public_dealing dealing;
        if (!(reshare->dealers >> dealer & 1)) continue;
        ASSAY_ASSERT(count < ASSAY_SHARE_K_MAX); /* as many as were chosen */
        status = open_dealing(call, reshare, dealer, &dealing, &number[count]);
        dealt[count++] = dealing.commitments;
    }
    if (status == ASSAY_OK)
        status = assay_share_combine_commitments(reshare->dealers, dealt, &piece->commitments);
    if (status == ASSAY_OK)
        status = assay_share_combine_numbers(reshare->dealers, number, &piece->share);
    if (status == ASSAY_OK)
        status = assay_share_verify(&piece->commitments, call->h->slot, &piece->share);
    assay_secret_wipe(number, sizeof number);
    return status;
}

/* A share of another secret is rejected. */
static void take_public_share(const struct assay_share_call *call,
                              struct assay_share_holding *holding,
                              const struct assay_share_row *row,
                              const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(call->r->round->phase == ASSAY_SHARE_PHASE_HAVES);
    struct assay_share_piece piece = { .generation = reshare->generation,
                                       .attempt = reshare->attempt };
    assay_bytes_copy(piece.id, 32, holding->id, 32);
    const bool good = make_share(call, reshare, &piece) == ASSAY_OK &&
                      (!has_current(holding, row) ||
                       assay_bytes_equal(piece.commitments.point[0],
                                         holding->current.commitments.point[0], 32));
    if (good) assay_share_store_next(call, holding, &piece);
    assay_secret_wipe(&piece, sizeof piece);
}

bool assay_share_public_check_id(const struct assay_share_call *call,
                                 struct assay_share_holding *holding,
                                 const struct assay_share_row *row,
                                 const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(reshare->is_public);
    struct assay_share_holder *h = call->h;
    const enum assay_share_phase phase = call->r->round->phase;
    if (h->lost || !is_in_round(call)) return false;
    assay_share_public_keys(call); /* its key may be that of the current round */
    if (phase != ASSAY_SHARE_PHASE_DISPUTES) h->accused = h->insists = 0;
    if (phase == ASSAY_SHARE_PHASE_DEALS) return deal_in_public(call, holding, row, reshare);
    if (!has_key(&h->key_now, call->r->round->key[h->slot])) return false; /* its disk was lost */
    if (phase == ASSAY_SHARE_PHASE_DISPUTES) check_dealings(call, holding, row, reshare);
    else if (!holding->has_next) take_public_share(call, holding, row, reshare);
    else if (!(assay_share_reported_slots(reshare) >> h->slot & 1))
        assay_share_submit_have(call, holding, &holding->next);
    return false;
}
