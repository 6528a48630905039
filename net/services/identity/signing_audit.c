/*
 * net/services/identity/signing_audit.c - audit of a holder's journal against the ledger.
 */
#include "net/services/identity/signing_audit.h"
#include "net/services/identity/signing_host_internal.h"

#include "base/assert.h"
#include "base/crypto.h"

#include <stdlib.h>
#include <string.h>

struct assay_signing_audit {
    struct assay_signing_audit_epoch epoch;
    struct assay_derivation of_active, of_next;
    enum assay_status opened, opened_next; /* of these */
    struct assay_derivation *derivation;   /* that of the entry's CA number */
    bool is_encoded;                       /* the snapshot is that of the epoch */
    uint8_t *snapshot, *scratch;
    size_t snapshot_len, snapshot_capacity, scratch_len;
    uint8_t (*hashes)[32];
    uint32_t slot; /* of the member whose parts follow */
    bool has_member;
    size_t proof_len;
    uint8_t proof[ASSAY_PROOF_LEN_MAX];
    struct shown_list listed, declared;
    bool has_listed, has_declared; /* declared: another list than the certified one */
    bool is_bound;                 /* a certified PASS bound keys of the member */
    uint8_t item[STANDING_MAX + 2048], tbs[ASSAY_CREDENTIAL_TBS_MAX];
    size_t tbs_len; /* of the last text that was derived */
};

const char *assay_keyholder_audit_text(enum assay_signing_audit_answer answer)
{
    switch (answer) {
    case ASSAY_SIGNING_AUDIT_DERIVED: return "the ledger derives the text";
    case ASSAY_SIGNING_AUDIT_OTHER_BLOCK: return "another block closed the epoch";
    case ASSAY_SIGNING_AUDIT_NOT_CERTIFIED: return "the epoch is not certified";
    case ASSAY_SIGNING_AUDIT_NO_KEY: return "no group key was in force after the epoch";
    case ASSAY_SIGNING_AUDIT_OTHER_NUMBER:
        return "its CA number was neither active nor the next one after the epoch";
    case ASSAY_SIGNING_AUDIT_OTHER_GENERATION:
        return "another generation was in force after the epoch";
    case ASSAY_SIGNING_AUDIT_NO_MEMBER: return "no member has this node id";
    case ASSAY_SIGNING_AUDIT_NO_LIST: return "a list of keys of the member is not in this store";
    case ASSAY_SIGNING_AUDIT_NO_ENTRY: return "the list that was certified has no such entry";
    case ASSAY_SIGNING_AUDIT_REFUSED: return "holders refuse to sign for this entry";
    case ASSAY_SIGNING_AUDIT_OTHER_TEXT:
        return "no product of the entry has the text that was signed";
    }
    return "unknown";
}

