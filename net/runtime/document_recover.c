/*
 * net/runtime/document_recover.c - admin requests about the end of an era: FENCE, ANSWER, RECOVER
 * (docs/protocol.md 9.11 to 9.16).
 *
 *   recover status | answer | fence HEX (or a RELEASE) | draft HEX ([body, grounds]) | try HEX |
 *   submit HEX | accept HEX (manually, whatever the grounds)
 *
 * A submitted document is applied before the answer: an operator may rely on the report that a node
 * is fenced.
 */
#include "net/runtime/runtime_internal.h"

#include "base/cbor.h"
#include "engine/parts/acceptance.h"
#include "engine/parts/era.h"
#include "net/json/json.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 300 };

static const char *error_code(enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_SIGNATURE || status == ASSAY_E_STRANGER) return "denied";
    if (status == ASSAY_E_STALE || status == ASSAY_E_DUPLICATE || status == ASSAY_E_EARLY ||
        status == ASSAY_E_INVALID)
        return "conflict";
    return assay_status_class(status) == ASSAY_CLASS_HOST ? "store" : "refused";
}

static char *refuse_recover(struct assay_runtime *runtime, enum assay_status status,
                            const char *what)
{
    char words[WORDS];
    (void)snprintf(words, sizeof words, "%s (%s)", what, assay_status_text(status));
    return document_error(runtime, error_code(status), words);
}

/* Too few answers, or a wrong one: wait for the former, remove the latter. */
static char *refuse_signed(struct assay_runtime *runtime, enum assay_status status, uint32_t count,
                           uint32_t threshold)
{
    ASSAY_ASSERT(status == ASSAY_E_SIGNATURE || status == ASSAY_E_STRANGER);
    char words[WORDS];
    if (count >= threshold)
        return refuse_recover(
            runtime, status,
            "it is not signed by the threshold of the operators in force: one of its "
            "signatures is not one of theirs");
    (void)snprintf(words, sizeof words,
                   "%u of %u signatures: it is not signed by the threshold of the operators in "
                   "force (assay recover show lists the signers)",
                   (unsigned)count, (unsigned)threshold);
    return document_error(runtime, error_code(status), words);
}

/* Passes a record to the engine as an own message, durably. Returns: the engine's status. */
static enum assay_status submit_event(struct assay_runtime *runtime, enum assay_message_kind kind,
                                      struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0);
    ASSAY_ASSERT(kind == ASSAY_MESSAGE_FENCE || kind == ASSAY_MESSAGE_RECOVER);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .as.message = {
                                     .from = ASSAY_SLOT_SELF, .kind = kind, .payload = bytes } };
    const enum assay_status status = runtime_step_event(runtime, &event);
    runtime_process_events(runtime);
    return runtime->failure != ASSAY_OK ? runtime->failure : status;
}

/* ------------------------------------------------------------ status */

static void set_head(struct assay_runtime *runtime, struct assay_json *data)
{
    struct assay_engine_snapshot chain;
    struct assay_era_snapshot ending;
    struct assay_fence fence;
    assay_engine_snapshot(runtime->engine, &chain);
    assay_engine_era(runtime->engine, &ending);
    assay_json_set_hex(data, "chain_id", chain.chain_id, sizeof chain.chain_id);
    assay_json_set_uint(data, "era", chain.era);
    assay_json_set_uint(data, "epoch", chain.epoch);
    assay_json_set_uint(data, "height", chain.height);
    assay_json_set_uint(data, "view", chain.view);
    assay_json_set_hex(data, "head_id", chain.head_id, sizeof chain.head_id);
    assay_json_set_uint(data, "next_sequence", ending.next_sequence);
    assay_json_set_hex(data, "operators_digest", ending.operators_digest,
                       sizeof ending.operators_digest);
    assay_json_set_bool(data, "fenced", ending.fenced);
    assay_json_set_bool(data, "answered", ending.answered);
    assay_json_set_bool(data, "unconfirmed", ending.unconfirmed);
    if (ending.began) assay_json_set_hex(data, "recover_id", ending.began_id, 32);
    if (ending.accepted_height > 0) {
        assay_json_set_uint(data, "accepted_height", ending.accepted_height);
        assay_json_set_hex(data, "accepted_id", ending.accepted_id, 32);
    }
    if (!ending.fenced || assay_fence_decode(ending.fence, &fence) != ASSAY_OK) return;
    assay_json_set_text_n(data, "reason", fence.reason.bytes, fence.reason.len);
    assay_json_set_uint(data, "fence_last_epoch", fence.last_epoch);
    assay_json_set_hex(data, "fence_digest", ending.fence_digest, sizeof ending.fence_digest);
    assay_json_set_hex(data, "fence", ending.fence.bytes, ending.fence.len);
}

