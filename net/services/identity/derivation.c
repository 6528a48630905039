/*
 * net/services/identity/derivation.c - texts to be signed, from proofs under a verified epoch.
 */
#include "net/services/identity/derivation.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"

#include <string.h>

static const char tag[] = "assay/ca-item/v1";

enum { ITEMS = 6, ENTRY_ITEMS = 4 };

const char *assay_derivation_reason_text(enum assay_derivation_reason reason)
{
    switch (reason) {
    case ASSAY_DERIVATION_DERIVED: return "the text was derived";
    case ASSAY_DERIVATION_CLOSED: return "no verified epoch is open";
    case ASSAY_DERIVATION_NOT_READ: return "the item cannot be read";
    case ASSAY_DERIVATION_NEXT: return "the next CA number signs nothing but its own certificate";
    case ASSAY_DERIVATION_OTHER_TIME:
        return "a certificate of the key is signed in the first 16 epochs of a generation alone";
    case ASSAY_DERIVATION_OTHER_PROOF: return "the proof is not one from the verified epoch";
    case ASSAY_DERIVATION_NOT_BARE: return "the proof has votes; a bare one is expected";
    case ASSAY_DERIVATION_NOT_SERVING: return "the member is drained, or left the network";
    case ASSAY_DERIVATION_UNBOUND: return "the member's newest certified PASS bound no keys";
    case ASSAY_DERIVATION_OLD: return "the member has no certified PASS for more than 3 epochs";
    case ASSAY_DERIVATION_MAINTENANCE: return "the member is in maintenance";
    case ASSAY_DERIVATION_LOW_STANDING: return "the standing of the member is below WARNING";
    case ASSAY_DERIVATION_NOT_LISTED: return "the entry is not in the list that was certified";
    case ASSAY_DERIVATION_OTHER_USE: return "the entry is of another purpose than the product";
    case ASSAY_DERIVATION_WITHDRAWN: return "the entry is not in the newest declared list";
    case ASSAY_DERIVATION_NO_AUDIENCE: return "the entry has no such audience";
    case ASSAY_DERIVATION_NO_TEXT: return "no product can have this name, audience or time";
    }
    return "unknown";
}

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

static struct assay_credential_ca describe(const struct assay_ca *ca,
                                           const struct assay_registry_plan *plan, uint32_t number,
                                           const uint8_t key[static 32])
{
    struct assay_credential_ca made = { .trust_domain = text_of(plan->identity.trust_domain),
                                        .issuer = text_of(plan->identity.issuer),
                                        .number = number,
                                        .validity_s = plan->identity.validity_s,
                                        .insecure = plan->identity.insecure };
    assay_bytes_copy(made.chain_id, 32, ca->chain_id, 32);
    assay_bytes_copy(made.public_key, 32, key, 32);
    return made;
}

uint32_t assay_derivation_published(
    const struct assay_ca *ca, const struct assay_registry_plan *plan,
    struct assay_credential_ca out[static ASSAY_CREDENTIAL_KEYS_MAX])
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    const uint32_t count = assay_ca_published(ca, published);
    for (uint32_t i = 0; i < count; i++)
        out[i] = describe(ca, plan, published[i].number, published[i].key);
    return count;
}

bool assay_derivation_is_first(const struct assay_ca *ca, uint64_t epoch)
{
    const uint64_t last = ca->active_since > ca->since ? ca->active_since : ca->since;
    ASSAY_ASSERT(epoch >= last);
    return ca->ca_number > 0 && epoch - last < ASSAY_DERIVATION_FIRST_EPOCHS;
}

enum assay_status assay_derivation_open_folded(struct assay_derivation *d,
                                               const struct assay_checkpoint *at, bool certified,
                                               const struct assay_ca *ca,
                                               const struct assay_registry_plan *plan)
{
    uint8_t terms[32];
    *d = (struct assay_derivation){ .reason = ASSAY_DERIVATION_CLOSED };
    if (!certified) return ASSAY_E_EARLY;
    if (ca->ca_number == 0 || ca->key_lost) return ASSAY_E_NOT_FOUND;
    assay_registry_plan_identity_digest(plan, terms);
    if (!assay_bytes_equal(terms, ca->terms, 32)) return ASSAY_E_STALE;
    d->at = *at;
    d->is_first = assay_derivation_is_first(ca, d->at.epoch);
    d->is_late = d->at.epoch != ca->since && d->at.epoch != ca->active_since;
    d->ca = describe(ca, plan, ca->ca_number, ca->key);
    if (ca->next.number > 0) d->next = describe(ca, plan, ca->next.number, ca->next.key);
    d->plan = plan;
    d->is_open = true;
    return ASSAY_OK;
}

