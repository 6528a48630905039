/*
 * services/identity/signer.c - one holder's side of signing sessions.
 */
#include "services/identity/signer.h"

#include "base/crypto.h"

/* --- memory of an epoch */

static struct assay_cosigner_nonces *nonces_of(const struct assay_cosigner *s,
                                               const struct assay_cosigner_slot *slot)
{
    return &s->memory.nonces[slot - s->memory.slot];
}

static void free_slot(struct assay_cosigner *s, struct assay_cosigner_slot *slot)
{
    assay_secret_wipe(nonces_of(s, slot), sizeof *s->memory.nonces);
    slot->step = ASSAY_COSIGNER_FREE;
}

void assay_cosigner_wipe(struct assay_cosigner *s)
{
    for (uint32_t i = 0; i < s->memory.slots; i++)
        free_slot(s, &s->memory.slot[i]);
}

static void forget_epoch(struct assay_cosigner *s)
{
    for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++)
        s->row_count[i] = s->join_count[i] = 0;
}

/* --- the part of a coordinator, by its place among the holders (docs/identity.md 4.12) */

static uint32_t find_place(const struct assay_signing_group *group,
                           const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < group->holders; i++)
        if (assay_bytes_equal(group->holder[i].node_id, node_id, 32)) return i;
    return UINT32_MAX;
}

static uint32_t places_of_each(const struct assay_cosigner *s)
{
    const uint32_t each = s->memory.slots / s->group->holders;
    return each < ASSAY_COSIGNER_PLACES ? each : ASSAY_COSIGNER_PLACES;
}

static struct assay_cosigner_slot *slots_of(const struct assay_cosigner *s, uint32_t coordinator)
{
    return s->memory.slot + (size_t)coordinator * places_of_each(s);
}

static uint32_t rows_of_each(const struct assay_cosigner *s)
{
    return s->memory.rows / s->group->holders;
}

static struct assay_cosigner_row *rows_of(const struct assay_cosigner *s, uint32_t coordinator)
{
    return s->memory.row + (size_t)coordinator * rows_of_each(s);
}

static uint32_t joins_of_each(const struct assay_cosigner *s)
{
    return s->memory.joins / s->group->holders;
}

static struct assay_cosigner_join *joins_of(const struct assay_cosigner *s, uint32_t coordinator)
{
    return s->memory.join + (size_t)coordinator * joins_of_each(s);
}

/* --- */

void assay_cosigner_init(struct assay_cosigner *s, const struct assay_signing_group *group,
                         uint32_t place, const struct assay_secret32 *share,
                         const struct assay_secret32 *seed,
                         const struct assay_cosigner_memory *memory, uint64_t era, uint64_t epoch,
                         const uint8_t journal[static 32])
{
    ASSAY_ASSERT(place < group->holders && memory->slots >= group->holders);
    *s = (struct assay_cosigner){
        .group = group,
        .place = place,
        .share = share,
        .seed = seed,
        .memory = *memory,
        .started_era = era,
        .started_epoch = epoch,
        .stored_era = era,
        .stored_epoch = epoch,
    };
    assay_bytes_copy(s->journal, sizeof s->journal, journal, 32);
    assay_cosigner_wipe(s);
}

void assay_cosigner_set_derive(struct assay_cosigner *s, assay_cosigner_derive *derive,
                               void *context)
{
    s->derive = derive;
    s->derive_context = context;
}

void assay_cosigner_set_journal(struct assay_cosigner *s, const uint8_t journal[static 32])
{
    assay_bytes_copy(s->journal, sizeof s->journal, journal, 32);
}

void assay_cosigner_set_link(struct assay_cosigner *s, const uint8_t link_key[static 32])
{
    assay_bytes_copy(s->link_key, sizeof s->link_key, link_key, 32);
}

static bool is_above(uint64_t era, uint64_t epoch, uint64_t other_era, uint64_t other_epoch)
{
    return era > other_era || (era == other_era && epoch > other_epoch);
}