enum assay_status assay_keyholder_audit_create(struct assay_signing_audit **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

void assay_keyholder_audit_destroy(struct assay_signing_audit **audit)
{
    struct assay_signing_audit *const a = *audit;
    if (a == NULL) return;
    free(a->snapshot);
    free(a->scratch);
    free(a->hashes);
    free(a);
    *audit = NULL;
}

enum assay_status assay_keyholder_audit_open(struct assay_signing_audit *audit,
                                             const struct assay_signing_audit_epoch *epoch)
{
    struct assay_checkpoint at;
    audit->epoch = *epoch;
    audit->is_encoded = audit->has_member = false;
    assay_checkpoint_of(epoch->state, &at);
    audit->opened = assay_derivation_open_folded(&audit->of_active, &at, epoch->state->certified,
                                                 epoch->ca, epoch->plan);
    audit->of_next = audit->of_active;
    audit->opened_next =
        audit->opened == ASSAY_OK ? assay_derivation_turn_next(&audit->of_next) : audit->opened;
    return ASSAY_OK;
}

/* --- what texts are derived from */

/* The snapshot as nodes store it: bare proofs are made of it. */
static enum assay_status encode_state(struct assay_signing_audit *a)
{
    const struct assay_state *const state = a->epoch.state;
    const uint32_t members = state->member_count;
    const size_t capacity = assay_state_len_max(members);
    if (a->is_encoded) return ASSAY_OK;
    if (capacity > a->snapshot_capacity) {
        free(a->snapshot);
        free(a->scratch);
        free(a->hashes);
        a->snapshot_capacity = 0;
        a->scratch_len = assay_state_scratch_len(members);
        a->snapshot = malloc(capacity);
        a->scratch = malloc(a->scratch_len);
        a->hashes = calloc((size_t)members + 1, sizeof *a->hashes);
        if (a->snapshot == NULL || a->scratch == NULL || a->hashes == NULL) return ASSAY_E_MEMORY;
        a->snapshot_capacity = capacity;
    }
    struct assay_writer w = assay_writer_over(a->snapshot, a->snapshot_capacity);
    ASSAY_TRY(assay_state_encode(state, a->epoch.header, a->scratch, a->scratch_len, &w));
    a->snapshot_len = w.len;
    a->is_encoded = true;
    return ASSAY_OK;
}

static bool find_list(struct assay_signing_audit *a, uint32_t slot, const uint8_t root[static 32],
                      struct shown_list *list)
{
    uint8_t found[32];
    struct assay_slice bytes;
    if (!a->epoch.find_list(a->epoch.context, slot, root, list->bytes, &bytes)) return false;
    if (assay_declared_keys_decode(bytes, &list->keys) != ASSAY_OK) return false;
    assay_declared_keys_root(&list->keys, found);
    return assay_bytes_equal(found, root, sizeof found); /* the caller is not trusted with it */
}

/* The bare proof of a member, and its lists. */
static enum assay_status load_member(struct assay_signing_audit *a, uint32_t slot)
{
    static const struct assay_slice none = { NULL, 0 };
    const struct assay_declaration *const d = &a->epoch.state->members[slot].declaration;
    struct assay_writer w = assay_writer_over(a->proof, sizeof a->proof);
    if (a->has_member && a->slot == slot) return ASSAY_OK;
    a->has_member = false;
    ASSAY_TRY(encode_state(a));
    ASSAY_TRY(assay_proof_make(assay_slice_over(a->snapshot, a->snapshot_len), none, none, slot,
                               a->hashes, &w));
    a->proof_len = w.len;
    a->is_bound = d->keys_epoch > 0;
    a->has_listed = a->is_bound && find_list(a, slot, d->keys_root, &a->listed);
    const bool is_other =
        d->count > 0 && d->roots[0].binds && !assay_bytes_equal(d->roots[0].root, d->keys_root, 32);
    a->has_declared = is_other && find_list(a, slot, d->roots[0].root, &a->declared);
    if (is_other && !a->has_declared) a->has_listed = false;
    a->slot = slot;
    a->has_member = true;
    return ASSAY_OK;
}

/* --- texts */

/* Out: *is_it: the text of this item is the one that was signed; its reason in the derivation. */
static enum assay_status try_item(struct assay_signing_audit *a,
                                  const struct assay_derivation_item *item,
                                  const struct assay_signing_entry *entry, bool *is_it)
{
    struct assay_writer w = assay_writer_over(a->item, sizeof a->item);
    struct assay_cosigner_item derived;
    uint8_t digest[32];
    *is_it = false;
    ASSAY_TRY(assay_derivation_encode(item, &w));
    const enum assay_status status = assay_derivation_derive(
        a->derivation, assay_slice_over(a->item, w.len), a->tbs, sizeof a->tbs, &derived);
    if (status == ASSAY_E_CRYPTO || status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    a->tbs_len = derived.tbs.len;
    assay_sha256(derived.tbs.bytes, derived.tbs.len, digest);
    *is_it = assay_bytes_equal(digest, entry->tbs, sizeof digest) &&
             assay_bytes_equal(derived.subject, entry->subject, 32) &&
             assay_bytes_equal(derived.entry_digest, entry->entry, 32);
    return ASSAY_OK;
}

static enum assay_signing_audit_answer answer_of(const struct assay_signing_audit *a, bool is_it)
{
    if (is_it) return ASSAY_SIGNING_AUDIT_DERIVED;
    return a->derivation->reason == ASSAY_DERIVATION_DERIVED ? ASSAY_SIGNING_AUDIT_OTHER_TEXT
                                                             : ASSAY_SIGNING_AUDIT_REFUSED;
}

static bool find_entry(const struct assay_declared_keys *keys, const uint8_t digest[static 32],
                       uint32_t *place)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        uint8_t found[32];
        assay_sha256(keys->entries[i].bytes, keys->entries[i].len, found);
        if (!assay_bytes_equal(found, digest, sizeof found)) continue;
        *place = i;
        return true;
    }
    return false;
}

