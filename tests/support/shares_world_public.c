/*
 * tests/support/shares_world_public.c - one member that does in public whatever it can: deals wrong
 * numbers, another constant or another's dealing, disputes what stands, says another digest
 * (docs/services.md 5.17).
 */
#include "tests/support/shares_world_internal.h"

#include "base/crypto/model.h"

static void sign(const struct machine *m, const uint8_t digest[static 32],
                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    assay_model_sign(m->secret, digest, signature);
}

static struct assay_share_speaker speaker_of(const struct world *w, const struct machine *m,
                                             uint32_t slot)
{
    struct assay_share_speaker s = { .cluster = m->cluster, .slot = slot, .era = w->head->era,
                                     .seating = w->head->cluster[m->cluster].seat[slot].seating };
    s.node[0] = (uint8_t)shares_number_of(w, m);
    assay_bytes_copy(s.key, sizeof s.key, m->key, sizeof m->key);
    return s;
}

static struct assay_secret32 scalar(struct world *w)
{
    struct assay_secret32 made;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    shares_draw_bytes(w, wide, sizeof wide);
    assay_sodium_scalar_from(wide, &made);
    return made;
}

/* Another's dealing, with the proof that was made for that one. Returns: false when there is none. */
static bool copy_another(const struct world *w, const struct assay_share_reshare *reshare,
                         uint32_t own, struct assay_share_dealing_line *line)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (i != own && assay_share_registry_dealt(w->head, reshare, i, &line->dealing))
            return true;
    return false;
}

static void make_wrong(struct world *w, const struct machine *m,
                       const struct assay_share_reshare *reshare, uint32_t slot,
                       struct assay_share_dealing_line *line)
{
    const struct assay_share_registry *r = w->head;
    const struct assay_share_holding *holding = assay_share_holding_find(m->holder, line->id);
    const bool other = shares_draw(w, 2) == 0 || holding == NULL || !holding->has;
    const struct assay_secret32 constant = other ? scalar(w) : holding->current.share;
    const struct assay_secret32 dealt = scalar(w);
    const uint32_t starved = (uint32_t)shares_draw(w, SLOTS);
    struct assay_share_polynomial f;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN], label[32];
    shares_draw_bytes(w, wide, sizeof wide);
    ASSAY_ASSERT(assay_share_deal_on(K, &constant, wide, &f, &line->dealing.commitments) ==
                 ASSAY_OK);
    ASSAY_ASSERT(assay_sodium_point_base(&dealt, line->dealing.dealt) == ASSAY_OK);
    line->dealing.slots = SLOTS;
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_secret32 sub = scalar(w);
        if (!(r->round->takers >> i & 1)) continue;
        if (other || i != starved) ASSAY_ASSERT(assay_share_of(&f, i, &sub) == ASSAY_OK);
        assay_share_registry_label(r, reshare, slot, i, label);
        ASSAY_ASSERT(assay_dealing_seal(&dealt, r->round->key[i], label, &sub,
                                        line->dealing.sealed[i]) == ASSAY_OK);
    }
    const struct assay_share_speaker speaker = speaker_of(w, m, slot);
    assay_share_dealing_label(&r->config.home, &speaker, line, label);
    ASSAY_ASSERT(assay_dealing_prove(&dealt, label, wide, line->dealing.dealt, &line->proof) ==
                 ASSAY_OK);
}

static void deal(struct world *w, struct machine *m, const struct assay_share_reshare *reshare,
                 uint32_t slot)
{
    struct assay_share_dealing_record record = { .speaker = speaker_of(w, m, slot), .count = 1 };
    struct assay_share_dealing_line *line = &record.line[0];
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX], digest[32];
    struct assay_slice out;
    assay_bytes_copy(line->id, 32, w->head->row[reshare->row].id, 32);
    line->generation = reshare->generation;
    line->attempt = reshare->attempt;
    if (shares_draw(w, 3) > 0 || !copy_another(w, reshare, slot, line))
        make_wrong(w, m, reshare, slot, line);
    assay_share_dealing_statement(&w->head->config.home, &record, digest);
    sign(m, digest, record.signature);
    ASSAY_ASSERT(assay_share_dealing_record_encode(&record, bytes, sizeof bytes, &out) ==
                 ASSAY_OK);
    shares_hand_in(w, SHARES_DEALING, m, out);
}