enum assay_status assay_cosigner_on_epoch(struct assay_cosigner *s,
                                          const struct assay_signing_group *group,
                                          const struct assay_secret32 *share,
                                          const struct assay_cosigner_epoch *epoch)
{
    const bool has_epoch = s->epoch.period_ms > 0;
    if (has_epoch && is_above(s->epoch.era, s->epoch.epoch, epoch->era, epoch->epoch))
        return ASSAY_E_STALE;
    /* Parts are by the holders of one generation, which statements name as well. */
    if (!has_epoch || is_above(epoch->era, epoch->epoch, s->epoch.era, s->epoch.epoch) ||
        epoch->generation != s->epoch.generation)
        forget_epoch(s);
    ASSAY_ASSERT(s->memory.slots >= group->holders);
    s->group = group;
    s->share = share;
    s->epoch = *epoch;
    assay_cosigner_wipe(s);
    return ASSAY_OK;
}

void assay_cosigner_on_stored(struct assay_cosigner *s, uint64_t era, uint64_t epoch)
{
    if (!is_above(era, epoch, s->stored_era, s->stored_epoch)) return;
    s->stored_era = era;
    s->stored_epoch = epoch;
}

/* docs/identity.md 4.6: a process that was stopped, or a machine whose clock was set back to a copy
 * of it, may be a copy itself. */
static bool is_continuous(const struct assay_cosigner_time *last,
                          const struct assay_cosigner_time *now)
{
    if (now->monotonic_ms < last->monotonic_ms) return false;
    const uint64_t passed = now->monotonic_ms - last->monotonic_ms;
    if (passed > ASSAY_COSIGNER_TICK_MS + ASSAY_COSIGNER_LATE_MS) return false;
    const uint64_t expected = last->wall_ms + passed;
    const uint64_t off =
        now->wall_ms > expected ? now->wall_ms - expected : expected - now->wall_ms;
    return off <= ASSAY_COSIGNER_LATE_MS;
}

void assay_cosigner_on_tick(struct assay_cosigner *s, struct assay_cosigner_time now)
{
    const bool continuous = is_continuous(&s->last, &now);
    for (uint32_t i = 0; i < s->memory.slots; i++) {
        struct assay_cosigner_slot *slot = &s->memory.slot[i];
        if (slot->step == ASSAY_COSIGNER_FREE) continue;
        if (!continuous || now.monotonic_ms - slot->started_ms >= ASSAY_COSIGNER_LIFE_MS)
            free_slot(s, slot);
    }
    s->last = now;
}

/* --- round one: commit */

enum assay_status assay_cosigner_epoch_check(const struct assay_cosigner_epoch *epoch,
                                             const struct assay_signing_group *group,
                                             uint64_t monotonic_ms)
{
    if (epoch->period_ms == 0) return ASSAY_E_EARLY;
    if (epoch->era != group->era) return ASSAY_E_CHAIN;
    if (epoch->generation != group->generation) return ASSAY_E_CHAIN;
    if (epoch->fenced) return ASSAY_E_INVALID;
    if (monotonic_ms < epoch->final_ms || monotonic_ms - epoch->final_ms >= 3 * epoch->period_ms)
        return ASSAY_E_TIMEOUT;
    return ASSAY_OK;
}

/* Answers for one text in an epoch: as many sessions as liars can spoil, and one more; each of
 * them has an index at least, and together fewer than h = T - t + 1. */
static uint32_t answers_max(const struct assay_signing_group *group)
{
    const uint32_t blocking = group->indices - group->threshold + 1;
    return blocking > ASSAY_COSIGNER_ANSWERS_MIN ? blocking : ASSAY_COSIGNER_ANSWERS_MIN;
}

static enum assay_status check_epoch(const struct assay_cosigner *s, uint64_t epoch)
{
    if (s->epoch.period_ms == 0) return ASSAY_E_EARLY;
    /* docs/identity.md 4.11: the newest certified epoch alone, while it is young */
    if (epoch < s->epoch.epoch) return ASSAY_E_STALE;
    if (epoch > s->epoch.epoch) return ASSAY_E_EARLY;
    ASSAY_TRY(assay_cosigner_epoch_check(&s->epoch, s->group, s->last.monotonic_ms));
    /* docs/identity.md 4.16: of two processes with one store, the one that offered last signs */
    if (!assay_bytes_equal(s->link_key, s->epoch.link_key, sizeof s->link_key))
        return ASSAY_E_STRANGER;
    /* docs/identity.md 4.7 (iii): sessions of before a restart are not remembered */
    if (!is_above(s->epoch.era, epoch, s->started_era, s->started_epoch)) return ASSAY_E_STALE;
    return ASSAY_OK;
}

