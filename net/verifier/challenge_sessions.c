/*
 * net/verifier/challenge_sessions.c - table of challenge-response sessions.
 */
#include "net/verifier/challenge_sessions.h"

#include "base/assert.h"
#include "base/cbor.h"

#include <stdlib.h>

static void clear_session(struct assay_session *session)
{
    free(session->result);
    *session = (struct assay_session){ .state = ASSAY_SESSION_FREE };
}

void assay_session_table_clear(struct assay_session_table *s)
{
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++)
        clear_session(&s->all[i]);
}

/* Of those that are appraised the place is needed until the verdict. */
static void expire(struct assay_session_table *s, uint64_t now_ms)
{
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        struct assay_session *const session = &s->all[i];
        if (session->state == ASSAY_SESSION_FREE || now_ms < session->end_ms) continue;
        assay_session_remove(session);
    }
}

static bool was_used(const struct assay_session_table *s, const uint8_t digest[static 32])
{
    const uint64_t count =
        s->nonce_count < ASSAY_SESSION_NONCES_MAX ? s->nonce_count : ASSAY_SESSION_NONCES_MAX;
    for (uint64_t i = 0; i < count; i++)
        if (assay_bytes_equal(s->nonces[i], digest, ASSAY_SHA256_LEN)) return true;
    return false;
}

/* Of the report data that answers it, so with the zeros behind it: a shorter nonce and the same one
 * with a zero have one answer. */
static void digest_nonce(struct assay_slice nonce, uint8_t digest[static ASSAY_SHA256_LEN])
{
    uint8_t padded[ASSAY_SESSION_SIZE_MAX] = { 0 };
    assay_bytes_copy(padded, sizeof padded, nonce.bytes, nonce.len);
    assay_sha256(padded, sizeof padded, digest);
}

/* Each appraisal needs a session, so this bounds appraisals, too. It bounds how fast nonces are
 * remembered: none is forgotten while a session may have it. */
static bool may_try(struct assay_session_table *s, uint64_t now_ms, const uint8_t client[static 32])
{
    size_t all = 0, own = 0;
    for (size_t i = 0; i < ASSAY_SESSION_SECOND_MAX; i++) {
        if (!s->tries[i].was || now_ms - s->tries[i].at_ms >= 1000) continue;
        all++;
        own += assay_bytes_equal(s->tries[i].client, client, sizeof s->tries[i].client);
    }
    if (all >= ASSAY_SESSION_SECOND_MAX || own >= ASSAY_SESSION_CLIENT_SECOND_MAX) return false;
    const size_t at = s->try_next++ % ASSAY_SESSION_SECOND_MAX; /* the oldest */
    s->tries[at].was = true;
    s->tries[at].at_ms = now_ms;
    assay_bytes_copy(s->tries[at].client, sizeof s->tries[at].client, client, 32);
    return true;
}

/* client: NULL: any. Returns: its read session that expires first, NULL: none. */
static struct assay_session *find_read(struct assay_session_table *s, const uint8_t *client)
{
    struct assay_session *found = NULL;
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        struct assay_session *const session = &s->all[i];
        if (!session->is_read) continue;
        if (client != NULL && !assay_bytes_equal(session->client, client, 32)) continue;
        if (found == NULL || session->end_ms < found->end_ms) found = session;
    }
    return found;
}

/* Within its own share first: a client takes no place of another one while it has read sessions.
 * Returns: a place for a session of this client, NULL: none. */
static struct assay_session *find_place(struct assay_session_table *s,
                                        const uint8_t client[static 32])
{
    struct assay_session *place = NULL;
    size_t own = 0;
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        struct assay_session *const session = &s->all[i];
        if (session->state == ASSAY_SESSION_FREE) place = session;
        else if (assay_bytes_equal(session->client, client, sizeof session->client)) own++;
    }
    if (own >= ASSAY_SESSION_CLIENT_MAX) return find_read(s, client);
    return place != NULL ? place : find_read(s, NULL);
}

enum assay_status assay_session_add(struct assay_session_table *s, uint64_t now_ms,
                                    const uint8_t client[static 32], struct assay_slice nonce,
                                    const uint8_t id[static ASSAY_SESSION_ID_LEN],
                                    struct assay_session **out)
{
    ASSAY_ASSERT(nonce.len >= ASSAY_SESSION_SIZE_MIN && nonce.len <= ASSAY_SESSION_SIZE_MAX);
    uint8_t digest[ASSAY_SHA256_LEN];
    expire(s, now_ms);
    if (!may_try(s, now_ms, client)) return ASSAY_E_AGAIN;
    digest_nonce(nonce, digest);
    if (was_used(s, digest)) return ASSAY_E_DUPLICATE;
    struct assay_session *const place = find_place(s, client);
    if (place == NULL) return ASSAY_E_FULL;
    clear_session(place);
    *place = (struct assay_session){ .state = ASSAY_SESSION_WAITING,
                                     .nonce_len = nonce.len,
                                     .end_ms = now_ms + ASSAY_SESSION_LIFE_MS };
    assay_bytes_copy(place->id, sizeof place->id, id, ASSAY_SESSION_ID_LEN);
    assay_bytes_copy(place->client, sizeof place->client, client, 32);
    assay_bytes_copy(place->nonce, sizeof place->nonce, nonce.bytes, nonce.len);
    assay_bytes_copy(s->nonces[s->nonce_count++ % ASSAY_SESSION_NONCES_MAX], ASSAY_SHA256_LEN,
                     digest, sizeof digest);
    *out = place;
    return ASSAY_OK;
}

