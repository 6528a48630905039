/*
 * tests/support/services/registry_world_public.c - records of public attempts for the world of
 * registries.
 */
#include "tests/support/services/registry_world_public.h"

static bool one_in(struct registry_world *w, uint32_t n)
{
    return registry_world_below(w, n) == 0;
}

static void must(bool it)
{
    ASSAY_ASSERT(it);
}

static const struct kit_key *key_of(const struct registry_world *w, const uint8_t *key)
{
    for (uint32_t i = 0; i < WORLD_KEYS; i++)
        if (assay_bytes_equal(w->key[i].key, key, ASSAY_P256_PUBLIC_LEN)) return &w->key[i];
    return &w->key[0];
}

static struct assay_secret32 scalar(uint8_t tag, uint32_t number)
{
    struct assay_secret32 made;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 0 };
    kit_bytes(tag, number, wide);
    assay_sodium_scalar_from(wide, &made);
    return made;
}

static struct assay_share_speaker speaker_of(const struct assay_share_registry *s,
                                             uint32_t cluster, uint32_t slot)
{
    const struct assay_share_seat *seat = &s->cluster[cluster].seat[slot];
    struct assay_share_speaker speaker = { .cluster = cluster, .slot = slot, .era = s->era,
                                           .seating = seat->seating };
    if (seat->member < ASSAY_SHARE_MEMBERS_MAX)
        assay_bytes_copy(speaker.node, 32, s->member[seat->member].node, 32);
    assay_bytes_copy(speaker.key, sizeof speaker.key, seat->key, sizeof seat->key);
    return speaker;
}

/* The secret half of a slot's key: all members of this world have the same ones. */
static struct assay_secret32 taker_of(uint32_t cluster, uint32_t slot)
{
    return scalar('E', 1 + cluster * 16 + slot);
}

