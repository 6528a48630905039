/*
 * services/identity/coordinator.c - coordinator of signing sessions.
 */
#include "base/crypto.h"
#include "services/identity/coordinator_internal.h"

void assay_coordinator_init(struct assay_coordinator *c, const struct assay_signing_group *group,
                            const uint8_t node_id[static 32], struct assay_coordinator_slot *slot,
                            uint32_t slots, const uint8_t random[static 32])
{
    ASSAY_ASSERT(slots <= ASSAY_COORDINATOR_SESSIONS_MAX);
    *c = (struct assay_coordinator){ .group = group, .slot = slot, .slots = slots };
    assay_bytes_copy(c->node_id, sizeof c->node_id, node_id, 32);
    assay_bytes_copy(c->random, sizeof c->random, random, 32);
    for (uint32_t i = 0; i < slots; i++)
        slot[i].step = ASSAY_COORDINATOR_FREE;
}

void assay_coordinator_set_derive(struct assay_coordinator *c, assay_cosigner_derive *derive,
                                  void *context)
{
    c->derive = derive;
    c->derive_context = context;
}

static void end_request(struct assay_coordinator_slot *slot, enum assay_status status)
{
    slot->status = status;
    slot->step = ASSAY_COORDINATOR_ENDED;
}

enum assay_status assay_coordinator_on_epoch(struct assay_coordinator *c,
                                             const struct assay_signing_group *group,
                                             const struct assay_cosigner_epoch *epoch)
{
    if (c->epoch.period_ms > 0 && (epoch->era < c->epoch.era ||
                                   (epoch->era == c->epoch.era && epoch->epoch < c->epoch.epoch)))
        return ASSAY_E_STALE;
    for (uint32_t i = 0; i < c->slots; i++) {
        struct assay_coordinator_slot *slot = &c->slot[i];
        if (slot->step == ASSAY_COORDINATOR_FREE || slot->step == ASSAY_COORDINATOR_ENDED) continue;
        end_request(slot, ASSAY_E_STALE);
        slot->lie_count = 0;
    }
    if (group->era != c->group->era || group->ca_number != c->group->ca_number ||
        group->generation != c->group->generation)
        for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++) {
            c->holder[i].away_until = 0;
            c->holder[i].is_wrong = false;
        }
    c->group = group;
    c->epoch = *epoch;
    return ASSAY_OK;
}

/* --- sessions */

static void begin_round(struct assay_coordinator_slot *slot, enum assay_coordinator_step step)
{
    slot->step = step;
    slot->is_unsent = true;
    slot->missing = slot->signers;
    for (uint32_t i = 0; i < slot->signers; i++) {
        slot->replied[i] = false;
        if (step == ASSAY_COORDINATOR_ANSWERING) slot->used[slot->place[i]]++;
    }
}

/* Node id and 16 bytes that no other session has. */
static void name_session(struct assay_coordinator *c, struct assay_coordinator_slot *slot)
{
    uint8_t input[40], digest[32];
    c->names += 1;
    assay_bytes_copy(input, 32, c->random, 32);
    for (size_t i = 0; i < 8; i++)
        input[32 + i] = (uint8_t)(c->names >> (8 * i));
    assay_sha256(input, sizeof input, digest);
    assay_bytes_copy(slot->session.name, 32, c->node_id, 32);
    assay_bytes_copy(slot->session.name + 32, 16, digest, 16);
}

/* docs/identity.md 4.15: each session that failed has left a holder out, so this ends; late holders
 * have a second chance when the others do not suffice. */
static void begin_session(struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                          uint64_t now_ms)
{
    const enum assay_status status = assay_cosigner_epoch_check(&c->epoch, c->group, now_ms);
    if (status != ASSAY_OK) {
        end_request(slot, status);
        return;
    }
    name_session(c, slot);
    bool found = assay_coordinator_choose(c, slot);
    if (!found && !slot->is_second_pass) {
        slot->is_second_pass = true;
        for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++)
            slot->left_out[i] = false;
        found = assay_coordinator_choose(c, slot);
    }
    if (!found) {
        end_request(slot, ASSAY_E_TIMEOUT);
        return;
    }
    slot->attempts += 1;
    assay_signing_session_digest(c->group, &slot->session, slot->digest);
    begin_round(slot, ASSAY_COORDINATOR_COMMITTING);
}