static char *recover_status(struct assay_runtime *runtime)
{
    struct assay_json *data = assay_json_object();
    set_head(runtime, data);
    return document_finish(runtime, "assay.recover.status", data);
}

/* ------------------------------------------------------------ fence */

static char *submit_fence(struct assay_runtime *runtime, struct assay_slice bytes)
{
    struct assay_fence fence;
    struct assay_release release;
    const bool releases = assay_release_is(bytes);
    const enum assay_status read =
        releases ? assay_release_decode(bytes, &release) : assay_fence_decode(bytes, &fence);
    if (read != ASSAY_OK)
        return refuse_recover(runtime, read, "this is not the file of a fence or a release");
    const enum assay_status status = submit_event(runtime, ASSAY_MESSAGE_FENCE, bytes);
    if (status == ASSAY_E_STALE)
        return refuse_recover(runtime, status, "the era that it names is over, or its last epoch");
    if (status == ASSAY_E_EARLY)
        return refuse_recover(runtime, status, "this node is in an earlier era");
    if (status == ASSAY_E_SIGNATURE || status == ASSAY_E_STRANGER)
        return refuse_signed(runtime, status,
                             releases ? release.approval.count : fence.approval.count,
                             runtime->config.genesis->threshold);
    if (status == ASSAY_E_INVALID)
        return refuse_recover(runtime, status,
                              "it releases another fence, or one of the operators in force");
    if (status != ASSAY_OK) return refuse_recover(runtime, status, "it is not taken");
    return recover_status(runtime);
}

/* ------------------------------------------------------------ answer */

static enum assay_status sign_keys(struct assay_runtime *runtime, struct assay_answer_body *body)
{
    ASSAY_ASSERT(runtime->identity != NULL && runtime->voting != NULL);
    uint8_t digest[32];
    if (!body->has_keys) return ASSAY_OK;
    assay_recover_keys_digest(body->chain_id, body->era, &body->keys, digest);
    ASSAY_TRY(assay_p256_sign(runtime->identity, digest, body->keys.identified));
    return assay_p256_sign(runtime->voting, digest, body->keys.possessed);
}

/* The fence outlives its operators from here on (docs/protocol.md 9.12.2): durable first. */
static enum assay_status init_fence_answer(struct assay_runtime *runtime)
{
    uint8_t asking[32];
    struct assay_writer w = assay_writer_over(asking, sizeof asking);
    assay_era_encode_answering(&w);
    ASSAY_ASSERT(!w.full);
    return submit_event(runtime, ASSAY_MESSAGE_FENCE, assay_slice_over(asking, w.len));
}

/* bytes[2 * ASSAY_ANSWER_LEN_MAX]: the file first. */
static enum assay_status sign_fence_answer(struct assay_runtime *runtime,
                                           struct assay_answer_body *body, uint8_t *bytes,
                                           size_t *len)
{
    uint8_t core[ASSAY_ANSWER_CORE_LEN_MAX], digest[32];
    uint8_t identified[ASSAY_P256_SIGNATURE_LEN], voted[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer c = assay_writer_over(core, sizeof core);
    struct assay_writer r = assay_writer_over(bytes + ASSAY_ANSWER_LEN_MAX, ASSAY_ANSWER_LEN_MAX);
    struct assay_writer o = assay_writer_over(bytes, ASSAY_ANSWER_LEN_MAX);
    ASSAY_TRY(init_fence_answer(runtime));
    ASSAY_TRY(assay_engine_answer(runtime->engine, body));
    ASSAY_TRY(sign_keys(runtime, body));
    ASSAY_TRY(assay_answer_body_encode(body, &r, &c));
    assay_sha256(core, c.len, digest);
    ASSAY_TRY(assay_p256_sign(runtime->identity, digest, identified));
    ASSAY_TRY(assay_p256_sign(runtime->voting, digest, voted));
    ASSAY_TRY(assay_answer_encode(assay_slice_over(core, c.len), assay_slice_over(r.bytes, r.len),
                                  runtime->keyring.identity_public, identified, voted, &o));
    *len = o.len;
    return ASSAY_OK;
}

static char *answer_fence(struct assay_runtime *runtime)
{
    struct assay_answer_body *body = calloc(1, sizeof *body);
    uint8_t *bytes = malloc((size_t)2 * ASSAY_ANSWER_LEN_MAX);
    size_t len = 0;
    enum assay_status status = body != NULL && bytes != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = sign_fence_answer(runtime, body, bytes, &len);
    char *document = NULL;
    if (status == ASSAY_E_EARLY) {
        document = document_error(runtime, error_code(status),
                                  "no fence is in force here, so that this node may still sign in "
                                  "its era: submit a signed fence first (assay recover fence, "
                                  "sign, submit)");
    } else if (status != ASSAY_OK) {
        document = refuse_recover(runtime, status, "the answer cannot be made");
    } else {
        struct assay_json *data = assay_json_object();
        set_head(runtime, data);
        ASSAY_ASSERT(len > 0 && len <= ASSAY_ANSWER_LEN_MAX);
        assay_json_set_uint(data, "votes_above", body->vote_count);
        assay_json_set_bool(data, "log_complete", body->whole);
        assay_json_set_bool(data, "new_keys", body->has_keys);
        assay_json_set_hex(data, "answer", bytes, len);
        document = document_finish(runtime, "assay.recover.answer", data);
    }
    free(bytes);
    free(body);
    return document;
}

/* ------------------------------------------------------------ RECOVER */

static void set_draft(struct assay_json *data, const struct assay_recover_drafted *d)
{
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_writer w = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&d->header, &w);
    ASSAY_ASSERT(!w.full);
    assay_json_set_hex(data, "header", header, w.len);
    assay_json_set_hex(data, "operators", d->operators.bytes, d->operators.len);
    assay_json_set_uint(data, "total_weight", d->total_weight);
    assay_json_set_uint(data, "voters", d->voters);
    assay_json_set_uint(data, "largest_operator_bp", d->largest_operator_bp);
    assay_json_set_uint(data, "largest_vendor_bp", d->largest_vendor_bp);
    assay_json_set_uint(data, "largest_platform_bp", d->largest_platform_bp);
}