/* A certificate, or a token for one of the audiences. */
static enum assay_status check_entry(struct assay_signing_audit *a,
                                     const struct assay_signing_entry *entry,
                                     enum assay_signing_audit_answer *answer)
{
    struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_LEAF,
                                          .proof = assay_slice_over(a->proof, a->proof_len) };
    uint32_t place = 0, products = 1;
    bool is_it = false;
    *answer = a->is_bound ? ASSAY_SIGNING_AUDIT_NO_LIST : ASSAY_SIGNING_AUDIT_NO_ENTRY;
    if (!a->has_listed) return ASSAY_OK;
    *answer = ASSAY_SIGNING_AUDIT_NO_ENTRY;
    if (!find_entry(&a->listed.keys, entry->entry, &place)) return ASSAY_OK;
    const struct assay_declared_key *const key = &a->listed.keys.keys[place];
    signing_set_entries(&a->listed, a->has_declared ? &a->declared : NULL, place, &item);
    if (key->purpose == ASSAY_PURPOSE_TOKEN) {
        item.product = ASSAY_CREDENTIAL_TOKEN;
        products = key->audience_count;
    }
    for (; item.audience < products && !is_it; item.audience++) {
        ASSAY_TRY(try_item(a, &item, entry, &is_it));
        *answer = answer_of(a, is_it);
    }
    return ASSAY_OK;
}

static enum assay_status check_member(struct assay_signing_audit *a,
                                      const struct assay_signing_entry *entry,
                                      enum assay_signing_audit_answer *answer)
{
    const struct assay_state *const state = a->epoch.state;
    uint32_t slot = 0;
    bool is_it = false;
    while (slot < state->member_count &&
           !assay_bytes_equal(state->members[slot].node_id, entry->subject, 32))
        slot++;
    *answer = ASSAY_SIGNING_AUDIT_NO_MEMBER;
    if (slot == state->member_count) return ASSAY_OK;
    ASSAY_TRY(load_member(a, slot));
    if (!assay_bytes_all_zero(entry->entry, 32)) return check_entry(a, entry, answer);
    const struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_EAR,
                                                .proof = assay_slice_over(a->proof, a->proof_len) };
    ASSAY_TRY(try_item(a, &item, entry, &is_it));
    *answer = answer_of(a, is_it);
    return ASSAY_OK;
}

static bool is_key(const struct assay_signing_entry *entry, const uint8_t key[static 32])
{
    uint8_t digest[32];
    assay_sha256(key, 32, digest);
    return assay_bytes_equal(entry->entry, digest, sizeof digest);
}

/* The certificate of the number's key; of the active number also that of the next one's. */
static enum assay_status check_certificate(struct assay_signing_audit *a,
                                           const struct assay_signing_entry *entry,
                                           enum assay_signing_audit_answer *answer)
{
    struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    bool is_it = false;
    if (a->derivation->next.number > 0 && is_key(entry, a->derivation->next.public_key))
        item.product = ASSAY_CREDENTIAL_CROSS_CERTIFICATE;
    ASSAY_TRY(try_item(a, &item, entry, &is_it));
    *answer = answer_of(a, is_it);
    return ASSAY_OK;
}

/* Nothing about a text yet. Out: a->derivation. Returns: DERIVED: go on */
static enum assay_signing_audit_answer check_epoch(struct assay_signing_audit *a,
                                                   const struct assay_signing_entry *entry)
{
    const struct assay_ca_sharing *const made = assay_ca_sharing_of(a->epoch.ca, entry->ca_number);
    const bool is_next = made == &a->epoch.ca->next.force;
    if (!assay_bytes_equal(entry->block_id, a->epoch.state->head_id, 32))
        return ASSAY_SIGNING_AUDIT_OTHER_BLOCK;
    if (a->opened == ASSAY_E_EARLY) return ASSAY_SIGNING_AUDIT_NOT_CERTIFIED;
    if ((is_next ? a->opened_next : a->opened) != ASSAY_OK) return ASSAY_SIGNING_AUDIT_NO_KEY;
    if (made == NULL) return ASSAY_SIGNING_AUDIT_OTHER_NUMBER;
    a->derivation = is_next ? &a->of_next : &a->of_active;
    return entry->generation == made->generation ? ASSAY_SIGNING_AUDIT_DERIVED
                                                 : ASSAY_SIGNING_AUDIT_OTHER_GENERATION;
}