static void key(struct registry_world *w, const struct assay_share_registry *s, uint32_t cluster,
                uint32_t slot, struct registry_record *out)
{
    struct assay_share_key_record record = { .speaker = speaker_of(s, cluster, slot),
                                             .round = s->cluster[cluster].rounds };
    const struct assay_secret32 e = taker_of(cluster, slot);
    uint8_t digest[32], wide[ASSAY_SODIUM_WIDE_LEN] = { 3, 1 };
    must(assay_sodium_point_base(&e, record.point) == ASSAY_OK);
    assay_share_key_statement(&s->config.home, &record, digest);
    must(assay_dealing_prove(&e, digest, wide, record.point, &record.proof) == ASSAY_OK);
    kit_sign(key_of(w, record.speaker.key), digest, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_KEY;
    must(assay_share_key_record_encode(&record, out->bytes, sizeof out->bytes, &out->payload) ==
         ASSAY_OK);
}

/* An attempt that is public. Returns: NULL when there is none. */
static const struct assay_share_reshare *attempt_of(struct registry_world *w,
                                                    const struct assay_share_registry *s)
{
    const uint32_t from = s->reshare_count > 0 ? registry_world_below(w, s->reshare_count) : 0;
    for (uint32_t i = 0; i < s->reshare_count; i++) {
        const struct assay_share_reshare *reshare =
            &s->reshare[(from + i) % s->reshare_count];
        if (reshare->is_public) return reshare;
    }
    return NULL;
}

/* Points of its own for B; what is sealed is on them for some takers. */
static bool dealing(struct registry_world *w, const struct assay_share_registry *s, uint32_t slot,
                    struct registry_record *out)
{
    struct assay_share_dealing_record record = {
        .speaker = speaker_of(s, s->round->cluster, slot), .count = 1
    };
    struct assay_share_dealing_line *line = &record.line[0];
    const struct assay_share_reshare *reshare = attempt_of(w, s);
    const uint32_t number = registry_world_below(w, 1000);
    const struct assay_secret32 dealt = scalar('r', number);
    struct assay_share_polynomial f;
    uint8_t wide[ASSAY_SHARE_K_MAX * ASSAY_SODIUM_WIDE_LEN], label[32];
    if (reshare == NULL) return false;
    for (size_t at = 0; at < sizeof wide; at += 32)
        kit_bytes('f', number + (uint32_t)at, wide + at);
    assay_bytes_copy(line->id, 32, s->row[reshare->row].id, 32);
    line->generation = reshare->generation;
    line->attempt = reshare->attempt;
    line->dealing.slots = s->config.slots;
    must(assay_share_deal(s->config.k, wide, &f, &line->dealing.commitments) == ASSAY_OK);
    must(assay_sodium_point_base(&dealt, line->dealing.dealt) == ASSAY_OK);
    for (uint32_t i = 0; i < s->config.slots; i++) {
        struct assay_secret32 sub;
        if (!(s->round->takers >> i & 1)) continue;
        must(assay_share_of(&f, one_in(w, 5) ? (i + 1) % 4 : i, &sub) == ASSAY_OK);
        assay_share_registry_get_label(s, reshare, slot, i, label);
        must(assay_dealing_seal(&dealt, s->round->key[i], label, &sub, line->dealing.sealed[i]) ==
             ASSAY_OK);
    }
    assay_share_dealing_label(&s->config.home, &record.speaker, line, label);
    must(assay_dealing_prove(&dealt, label, wide, line->dealing.dealt, &line->proof) == ASSAY_OK);
    assay_share_dealing_statement(&s->config.home, &record, label);
    kit_sign(key_of(w, record.speaker.key), label, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_DEALING;
    must(assay_share_dealing_record_encode(&record, out->bytes, sizeof out->bytes,
                                           &out->payload) == ASSAY_OK);
    return true;
}

/* True or false, as it was dealt. */
static bool dispute(struct registry_world *w, const struct assay_share_registry *s, uint32_t slot,
                    struct registry_record *out)
{
    const struct assay_share_reshare *reshare = attempt_of(w, s);
    struct assay_share_dispute_record record = {
        .speaker = speaker_of(s, s->round->cluster, slot), .kind = ASSAY_SHARE_DISPUTE_NUMBER,
        .dealer = registry_world_below(w, s->config.slots),
    };
    const struct assay_secret32 e = taker_of(s->round->cluster, slot);
    struct assay_share_public_dealing dealt;
    uint8_t label[32], wide[ASSAY_SODIUM_WIDE_LEN] = { 5, 1 };
    if (reshare == NULL || !assay_share_registry_get_dealing(s, reshare, record.dealer, &dealt))
        return false;
    assay_bytes_copy(record.id, 32, s->row[reshare->row].id, 32);
    record.generation = reshare->generation;
    record.attempt = reshare->attempt;
    assay_share_registry_get_label(s, reshare, record.dealer, slot, label);
    must(assay_dealing_open_public(&e, dealt.dealt, label, wide, record.shown, &record.proof) ==
         ASSAY_OK);
    assay_share_dispute_statement(&s->config.home, &record, label);
    kit_sign(key_of(w, record.speaker.key), label, record.signature);
    out->kind = ASSAY_SERVICE_SHARE_DISPUTE;
    must(assay_share_dispute_record_encode(&record, out->bytes, sizeof out->bytes,
                                           &out->payload) == ASSAY_OK);
    return true;
}

bool registry_world_public(struct registry_world *w, const struct assay_share_registry *s,
                           uint32_t cluster, uint32_t slot, struct registry_record *out)
{
    const bool here = cluster == s->round->cluster && s->round->phase != ASSAY_SHARE_PHASE_NONE;
    if (here && s->round->phase == ASSAY_SHARE_PHASE_DEALS && !one_in(w, 4))
        return dealing(w, s, slot, out);
    if (here && s->round->phase == ASSAY_SHARE_PHASE_DISPUTES && !one_in(w, 4))
        return dispute(w, s, slot, out);
    key(w, s, cluster, slot, out);
    return true;
}