enum assay_status assay_derivation_open(struct assay_derivation *d,
                                        const struct assay_keyholder_proof *proof,
                                        const struct assay_ca *ca,
                                        const struct assay_registry_plan *plan)
{
    bool certified = false;
    *d = (struct assay_derivation){ .reason = ASSAY_DERIVATION_CLOSED };
    if (!assay_keyholder_proof_has(proof, ca, &certified)) return ASSAY_E_CHAIN;
    return assay_derivation_open_folded(d, assay_keyholder_proof_at(proof), certified, ca, plan);
}

enum assay_status assay_derivation_turn_next(struct assay_derivation *d)
{
    ASSAY_ASSERT(d->is_open && !d->is_next);
    d->is_open = d->next.number > 0;
    d->is_next = true;
    d->is_first = false;
    d->ca = d->next;
    d->next = (struct assay_credential_ca){ .number = 0 };
    return d->is_open ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

enum assay_status assay_derivation_open_next(struct assay_derivation *d,
                                             const struct assay_keyholder_proof *proof,
                                             const struct assay_ca *ca,
                                             const struct assay_registry_plan *plan)
{
    ASSAY_TRY(assay_derivation_open(d, proof, ca, plan));
    return assay_derivation_turn_next(d);
}

/* --- items */

static void put_entry(struct assay_writer *w, const struct assay_derivation_entry *e)
{
    ASSAY_ASSERT(e->path_len <= ASSAY_DERIVATION_PATH_MAX);
    assay_cbor_put_array(w, ENTRY_ITEMS);
    assay_cbor_put_bytes(w, e->entry.bytes, e->entry.len);
    assay_cbor_put_uint(w, e->place);
    assay_cbor_put_uint(w, e->count);
    assay_cbor_put_array(w, e->path_len);
    for (uint32_t i = 0; i < e->path_len; i++)
        assay_cbor_put_bytes(w, e->path[i], 32);
}

enum assay_status assay_derivation_encode(const struct assay_derivation_item *item,
                                          struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_uint(w, item->product);
    assay_cbor_put_uint(w, item->audience);
    assay_cbor_put_bytes(w, item->proof.bytes, item->proof.len);
    put_entry(w, &item->listed);
    put_entry(w, &item->declared);
    return assay_writer_finish(w, &all);
}

static enum assay_status read_entry(struct assay_cursor *c, struct assay_derivation_entry *e)
{
    uint64_t place = 0, count = 0, len = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, ENTRY_ITEMS));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_DECLARED_KEY_LEN_MAX, &e->entry));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_DECLARED_KEYS_MAX, &place));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_DECLARED_KEYS_MAX, &count));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_DERIVATION_PATH_MAX, &len));
    for (uint64_t i = 0; i < len; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, e->path[i], 32));
    e->place = (uint32_t)place;
    e->count = (uint32_t)count;
    e->path_len = (uint32_t)len;
    if (e->entry.len == 0) return (place | count | len) == 0 ? ASSAY_OK : ASSAY_E_RANGE;
    return place < count ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_item(struct assay_slice bytes, struct assay_derivation_item *item)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t product = 0, audience = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, tag));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_CREDENTIAL_CROSS_CERTIFICATE, &product));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_CREDENTIAL_AUDIENCES_MAX - 1, &audience));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_SIGNING_MESSAGE_MAX, &item->proof));
    ASSAY_TRY(read_entry(&c, &item->listed));
    ASSAY_TRY(read_entry(&c, &item->declared));
    ASSAY_TRY(assay_cursor_end(&c));
    if (product == 0) return ASSAY_E_UNSUPPORTED;
    item->product = (enum assay_credential_product)product;
    item->audience = (uint32_t)audience;
    return item->audience == 0 || product == ASSAY_CREDENTIAL_TOKEN ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- the member and its entry */

