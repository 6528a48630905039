/*
 * net/verifier/challenge_sessions.h - table of challenge-response sessions: a nonce for a relying
 * party, one piece of evidence that answers it, and the attestation result.
 *
 * Plain data of the node's loop: time, ids and nonces are given. A session belongs to the client
 * that opened it; others do not find it. A nonce is used once. Each bound holds against clients
 * that open sessions and leave them: sessions in all and of one client, their lifetime, sessions a
 * second, appraisals at a time. A session whose result was read has served: it stays readable until
 * another one needs its place. An appraisal that runs keeps its place until its verdict, though
 * its session was deleted: else a client could have any number of them under way.
 */
#ifndef ASSAY_NET_VERIFIER_CHALLENGE_SESSIONS_H
#define ASSAY_NET_VERIFIER_CHALLENGE_SESSIONS_H

#include "base/crypto.h"
#include "quote/result/ear.h"

enum {
    ASSAY_SESSIONS_MAX = 64,
    ASSAY_SESSION_CLIENT_MAX = 8, /* sessions of one client */
    ASSAY_SESSION_WORK_MAX = 2,        /* appraisals at a time */
    ASSAY_SESSION_CLIENT_WORK_MAX = 1, /* the same, of one client */
    ASSAY_SESSION_LIFE_MS = 120 * 1000,
    ASSAY_SESSION_ID_LEN = 16,
    ASSAY_SESSION_SIZE_MIN = 8, /* bytes of a nonce */
    ASSAY_SESSION_SIZE_MAX = 64,
    ASSAY_SESSION_SIZE = 32,             /* of one without a requested size */
    ASSAY_SESSION_SECOND_MAX = 32,       /* tries to open one within a second, in all */
    ASSAY_SESSION_CLIENT_SECOND_MAX = 8, /* the same, of one client */
    /* Not accepted again: of all the seconds that a session with one can live. */
    ASSAY_SESSION_NONCES_MAX = ASSAY_SESSION_SECOND_MAX * (2 * ASSAY_SESSION_LIFE_MS / 1000),
};

enum assay_session_state {
    ASSAY_SESSION_FREE = 0,
    ASSAY_SESSION_WAITING,    /* for evidence */
    ASSAY_SESSION_PROCESSING, /* its evidence is appraised */
    ASSAY_SESSION_COMPLETE,   /* result */
    ASSAY_SESSION_FAILED,     /* no result could be made */
};

struct assay_session {
    enum assay_session_state state;
    bool is_deleted; /* PROCESSING, and nobody finds it */
    bool is_read;    /* COMPLETE or FAILED, and its client has read that */
    uint8_t id[ASSAY_SESSION_ID_LEN];
    uint8_t client[32];
    uint8_t nonce[ASSAY_SESSION_SIZE_MAX];
    size_t nonce_len;
    enum assay_ear_profile profile;
    uint64_t end_ms; /* monotonic */
    uint8_t job[ASSAY_SHA256_LEN], evidence[ASSAY_SHA256_LEN];
    bool is_bare; /* evidence is the digest of what is appraised, not of a wrapper or a buffer */
    int64_t at_unix_s; /* appraisal time */
    char *result;      /* of malloc; of COMPLETE */
};

struct assay_session_table {
    struct assay_session all[ASSAY_SESSIONS_MAX];
    uint64_t nonce_count;                                       /* ever */
    uint8_t nonces[ASSAY_SESSION_NONCES_MAX][ASSAY_SHA256_LEN]; /* as the evidence has them */
    size_t try_next;
    struct {
        bool was;
        uint64_t at_ms;
        uint8_t client[32];
    } tries[ASSAY_SESSION_SECOND_MAX];
};

/* Forgets all sessions. All zero is empty. */
void assay_session_table_clear(struct assay_session_table *s);
/*
 * assay_session_add - opens a session.
 * In:      nonce: ASSAY_SESSION_SIZE_MIN to _MAX bytes (asserted); id: random
 * Out:     *out, borrowed
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (too many tries within a second, of this client or of all) |
 *          ASSAY_E_DUPLICATE (a session had this nonce, or one that is the same report data) |
 *          ASSAY_E_FULL (no more sessions, or no more for this client: assay_session_wait_ms)
 */
ASSAY_CHECKED enum assay_status assay_session_add(struct assay_session_table *s, uint64_t now_ms,
                                                  const uint8_t client[static 32],
                                                  struct assay_slice nonce,
                                                  const uint8_t id[static ASSAY_SESSION_ID_LEN],
                                                  struct assay_session **out);
/* Returns: after how long a place is free for this client, if no session is read or deleted before;
 * 0: as soon as an appraisal that outlived its session ends. */
uint64_t assay_session_wait_ms(const struct assay_session_table *s, uint64_t now_ms,
                               const uint8_t client[static 32]);
/* Returns: the session of this client with this id, NULL: it has none that has not expired. */
struct assay_session *assay_session_find(struct assay_session_table *s, uint64_t now_ms,
                                         const uint8_t client[static 32],
                                         const uint8_t id[static ASSAY_SESSION_ID_LEN]);
/*
 * assay_session_begin - evidence arrived: names the appraisal, which is of no evidence's digest,
 * so that its verdict counts nowhere else.
 * Out:     session->job; it lives on for ASSAY_SESSION_LIFE_MS
 * Returns: ASSAY_OK | ASSAY_E_STALE (it has had its evidence) | ASSAY_E_AGAIN (too many appraisals)
 */
ASSAY_CHECKED enum assay_status assay_session_begin(struct assay_session_table *s,
                                                    struct assay_session *session, uint64_t now_ms,
                                                    int64_t at_unix_s, struct assay_slice evidence);
/* Returns: the session, maybe a deleted one, whose appraisal this is; NULL: none. */
struct assay_session *assay_session_find_job(struct assay_session_table *s,
                                             const uint8_t job[static 32]);
/* Its appraisal ended. result: of malloc, consumed; NULL: it failed. */
void assay_session_end(struct assay_session *session, char *result);
/* Its client was answered: if that was its last state, another session may have its place. */
void assay_session_set_read(struct assay_session *session);
/* The client needs it no more. */
void assay_session_remove(struct assay_session *session);
/* "waiting", "processing", "complete", "failed". */
const char *assay_session_state_text(enum assay_session_state state);

#endif
