/*
 * tests/unit/services/identity/signing_world.c - holders of a group key and a coordinator, every
 * message of which a test may change.
 */
#include "tests/unit/services/identity/signing_world.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { TBS_LEN = 120 };

struct assay_slice world_tbs(const uint8_t item[static 8], uint8_t *tbs)
{
    memset(tbs, item[2], TBS_LEN);
    tbs[0] = item[0] == 't' ? 'e' : 0x30;
    tbs[1] = item[1];
    return assay_slice_over(tbs, TBS_LEN);
}

/* An item: kind, subject's place, a number. */
static enum assay_status derive(void *context, struct assay_slice item, uint8_t *tbs,
                                size_t capacity, struct assay_cosigner_item *out)
{
    const struct world *w = context;
    if (item.len != 8 || item.bytes[1] >= WORLD_HOLDERS) return ASSAY_E_NOT_FOUND;
    if (capacity < TBS_LEN) return ASSAY_E_FULL;
    out->tbs = world_tbs(item.bytes, tbs);
    assay_bytes_copy(out->subject, 32, w->group.holder[item.bytes[1]].node_id, 32);
    memset(out->entry_digest, item.bytes[2], 32);
    out->is_bearer = item.bytes[0] == 't';
    return ASSAY_OK;
}

static void start_holder(struct world *w, uint32_t place)
{
    static const uint8_t none[32] = { 0 };
    struct world_holder *h = w->holder[place];
    const struct assay_cosigner_memory memory = { .slot = h->slot,
                                                  .nonces = h->nonces,
                                                  .slots = WORLD_SLOTS,
                                                  .row = h->row,
                                                  .rows = WORLD_ROWS,
                                                  .join = h->join,
                                                  .joins = WORLD_JOINS };
    assay_cosigner_init(&h->signer, &w->group, place, w->key->share, &w->seed[place], &memory,
                        w->epoch.era, w->stored[place], none);
    assay_cosigner_set_derive(&h->signer, derive, w);
    assay_cosigner_on_tick(&h->signer, w->now);
    cr_assert_eq(assay_cosigner_on_epoch(&h->signer, &w->group, w->key->share, &w->epoch),
                 ASSAY_OK);
}

void world_restart(struct world *w, uint32_t place)
{
    memset(w->holder[place], 0, sizeof *w->holder[place]);
    start_holder(w, place);
}

static void shift_key(struct world *w)
{
    struct assay_signing_group *g = &w->group;
    g->token_offset = group_scalar();
    cr_assert_eq(assay_sodium_edwards_base(&g->token_offset, g->token_key), ASSAY_OK);
    cr_assert_eq(assay_sodium_edwards_add(g->token_key, g->key, g->token_key), ASSAY_OK);
}

struct world *world_new(uint32_t threshold, const uint32_t *indices)
{
    struct world *w = calloc(1, sizeof *w);
    uint32_t total = 0;
    cr_assert_not_null(w);
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
        total += indices[i];
    w->key = group_new(total, threshold);
    w->out = calloc(1, sizeof *w->out);
    struct assay_signing_group *g = &w->group;
    g->era = 3;
    g->generation = 2;
    g->ca_number = 1;
    g->threshold = threshold;
    g->indices = total;
    g->holders = WORLD_HOLDERS;
    assay_bytes_copy(g->key, 32, w->key->key, 32);
    shift_key(w);
    uint32_t index = 1;
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++) {
        group_draw(g->holder[i].node_id, 32);
        group_draw(w->seed[i].bytes, 32);
        assay_sodium_link_pair(&w->seed[i], g->holder[i].key);
        for (uint32_t j = 0; j < indices[i]; j++, index++)
            g->owner[index] = (uint8_t)i;
    }
    assay_bytes_copy(g->public_share, sizeof g->public_share, w->key->public_share,
                     sizeof g->public_share);
    w->now = (struct assay_cosigner_time){ .monotonic_ms = 100000, .wall_ms = 1795855000000 };
    w->epoch = (struct assay_cosigner_epoch){
        .era = 3, .epoch = 10, .generation = 2, .final_ms = 99000, .period_ms = 60000
    };
    for (uint32_t i = 1; i <= total; i++)
        w->epoch.live[i] = true;
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++) {
        w->holder[i] = calloc(1, sizeof *w->holder[i]);
        cr_assert_not_null(w->holder[i]);
        start_holder(w, i);
    }
    return w;
}

void world_free(struct world *w)
{
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
        free(w->holder[i]);
    group_free(w->key);
    free(w->out);
    free(w);
}

void world_close_epoch(struct world *w)
{
    w->epoch.epoch += 1;
    w->epoch.final_ms = w->now.monotonic_ms;
    for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
        cr_assert_eq(
            assay_cosigner_on_epoch(&w->holder[i]->signer, &w->group, w->key->share, &w->epoch),
            ASSAY_OK);
}