static enum assay_status refuse_item(struct assay_derivation *d,
                                     enum assay_derivation_reason reason)
{
    d->reason = reason;
    if (reason == ASSAY_DERIVATION_CLOSED || reason == ASSAY_DERIVATION_OTHER_TIME)
        return ASSAY_E_EARLY;
    return reason == ASSAY_DERIVATION_OTHER_PROOF ? ASSAY_E_STALE : ASSAY_E_INVALID;
}

/* docs/identity.md 4.2: a leaf under the block that this holder verified itself. */
static enum assay_status verify_member(struct assay_derivation *d, struct assay_slice proof,
                                       struct assay_proven_state *proven)
{
    enum assay_proof_answer answer = ASSAY_PROVEN;
    const enum assay_status status = assay_proof_verify(proof, &d->at, &answer, proven);
    if (status != ASSAY_OK) {
        d->reason = ASSAY_DERIVATION_NOT_READ;
        return status;
    }
    if (answer != ASSAY_PROVEN || proven->next.epoch != d->at.epoch)
        return refuse_item(d, ASSAY_DERIVATION_OTHER_PROOF);
    /* Votes differ from node to node; one state has one text. */
    return proven->bare ? ASSAY_OK : refuse_item(d, ASSAY_DERIVATION_NOT_BARE);
}

static enum assay_derivation_reason reason_of_keys(enum assay_keys_state state)
{
    switch (state) {
    case ASSAY_KEYS_ACTIVE: return ASSAY_DERIVATION_DERIVED;
    case ASSAY_KEYS_UNBOUND: return ASSAY_DERIVATION_UNBOUND;
    case ASSAY_KEYS_OLD: return ASSAY_DERIVATION_OLD;
    case ASSAY_KEYS_STANDING: return ASSAY_DERIVATION_LOW_STANDING;
    case ASSAY_KEYS_MAINTENANCE: return ASSAY_DERIVATION_MAINTENANCE;
    case ASSAY_KEYS_STAGE: return ASSAY_DERIVATION_NOT_SERVING;
    }
    ASSAY_ASSERT(false);
    return ASSAY_DERIVATION_NOT_SERVING;
}

/* An entry with the bytes of a list that has no other, from which its slices borrow. */
struct key {
    uint8_t list[1 + ASSAY_DECLARED_KEY_LEN_MAX];
    struct assay_declared_key entry;
};

/* Is the entry under this root? */
static bool load_entry(const struct assay_derivation_entry *e, const uint8_t root[static 32],
                       struct key *key)
{
    struct assay_declared_keys keys;
    struct assay_writer w = assay_writer_over(key->list, sizeof key->list);
    uint8_t leaf[32];
    if (e->entry.len == 0) return false;
    assay_merkle_leaf_hash(e->entry.bytes, e->entry.len, leaf);
    if (!assay_merkle_verify(leaf, e->place, e->count, (const uint8_t(*)[32])e->path, e->path_len,
                             root))
        return false;
    assay_cbor_put_array(&w, 1);
    assay_writer_put(&w, e->entry.bytes, e->entry.len);
    if (w.full) return false;
    if (assay_declared_keys_decode(assay_slice_over(key->list, w.len), &keys) != ASSAY_OK)
        return false;
    key->entry = keys.keys[0];
    return true;
}

static bool has_audience(const struct assay_declared_key *key, struct assay_slice audience)
{
    for (uint32_t i = 0; i < key->audience_count; i++)
        if (assay_slice_equal(key->audiences[i], audience)) return true;
    return false;
}

/* docs/protocol.md 2.16.6: the newest declared list has it, too. */
static bool is_declared(const struct assay_declaration *d, const struct assay_derivation_item *item,
                        const struct assay_declared_key *listed)
{
    struct key newest;
    if (d->count == 0 || !d->roots[0].binds) return false;
    if (assay_bytes_equal(d->roots[0].root, d->keys_root, 32)) return true;
    if (!load_entry(&item->declared, d->roots[0].root, &newest)) return false;
    return newest.entry.purpose == listed->purpose &&
           assay_slice_equal(newest.entry.name, listed->name) &&
           assay_slice_equal(newest.entry.spki, listed->spki) &&
           (item->product != ASSAY_CREDENTIAL_TOKEN ||
            has_audience(&newest.entry, listed->audiences[item->audience]));
}