uint64_t assay_session_wait_ms(const struct assay_session_table *s, uint64_t now_ms,
                               const uint8_t client[static 32])
{
    uint64_t all_ms = ASSAY_SESSION_LIFE_MS, own_ms = ASSAY_SESSION_LIFE_MS;
    size_t own = 0;
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        const struct assay_session *const session = &s->all[i];
        if (session->state == ASSAY_SESSION_FREE) continue;
        const uint64_t left_ms = session->end_ms > now_ms ? session->end_ms - now_ms : 0;
        if (left_ms < all_ms) all_ms = left_ms;
        if (!assay_bytes_equal(session->client, client, sizeof session->client)) continue;
        own++;
        if (left_ms < own_ms) own_ms = left_ms;
    }
    return own >= ASSAY_SESSION_CLIENT_MAX ? own_ms : all_ms;
}

struct assay_session *assay_session_find(struct assay_session_table *s, uint64_t now_ms,
                                         const uint8_t client[static 32],
                                         const uint8_t id[static ASSAY_SESSION_ID_LEN])
{
    expire(s, now_ms);
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        struct assay_session *const session = &s->all[i];
        if (session->state != ASSAY_SESSION_FREE && !session->is_deleted &&
            assay_bytes_equal(session->id, id, sizeof session->id) &&
            assay_bytes_equal(session->client, client, sizeof session->client))
            return session;
    }
    return NULL;
}

/* ["assay/challenge/v1", id, digest of the evidence]: verdicts on evidence of members go by its
 * digest (docs/protocol.md 3.1), and a client must not make one of them. */
static void name_job(struct assay_session *session)
{
    uint8_t bytes[128];
    struct assay_slice text;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/challenge/v1");
    assay_cbor_put_bytes(&w, session->id, sizeof session->id);
    assay_cbor_put_bytes(&w, session->evidence, sizeof session->evidence);
    const enum assay_status status = assay_writer_finish(&w, &text);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(text.bytes, text.len, session->job);
}

enum assay_status assay_session_begin(struct assay_session_table *s, struct assay_session *session,
                                      uint64_t now_ms, int64_t at_unix_s,
                                      struct assay_slice evidence)
{
    size_t running = 0;
    size_t own = 0;
    if (session->state != ASSAY_SESSION_WAITING) return ASSAY_E_STALE;
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        const struct assay_session *other = &s->all[i];
        if (other->state != ASSAY_SESSION_PROCESSING) continue;
        running += 1;
        own += assay_bytes_equal(other->client, session->client, sizeof other->client);
    }
    if (running >= ASSAY_SESSION_WORK_MAX || own >= ASSAY_SESSION_CLIENT_WORK_MAX)
        return ASSAY_E_AGAIN;
    session->state = ASSAY_SESSION_PROCESSING;
    session->at_unix_s = at_unix_s;
    session->end_ms = now_ms + ASSAY_SESSION_LIFE_MS;
    assay_sha256(evidence.bytes, evidence.len, session->evidence);
    name_job(session);
    return ASSAY_OK;
}

struct assay_session *assay_session_find_job(struct assay_session_table *s,
                                             const uint8_t job[static 32])
{
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++)
        if (s->all[i].state == ASSAY_SESSION_PROCESSING &&
            assay_bytes_equal(s->all[i].job, job, sizeof s->all[i].job))
            return &s->all[i];
    return NULL;
}

void assay_session_end(struct assay_session *session, char *result)
{
    ASSAY_ASSERT(session->state == ASSAY_SESSION_PROCESSING && session->result == NULL);
    session->state = result != NULL ? ASSAY_SESSION_COMPLETE : ASSAY_SESSION_FAILED;
    session->result = result;
    if (session->is_deleted) clear_session(session);
}

void assay_session_set_read(struct assay_session *session)
{
    ASSAY_ASSERT(session->state != ASSAY_SESSION_FREE);
    session->is_read =
        session->state == ASSAY_SESSION_COMPLETE || session->state == ASSAY_SESSION_FAILED;
}

void assay_session_remove(struct assay_session *session)
{
    if (session->state == ASSAY_SESSION_PROCESSING) session->is_deleted = true;
    else clear_session(session);
}

const char *assay_session_state_text(enum assay_session_state state)
{
    static const char *const texts[] = { "free", "waiting", "processing", "complete", "failed" };
    ASSAY_ASSERT(state < sizeof texts / sizeof texts[0]);
    return texts[state];
}