enum assay_status assay_keyholder_audit_check(struct assay_signing_audit *audit,
                                              const struct assay_signing_entry *entry,
                                              enum assay_signing_audit_answer *answer,
                                              enum assay_derivation_reason *reason)
{
    ASSAY_ASSERT(entry->era == audit->epoch.state->era &&
                 entry->epoch == audit->epoch.state->epoch);
    *answer = check_epoch(audit, entry);
    *reason = ASSAY_DERIVATION_DERIVED;
    if (*answer != ASSAY_SIGNING_AUDIT_DERIVED) return ASSAY_OK;
    if (assay_bytes_all_zero(entry->subject, 32))
        ASSAY_TRY(check_certificate(audit, entry, answer));
    else ASSAY_TRY(check_member(audit, entry, answer));
    if (*answer == ASSAY_SIGNING_AUDIT_REFUSED) *reason = audit->derivation->reason;
    return ASSAY_OK;
}

/* A list that the node handed in, if it has the root that the leaf names. */
static bool load_proven_list(struct assay_slice bytes, const uint8_t root[static 32],
                             struct shown_list *list)
{
    uint8_t found[32];
    if (!signing_load_list(bytes, list)) return false;
    assay_declared_keys_root(&list->keys, found);
    return assay_bytes_equal(found, root, sizeof found);
}

/* Everything but the checkpoint is the node's word until it is proven: a bare proof of the member,
 * and the lists that its leaf names. Returns: false: nothing can be decided from these */
static bool load_proofs(struct assay_signing_audit *a, const struct assay_signing_audit_proofs *p,
                        const uint8_t node_id[static 32])
{
    struct assay_proven_state proven;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    a->has_member = a->is_encoded = false;
    if (p->standing.len > sizeof a->proof ||
        assay_proof_verify(p->standing, p->at, &answer, &proven) != ASSAY_OK ||
        answer != ASSAY_PROVEN || !proven.bare || proven.next.epoch != p->at->epoch ||
        !assay_bytes_equal(proven.member.node_id, node_id, 32))
        return false;
    const struct assay_declaration *const d = &proven.member.declaration;
    assay_bytes_copy(a->proof, sizeof a->proof, p->standing.bytes, p->standing.len);
    a->proof_len = p->standing.len;
    a->is_bound = d->keys_epoch > 0;
    a->has_listed = a->is_bound && load_proven_list(p->list, d->keys_root, &a->listed);
    const bool is_other =
        d->count > 0 && d->roots[0].binds && !assay_bytes_equal(d->roots[0].root, d->keys_root, 32);
    a->has_declared = is_other && load_proven_list(p->declared, d->roots[0].root, &a->declared);
    return !a->is_bound || (a->has_listed && a->has_declared == is_other);
}

enum assay_status assay_keyholder_audit_proven(struct assay_signing_audit *audit,
                                               const struct assay_signing_audit_proofs *proofs,
                                               const struct assay_signing_entry *entry,
                                               enum assay_signing_audit_answer *answer,
                                               enum assay_derivation_reason *reason)
{
    ASSAY_ASSERT(entry->era == proofs->at->era && entry->epoch == proofs->at->epoch);
    *reason = ASSAY_DERIVATION_DERIVED;
    *answer = ASSAY_SIGNING_AUDIT_OTHER_BLOCK;
    if (!assay_bytes_equal(entry->block_id, proofs->at->id, 32)) return ASSAY_OK;
    const enum assay_status opened = assay_derivation_open_folded(
        &audit->of_active, proofs->at, proofs->certified, proofs->ca, proofs->plan);
    audit->derivation = &audit->of_active;
    *answer =
        opened == ASSAY_E_EARLY ? ASSAY_SIGNING_AUDIT_NOT_CERTIFIED : ASSAY_SIGNING_AUDIT_NO_KEY;
    if (opened != ASSAY_OK) return ASSAY_OK;
    *answer = ASSAY_SIGNING_AUDIT_OTHER_NUMBER;
    if (entry->ca_number != audit->of_active.ca.number) return ASSAY_OK;
    *answer = ASSAY_SIGNING_AUDIT_NO_LIST;
    if (!load_proofs(audit, proofs, entry->subject)) return ASSAY_OK;
    ASSAY_TRY(check_entry(audit, entry, answer));
    if (*answer == ASSAY_SIGNING_AUDIT_REFUSED) *reason = audit->derivation->reason;
    return ASSAY_OK;
}

struct assay_slice assay_keyholder_audit_derived(const struct assay_signing_audit *audit)
{
    return assay_slice_over(audit->tbs, audit->tbs_len);
}