static enum assay_derivation_reason check_entry(const struct assay_proven_state *proven,
                                                const struct assay_derivation_item *item,
                                                struct key *key)
{
    const struct assay_declaration *const d = &proven->member.declaration;
    const bool is_token = item->product == ASSAY_CREDENTIAL_TOKEN;
    const enum assay_keys_state state =
        assay_member_keys_state(&proven->member, proven->next.epoch, ASSAY_STANDING_WARNING);
    if (state != ASSAY_KEYS_ACTIVE) return reason_of_keys(state);
    if (!load_entry(&item->listed, d->keys_root, key)) return ASSAY_DERIVATION_NOT_LISTED;
    if (key->entry.purpose != (is_token ? ASSAY_PURPOSE_TOKEN : ASSAY_PURPOSE_TLS))
        return ASSAY_DERIVATION_OTHER_USE;
    if (is_token && item->audience >= key->entry.audience_count)
        return ASSAY_DERIVATION_NO_AUDIENCE;
    return is_declared(d, item, &key->entry) ? ASSAY_DERIVATION_DERIVED
                                             : ASSAY_DERIVATION_WITHDRAWN;
}

/* --- texts */

static void fill_state(const struct assay_derivation_item *item,
                       const struct assay_proven_state *proven,
                       struct assay_credential_state *state)
{
    *state = (struct assay_credential_state){
        .era = proven->next.era,
        .epoch = proven->next.epoch,
        .time_ms = proven->time_ms,
        .incarnation = proven->member.lives[0].incarnation,
        .standing = (enum assay_credential_standing)assay_proof_standing_of(proven),
        .score_bp = assay_trust_score_bp(&proven->member.trust),
        .evidence_kind = proven->member.evidence_kind,
    };
    assay_bytes_copy(state->block_id, 32, proven->next.id, 32);
    assay_bytes_copy(state->node_id, 32, proven->member.node_id, 32);
    assay_sha256(item->proof.bytes, item->proof.len, state->proof_digest);
}

/* docs/identity.md 4.3.1: the plan grants the name, the proven leaf has it with the plan's
 * reference values, and the member stands as the grant wants it. Any other name is one that an
 * enclave chose. */
static bool is_granted(const struct assay_derivation *d, const struct assay_proven_state *proven,
                       struct assay_slice name)
{
    const enum assay_standing standing = assay_proof_standing_of(proven);
    for (uint32_t k = 0; k < d->plan->identity.grant_count; k++) {
        const struct assay_plan_grant *grant = &d->plan->identity.grant[k];
        uint8_t digest[32];
        if (!assay_slice_equal(text_of(grant->name), name)) continue;
        assay_registry_plan_name_digest(grant, digest);
        return assay_declaration_has_grant(&proven->member.declaration, digest) &&
               standing <= (grant->needs_full ? ASSAY_STANDING_FULL : ASSAY_STANDING_WARNING);
    }
    return false;
}

static void fill_entry(const struct assay_derivation *d, const struct assay_proven_state *proven,
                       const struct assay_derivation_item *item, const struct key *key,
                       struct assay_credential_entry *entry)
{
    *entry = (struct assay_credential_entry){
        .purpose = (enum assay_credential_purpose)key->entry.purpose,
        .name = key->entry.name,
        .spki = key->entry.spki,
        .granted = is_granted(d, proven, key->entry.name),
        .audience_count = key->entry.audience_count,
    };
    for (uint32_t i = 0; i < key->entry.audience_count; i++)
        entry->audience[i] = key->entry.audiences[i];
    assay_sha256(item->listed.entry.bytes, item->listed.entry.len, entry->digest);
}