static void leave_out(struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                      uint32_t signer, bool is_wrong)
{
    const uint32_t place = slot->place[signer];
    slot->left_out[place] = true;
    c->holder[place].away_until = c->epoch.epoch + ASSAY_COORDINATOR_AWAY_EPOCHS;
    if (is_wrong) c->holder[place].is_wrong = true;
}

/* --- requests */

static enum assay_status derive_request(struct assay_coordinator *c, const struct assay_slice *item,
                                        uint32_t count, struct assay_coordinator_slot *slot)
{
    size_t items = 0, tbs = 0;
    slot->session = (struct assay_signing_session){ .epoch = c->epoch.epoch, .items = count };
    for (uint32_t i = 0; i < count; i++) {
        struct assay_cosigner_item derived = { .is_bearer = false };
        /* with what a REQUEST has around its items */
        if (item[i].len > sizeof slot->items - 512 - count * 4 - items) return ASSAY_E_RANGE;
        assay_bytes_copy(slot->items + items, item[i].len, item[i].bytes, item[i].len);
        slot->item_len[i] = item[i].len;
        items += item[i].len;
        ASSAY_TRY(c->derive(c->derive_context, item[i], slot->tbs + tbs, sizeof slot->tbs - tbs,
                            &derived));
        /* docs/identity.md 4.13: holders refuse it */
        if (derived.is_bearer && !assay_bytes_equal(derived.subject, c->node_id, 32))
            return ASSAY_E_LANE;
        slot->tbs_len[i] = derived.tbs.len;
        tbs += derived.tbs.len;
        assay_sha256(derived.tbs.bytes, derived.tbs.len, slot->session.tbs_digest[i]);
        for (uint32_t j = 0; j < i; j++)
            if (assay_bytes_equal(slot->session.tbs_digest[i], slot->session.tbs_digest[j], 32))
                return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

enum assay_status assay_coordinator_submit(struct assay_coordinator *c, uint64_t now_ms,
                                           const struct assay_slice *item, uint32_t count,
                                           uint64_t *request)
{
    struct assay_coordinator_slot *slot = NULL;
    ASSAY_TRY(assay_cosigner_epoch_check(&c->epoch, c->group, now_ms));
    if (count == 0 || count > ASSAY_SIGNING_ITEMS_MAX ||
        count * c->group->threshold > ASSAY_SIGNING_COMMITMENTS_MAX)
        return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < c->slots && slot == NULL; i++)
        if (c->slot[i].step == ASSAY_COORDINATOR_FREE) slot = &c->slot[i];
    if (slot == NULL) return ASSAY_E_FULL;
    ASSAY_TRY(derive_request(c, item, count, slot));
    slot->request = *request = ++c->requests;
    slot->attempts = slot->lie_count = 0;
    slot->is_second_pass = false;
    for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++) {
        slot->left_out[i] = false;
        slot->used[i] = 0;
    }
    begin_session(c, slot, now_ms);
    return ASSAY_OK;
}

/* --- replies */

static struct assay_slice commitments_of(const struct assay_coordinator_slot *slot, uint32_t signer)
{
    return assay_slice_over(slot->commitments +
                                (size_t)slot->first[signer] * ASSAY_SIGNING_PAIR_LEN,
                            (size_t)slot->own[signer] * ASSAY_SIGNING_PAIR_LEN);
}

static uint32_t list_parts(const struct assay_coordinator_slot *slot, struct assay_slice *part)
{
    for (uint32_t i = 0; i < slot->signers; i++) {
        part[(size_t)2 * i] = commitments_of(slot, i);
        part[(size_t)2 * i + 1] =
            assay_slice_over(slot->signed_by[0][i], ASSAY_SODIUM_SIGNATURE_LEN);
    }
    return 2 * slot->signers;
}

