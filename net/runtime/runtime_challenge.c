/*
 * net/runtime/runtime_challenge.c - challenge-response sessions of relying parties
 * (docs/http.md 6): their requests as lines, appraisal in the verifier process, the signed result.
 *
 *   challenge new CLIENT PROFILE NONCE | challenge get CLIENT ID | challenge delete CLIENT ID
 *   challenge post CLIENT ID EVIDENCE    all but PROFILE in hexadecimal
 *   verifier                             what clients discover: key, media types, paths
 *
 * Evidence is not read here: which kind it is, and what a wrapper has, the verifier process finds
 * behind its sandbox (net/verifier/appraise_one.h). Results are signed with the identity key, whose
 * first one the node id is the digest of.
 */
#include "net/runtime/runtime_internal.h"

#include "base/base64.h"
#include "net/documents/ear_token.h"
#include "net/http/paths.h"
#include "net/json/json.h"
#include "net/verifier/challenge_sessions.h"
#include "quote/pieces/carrier.h"
#include "quote/result/challenge.h"
#include "quote/result/jwt.h"

#include <stdlib.h>
#include <string.h>

enum {
    RESULT_LIFE_S = 300, /* exp, unless the verdict ends earlier */
    WORDS_MAX = 5,
    NONCE_TEXT_MAX = 88,
};

static const char usage[] = "challenge new CLIENT PROFILE NONCE | get CLIENT ID | "
                            "delete CLIENT ID | post CLIENT ID EVIDENCE";

enum assay_status runtime_challenge_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->challenges == NULL);
    runtime->challenges = calloc(1, sizeof *runtime->challenges);
    return runtime->challenges != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

void runtime_challenge_close(struct assay_runtime *runtime)
{
    if (runtime->challenges != NULL) assay_session_table_clear(runtime->challenges);
    free(runtime->challenges);
    runtime->challenges = NULL;
}

/* ------------------------------------------------------------ results */

/* The nonce as the session shows it: base64url (docs/http.md 6). */
static void nonce_text(const struct assay_session *session, char text[static NONCE_TEXT_MAX])
{
    size_t len = 0;
    const enum assay_status status = assay_base64_encode(
        ASSAY_BASE64_URL, session->nonce, session->nonce_len, text, NONCE_TEXT_MAX, &len);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* Returns: ASSAY_OK and the token | ASSAY_E_FULL | ASSAY_E_CRYPTO */
static enum assay_status make_token(const struct assay_runtime *runtime,
                                    const struct assay_session *session,
                                    const struct assay_verdict *verdict, uint8_t *memory,
                                    struct assay_writer *token)
{
    char nonce[NONCE_TEXT_MAX];
    struct assay_slice claims;
    struct assay_writer w = assay_writer_over(memory, ASSAY_EAR_CLAIMS_MAX);
    struct assay_ear_terms terms = { .profile = session->profile,
                                     .developer = "Assay",
                                     .build = "assay " ASSAY_VERSION,
                                     .issued_unix_s = session->at_unix_s,
                                     .end_unix_s = session->at_unix_s + RESULT_LIFE_S };
    nonce_text(session, nonce);
    terms.nonce = assay_slice_over(nonce, strlen(nonce));
    assay_bytes_copy(terms.evidence_digest, sizeof terms.evidence_digest, session->evidence,
                     sizeof session->evidence);
    terms.no_evidence_digest = !session->is_bare;
    assay_policy_digest(runtime->config.policy, terms.policy_digest);
    assay_ear_claims(verdict, runtime->config.policy, &terms, &w);
    ASSAY_TRY(assay_writer_finish(&w, &claims));
    return assay_document_ear_sign(runtime->identity, runtime->keyring.identity_public,
                                   session->profile, claims, token);
}

/* Returns: text of malloc, NULL: there is none, which is logged. */
static char *make_result(struct assay_runtime *runtime, const struct assay_session *session,
                         const struct assay_verdict *verdict)
{
    uint8_t *const memory = malloc(ASSAY_EAR_CLAIMS_MAX);
    char *const text = malloc(ASSAY_EAR_TOKEN_MAX + 1);
    enum assay_status status = ASSAY_E_MEMORY;
    struct assay_writer token = assay_writer_over((uint8_t *)text, ASSAY_EAR_TOKEN_MAX);
    if (memory != NULL && text != NULL)
        status = make_token(runtime, session, verdict, memory, &token);
    free(memory);
    if (status == ASSAY_OK) {
        text[token.len] = '\0';
        return text;
    }
    free(text);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "challenge_failed"))
        assay_log_text(&runtime->log, "why", assay_status_text(status));
    assay_log_end(&runtime->log);
    return NULL;
}