static void dispute(struct world *w, struct machine *m, const struct assay_share_reshare *reshare,
                    uint32_t slot)
{
    struct assay_share_dispute_record record = {
        .speaker = speaker_of(w, m, slot), .generation = reshare->generation,
        .attempt = reshare->attempt, .dealer = (uint32_t)shares_draw(w, SLOTS),
        .kind = ASSAY_SHARE_DISPUTE_NUMBER,
    };
    struct assay_share_public_dealing dealt;
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX], digest[32], wide[ASSAY_SODIUM_WIDE_LEN];
    struct assay_slice out;
    assay_bytes_copy(record.id, 32, w->head->row[reshare->row].id, 32);
    if (!assay_share_registry_dealt(w->head, reshare, record.dealer, &dealt)) return;
    /* With its own key; with another, which is no opening; with an A of its own. */
    const struct assay_secret32 e =
        m->holder->key_now.set && shares_draw(w, 2) == 0 ? m->holder->key_now.secret : scalar(w);
    assay_share_registry_label(w->head, reshare, record.dealer, slot, digest);
    shares_draw_bytes(w, wide, sizeof wide);
    ASSAY_ASSERT(assay_dealing_show(&e, dealt.dealt, digest, wide, record.shown, &record.proof) ==
                 ASSAY_OK);
    if (shares_draw(w, 4) == 0) {
        record.kind = ASSAY_SHARE_DISPUTE_CONSTANT;
        record.current = dealt.commitments;
    }
    assay_share_dispute_statement(&w->head->config.home, &record, digest);
    sign(m, digest, record.signature);
    ASSAY_ASSERT(assay_share_dispute_record_encode(&record, bytes, sizeof bytes, &out) ==
                 ASSAY_OK);
    shares_hand_in(w, SHARES_DISPUTE, m, out);
}

static void have(struct world *w, struct machine *m, const struct assay_share_reshare *reshare,
                 uint32_t slot)
{
    struct assay_share_list_record record = {
        .cluster = m->cluster, .era = w->head->era, .count = 1,
        .seating = w->head->cluster[m->cluster].seat[slot].seating,
    };
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice out;
    assay_bytes_copy(record.line[0].id, 32, w->head->row[reshare->row].id, 32);
    record.line[0].generation = reshare->generation;
    record.line[0].attempt = reshare->attempt;
    shares_draw_bytes(w, record.line[0].digest, 32);
    ASSAY_ASSERT(assay_share_list_record_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    shares_hand_in(w, SHARES_HAVE, m, out);
}

void shares_forge(struct world *w, struct machine *m)
{
    const struct assay_share_round *round = w->head->round;
    if (round->phase == ASSAY_SHARE_PHASE_NONE || round->cluster != m->cluster) return;
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (!assay_bytes_equal(w->head->cluster[m->cluster].seat[slot].key, m->key, 64)) continue;
        for (uint32_t i = 0; i < w->head->reshare_count; i++) {
            const struct assay_share_reshare *reshare = &w->head->reshare[i];
            if (!reshare->is_public || shares_draw(w, 6) > 0) continue;
            if (round->phase == ASSAY_SHARE_PHASE_DEALS) deal(w, m, reshare, slot);
            if (round->phase == ASSAY_SHARE_PHASE_DISPUTES) dispute(w, m, reshare, slot);
            if (round->phase == ASSAY_SHARE_PHASE_HAVES && shares_draw(w, 8) == 0)
                have(w, m, reshare, slot);
        }
    }
}