static enum assay_status check_signers(const struct assay_cosigner *s,
                                       const struct assay_signing_session *session, uint32_t *own)
{
    for (uint32_t i = 0; i < session->count; i++)
        if (!s->epoch.live[session->index[i]]) return ASSAY_E_INVALID;
    *own = assay_signing_own(s->group, session, s->place);
    if (*own == 0) return ASSAY_E_INVALID;
    return *own * session->items <= ASSAY_SIGNING_OWN_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static struct assay_cosigner_row *find_row(const struct assay_cosigner *s, uint32_t coordinator,
                                           const uint8_t tbs_digest[static 32])
{
    struct assay_cosigner_row *row = rows_of(s, coordinator);
    for (uint32_t i = 0; i < s->row_count[coordinator]; i++)
        if (assay_bytes_equal(row[i].tbs_digest, tbs_digest, 32)) return &row[i];
    return NULL;
}

/* docs/identity.md 4.12: of each text a coordinator gets so many answers in an epoch. */
static enum assay_status check_rows(const struct assay_cosigner *s, uint32_t coordinator,
                                    const struct assay_cosigner_slot *slot)
{
    uint32_t fresh = 0;
    for (uint32_t i = 0; i < slot->session.items; i++) {
        const struct assay_cosigner_row *row =
            find_row(s, coordinator, slot->session.tbs_digest[i]);
        fresh += row == NULL;
        if (row != NULL && row->answers >= answers_max(s->group)) return ASSAY_E_RATE;
    }
    return fresh <= rows_of_each(s) - s->row_count[coordinator] ? ASSAY_OK : ASSAY_E_FULL;
}

static void count_answers(struct assay_cosigner *s, uint32_t coordinator,
                          const struct assay_cosigner_slot *slot)
{
    for (uint32_t i = 0; i < slot->session.items; i++) {
        struct assay_cosigner_row *row = find_row(s, coordinator, slot->session.tbs_digest[i]);
        if (row == NULL) {
            row = &rows_of(s, coordinator)[s->row_count[coordinator]++];
            row->answers = 0;
            assay_bytes_copy(row->tbs_digest, 32, slot->session.tbs_digest[i], 32);
        }
        row->answers += 1;
    }
}

static void name_tag(const uint8_t name[static ASSAY_SIGNING_NAME_LEN], uint8_t tag[static 8])
{
    uint8_t digest[32];
    assay_sha256(name, ASSAY_SIGNING_NAME_LEN, digest);
    assay_bytes_copy(tag, 8, digest, 8);
}

/* docs/identity.md 4.7 (ii): a session is joined once. */
static enum assay_status check_join(const struct assay_cosigner *s, uint32_t coordinator,
                                    const uint8_t tag[static 8])
{
    const struct assay_cosigner_join *join = joins_of(s, coordinator);
    for (uint32_t i = 0; i < s->join_count[coordinator]; i++)
        if (assay_bytes_equal(join[i].tag, tag, sizeof join[i].tag)) return ASSAY_E_DUPLICATE;
    return s->join_count[coordinator] < joins_of_each(s) ? ASSAY_OK : ASSAY_E_FULL;
}

static enum assay_status derive_items(const struct assay_cosigner *s,
                                      const struct assay_signing_message *m,
                                      const uint8_t from[static 32],
                                      struct assay_cosigner_slot *slot)
{
    size_t used = 0;
    for (uint32_t i = 0; i < slot->session.items; i++) {
        struct assay_cosigner_item item = { .is_bearer = false };
        ASSAY_TRY(s->derive(s->derive_context, m->part[2 + i], slot->tbs_bytes + used,
                            sizeof slot->tbs_bytes - used, &item));
        const bool is_subject = assay_bytes_equal(item.subject, from, 32);
        /* docs/identity.md 4.13: whoever has a token can use it */
        if (item.is_bearer && !is_subject) return ASSAY_E_LANE;
        slot->tbs_len[i] = item.tbs.len;
        used += item.tbs.len;
        ASSAY_ASSERT(used <= sizeof slot->tbs_bytes);
        assay_sha256(item.tbs.bytes, item.tbs.len, slot->session.tbs_digest[i]);
        for (uint32_t j = 0; j < i; j++) /* counts are by TBS */
            if (assay_bytes_equal(slot->session.tbs_digest[i], slot->session.tbs_digest[j], 32))
                return ASSAY_E_DUPLICATE;
        assay_bytes_copy(slot->subject[i], 32, item.subject, 32);
        assay_bytes_copy(slot->entry[i], 32, item.entry_digest, 32);
    }
    return ASSAY_OK;
}

/* docs/identity.md 4.6: a copy of this process with the same random bytes draws others, by the
 * session with its signers and texts, the clocks or the counter. */
static void mix_entropy(struct assay_cosigner *s, const struct assay_cosigner_entropy *entropy,
                        const struct assay_signing_session *session, uint32_t item, uint32_t index,
                        const uint8_t digest[static 32], uint8_t random[static 64])
{
    for (uint8_t half = 0; half < 2; half++) {
        uint8_t numbers[8 * 5] = { 0 };
        const uint64_t value[] = { s->last.monotonic_ms, s->last.wall_ms, ++s->counter, index,
                                   half };
        for (size_t i = 0; i < sizeof numbers; i++)
            numbers[i] = (uint8_t)(value[i / 8] >> (8 * (i % 8)));
        const struct assay_slice pieces[] = {
            assay_slice_over(entropy->system, 32),
            assay_slice_over(entropy->processor, 32),
            assay_slice_over(digest, 32),
            assay_slice_over(session->tbs_digest[item], 32),
            assay_slice_over(numbers, sizeof numbers),
        };
        assay_sha256_pieces(pieces, sizeof pieces / sizeof pieces[0], random + (size_t)half * 32);
    }
}

/* The share of an index for one item: tokens are signed under another key of the same sharing. */
static void item_share(const struct assay_cosigner *s, uint32_t index, bool is_token,
                       struct assay_secret32 *share)
{
    *share = s->share[index];
    if (is_token) assay_sodium_scalar_add(share, &s->group->token_offset, share);
}

static enum assay_status draw_nonces(struct assay_cosigner *s,
                                     const struct assay_cosigner_entropy *entropy,
                                     struct assay_cosigner_slot *slot)
{
    const struct assay_signing_session *session = &slot->session;
    struct assay_frost_nonces *const nonces = nonces_of(s, slot)->pair;
    uint32_t pair = 0;
    enum assay_status status = ASSAY_OK;
    for (uint32_t item = 0; item < session->items; item++) {
        for (uint32_t i = 0; i < session->count && status == ASSAY_OK; i++) {
            struct assay_frost_commitment commitment;
            struct assay_secret32 share;
            uint8_t random[64];
            const uint32_t index = session->index[i];
            if (s->group->owner[index] != s->place) continue;
            mix_entropy(s, entropy, session, item, index, slot->digest, random);
            item_share(s, index, false, &share);
            status = assay_frost_commit(index, &share, random, &nonces[pair], &commitment);
            uint8_t *to = slot->commitments + (size_t)pair * ASSAY_SIGNING_PAIR_LEN;
            assay_bytes_copy(to, 32, commitment.hiding, 32);
            assay_bytes_copy(to + 32, 32, commitment.binding, 32);
            assay_secret_wipe(&share, sizeof share);
            assay_secret_wipe(random, sizeof random);
            pair += 1;
        }
    }
    return status;
}

static enum assay_status encode_signed(struct assay_cosigner_out *out, enum assay_signing_kind kind,
                                       const struct assay_cosigner_slot *slot,
                                       struct assay_slice content, const struct assay_cosigner *s,
                                       const uint8_t digest[static 32])
{
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
    struct assay_signing_message m = { .kind = kind, .count = 2 };
    assay_sodium_link_sign(s->seed, digest, signature);
    assay_bytes_copy(m.name, sizeof m.name, slot->session.name, sizeof slot->session.name);
    m.part[0] = content;
    m.part[1] = assay_slice_over(signature, sizeof signature);
    ASSAY_TRY(assay_signing_encode(&m, out->bytes, sizeof out->bytes, &out->message));
    out->action = ASSAY_COSIGNER_SEND;
    return ASSAY_OK;
}

static struct assay_slice own_commitments(const struct assay_cosigner_slot *slot)
{
    return assay_slice_over(slot->commitments,
                            (size_t)slot->own * slot->session.items * ASSAY_SIGNING_PAIR_LEN);
}

static enum assay_status join_session(struct assay_cosigner *s,
                                      const struct assay_cosigner_entropy *entropy,
                                      struct assay_cosigner_slot *slot,
                                      struct assay_cosigner_out *out)
{
    uint8_t digest[32];
    assay_signing_session_digest(s->group, &slot->session, slot->digest);
    ASSAY_TRY(draw_nonces(s, entropy, slot));
    const struct assay_slice commitments = own_commitments(slot);
    assay_sha256(commitments.bytes, commitments.len, slot->commitments_digest);
    assay_signing_commit_digest(slot->digest, s->group->holder[s->place].node_id, commitments,
                                digest);
    slot->started_ms = s->last.monotonic_ms;
    ASSAY_TRY(encode_signed(out, ASSAY_SIGNING_COMMITMENTS, slot, commitments, s, digest));
    slot->step = ASSAY_COSIGNER_COMMITTED;
    return ASSAY_OK;
}

/* A free place of the coordinator, or that of its oldest session, which ends. */
static struct assay_cosigner_slot *take_place(struct assay_cosigner *s, uint32_t coordinator)
{
    struct assay_cosigner_slot *const own = slots_of(s, coordinator), *oldest = own;
    for (uint32_t i = 0; i < places_of_each(s); i++) {
        if (own[i].step == ASSAY_COSIGNER_FREE) return &own[i];
        if (own[i].started_ms < oldest->started_ms) oldest = &own[i];
    }
    free_slot(s, oldest);
    return oldest;
}

/* What costs nothing is checked first; what is derived then counts, whatever becomes of it. */
static enum assay_status on_request(struct assay_cosigner *s,
                                    const struct assay_cosigner_entropy *entropy,
                                    const uint8_t from[static 32],
                                    const struct assay_signing_message *m,
                                    struct assay_cosigner_out *out)
{
    struct assay_signing_session session;
    uint8_t tag[8];
    uint32_t own = 0;
    ASSAY_TRY(assay_signing_session_read(s->group, m, &session));
    ASSAY_TRY(check_epoch(s, session.epoch));
    ASSAY_TRY(check_signers(s, &session, &own));
    const uint32_t coordinator = find_place(s->group, from);
    if (coordinator == UINT32_MAX) return ASSAY_E_STRANGER;
    name_tag(session.name, tag);
    ASSAY_TRY(check_join(s, coordinator, tag));
    if (is_above(s->epoch.era, s->epoch.epoch, s->stored_era, s->stored_epoch)) {
        out->action = ASSAY_COSIGNER_STORE; /* docs/identity.md 4.7 (iii) */
        out->era = s->epoch.era;
        out->epoch = s->epoch.epoch;
        return ASSAY_E_AGAIN;
    }
    assay_bytes_copy(joins_of(s, coordinator)[s->join_count[coordinator]++].tag, 8, tag, 8);
    struct assay_cosigner_slot *const slot = take_place(s, coordinator);
    slot->session = session;
    slot->own = own;
    ASSAY_TRY(derive_items(s, m, from, slot));
    ASSAY_TRY(check_rows(s, coordinator, slot));
    const enum assay_status status = join_session(s, entropy, slot, out);
    if (status != ASSAY_OK) free_slot(s, slot);
    return status;
}

/* --- round two: echo */

static enum assay_status check_list(const struct assay_cosigner *s,
                                    const struct assay_cosigner_slot *slot,
                                    const struct assay_signing_message *m)
{
    ASSAY_TRY(assay_signing_list_check(s->group, &slot->session, m->part, m->count));
    const uint32_t at = assay_signing_list_place(s->group, &slot->session, s->place);
    /* Those of others are covered by their echoes, which name session and commitments as their
     * signatures here do, and are verified before anything is answered (check_echoes). */
    return assay_slice_equal(m->part[at], own_commitments(slot)) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status on_list(struct assay_cosigner *s, struct assay_cosigner_slot *slot,
                                 const struct assay_signing_message *m, struct assay_slice bytes,
                                 struct assay_cosigner_out *out)
{
    uint8_t digest[32];
    if (slot->step != ASSAY_COSIGNER_COMMITTED) return ASSAY_E_INVALID; /* one list a session */
    ASSAY_TRY(check_list(s, slot, m));
    assay_signing_list_digest(s->group, &slot->session, slot->digest, m->part, slot->list_digest);
    assay_bytes_copy(slot->list, sizeof slot->list, bytes.bytes, bytes.len);
    slot->list_len = bytes.len;
    assay_signing_answer_digest(slot->digest, s->group->holder[s->place].node_id,
                                slot->commitments_digest, slot->list_digest,
                                assay_slice_over(NULL, 0), digest);
    slot->step = ASSAY_COSIGNER_ECHOED;
    return encode_signed(out, ASSAY_SIGNING_ECHO, slot, assay_slice_over(slot->list_digest, 32), s,
                         digest);
}

/* --- round three: answer */

/* docs/identity.md 4.7: every holder of the session has echoed this list. */
static enum assay_status check_echoes(const struct assay_cosigner *s,
                                      const struct assay_cosigner_slot *slot,
                                      const struct assay_signing_message *list,
                                      const struct assay_signing_message *m)
{
    uint32_t at = 0;
    if (m->count * 2 != list->count) return ASSAY_E_RANGE;
    for (uint32_t place = 0; place < s->group->holders; place++) {
        uint8_t commitments[32], digest[32];
        if (assay_signing_own(s->group, &slot->session, place) == 0) continue;
        const struct assay_slice own = list->part[(size_t)2 * at];
        assay_sha256(own.bytes, own.len, commitments);
        assay_signing_answer_digest(slot->digest, s->group->holder[place].node_id, commitments,
                                    slot->list_digest, assay_slice_over(NULL, 0), digest);
        if (!assay_sodium_link_verify(s->group->holder[place].key, digest, m->part[at].bytes))
            return ASSAY_E_SIGNATURE;
        at += 1;
    }
    return ASSAY_OK;
}

static enum assay_status sign_item(const struct assay_cosigner *s, struct assay_cosigner_slot *slot,
                                   const struct assay_signing_message *list, uint32_t item,
                                   struct assay_slice tbs, uint32_t *pair, uint8_t *answers)
{
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session session;
    const bool is_token = assay_signing_is_token(tbs);
    assay_signing_list_item(s->group, &slot->session, list->part, item, commitment);
    ASSAY_TRY(assay_frost_begin(is_token ? s->group->token_key : s->group->key, tbs, commitment,
                                slot->session.count, &session));
    for (uint32_t i = 0; i < slot->session.count; i++) {
        struct assay_secret32 share;
        uint8_t public_share[ASSAY_SODIUM_POINT_LEN];
        const uint32_t index = slot->session.index[i];
        if (s->group->owner[index] != s->place) continue;
        ASSAY_TRY(assay_signing_public_share(s->group, index, is_token, public_share));
        item_share(s, index, is_token, &share);
        const enum assay_status status =
            assay_frost_sign(&session, index, &share, public_share,
                             &nonces_of(s, slot)->pair[*pair], answers + (size_t)*pair * 32);
        assay_secret_wipe(&share, sizeof share);
        if (status != ASSAY_OK) return status;
        *pair += 1;
    }
    return ASSAY_OK;
}

/* docs/identity.md 4.14: an entry a TBS, each with the digest of the one before. */
static void put_journal(struct assay_cosigner *s, const struct assay_cosigner_slot *slot,
                        uint32_t item, struct assay_cosigner_out *out)
{
    struct assay_signing_entry entry = {
        .wall_ms = s->last.wall_ms,
        .era = s->epoch.era,
        .epoch = s->epoch.epoch,
        .generation = s->group->generation,
        .ca_number = s->group->ca_number,
    };
    uint8_t *to = out->journal[out->journal_count];
    assay_bytes_copy(entry.before, 32, s->journal, 32);
    assay_bytes_copy(entry.block_id, 32, s->epoch.block_id, 32);
    assay_bytes_copy(entry.subject, 32, slot->subject[item], 32);
    assay_bytes_copy(entry.entry, 32, slot->entry[item], 32);
    assay_bytes_copy(entry.tbs, 32, slot->session.tbs_digest[item], 32);
    assay_bytes_copy(entry.name, sizeof entry.name, slot->session.name, sizeof slot->session.name);
    assay_bytes_copy(entry.list, 32, slot->list_digest, 32);
    const size_t len = assay_signing_entry_encode(&entry, to);
    assay_sha256(to, len, s->journal);
    out->journal_len[out->journal_count++] = (uint16_t)len;
}

static enum assay_status answer_session(struct assay_cosigner *s, uint32_t coordinator,
                                        struct assay_cosigner_slot *slot,
                                        const struct assay_signing_message *m,
                                        struct assay_cosigner_out *out)
{
    uint8_t answers[ASSAY_SIGNING_OWN_MAX * 32], digest[32];
    struct assay_signing_message list;
    uint32_t pair = 0;
    size_t at = 0;
    ASSAY_TRY(assay_signing_decode(assay_slice_over(slot->list, slot->list_len), &list));
    ASSAY_TRY(check_echoes(s, slot, &list, m));
    ASSAY_TRY(check_epoch(s, slot->session.epoch));
    for (uint32_t i = 0; i < slot->session.items; i++) {
        ASSAY_TRY(sign_item(s, slot, &list, i,
                            assay_slice_over(slot->tbs_bytes + at, slot->tbs_len[i]), &pair,
                            answers));
        at += slot->tbs_len[i];
    }
    ASSAY_TRY(check_rows(s, coordinator, slot)); /* another session may have been answered since */
    count_answers(s, coordinator, slot);
    for (uint32_t i = 0; i < slot->session.items; i++)
        put_journal(s, slot, i, out);
    const struct assay_slice all = assay_slice_over(answers, (size_t)pair * 32);
    assay_signing_answer_digest(slot->digest, s->group->holder[s->place].node_id,
                                slot->commitments_digest, slot->list_digest, all, digest);
    return encode_signed(out, ASSAY_SIGNING_ANSWERS, slot, all, s, digest);
}

static enum assay_status on_echoes(struct assay_cosigner *s, uint32_t coordinator,
                                   struct assay_cosigner_slot *slot,
                                   const struct assay_signing_message *m,
                                   struct assay_cosigner_out *out)
{
    if (slot->step != ASSAY_COSIGNER_ECHOED) return ASSAY_E_INVALID;
    const enum assay_status status = answer_session(s, coordinator, slot, m, out);
    free_slot(s, slot); /* docs/identity.md 4.6: gone after round three, a failed one too */
    return status;
}

/* --- */

static struct assay_cosigner_slot *find_session(const struct assay_cosigner *s,
                                                uint32_t coordinator,
                                                const uint8_t name[static ASSAY_SIGNING_NAME_LEN])
{
    if (coordinator == UINT32_MAX) return NULL;
    struct assay_cosigner_slot *const own = slots_of(s, coordinator);
    for (uint32_t i = 0; i < places_of_each(s); i++)
        if (own[i].step != ASSAY_COSIGNER_FREE &&
            assay_bytes_equal(own[i].session.name, name, ASSAY_SIGNING_NAME_LEN))
            return &own[i];
    return NULL;
}

enum assay_status assay_cosigner_on_message(struct assay_cosigner *s,
                                            struct assay_cosigner_time now,
                                            const struct assay_cosigner_entropy *entropy,
                                            const uint8_t from[static 32], struct assay_slice bytes,
                                            struct assay_cosigner_out *out)
{
    struct assay_signing_message m;
    out->action = ASSAY_COSIGNER_NOTHING;
    out->journal_count = 0;
    out->message = assay_slice_over(NULL, 0);
    assay_cosigner_on_tick(s, now);
    ASSAY_TRY(assay_signing_decode(bytes, &m));
    /* docs/identity.md 4.11: a session is its coordinator's, whose node id the link proves */
    if (!assay_bytes_equal(m.name, from, 32)) return ASSAY_E_STRANGER;
    if (m.kind == ASSAY_SIGNING_REQUEST) return on_request(s, entropy, from, &m, out);
    const uint32_t coordinator = find_place(s->group, from);
    struct assay_cosigner_slot *const slot = find_session(s, coordinator, m.name);
    if (slot == NULL) return ASSAY_E_NOT_FOUND;
    if (m.kind == ASSAY_SIGNING_LIST) return on_list(s, slot, &m, bytes, out);
    if (m.kind == ASSAY_SIGNING_ECHOES) return on_echoes(s, coordinator, slot, &m, out);
    return ASSAY_E_LANE;
}

uint32_t assay_cosigner_cost(const struct assay_cosigner *s, const uint8_t from[static 32],
                             const struct assay_signing_message *m)
{
    if (m->kind == ASSAY_SIGNING_REQUEST) return m->count;
    const struct assay_cosigner_slot *slot = find_session(s, find_place(s->group, from), m->name);
    if (m->kind != ASSAY_SIGNING_ECHOES || slot == NULL) return 0;
    return slot->session.count * slot->session.items;
}