void world_pass(struct world *w, uint64_t ms)
{
    for (uint64_t passed = 0; passed < ms; passed += 50) {
        w->now.monotonic_ms += 50;
        w->now.wall_ms += 50;
        for (uint32_t i = 0; i < WORLD_HOLDERS; i++)
            assay_cosigner_on_tick(&w->holder[i]->signer, w->now);
    }
}

struct world_attempt world_attempt(const struct world *w, uint32_t coordinator, uint8_t name,
                                   const uint8_t *index, char kind, uint8_t subject, uint8_t number)
{
    struct world_attempt a = { .epoch = w->epoch.epoch, .count = w->group.threshold, .items = 1 };
    assay_bytes_copy(a.name, 32, w->group.holder[coordinator].node_id, 32);
    memset(a.name + 32, name, 16);
    assay_bytes_copy(a.index, a.count, index, a.count);
    a.item[0][0] = (uint8_t)kind;
    a.item[0][1] = subject;
    a.item[0][2] = number;
    return a;
}

enum assay_status world_deliver(struct world *w, uint32_t place, const struct world_attempt *a,
                                const struct assay_signing_message *m)
{
    static uint8_t bytes[ASSAY_SIGNING_MESSAGE_MAX];
    struct assay_cosigner_entropy entropy;
    struct assay_slice message;
    struct assay_cosigner *s = &w->holder[place]->signer;
    memset(&entropy, w->entropy_byte, sizeof entropy);
    if (w->entropy_byte == 0) group_draw((uint8_t *)&entropy, sizeof entropy);
    assay_cosigner_set_journal(s, w->journal[place].digest);
    cr_assert_eq(assay_signing_encode(m, bytes, sizeof bytes, &message), ASSAY_OK);
    enum assay_status status =
        assay_cosigner_on_message(s, w->now, &entropy, a->name, message, w->out);
    if (status == ASSAY_E_AGAIN && w->out->action == ASSAY_COSIGNER_STORE) {
        w->stored[place] = w->out->epoch;
        assay_cosigner_on_stored(s, w->out->era, w->out->epoch);
        status = assay_cosigner_on_message(s, w->now, &entropy, a->name, message, w->out);
    }
    for (uint32_t i = 0; i < w->out->journal_count; i++) {
        const struct assay_slice entry =
            assay_slice_over(w->out->journal[i], w->out->journal_len[i]);
        struct assay_signing_entry fields;
        /* Of attackers that a test helps, one may be INVALID. */
        cr_assert_neq(assay_signing_journal_check(&w->journal[place], entry, &fields),
                      ASSAY_E_CHAIN);
    }
    w->journal_entries += w->out->journal_count;
    return status;
}

static struct assay_signing_message message_of(const struct world_attempt *a,
                                               enum assay_signing_kind kind)
{
    struct assay_signing_message m = { .kind = kind };
    assay_bytes_copy(m.name, sizeof m.name, a->name, sizeof m.name);
    return m;
}

/* Content and signature of what a holder sent. */
static size_t take_out(const struct world *w, uint8_t *content, size_t capacity,
                       uint8_t signature[static 64])
{
    struct assay_signing_message m;
    cr_assert_eq((int)w->out->action, (int)ASSAY_COSIGNER_SEND);
    cr_assert_eq(assay_signing_decode(w->out->message, &m), ASSAY_OK);
    cr_assert_leq(m.part[0].len, capacity);
    assay_bytes_copy(content, m.part[0].len, m.part[0].bytes, m.part[0].len);
    assay_bytes_copy(signature, 64, m.part[1].bytes, 64);
    return m.part[0].len;
}

enum assay_status world_request(struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_message m = message_of(a, ASSAY_SIGNING_REQUEST);
    uint8_t epoch[8];
    for (size_t i = 0; i < 8; i++)
        epoch[i] = (uint8_t)(a->epoch >> (8 * (7 - i)));
    m.part[0] = assay_slice_over(epoch, 8);
    m.part[1] = assay_slice_over(a->index, a->count);
    for (uint32_t i = 0; i < a->items; i++)
        m.part[2 + i] = assay_slice_over(a->item[i], 8);
    m.count = 2 + a->items;
    ASSAY_TRY(world_deliver(w, place, a, &m));
    a->commitments_len[place] = take_out(w, a->commitments[place], sizeof a->commitments[place],
                                         a->commit_signature[place]);
    return ASSAY_OK;
}

void world_session(const struct world *w, const struct world_attempt *a,
                   struct assay_signing_session *session, uint8_t digest[static 32])
{
    *session =
        (struct assay_signing_session){ .epoch = a->epoch, .count = a->count, .items = a->items };
    assay_bytes_copy(session->name, sizeof session->name, a->name, sizeof session->name);
    assay_bytes_copy(session->index, a->count, a->index, a->count);
    for (uint32_t i = 0; i < a->items; i++) {
        uint8_t tbs[TBS_LEN];
        const struct assay_slice bytes = world_tbs(a->item[i], tbs);
        assay_sha256(bytes.bytes, bytes.len, session->tbs_digest[i]);
    }
    assay_signing_session_digest(&w->group, session, digest);
}

