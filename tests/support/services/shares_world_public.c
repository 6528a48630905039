/*
 * tests/support/services/shares_world_public.c - one member with every public attack: it deals
 * wrong numbers, another constant or a dealing of another member, disputes valid dealings, and
 * reports another digest (docs/services.md 5.17).
 */
#include "tests/support/services/shares_world_internal.h"

#include "base/crypto/model.h"

/* --- what must hold */

/* No two accepted dealings have the same R. */
void shares_check_dealings(struct world *w)
{
    const struct assay_share_registry *r = w->head;
    struct assay_share_public_dealing one, other;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            if (!assay_share_registry_get_dealing(r, &r->reshare[i], slot, &one)) continue;
            for (uint32_t k = 0; k <= i; k++)
                for (uint32_t s = 0; s < (k == i ? slot : SLOTS); s++)
                    if (assay_share_registry_get_dealing(r, &r->reshare[k], s, &other) &&
                        assay_bytes_equal(one.dealt, other.dealt, 32))
                        shares_violated(w, "COPIED", slot, s);
        }
}

/* What an honest slot deals in an attempt is one thing, over crashes as well. */
void shares_check_handed(struct world *w, const struct shares_record *record)
{
    static struct assay_share_dealing_record dealt;
    const struct assay_slice bytes = assay_slice_over(record->bytes, record->len);
    if (record->kind != SHARES_DEALING || w->machine[record->member].lies) return;
    ASSAY_ASSERT(assay_share_dealing_record_decode(bytes, &dealt) == ASSAY_OK);
    for (uint32_t i = 0; i < dealt.count; i++) {
        const struct assay_share_dealing_line *line = &dealt.line[i];
        struct handed now = { .member = record->member, .generation = line->generation,
                              .attempt = line->attempt, .era = dealt.speaker.era,
                              .seating = dealt.speaker.seating };
        bool known = false;
        assay_bytes_copy(now.id, 32, line->id, 32);
        assay_bytes_copy(now.dealt, 32, line->dealing.dealt, 32);
        for (uint32_t k = 0; k < w->handed_count; k++) {
            const struct handed *was = &w->handed[k];
            if (was->member != now.member || was->generation != now.generation ||
                was->attempt != now.attempt || was->era != now.era ||
                was->seating != now.seating || !assay_bytes_equal(was->id, now.id, 32))
                continue;
            known = true;
            /* An id that is deleted and put again has the same numbers. */
            if (!assay_bytes_equal(was->dealt, now.dealt, 32) && !w->plan->changes)
                shares_violated(w, "TWICE", i, record->member);
        }
        if (!known && w->handed_count < HANDED) w->handed[w->handed_count++] = now;
        if (!shares_dealings_add(&w->dealings, &line->dealing.commitments))
            shares_violated(w, "EQUAL", i, record->member);
    }
}

/* --- one that means ill */

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

/* Another's dealing, with the proof that was made for that one. Returns: false when there is none.
 */
static bool copy_another(const struct world *w, const struct assay_share_reshare *reshare,
                         uint32_t own, struct assay_share_dealing_line *line)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (i != own && assay_share_registry_get_dealing(w->head, reshare, i, &line->dealing))
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
        assay_share_registry_get_label(r, reshare, slot, i, label);
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
    if (!assay_share_registry_get_dealing(w->head, reshare, record.dealer, &dealt)) return;
    /* With its own key; with another, which is no opening; with an A of its own. */
    const struct assay_secret32 e =
        m->holder->key_now.set && shares_draw(w, 2) == 0 ? m->holder->key_now.secret : scalar(w);
    assay_share_registry_get_label(w->head, reshare, record.dealer, slot, digest);
    shares_draw_bytes(w, wide, sizeof wide);
    ASSAY_ASSERT(assay_dealing_open_public(&e, dealt.dealt, digest, wide, record.shown,
                                           &record.proof) == ASSAY_OK);
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