static struct assay_slice tbs_of(const struct assay_coordinator_slot *slot, uint32_t item)
{
    size_t at = 0;
    for (uint32_t i = 0; i < item; i++)
        at += slot->tbs_len[i];
    return assay_slice_over(slot->tbs + at, slot->tbs_len[item]);
}

static enum assay_status begin_item(const struct assay_coordinator *c,
                                    const struct assay_coordinator_slot *slot, uint32_t item,
                                    struct assay_frost_session *frost)
{
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    const struct assay_slice tbs = tbs_of(slot, item);
    (void)list_parts(slot, part);
    assay_signing_list_item(c->group, &slot->session, part, item, commitment);
    return assay_frost_begin(assay_signing_is_token(tbs) ? c->group->token_key : c->group->key, tbs,
                             commitment, slot->session.count, frost);
}

/* All commitments are here. A point of no use is found before any holder takes it. */
static enum assay_status end_commitments(struct assay_coordinator *c,
                                         struct assay_coordinator_slot *slot, uint64_t now_ms)
{
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    struct assay_frost_session frost;
    enum assay_status status = ASSAY_OK;
    for (uint32_t i = 0; i < slot->session.items && status == ASSAY_OK; i++) {
        status = begin_item(c, slot, i, &frost);
        assay_bytes_copy(slot->nonce_sum[i], 32, frost.commitment, 32);
    }
    if (status == ASSAY_OK) {
        (void)list_parts(slot, part);
        assay_signing_list_digest(c->group, &slot->session, slot->digest, part, slot->list_digest);
        begin_round(slot, ASSAY_COORDINATOR_ECHOING);
        return ASSAY_OK;
    }
    for (uint32_t i = 0; i < slot->signers; i++) {
        const struct assay_slice own = commitments_of(slot, i);
        bool fits = true;
        for (size_t at = 0; at < own.len; at += ASSAY_SODIUM_POINT_LEN)
            fits = fits && assay_sodium_edwards_is_fit(own.bytes + at);
        if (!fits) leave_out(c, slot, i, true);
    }
    begin_session(c, slot, now_ms);
    return status;
}

/* docs/identity.md 4.10: whose answers do not verify. */
static void find_liars(struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                       uint32_t item)
{
    struct assay_frost_session frost;
    const bool is_token = assay_signing_is_token(tbs_of(slot, item));
    if (begin_item(c, slot, item, &frost) != ASSAY_OK)
        return; /* it was, before the list was sent */
    for (uint32_t i = 0; i < slot->signers; i++) {
        const uint32_t own = slot->own[i] / slot->session.items;
        uint32_t before = 0;
        for (uint32_t j = 0; j < slot->session.count; j++) {
            uint8_t share[ASSAY_SODIUM_POINT_LEN];
            const uint8_t index = slot->session.index[j];
            if (c->group->owner[index] != slot->place[i]) continue;
            const uint8_t *answer =
                slot->answers + ((size_t)slot->first[i] + (size_t)item * own + before++) * 32;
            if (assay_signing_public_share(c->group, index, is_token, share) == ASSAY_OK &&
                assay_frost_verify(&frost, index, share, answer) == ASSAY_OK)
                continue;
            if (slot->left_out[slot->place[i]]) continue; /* one proof is enough */
            leave_out(c, slot, i, true);
            slot->lie[slot->lie_count].signer = (uint8_t)i;
            slot->lie[slot->lie_count].item = (uint8_t)item;
            slot->lie[slot->lie_count++].index = index;
        }
    }
}

/* All answers are here. docs/identity.md 4.10: each is verified by itself only when their sum does
 * not. */
