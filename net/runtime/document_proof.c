/*
 * net/runtime/document_proof.c - documents `checkpoint`, `proof` and `key-proof`, in
 * hexadecimal, and `ear`.
 *
 * Read from the store, which is the one place that holds a finished epoch whole.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/evidence/prove.h"
#include "engine/ledger/proofs/key_proof.h"
#include "engine/sync/key_list_page.h"
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

/* What a bare proof of the newest epoch proves, from its own checkpoint.
 * Out:     bytes: that proof; *proven borrows from them
 * Returns: as assay_prove_member | ASSAY_E_STORE (it is not accepted) */
static enum assay_status prove_state(const struct assay_prove *prove, uint16_t slot,
                                     struct assay_writer *bytes, struct assay_proven_state *proven)
{
    enum assay_proof_answer answer = ASSAY_PROVEN;
    ASSAY_TRY(assay_prove_member(prove, slot, true, bytes));
    ASSAY_TRY(assay_proof_verify(assay_slice_over(bytes->bytes, bytes->len), &prove->checkpoint,
                                 &answer, proven));
    return answer == ASSAY_PROVEN ? ASSAY_OK : ASSAY_E_STORE;
}

/* ------------------------------------------------------------ proofs of keys */

struct key_lists {
    uint8_t bytes[2][ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_slice list, declared; /* borrow from bytes */
};

/* The lists whose roots a proof of the slot has (docs/identity.md 10.1).
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (a list is not stored here yet) | ASSAY_E_STORE */
static enum assay_status load_proven_lists(const struct assay_runtime *runtime, uint16_t slot,
                                           const struct assay_declaration *d,
                                           struct key_lists *lists)
{
    struct assay_store *const store = runtime->config.store;
    ASSAY_TRY(assay_declared_list_load(store, slot, d->keys_root, lists->bytes[0],
                                       sizeof lists->bytes[0], &lists->list));
    if (d->count == 0 || !d->roots[0].binds ||
        assay_bytes_equal(d->roots[0].root, d->keys_root, 32))
        return ASSAY_OK;
    return assay_declared_list_load(store, slot, d->roots[0].root, lists->bytes[1],
                                    sizeof lists->bytes[1], &lists->declared);
}

/* Buffers of one key proof. */
struct key_proof_room {
    struct assay_proven_state proven;
    struct key_lists lists;
    uint8_t proof[ASSAY_PROOF_LEN_MAX], bytes[ASSAY_KEY_PROOF_LEN_MAX];
    const char *code, *detail; /* a refusal of its own; NULL: by the status */
};

/* Out: *w, in room->bytes; room->code. Returns: ASSAY_OK | as prove_state and load_proven_lists */
static enum assay_status make_key_proof(const struct assay_runtime *runtime,
                                        const struct assay_prove *prove, uint16_t slot,
                                        struct key_proof_room *room, struct assay_writer *w)
{
    struct assay_writer proof = assay_writer_over(room->proof, sizeof room->proof);
    *w = assay_writer_over(room->bytes, sizeof room->bytes);
    ASSAY_TRY(prove_state(prove, slot, &proof, &room->proven));
    const struct assay_declaration *const d = &room->proven.member.declaration;
    if (d->keys_epoch == 0) {
        room->code = "not_found";
        room->detail = "the newest certified PASS of this member bound no workload keys: register "
                       "a key with its enclave, which is active two epochs later";
        return ASSAY_E_NOT_FOUND;
    }
    const enum assay_status loaded = load_proven_lists(runtime, slot, d, &room->lists);
    if (loaded == ASSAY_E_NOT_FOUND) {
        room->code = "not_closed";
        room->detail = "a list of workload keys of this member is not stored here yet: retry in a "
                       "second, or request another node";
    }
    ASSAY_TRY(loaded);
    proof = assay_writer_over(room->proof, sizeof room->proof);
    ASSAY_TRY(assay_prove_member(prove, slot, false, &proof));
    const struct assay_key_proof parts = { .proof = assay_slice_over(room->proof, proof.len),
                                           .list = room->lists.list,
                                           .declared = room->lists.declared };
    return assay_proof_key_encode(&parts, w);
}

static char *set_key_proof(struct assay_runtime *runtime, const struct assay_prove *prove,
                           uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    struct assay_writer w;
    struct key_proof_room *const room = calloc(1, sizeof *room);
    const enum assay_status status =
        room != NULL ? make_key_proof(runtime, prove, slot, room, &w) : ASSAY_E_MEMORY;
    char *text = NULL;
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "era", prove->checkpoint.era);
        assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
        assay_json_set_uint(data, "slot", slot);
        assay_json_set_hex(data, "key_proof", room->bytes, w.len);
        text = document_finish(runtime, "assay.key_proof", data);
    } else if (room != NULL && room->code != NULL) {
        text = document_error(runtime, room->code, room->detail);
    } else {
        text = refuse_prove(runtime, status);
    }
    free(room);
    return text;
}

/* ------------------------------------------------------------ attestation results */

static enum assay_status prove_standing(const struct assay_runtime *runtime,
                                        const struct assay_prove *prove, uint16_t slot,
                                        struct assay_writer *bytes,
                                        struct assay_proof_verified *verified)
{
    uint8_t digest[32];
    const uint64_t life_ms = EAR_EPOCHS * (uint64_t)runtime->snapshot.epoch_ms;
    ASSAY_TRY(prove_state(prove, slot, bytes, &verified->proven));
    verified->bytes = assay_slice_over(bytes->bytes, bytes->len);
    /* exp is in seconds, rounded down: of epochs below a second one that has not passed. */
    verified->expires_ms = verified->proven.time_ms + (life_ms > 1000 ? life_ms : 1000);
    verified->has_age = true;
    assay_policy_digest(runtime->config.policy, digest);
    verified->profile = ASSAY_PROOF_PROFILE_UNKNOWN;
    if (assay_bytes_equal(digest, verified->proven.policy_digest, sizeof digest))
        verified->profile = assay_document_profile_of(runtime->config.policy);
    return ASSAY_OK;
}

/* Out: token: text with its NUL. */
static enum assay_status make_ear(const struct assay_runtime *runtime,
                                  const struct assay_prove *prove, uint16_t slot,
                                  struct assay_writer *token)
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
    assay_writer_u8(token, '\0');
    free(claims);
    free(bytes);
    free(verified);
    return status == ASSAY_OK && token->full ? ASSAY_E_FULL : status;
}

static char *set_ear(struct assay_runtime *runtime, const struct assay_prove *prove, uint16_t slot)
{
    uint8_t *const bytes = malloc(ASSAY_EAR_TOKEN_MAX);
    struct assay_writer token = assay_writer_over(bytes, ASSAY_EAR_TOKEN_MAX);
    const enum assay_status status =
        bytes != NULL ? make_ear(runtime, prove, slot, &token) : ASSAY_E_MEMORY;
    char *text = NULL;
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "era", prove->checkpoint.era);
        assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
        assay_json_set_uint(data, "slot", slot);
        assay_json_set_text(data, "ear", (const char *)bytes);
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

char *document_key_proof(struct assay_runtime *runtime, uint16_t slot)
{
    return prove_slot(runtime, slot, set_key_proof);
}

char *document_ear(struct assay_runtime *runtime, uint16_t slot)
{
    return prove_slot(runtime, slot, set_ear);
}