bool runtime_challenge_on_verdict(struct assay_runtime *runtime, const uint8_t digest[static 32],
                                  struct assay_verdict *verdict)
{
    if (runtime->challenges == NULL) return false;
    struct assay_session *session = assay_session_find_job(runtime->challenges, digest);
    if (session == NULL) return false;
    /* A verifier that failed knows nothing of it: that is no result (docs/protocol.md 3.1). */
    const bool is_judged = verdict->has_claims || verdict->reason_count > 0;
    char *result = NULL;
    /* What answers another challenge is a recording, genuine or not. */
    assay_challenge_report_data(verdict, assay_slice_over(session->nonce, session->nonce_len),
                                verdict->has_claims);
    if (is_judged && !session->is_deleted) result = make_result(runtime, session, verdict);
    assay_session_end(session, result);
    return true;
}

/* ------------------------------------------------------------ documents */

static struct assay_json *list_types(void)
{
    struct assay_json *list = assay_json_array();
    for (const char *const *type = assay_session_types; *type != NULL; type++)
        assay_json_append_text(list, *type);
    return list;
}

/* status: of HTTP. */
static char *finish_session(struct assay_runtime *runtime, unsigned status,
                            const struct assay_session *session)
{
    char nonce[NONCE_TEXT_MAX];
    struct assay_json *data = assay_json_object(), *out = assay_json_object();
    const uint64_t left_ms =
        session->end_ms > runtime->now_ms ? session->end_ms - runtime->now_ms : 0;
    nonce_text(session, nonce);
    assay_json_set_text(out, "nonce", nonce);
    assay_json_set_time_ms(out, "expiry", runtime->at_unix_ms + left_ms);
    assay_json_set(out, "accept", list_types());
    assay_json_set_text(out, "status", assay_session_state_text(session->state));
    if (session->result != NULL) assay_json_set_text(out, "result", session->result);
    assay_json_set_uint(data, "status", status);
    assay_json_set_hex(data, "id", session->id, sizeof session->id);
    assay_json_set(data, "session", out);
    return document_finish(runtime, "assay.challenge", data);
}

/* The time is true for a client that leaves its sessions to themselves. */
static char *refuse_full(struct assay_runtime *runtime, const uint8_t client[static 32])
{
    char detail[256];
    uint64_t wait_ms = assay_session_wait_ms(runtime->challenges, runtime->now_ms, client);
    if (wait_ms < 1000) wait_ms = 1000;
    (void)snprintf(detail, sizeof detail,
                   "no place for another session: the limit is %d, %d a client; GET a result or "
                   "DELETE a session that is not needed, and its place is free at once; else one "
                   "expires in %llu s",
                   (int)ASSAY_SESSIONS_MAX, (int)ASSAY_SESSION_CLIENT_MAX,
                   (unsigned long long)((wait_ms + 999) / 1000));
    return document_busy(runtime, wait_ms, detail);
}

static char *refuse_session(struct assay_runtime *runtime, enum assay_status status)
{
    if (status == ASSAY_E_DUPLICATE)
        return document_error(runtime, "conflict",
                              "nonce: a session had this one: a nonce is used once");
    if (status == ASSAY_E_STALE)
        return document_error(runtime, "conflict",
                              "this session has had its evidence: open another one");
    if (status == ASSAY_E_AGAIN)
        return document_busy(runtime, 1000,
                             "evidence of other sessions is being verified: retry in a second");
    return document_error(runtime, "store", assay_status_text(status));
}

static char *open_session(struct assay_runtime *runtime, const uint8_t client[static 32],
                          const char *profile, const char *hex)
{
    uint8_t nonce[ASSAY_SESSION_SIZE_MAX], id[ASSAY_SESSION_ID_LEN];
    struct assay_session *session = NULL;
    enum assay_ear_profile wanted = ASSAY_EAR_IETF_04;
    const size_t len = strlen(hex) / 2;
    if (assay_ear_profile_parse(profile, &wanted) != ASSAY_OK || len < ASSAY_SESSION_SIZE_MIN ||
        len > sizeof nonce || assay_hex_decode(hex, strlen(hex), nonce, len) != ASSAY_OK)
        return document_error(runtime, "usage", usage);
    enum assay_status status = assay_random(id, sizeof id);
    if (status == ASSAY_OK)
        status = assay_session_add(runtime->challenges, runtime->now_ms, client,
                                   assay_slice_over(nonce, len), id, &session);
    if (status == ASSAY_E_AGAIN)
        return document_busy(runtime, 1000,
                             "too many sessions a second, of this client or of all: retry in a "
                             "second");
    if (status == ASSAY_E_FULL) return refuse_full(runtime, client);
    if (status != ASSAY_OK) return refuse_session(runtime, status);
    session->profile = wanted;
    return finish_session(runtime, 201, session);
}

/* The verifier process alone finds the evidence in a wrapper, and the zeros of a buffer behind it.
 * Returns: whether what is appraised is all of the bytes for certain. */
static bool is_bare(struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0);
    return bytes.bytes[bytes.len - 1] != 0 && !assay_carrier_looks(bytes);
}