static enum assay_status end_answers(struct assay_coordinator *c,
                                     struct assay_coordinator_slot *slot)
{
    enum assay_status all = ASSAY_OK;
    for (uint32_t item = 0; item < slot->session.items; item++) {
        uint8_t answers[ASSAY_FROST_SIGNERS_MAX * 32];
        struct assay_frost_session frost = { .count = slot->session.count };
        const struct assay_slice tbs = tbs_of(slot, item);
        const bool is_token = assay_signing_is_token(tbs);
        size_t at = 0;
        for (uint32_t i = 0; i < slot->signers; i++) { /* a sum: in any order */
            const size_t own = slot->own[i] / slot->session.items;
            assay_bytes_copy(answers + at, own * 32,
                             slot->answers + (slot->first[i] + item * own) * 32, own * 32);
            at += own * 32;
        }
        assay_bytes_copy(frost.commitment, 32, slot->nonce_sum[item], 32);
        assay_bytes_copy(frost.public_key, 32, is_token ? c->group->token_key : c->group->key, 32);
        const enum assay_status status =
            assay_frost_combine(&frost, tbs, answers, slot->signature[item]);
        if (status == ASSAY_OK) continue;
        all = status;
        find_liars(c, slot, item);
    }
    if (all == ASSAY_OK || slot->lie_count == 0)
        end_request(slot, all); /* else poll begins another */
    return all;
}

static const enum assay_signing_kind expected[] = {
    [ASSAY_COORDINATOR_COMMITTING] = ASSAY_SIGNING_COMMITMENTS,
    [ASSAY_COORDINATOR_ECHOING] = ASSAY_SIGNING_ECHO,
    [ASSAY_COORDINATOR_ANSWERING] = ASSAY_SIGNING_ANSWERS,
};

/* A link may repeat what a holder sent in an earlier round of the session. */
static bool is_repeated(const struct assay_coordinator_slot *slot,
                        const struct assay_signing_message *m)
{
    return (m->kind == ASSAY_SIGNING_COMMITMENTS || m->kind == ASSAY_SIGNING_ECHO) &&
           m->kind < expected[slot->step];
}

/* Content and signature of a reply, and whose statement it must be. Out: stored on ASSAY_OK. */
static enum assay_status take_reply(const struct assay_coordinator *c,
                                    struct assay_coordinator_slot *slot, uint32_t signer,
                                    const struct assay_signing_message *m)
{
    const uint8_t *node_id = c->group->holder[slot->place[signer]].node_id;
    const struct assay_slice content = m->part[0], own = commitments_of(slot, signer);
    const bool is_first = slot->step == ASSAY_COORDINATOR_COMMITTING;
    const bool is_last = slot->step == ASSAY_COORDINATOR_ANSWERING;
    uint8_t digest[32], commitments[32];
    if (m->kind != expected[slot->step]) return ASSAY_E_LANE;
    if (is_first ? content.len != own.len : is_last && content.len != own.len / 2)
        return ASSAY_E_RANGE;
    if (is_first) {
        assay_signing_commit_digest(slot->digest, node_id, content, digest);
    } else {
        assay_sha256(own.bytes, own.len, commitments);
        assay_signing_answer_digest(slot->digest, node_id, commitments, slot->list_digest,
                                    is_last ? content : assay_slice_over(NULL, 0), digest);
    }
    if (!assay_sodium_link_verify(c->group->holder[slot->place[signer]].key, digest,
                                  m->part[1].bytes))
        return ASSAY_E_SIGNATURE;
    if (is_first)
        assay_bytes_copy(slot->commitments + (size_t)slot->first[signer] * ASSAY_SIGNING_PAIR_LEN,
                         content.len, content.bytes, content.len);
    if (is_last)
        assay_bytes_copy(slot->answers + (size_t)slot->first[signer] * 32, content.len,
                         content.bytes, content.len);
    assay_bytes_copy(slot->signed_by[slot->step - ASSAY_COORDINATOR_COMMITTING][signer],
                     ASSAY_SODIUM_SIGNATURE_LEN, m->part[1].bytes, ASSAY_SODIUM_SIGNATURE_LEN);
    return ASSAY_OK;
}