uint32_t world_parts(const struct world *w, const struct world_attempt *a, struct assay_slice *part)
{
    struct assay_signing_session session;
    uint8_t digest[32];
    uint32_t count = 0;
    world_session(w, a, &session, digest);
    for (uint32_t place = 0; place < WORLD_HOLDERS; place++) {
        if (assay_signing_own(&w->group, &session, place) == 0) continue;
        part[count++] = assay_slice_over(a->commitments[place], a->commitments_len[place]);
        part[count++] = assay_slice_over(a->commit_signature[place], 64);
    }
    return count;
}

enum assay_status world_list(struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_message m = message_of(a, ASSAY_SIGNING_LIST);
    uint8_t digest[32];
    m.count = world_parts(w, a, m.part);
    ASSAY_TRY(world_deliver(w, place, a, &m));
    (void)take_out(w, digest, sizeof digest, a->echo_signature[place]);
    a->echoed[place] = true;
    return ASSAY_OK;
}

enum assay_status world_echoes(struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_message m = message_of(a, ASSAY_SIGNING_ECHOES);
    struct assay_signing_session session;
    uint8_t digest[32];
    world_session(w, a, &session, digest);
    for (uint32_t other = 0; other < WORLD_HOLDERS; other++)
        if (assay_signing_own(&w->group, &session, other) > 0)
            m.part[m.count++] = assay_slice_over(a->echo_signature[other], 64);
    ASSAY_TRY(world_deliver(w, place, a, &m));
    a->answers_len[place] =
        take_out(w, a->answers[place], sizeof a->answers[place], a->answer_signature[place]);
    return ASSAY_OK;
}

enum assay_status world_run(struct world *w, struct world_attempt *a)
{
    enum assay_status (*const round[])(struct world *, struct world_attempt *,
                                       uint32_t) = { world_request, world_list, world_echoes };
    struct assay_signing_session session;
    uint8_t digest[32];
    world_session(w, a, &session, digest);
    for (size_t i = 0; i < 3; i++)
        for (uint32_t place = 0; place < WORLD_HOLDERS; place++)
            if (assay_signing_own(&w->group, &session, place) > 0) ASSAY_TRY(round[i](w, a, place));
    return ASSAY_OK;
}

void world_list_digest(const struct world *w, const struct world_attempt *a,
                       uint8_t digest[static 32])
{
    struct assay_signing_session session;
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    uint8_t name[32];
    world_session(w, a, &session, name);
    (void)world_parts(w, a, part);
    assay_signing_list_digest(&w->group, &session, name, part, digest);
}

void world_forge_commitments(const struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_session session;
    uint8_t digest[32], statement[32];
    world_session(w, a, &session, digest);
    const uint32_t pairs = 2 * assay_signing_own(&w->group, &session, place) * a->items;
    for (uint32_t i = 0; i < pairs; i++) {
        const struct assay_secret32 nonce = group_scalar();
        cr_assert_eq(assay_sodium_edwards_base(&nonce, a->commitments[place] + (size_t)i * 32),
                     ASSAY_OK);
    }
    a->commitments_len[place] = (size_t)pairs * 32;
    assay_signing_commit_digest(digest, w->group.holder[place].node_id,
                                assay_slice_over(a->commitments[place], a->commitments_len[place]),
                                statement);
    assay_sodium_link_sign(&w->seed[place], statement, a->commit_signature[place]);
}

void world_forge_echo(const struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_session session;
    uint8_t digest[32], list[32], own[32], statement[32];
    world_session(w, a, &session, digest);
    world_list_digest(w, a, list);
    assay_sha256(a->commitments[place], a->commitments_len[place], own);
    assay_signing_answer_digest(digest, w->group.holder[place].node_id, own, list,
                                assay_slice_over(NULL, 0), statement);
    assay_sodium_link_sign(&w->seed[place], statement, a->echo_signature[place]);
    a->echoed[place] = true;
}

bool world_verifies(const struct world *w, const struct world_attempt *a, uint32_t item)
{
    struct assay_signing_session session;
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_frost_session frost;
    uint8_t digest[32], tbs[TBS_LEN], answers[ASSAY_FROST_SIGNERS_MAX][32], signature[64];
    const struct assay_slice bytes = world_tbs(a->item[item], tbs);
    world_session(w, a, &session, digest);
    (void)world_parts(w, a, part);
    assay_signing_list_item(&w->group, &session, part, item, commitment);
    if (assay_frost_begin(assay_signing_is_token(bytes) ? w->group.token_key : w->group.key, bytes,
                          commitment, a->count, &frost) != ASSAY_OK)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const uint32_t place = w->group.owner[a->index[i]];
        uint32_t before = 0;
        for (uint32_t j = 0; j < i; j++)
            before += w->group.owner[a->index[j]] == place;
        const uint32_t own = assay_signing_own(&w->group, &session, place);
        assay_bytes_copy(answers[i], 32, a->answers[place] + ((size_t)item * own + before) * 32,
                         32);
    }
    return assay_frost_combine(&frost, bytes, answers[0], signature) == ASSAY_OK;
}
