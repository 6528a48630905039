/*
 * net/runtime/document_proof.c - documents `checkpoint`, `proof` and `key-proof`, in hexadecimal,
 * and `ear`.
 *
 * Read from the store, which is the one place that holds a finished epoch whole.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/evidence/prove.h"
#include "net/documents/ear_token.h"
#include "net/documents/standing_ear.h"
#include "net/json/json.h"

#include <stdlib.h>
#include <string.h>

enum { EAR_EPOCHS = 3 }; /* from the block on: as long as a missing attestation goes unnoticed */

static char *refuse_prove(struct assay_runtime *runtime, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_EARLY)
        return document_error(runtime, "not_closed",
                              "not enough epochs are closed here yet: retry after the "
                              "next close");
    return document_error(runtime, "store", "the last epoch cannot be read");
}

static void set_checkpoint(struct assay_json *data, const struct assay_checkpoint *c)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_checkpoint_encode(c, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_json_set_hex(data, "chain_id", c->chain_id, sizeof c->chain_id);
    assay_json_set_uint(data, "era", c->era);
    assay_json_set_uint(data, "epoch", c->epoch);
    assay_json_set_hex(data, "id", c->id, sizeof c->id);
    assay_json_set_hex(data, "roster_digest", c->roster_digest, sizeof c->roster_digest);
    assay_json_set_hex(data, "checkpoint", bytes, w.len);
}

static char *set_proof(struct assay_runtime *runtime, const struct assay_prove *prove,
                       uint16_t slot, bool bare)
{
    ASSAY_ASSERT(slot < runtime->members);
    uint8_t *bytes = malloc(ASSAY_PROOF_LEN_MAX);
    if (bytes == NULL) return refuse_prove(runtime, ASSAY_E_MEMORY);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PROOF_LEN_MAX);
    const enum assay_status status = assay_prove_member(prove, slot, bare, &w);
    char *text = NULL;
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "era", prove->checkpoint.era);
        assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
        assay_json_set_uint(data, "slot", slot);
        assay_json_set_bool(data, "bare", bare);
        assay_json_set_hex(data, "proof", bytes, w.len);
        text = document_finish(runtime, "assay.proof", data);
    } else {
        text = refuse_prove(runtime, status);
    }
    free(bytes);
    return text;
}

/* ------------------------------------------------------------ workload keys */

static char *refuse_keys(struct assay_runtime *runtime, enum assay_prove_keys_answer answer)
{
    ASSAY_ASSERT(answer != ASSAY_PROVE_KEYS_MADE);
    if (answer == ASSAY_PROVE_KEYS_NONE)
        return document_error(runtime, "not_found",
                              "the newest certified PASS of this member bound no keys: "
                              "`assay keys list` has the reason");
    return document_error(runtime, "lists_missing",
                          "this node lacks a list of keys of this member and requests it of its "
                          "peers: retry, or request another node");
}

/* room: scratch; w: for one key proof */
static char *set_key_proof(struct assay_runtime *runtime, const struct assay_prove *prove,
                           uint16_t slot, struct assay_prove_keys_room *room,
                           struct assay_writer *w)
{
    enum assay_prove_keys_answer answer = ASSAY_PROVE_KEYS_NONE;
    const struct assay_member_snapshot *const member =
        &runtime_snapshot(runtime)->members[slot].ledger;
    const enum assay_status status =
        assay_prove_keys(prove, runtime->config.store, member->node_id, room, &answer, w);
    if (status != ASSAY_OK) return refuse_prove(runtime, status);
    if (answer != ASSAY_PROVE_KEYS_MADE) return refuse_keys(runtime, answer);
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "era", prove->checkpoint.era);
    assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
    assay_json_set_uint(data, "slot", slot);
    assay_json_set_hex(data, "key_proof", w->bytes, w->len);
    return document_finish(runtime, "assay.key_proof", data);
}

static char *set_keys(struct assay_runtime *runtime, const struct assay_prove *prove, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_prove_keys_room *const room = malloc(sizeof *room);
    uint8_t *const bytes = malloc(ASSAY_KEY_PROOF_LEN_MAX);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEY_PROOF_LEN_MAX);
    char *const text = room != NULL && bytes != NULL ? set_key_proof(runtime, prove, slot, room, &w)
                                                     : refuse_prove(runtime, ASSAY_E_MEMORY);
    free(bytes);
    free(room);
    return text;
}

/* ------------------------------------------------------------ attestation results */

/* What a bare proof of the newest epoch proves, from its own checkpoint. */
static enum assay_status prove_standing(const struct assay_runtime *runtime,
                                        const struct assay_prove *prove, uint16_t slot,
                                        struct assay_writer *bytes,
                                        struct assay_proof_verified *verified)
{
    uint8_t digest[32];
    enum assay_proof_answer answer = ASSAY_PROVEN;
    const uint64_t life_ms = EAR_EPOCHS * (uint64_t)runtime->snapshot.epoch_ms;
    ASSAY_TRY(assay_prove_member(prove, slot, true, bytes));
    verified->bytes = assay_slice_over(bytes->bytes, bytes->len);
    ASSAY_TRY(assay_proof_verify(verified->bytes, &prove->checkpoint, &answer, &verified->proven));
    if (answer != ASSAY_PROVEN) return ASSAY_E_STORE;
    /* exp is in seconds, rounded down: of epochs below a second one that has not passed. */
    verified->expires_ms = verified->proven.time_ms + (life_ms > 1000 ? life_ms : 1000);
    verified->has_age = true;
    assay_policy_digest(runtime->config.policy, digest);
    verified->profile = ASSAY_PROOF_PROFILE_UNKNOWN;
    if (assay_bytes_equal(digest, verified->proven.policy_digest, sizeof digest))
        verified->profile = assay_document_profile_of(runtime->config.policy);
    return ASSAY_OK;
}