static void record_time(struct assay_coordinator *c, uint32_t place, uint64_t took_ms)
{
    uint32_t *usual = &c->holder[place].usual_ms;
    if (took_ms > ASSAY_COORDINATOR_WAIT_MAX_MS) took_ms = ASSAY_COORDINATOR_WAIT_MAX_MS;
    *usual = (uint32_t)((*usual * 7 + took_ms + 7) / 8);
}

static enum assay_status on_reply(struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                                  uint64_t now_ms, const uint8_t from[static 32],
                                  const struct assay_signing_message *m)
{
    uint32_t signer = 0;
    while (signer < slot->signers &&
           !assay_bytes_equal(c->group->holder[slot->place[signer]].node_id, from, 32))
        signer++;
    if (signer == slot->signers) return ASSAY_E_STRANGER;
    if (slot->is_unsent || slot->replied[signer] || is_repeated(slot, m)) return ASSAY_E_DUPLICATE;
    const enum assay_status status = take_reply(c, slot, signer, m);
    if (status != ASSAY_OK) {
        leave_out(c, slot, signer, true);
        begin_session(c, slot, now_ms);
        return status;
    }
    record_time(c, slot->place[signer], now_ms - slot->sent_ms);
    slot->replied[signer] = true;
    slot->missing -= 1;
    if (slot->missing > 0) return ASSAY_OK;
    if (slot->step == ASSAY_COORDINATOR_COMMITTING) return end_commitments(c, slot, now_ms);
    if (slot->step == ASSAY_COORDINATOR_ANSWERING) return end_answers(c, slot);
    begin_round(slot, ASSAY_COORDINATOR_ANSWERING);
    return ASSAY_OK;
}

enum assay_status assay_coordinator_on_message(struct assay_coordinator *c, uint64_t now_ms,
                                               const uint8_t from[static 32],
                                               struct assay_slice bytes)
{
    struct assay_signing_message m;
    ASSAY_TRY(assay_signing_decode(bytes, &m));
    for (uint32_t i = 0; i < c->slots; i++) {
        struct assay_coordinator_slot *slot = &c->slot[i];
        if (slot->step == ASSAY_COORDINATOR_FREE || slot->step == ASSAY_COORDINATOR_ENDED) continue;
        if (assay_bytes_equal(slot->session.name, m.name, sizeof m.name))
            return on_reply(c, slot, now_ms, from, &m);
    }
    return ASSAY_E_NOT_FOUND;
}

/* --- effects */

static void put_round(const struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                      uint64_t now_ms, struct assay_coordinator_out *out)
{
    struct assay_signing_message m = { .kind = ASSAY_SIGNING_REQUEST, .count = 2 };
    uint8_t epoch[8];
    size_t at = 0;
    assay_bytes_copy(m.name, sizeof m.name, slot->session.name, sizeof slot->session.name);
    for (size_t i = 0; i < 8; i++)
        epoch[i] = (uint8_t)(slot->session.epoch >> (8 * (7 - i)));
    if (slot->step == ASSAY_COORDINATOR_COMMITTING) {
        m.part[0] = assay_slice_over(epoch, sizeof epoch);
        m.part[1] = assay_slice_over(slot->session.index, slot->session.count);
        for (uint32_t i = 0; i < slot->session.items; i++) {
            m.part[m.count++] = assay_slice_over(slot->items + at, slot->item_len[i]);
            at += slot->item_len[i];
        }
    } else if (slot->step == ASSAY_COORDINATOR_ECHOING) {
        m.kind = ASSAY_SIGNING_LIST;
        m.count = list_parts(slot, m.part);
    } else {
        m.kind = ASSAY_SIGNING_ECHOES;
        m.count = slot->signers;
        for (uint32_t i = 0; i < slot->signers; i++)
            m.part[i] = assay_slice_over(slot->signed_by[1][i], ASSAY_SODIUM_SIGNATURE_LEN);
    }
    const enum assay_status status =
        assay_signing_encode(&m, out->bytes, sizeof out->bytes, &out->message);
    ASSAY_ASSERT(status == ASSAY_OK); /* bounds of assay_coordinator_submit */
    for (uint32_t i = 0; i < c->group->holders; i++)
        out->to[i] = false;
    for (uint32_t i = 0; i < slot->signers; i++)
        out->to[slot->place[i]] = true;
    out->action = ASSAY_COORDINATOR_SEND;
    slot->sent_ms = now_ms;
    slot->is_unsent = false;
}