static char *draft_recover(struct assay_runtime *runtime, struct assay_slice request)
{
    struct assay_cursor c = assay_cursor_over(request.bytes, request.len);
    struct assay_slice body, grounds;
    if (assay_cbor_array_exact(&c, 2) != ASSAY_OK ||
        assay_cbor_bytes(&c, ASSAY_RECOVER_BODY_LEN_MAX, &body) != ASSAY_OK ||
        assay_cbor_bytes(&c, ASSAY_RECOVER_LEN_MAX, &grounds) != ASSAY_OK)
        return refuse_recover(runtime, ASSAY_E_ENCODING,
                              "a draft is made of a body and its grounds");
    struct assay_engine_snapshot chain;
    struct assay_recover_drafted drafted;
    struct assay_fault fault;
    assay_engine_snapshot(runtime->engine, &chain);
    const uint64_t time_ms = assay_max_u64(runtime->at_unix_ms, chain.head_time_ms + 1);
    const enum assay_status status =
        assay_engine_recover_draft(runtime->engine, body, grounds, time_ms, &drafted, &fault);
    if (status != ASSAY_OK) return refuse_recover(runtime, status, fault.what);
    struct assay_json *data = assay_json_object();
    set_head(runtime, data);
    set_draft(data, &drafted);
    return document_finish(runtime, "assay.recover.draft", data);
}

static char *refusal_text(struct assay_runtime *runtime, enum assay_status status,
                          const struct assay_fault *fault)
{
    char words[WORDS];
    if (status == ASSAY_E_DUPLICATE) {
        (void)snprintf(words, sizeof words, "%s (assay recover status)", fault->what);
        return document_error(runtime, error_code(status), words);
    }
    if (status == ASSAY_E_SIGNATURE && fault->has_numbers) {
        (void)snprintf(words, sizeof words,
                       "%llu of %llu signatures: %s yet (assay recover show lists the signers)",
                       (unsigned long long)fault->found, (unsigned long long)fault->expected,
                       fault->what);
        return document_error(runtime, error_code(status), words);
    }
    if (!fault->has_numbers) return refuse_recover(runtime, status, fault->what);
    (void)snprintf(words, sizeof words, "%s: it says %llu, here it is %llu", fault->what,
                   (unsigned long long)fault->found, (unsigned long long)fault->expected);
    if (status == ASSAY_E_STALE)
        (void)snprintf(words, sizeof words,
                       "%s: it stands on height %llu, what is final here goes up to height %llu "
                       "and would be undone",
                       fault->what, (unsigned long long)fault->expected,
                       (unsigned long long)fault->found);
    return document_error(runtime, error_code(status), words);
}

enum taking { TRIES, SUBMITS, ACCEPTS };