static enum assay_status finish_text(struct assay_derivation *d, enum assay_status status)
{
    if (status == ASSAY_OK) d->reason = ASSAY_DERIVATION_DERIVED;
    if (status == ASSAY_OK || status == ASSAY_E_FULL || status == ASSAY_E_CRYPTO) return status;
    return refuse_item(d, ASSAY_DERIVATION_NO_TEXT);
}

/* docs/identity.md 5.1: a number signs its own certificate, the active one also that of the next.
 * The next number has no other epoch that is its first: any of those in which it is the next. */
static enum assay_status derive_key_certificate(struct assay_derivation *d,
                                                const struct assay_derivation_item *item,
                                                uint8_t *tbs, size_t capacity,
                                                struct assay_cosigner_item *out)
{
    const struct assay_credential_state made = { .era = d->at.era,
                                                 .epoch = d->at.epoch,
                                                 .time_ms = d->at.time_ms };
    if (item->proof.len > 0 || item->listed.entry.len > 0 || item->declared.entry.len > 0)
        return refuse_item(d, ASSAY_DERIVATION_OTHER_USE);
    const bool is_cross = item->product == ASSAY_CREDENTIAL_CROSS_CERTIFICATE;
    const struct assay_credential_ca *subject = is_cross ? &d->next : &d->ca;
    if (is_cross ? d->next.number == 0 : !d->is_first && !d->is_next)
        return refuse_item(d, ASSAY_DERIVATION_OTHER_TIME);
    assay_sha256(subject->public_key, 32, out->entry_digest);
    return finish_text(d,
                       assay_credential_ca_tbs(subject, &d->ca, &made, tbs, capacity, &out->tbs));
}

static enum assay_status derive_of_member(struct assay_derivation *d,
                                          const struct assay_derivation_item *item, uint8_t *tbs,
                                          size_t capacity, struct assay_cosigner_item *out)
{
    struct assay_proven_state proven;
    struct assay_credential_state state;
    struct assay_credential_entry entry;
    struct key key;
    ASSAY_TRY(verify_member(d, item->proof, &proven));
    fill_state(item, &proven, &state);
    assay_bytes_copy(out->subject, 32, state.node_id, 32);
    if (item->product == ASSAY_CREDENTIAL_EAR) {
        if (item->listed.entry.len > 0 || item->declared.entry.len > 0)
            return refuse_item(d, ASSAY_DERIVATION_OTHER_USE);
        return finish_text(d, assay_credential_ear(&d->ca, &state, tbs, capacity, &out->tbs));
    }
    const enum assay_derivation_reason reason = check_entry(&proven, item, &key);
    if (reason != ASSAY_DERIVATION_DERIVED) return refuse_item(d, reason);
    fill_entry(d, &proven, item, &key, &entry);
    assay_bytes_copy(out->entry_digest, 32, entry.digest, 32);
    if (item->product == ASSAY_CREDENTIAL_LEAF)
        return finish_text(
            d, assay_credential_leaf_tbs(&d->ca, &state, &entry, tbs, capacity, &out->tbs));
    out->is_bearer = true;
    return finish_text(d, assay_credential_token(&d->ca, &state, &entry, item->audience, tbs,
                                                 capacity, &out->tbs));
}

enum assay_status assay_derivation_derive(void *context, struct assay_slice item, uint8_t *tbs,
                                          size_t capacity, struct assay_cosigner_item *out)
{
    struct assay_derivation *d = context;
    struct assay_derivation_item read = { .audience = 0 };
    *out = (struct assay_cosigner_item){ .is_bearer = false };
    if (!d->is_open) return refuse_item(d, ASSAY_DERIVATION_CLOSED);
    d->reason = ASSAY_DERIVATION_NOT_READ;
    ASSAY_TRY(read_item(item, &read));
    if (d->is_next && read.product != ASSAY_CREDENTIAL_CA_CERTIFICATE)
        return refuse_item(d, ASSAY_DERIVATION_NEXT);
    if (read.product == ASSAY_CREDENTIAL_CA_CERTIFICATE ||
        read.product == ASSAY_CREDENTIAL_CROSS_CERTIFICATE)
        return derive_key_certificate(d, &read, tbs, capacity, out);
    return derive_of_member(d, &read, tbs, capacity, out);
}