static void put_lie(const struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                    struct assay_coordinator_out *out)
{
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    struct assay_signing_lie lie;
    slot->lie_count -= 1;
    const uint32_t signer = slot->lie[slot->lie_count].signer;
    const uint32_t item = slot->lie[slot->lie_count].item;
    (void)list_parts(slot, part);
    const struct assay_signing_answers all = {
        .session = &slot->session,
        .part = part,
        .place = slot->place[signer],
        .answers = assay_slice_over(slot->answers + (size_t)slot->first[signer] * 32,
                                    (size_t)slot->own[signer] * 32),
        .signature = slot->signed_by[2][signer],
    };
    assay_signing_lie_of_answer(c->group, &all, item, slot->lie[slot->lie_count].index,
                                tbs_of(slot, item), &lie);
    /* Any text of a product fits (docs/identity.md 3.5.4); a longer one convicts no holder. */
    if (assay_signing_lie_encode(&lie, out->bytes, sizeof out->bytes, &out->message) == ASSAY_OK)
        out->action = ASSAY_COORDINATOR_LIE;
}

static void put_ending(struct assay_coordinator_slot *slot, struct assay_coordinator_out *out)
{
    out->action = ASSAY_COORDINATOR_ENDING;
    out->status = slot->status;
    out->count = slot->status == ASSAY_OK ? slot->session.items : 0;
    assay_bytes_copy(out->signature, sizeof out->signature, slot->signature,
                     sizeof slot->signature);
    slot->step = ASSAY_COORDINATOR_FREE;
}

/* Who has not replied in time is left out (docs/identity.md 4.15). It usually takes as long at
 * least: its reply, which comes when the session is gone, does not show it. */
static void end_late(struct assay_coordinator *c, struct assay_coordinator_slot *slot,
                     uint64_t now_ms)
{
    if (now_ms - slot->sent_ms < slot->wait_ms) return;
    for (uint32_t i = 0; i < slot->signers; i++) {
        uint32_t *usual = &c->holder[slot->place[i]].usual_ms;
        if (slot->replied[i]) continue;
        leave_out(c, slot, i, false);
        if (*usual < slot->wait_ms) *usual = (uint32_t)slot->wait_ms;
    }
    begin_session(c, slot, now_ms);
}

bool assay_coordinator_poll(struct assay_coordinator *c, uint64_t now_ms,
                            struct assay_coordinator_out *out)
{
    out->action = ASSAY_COORDINATOR_NOTHING;
    out->status = ASSAY_OK;
    out->count = 0;
    out->message = assay_slice_over(NULL, 0);
    for (uint32_t i = 0; i < c->slots; i++) {
        struct assay_coordinator_slot *slot = &c->slot[i];
        if (slot->step == ASSAY_COORDINATOR_FREE) continue;
        out->request = slot->request;
        if (slot->lie_count > 0) {
            while (slot->lie_count > 0 && out->action == ASSAY_COORDINATOR_NOTHING)
                put_lie(c, slot, out);
            if (slot->lie_count == 0 && slot->step == ASSAY_COORDINATOR_ANSWERING)
                begin_session(c, slot, now_ms);
            if (out->action != ASSAY_COORDINATOR_NOTHING) return true;
        }
        if (slot->step != ASSAY_COORDINATOR_ENDED && !slot->is_unsent) end_late(c, slot, now_ms);
        if (slot->step == ASSAY_COORDINATOR_ENDED) put_ending(slot, out);
        else if (slot->is_unsent) put_round(c, slot, now_ms, out);
        if (out->action != ASSAY_COORDINATOR_NOTHING) return true;
    }
    return false;
}