static enum assay_status accept_recover(struct assay_runtime *runtime, struct assay_slice bytes)
{
    uint8_t *accepting = malloc(bytes.len + ASSAY_ACCEPTANCE_OVERHEAD);
    if (accepting == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(accepting, bytes.len + ASSAY_ACCEPTANCE_OVERHEAD);
    assay_acceptance_encode(bytes, &w);
    ASSAY_ASSERT(!w.full); /* ASSAY_ACCEPTANCE_OVERHEAD */
    const enum assay_status status =
        submit_event(runtime, ASSAY_MESSAGE_RECOVER, assay_slice_over(accepting, w.len));
    free(accepting);
    return status;
}

/* EARLY is no refusal: what is missing is fetched. */
static char *submit_recover(struct assay_runtime *runtime, struct assay_slice bytes,
                            enum taking how)
{
    struct assay_fault fault = { .what = "the head that it names is not known here yet" };
    struct assay_recover r;
    enum assay_status status = ASSAY_OK;
    const enum assay_status read = assay_recover_decode(bytes, &r);
    if (read != ASSAY_OK) return refuse_recover(runtime, read, "RECOVER cannot be read");
    if (how != ACCEPTS) status = assay_engine_recover_try(runtime->engine, bytes, &fault);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY) return refusal_text(runtime, status, &fault);
    if (how == SUBMITS) status = submit_event(runtime, ASSAY_MESSAGE_RECOVER, bytes);
    if (how == ACCEPTS) status = accept_recover(runtime, bytes);
    struct assay_engine_snapshot chain;
    assay_engine_snapshot(runtime->engine, &chain);
    if (status == ASSAY_E_DUPLICATE && how == ACCEPTS && r.header.era <= chain.era)
        return refuse_recover(runtime, status,
                              "this era has begun here by another RECOVER (assay recover status), "
                              "and nothing stays of it");
    if (status != ASSAY_OK && status != ASSAY_E_EARLY && how == ACCEPTS &&
        assay_engine_recover_try(runtime->engine, bytes, &fault) == status)
        return refusal_text(runtime, status, &fault);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY)
        return refuse_recover(runtime, status,
                              "the RECOVER is not accepted here, and nothing stays of it");
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "era", r.header.era);
    assay_json_set_uint(data, "epoch", r.header.epoch);
    assay_json_set_bool(data, "taken", how != TRIES && status == ASSAY_OK);
    assay_json_set_text(data, "note",
                        status == ASSAY_E_EARLY ? fault.what
                        : how != TRIES          ? "the new era begins"
                                                : "it would be taken");
    return document_finish(runtime, "assay.recover.submit", data);
}

/* ------------------------------------------------------------ the request */

static char *submit_bytes(struct assay_runtime *runtime, struct assay_slice bytes)
{
    return submit_recover(runtime, bytes, SUBMITS);
}

static char *accept_manually(struct assay_runtime *runtime, struct assay_slice bytes)
{
    return submit_recover(runtime, bytes, ACCEPTS);
}

/* What was accepted and is not taken yet binds the node no more (docs/protocol.md 9.16.9). */
static char *withdraw_accepted(struct assay_runtime *runtime)
{
    struct assay_era_snapshot ending;
    assay_engine_era(runtime->engine, &ending);
    if (ending.accepted_height == 0)
        return document_error(runtime, "conflict",
                              "nothing that was accepted here waits, so that nothing is withdrawn "
                              "(assay recover status)");
    const enum assay_status status = accept_recover(runtime, (struct assay_slice){ 0 });
    if (status != ASSAY_OK) return refuse_recover(runtime, status, "nothing is withdrawn");
    return recover_status(runtime);
}

static char *try_recover(struct assay_runtime *runtime, struct assay_slice bytes)
{
    return submit_recover(runtime, bytes, TRIES);
}

static const char usage[] =
    "recover status | answer | fence HEX | draft HEX | try HEX | submit HEX | accept HEX | "
    "withdraw";

char *document_recover(struct assay_runtime *runtime, const char *argument)
{
    static const struct {
        const char *verb;
        char *(*take)(struct assay_runtime *runtime, struct assay_slice bytes);
    } verbs[] = { { "fence", submit_fence },
                  { "draft", draft_recover },
                  { "try", try_recover },
                  { "submit", submit_bytes },
                  { "accept", accept_manually } };
    char verb[16] = "";
    const size_t len = strcspn(argument, " ");
    const char *hex = argument[len] == ' ' ? argument + len + 1 : "";
    if (len < sizeof verb) assay_bytes_copy(verb, sizeof verb, argument, len);
    if (strcmp(verb, "status") == 0) return recover_status(runtime);
    if (strcmp(verb, "answer") == 0) return answer_fence(runtime);
    if (strcmp(verb, "withdraw") == 0) return withdraw_accepted(runtime);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i].verb) == 0)
            return document_from_hex(runtime, hex, usage, verbs[i].take);
    return document_error(runtime, "usage", usage);
}