static enum assay_status sign_ear_cbor(const struct assay_runtime *runtime,
                                       const struct assay_proof_verified *verified,
                                       struct assay_writer *token)
{
    uint8_t *const bytes = malloc(ASSAY_EAR_CLAIMS_MAX);
    struct assay_writer claims = assay_writer_over(bytes, ASSAY_EAR_CLAIMS_MAX);
    enum assay_status status =
        bytes != NULL ? assay_document_ear_standing_cbor(verified, &claims) : ASSAY_E_MEMORY;
    if (status == ASSAY_OK)
        status = assay_document_ear_sign_cbor(runtime->identity, runtime->keyring.identity_public,
                                              assay_slice_over(bytes, claims.len), token);
    free(bytes);
    return status;
}

/* Out: token: text with its NUL; cbor: the same as a CBOR web token. */
static enum assay_status make_ear(const struct assay_runtime *runtime,
                                  const struct assay_prove *prove, uint16_t slot,
                                  struct assay_writer *token, struct assay_writer *cbor)
{
    struct assay_proof_verified *verified = calloc(1, sizeof *verified);
    uint8_t *bytes = malloc(ASSAY_PROOF_LEN_MAX);
    char *claims = NULL;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PROOF_LEN_MAX);
    enum assay_status status = ASSAY_E_MEMORY;
    if (verified != NULL && bytes != NULL)
        status = prove_standing(runtime, prove, slot, &w, verified);
    if (status == ASSAY_OK) claims = assay_document_ear_standing(verified);
    if (status == ASSAY_OK && claims == NULL) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK)
        status = assay_document_ear_sign(runtime->identity, runtime->keyring.identity_public,
                                         ASSAY_EAR_IETF_04,
                                         assay_slice_over(claims, strlen(claims)), token);
    if (status == ASSAY_OK) status = sign_ear_cbor(runtime, verified, cbor);
    assay_writer_u8(token, '\0');
    free(claims);
    free(bytes);
    free(verified);
    return status == ASSAY_OK && token->full ? ASSAY_E_FULL : status;
}

static char *set_ear(struct assay_runtime *runtime, const struct assay_prove *prove, uint16_t slot)
{
    uint8_t *const bytes = malloc(2 * (size_t)ASSAY_EAR_TOKEN_MAX);
    struct assay_writer token = assay_writer_over(bytes, ASSAY_EAR_TOKEN_MAX);
    struct assay_writer cbor = assay_writer_over(bytes + ASSAY_EAR_TOKEN_MAX, ASSAY_EAR_TOKEN_MAX);
    const enum assay_status status =
        bytes != NULL ? make_ear(runtime, prove, slot, &token, &cbor) : ASSAY_E_MEMORY;
    char *text = NULL;
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "era", prove->checkpoint.era);
        assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
        assay_json_set_uint(data, "slot", slot);
        assay_json_set_text(data, "ear", (const char *)bytes);
        assay_json_set_hex(data, "ear_cwt", cbor.bytes, cbor.len);
        text = document_finish(runtime, "assay.ear", data);
    } else {
        text = refuse_prove(runtime, status);
    }
    free(bytes);
    return text;
}

/* ------------------------------------------------------------ documents */

typedef char *set_proven(struct assay_runtime *runtime, const struct assay_prove *prove,
                         uint16_t slot);

static char *set_bare(struct assay_runtime *runtime, const struct assay_prove *prove, uint16_t slot)
{
    return set_proof(runtime, prove, slot, true);
}

static char *set_full(struct assay_runtime *runtime, const struct assay_prove *prove, uint16_t slot)
{
    return set_proof(runtime, prove, slot, false);
}

static char *set_newest(struct assay_runtime *runtime, const struct assay_prove *prove,
                        uint16_t slot)
{
    (void)slot;
    struct assay_json *data = assay_json_object();
    set_checkpoint(data, &prove->checkpoint);
    return document_finish(runtime, "assay.checkpoint", data);
}

/* Opens the newest closed epoch. */
static char *prove_slot(struct assay_runtime *runtime, uint16_t slot, set_proven *set)
{
    struct assay_prove prove;
    const size_t len = (assay_prove_memory_len(runtime->members) + 15) & ~(size_t)15;
    void *memory = aligned_alloc(16, len);
    enum assay_status status = ASSAY_E_MEMORY;
    if (memory != NULL)
        status = assay_prove_open(&prove, runtime->config.store, memory, runtime->members);
    char *const text =
        status == ASSAY_OK ? set(runtime, &prove, slot) : refuse_prove(runtime, status);
    free(memory);
    return text;
}

char *document_proof(struct assay_runtime *runtime, uint16_t slot, bool bare)
{
    if (slot == ASSAY_SLOT_ALL) return prove_slot(runtime, slot, set_newest);
    return prove_slot(runtime, slot, bare ? set_bare : set_full);
}

char *document_ear(struct assay_runtime *runtime, uint16_t slot)
{
    return prove_slot(runtime, slot, set_ear);
}

char *document_key_proof(struct assay_runtime *runtime, uint16_t slot)
{
    return prove_slot(runtime, slot, set_keys);
}