static char *submit_evidence(struct assay_runtime *runtime, struct assay_session *session,
                             const char *hex)
{
    const size_t len = strlen(hex) / 2;
    if (len == 0 || len > ASSAY_HTTP_EVIDENCE_MAX)
        return document_error(runtime, "usage", "evidence has 1 to 32768 bytes");
    uint8_t *bytes = malloc(len);
    if (bytes == NULL) return NULL;
    char *answer = NULL;
    const struct assay_slice evidence = assay_slice_over(bytes, len);
    const int64_t at_unix_s = (int64_t)(runtime->at_unix_ms / 1000);
    enum assay_status status = assay_hex_decode(hex, strlen(hex), bytes, len);
    if (status != ASSAY_OK) {
        answer = document_error(runtime, "usage", usage);
    } else {
        status =
            assay_session_begin(runtime->challenges, session, runtime->now_ms, at_unix_s, evidence);
        if (status == ASSAY_OK) {
            session->is_bare = is_bare(evidence);
            runtime_appraise_named(runtime, session->job, ASSAY_KIND_NONE, at_unix_s, evidence);
        }
        answer = status == ASSAY_OK ? finish_session(runtime, 202, session)
                                    : refuse_session(runtime, status);
    }
    free(bytes);
    return answer;
}

static char *end_session(struct assay_runtime *runtime, struct assay_session *session)
{
    assay_session_remove(session);
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "status", 204);
    return document_finish(runtime, "assay.challenge", data);
}

/* Out: words of the text, which is changed. Returns: how many; WORDS_MAX + 1: more. */
static size_t split_words(char *text, const char *words[static WORDS_MAX])
{
    size_t count = 0;
    for (char *at = text; *at != '\0';) {
        const size_t len = strcspn(at, " ");
        if (count == WORDS_MAX) return WORDS_MAX + 1;
        words[count++] = at;
        if (at[len] == '\0') break;
        at[len] = '\0';
        at += len + 1;
    }
    return count;
}

static char *answer_words(struct assay_runtime *runtime, const char *const *words, size_t count)
{
    uint8_t client[32], id[ASSAY_SESSION_ID_LEN];
    if (count < 3 || strlen(words[1]) != 64 ||
        assay_hex_decode(words[1], 64, client, sizeof client) != ASSAY_OK)
        return document_error(runtime, "usage", usage);
    if (strcmp(words[0], "new") == 0 && count == 4)
        return open_session(runtime, client, words[2], words[3]);
    struct assay_session *session = NULL;
    if (strlen(words[2]) == 2 * sizeof id &&
        assay_hex_decode(words[2], 2 * sizeof id, id, sizeof id) == ASSAY_OK)
        session = assay_session_find(runtime->challenges, runtime->now_ms, client, id);
    if (session == NULL)
        return document_error(
            runtime, "not_found",
            "no session of this client has this id: it was deleted or has expired, or "
            "its result was read and another session has its place");
    if (strcmp(words[0], "get") == 0 && count == 3) {
        assay_session_set_read(session);
        return finish_session(runtime, 200, session);
    }
    if (strcmp(words[0], "delete") == 0 && count == 3) return end_session(runtime, session);
    if (strcmp(words[0], "post") == 0 && count == 4)
        return submit_evidence(runtime, session, words[3]);
    return document_error(runtime, "usage", usage);
}

char *document_challenge(struct assay_runtime *runtime, const char *argument)
{
    const char *words[WORDS_MAX] = { NULL };
    ASSAY_ASSERT(runtime->challenges != NULL);
    char *text = strdup(argument);
    if (text == NULL) return NULL;
    char *answer = answer_words(runtime, words, split_words(text, words));
    free(text);
    return answer;
}

/* ------------------------------------------------------------ discovery */

/* P-256 (RFC 7518 6.2); kid as in the header of tokens. */
static struct assay_json *public_key_of(const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    enum { HALF = ASSAY_P256_PUBLIC_LEN / 2 };
    char text[64], kid[ASSAY_JWK_THUMBPRINT_LEN + 1];
    size_t len = 0;
    struct assay_json *out = assay_json_object();
    assay_json_set_text(out, "alg", "ES256");
    assay_json_set_text(out, "crv", "P-256");
    assay_json_set_text(out, "kty", "EC");
    assay_jwk_thumbprint(key, kid);
    assay_json_set_text(out, "kid", kid);
    for (size_t i = 0; i < 2; i++) {
        const enum assay_status status =
            assay_base64_encode(ASSAY_BASE64_URL, key + i * HALF, HALF, text, sizeof text, &len);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_json_set_text(out, i == 0 ? "x" : "y", text);
    }
    return out;
}

char *document_verifier(struct assay_runtime *runtime)
{
    struct assay_json *data = assay_json_object(), *out = assay_json_object();
    assay_json_set(out, "ear-verification-key", public_key_of(runtime->keyring.identity_public));
    assay_json_set(out, "media-types", list_types());
    assay_json_set_text(out, "version", ASSAY_VERSION);
    assay_json_set_text(out, "service-state", "READY");
    struct assay_json *paths = assay_json_set_object(out, "api-endpoints");
    assay_json_set_text(paths, "newChallengeResponseSession", "/challenge-response/v1/newSession");
    assay_json_set(data, "discovery", out);
    return document_finish(runtime, "assay.verifier", data);
}
