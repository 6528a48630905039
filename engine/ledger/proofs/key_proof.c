/*
 * engine/ledger/proofs/key_proof.c - proof that a public key is an active workload key of a member.
 */
#include "engine/ledger/proofs/key_proof.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char label[] = "assay/key-standing/v1";

const char *assay_proof_key_text(enum assay_key_answer answer)
{
    switch (answer) {
    case ASSAY_KEY_NOT_READ: return "nothing was verified";
    case ASSAY_KEY_ACTIVE: return "the key is an active key of the member";
    case ASSAY_KEY_OTHER_PROOF: return "the proof of standing is not accepted";
    case ASSAY_KEY_OTHER_MEMBER: return "it is of another member than the one expected";
    case ASSAY_KEY_NOT_SERVING: return "the member is drained, or left the network";
    case ASSAY_KEY_UNBOUND: return "the member's newest certified PASS bound no keys";
    case ASSAY_KEY_OLD: return "the member has no certified PASS for more than 3 epochs";
    case ASSAY_KEY_MAINTENANCE: return "the member is in maintenance";
    case ASSAY_KEY_LOW_STANDING: return "the standing of the member is too low";
    case ASSAY_KEY_OTHER_LIST: return "a list of keys does not have the root that is proven";
    case ASSAY_KEY_NOT_LISTED: return "the key is not in the list that the network certified";
    case ASSAY_KEY_OTHER_USE: return "the key is listed for another purpose than TLS";
    case ASSAY_KEY_OTHER_NAME: return "the key has another name than the one expected";
    case ASSAY_KEY_WITHDRAWN: return "the key is not in the newest list that its member declared";
    }
    return "unknown";
}

enum assay_status assay_proof_key_encode(const struct assay_key_proof *proof,
                                         struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, label);
    assay_cbor_put_bytes(w, proof->proof.bytes, proof->proof.len);
    assay_cbor_put_bytes(w, proof->list.bytes, proof->list.len);
    assay_cbor_put_bytes(w, proof->declared.bytes, proof->declared.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_proof_key_decode(struct assay_slice bytes, struct assay_key_proof *proof)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    *proof = (struct assay_key_proof){ 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 4));
    ASSAY_TRY(assay_cbor_text_expect(&c, label));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_PROOF_LEN_MAX, &proof->proof));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_DECLARED_KEYS_LEN_MAX, &proof->list));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_DECLARED_KEYS_LEN_MAX, &proof->declared));
    return assay_cursor_end(&c);
}

static enum assay_key_answer answer_of_state(enum assay_keys_state state)
{
    switch (state) {
    case ASSAY_KEYS_ACTIVE: return ASSAY_KEY_ACTIVE;
    case ASSAY_KEYS_UNBOUND: return ASSAY_KEY_UNBOUND;
    case ASSAY_KEYS_OLD: return ASSAY_KEY_OLD;
    case ASSAY_KEYS_STANDING: return ASSAY_KEY_LOW_STANDING;
    case ASSAY_KEYS_MAINTENANCE: return ASSAY_KEY_MAINTENANCE;
    case ASSAY_KEYS_STAGE: return ASSAY_KEY_NOT_SERVING;
    }
    ASSAY_ASSERT(false);
    return ASSAY_KEY_NOT_READ;
}

/* Of the root alone: an entry that the root covers was verified by the network. */
static bool read_list(struct assay_slice list, const uint8_t root[static 32],
                      struct assay_declared_keys *keys)
{
    uint8_t found[32];
    if (assay_declared_keys_decode(list, keys) != ASSAY_OK) return false;
    assay_declared_keys_root(keys, found);
    return assay_bytes_equal(found, root, sizeof found);
}

static bool has_key(const struct assay_declared_keys *keys, const struct assay_declared_key *key)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct assay_declared_key *const one = &keys->keys[i];
        if (one->purpose == key->purpose && assay_slice_equal(one->name, key->name) &&
            assay_slice_equal(one->spki, key->spki))
            return true;
    }
    return false;
}

/* Is there an entry of the key that fits, or why not? One key may have several names, of which the
 * newest declared list may have some. declared: NULL: not looked at. */
static enum assay_key_answer find_entry(const struct assay_declared_keys *keys,
                                        const struct assay_declared_keys *declared,
                                        const struct assay_key_terms *terms)
{
    enum assay_key_answer answer = ASSAY_KEY_NOT_LISTED;
    for (uint32_t i = 0; i < keys->count; i++) {
        const struct assay_declared_key *const one = &keys->keys[i];
        if (!assay_slice_equal(one->spki, terms->spki)) continue;
        if (one->purpose != ASSAY_PURPOSE_TLS) {
            if (answer == ASSAY_KEY_NOT_LISTED) answer = ASSAY_KEY_OTHER_USE;
        } else if (terms->name.len > 0 && !assay_slice_equal(one->name, terms->name)) {
            if (answer != ASSAY_KEY_WITHDRAWN) answer = ASSAY_KEY_OTHER_NAME;
        } else if (declared == NULL || has_key(declared, one)) {
            return ASSAY_KEY_ACTIVE;
        } else {
            answer = ASSAY_KEY_WITHDRAWN;
        }
    }
    return answer;
}

enum assay_key_answer assay_proof_key_check(const struct assay_proven_state *proven,
                                            const struct assay_key_proof *proof,
                                            const struct assay_key_terms *terms)
{
    struct assay_declared_keys list, declared;
    const struct assay_declaration *const d = &proven->member.declaration;
    ASSAY_ASSERT(terms->standing_worst <= ASSAY_STANDING_WARNING);
    if (terms->node_id != NULL && !assay_bytes_equal(terms->node_id, proven->member.node_id, 32))
        return ASSAY_KEY_OTHER_MEMBER;
    /* docs/protocol.md 2.16.6: keys of the newest certified PASS, of a member that serves. */
    const enum assay_keys_state state =
        assay_member_keys_state(&proven->member, proven->next.epoch, terms->standing_worst);
    if (state != ASSAY_KEYS_ACTIVE) return answer_of_state(state);
    if (!read_list(proof->list, d->keys_root, &list)) return ASSAY_KEY_OTHER_LIST;
    const enum assay_key_answer answer = find_entry(&list, NULL, terms);
    if (answer != ASSAY_KEY_ACTIVE) return answer;
    /* 2.16.6: a key that the newest declared list lacks is not active. */
    if (d->count == 0 || !d->roots[0].binds) return ASSAY_KEY_WITHDRAWN;
    if (assay_bytes_equal(d->roots[0].root, d->keys_root, 32)) return ASSAY_KEY_ACTIVE;
    if (!read_list(proof->declared, d->roots[0].root, &declared)) return ASSAY_KEY_OTHER_LIST;
    return find_entry(&list, &declared, terms);
}
