/*
 * engine/ledger/records/key_change.c - new keys of operators and nodes: what these keys sign, and
 * the list of operators that follows another (docs/protocol.md 9.6.7, 9.6.8).
 */
#include "engine/ledger/records/key_change.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/records/change.h"

static struct assay_slice end_statement(const struct assay_writer *w)
{
    ASSAY_ASSERT(!w->full); /* every item is of a fixed length, or a number */
    return assay_slice_over(w->bytes, w->len);
}

struct assay_slice assay_operator_key_statement(
    const uint8_t chain_id[static 32], uint32_t era, uint64_t sequence,
    const uint8_t operator_id[static 32], const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEY_STATEMENT_LEN_MAX);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, "assay/operator-key/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, era);
    assay_cbor_put_uint(&w, sequence);
    assay_cbor_put_bytes(&w, operator_id, 32);
    assay_cbor_put_bytes(&w, public_key, ASSAY_P256_PUBLIC_LEN);
    return end_statement(&w);
}

struct assay_slice assay_identity_statement(const uint8_t chain_id[static 32], uint32_t era,
                                            uint64_t sequence, const uint8_t node_id[static 32],
                                            const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
                                            const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                            uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX])
{
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEY_STATEMENT_LEN_MAX);
    assay_sha256(in_force, ASSAY_P256_PUBLIC_LEN, digest);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, "assay/identity-key/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, era);
    assay_cbor_put_uint(&w, sequence);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_bytes(&w, digest, 32);
    assay_cbor_put_bytes(&w, public_key, ASSAY_P256_PUBLIC_LEN);
    return end_statement(&w);
}

enum assay_status assay_record_check_key_statement(
    struct assay_slice statement, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t digest[32];
    struct assay_p256 *key = NULL;
    assay_sha256(statement.bytes, statement.len, digest);
    ASSAY_TRY(assay_p256_load(public_key, &key));
    const bool good = assay_p256_verify(key, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

bool assay_change_key_agrees(const struct assay_change *change, const struct assay_action *action,
                             const struct assay_member *member)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    struct assay_slice statement;
    if (action->kind == ASSAY_ACTION_OPERATOR_KEY) {
        statement = assay_operator_key_statement(change->chain_id, change->era, change->sequence,
                                                 action->node_id, action->public_key, bytes);
    } else {
        ASSAY_ASSERT(action->kind == ASSAY_ACTION_IDENTITY && member != NULL);
        statement = assay_identity_statement(change->chain_id, change->era, change->sequence,
                                             member->node_id, member->identity_public,
                                             action->public_key, bytes);
    }
    return assay_record_check_key_statement(statement, action->public_key, action->signature) ==
           ASSAY_OK;
}

/* The next operator of a list, past the one with a key or id that the other list does not have. */
static bool next_common(struct assay_cursor *c, uint32_t *left, const uint8_t *id,
                        const uint8_t *key, struct assay_slice *passed,
                        struct assay_genesis_operator *o)
{
    while (*left > 0) {
        (*left)--;
        if (assay_operators_next(c, o) != ASSAY_OK) return false;
        const bool is_passed = id != NULL
                                   ? assay_bytes_equal(o->operator_id, id, 32)
                                   : assay_bytes_equal(o->public_key, key, ASSAY_P256_PUBLIC_LEN);
        if (!is_passed) return true;
        *passed = o->name;
    }
    return false;
}

/* Both lists ascend by key, so without the two keys they are equal, item by item. */
bool assay_operators_replace_key(struct assay_slice before, struct assay_slice after,
                                 const uint8_t operator_id[static 32],
                                 const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_cursor b, a;
    uint64_t number = 0;
    uint32_t threshold[2] = { 0 }, left[2] = { 0 };
    struct assay_slice old = { 0 }, new = { 0 };
    struct assay_genesis_operator one, other;
    if (assay_operators_open(before, &b, &number, &threshold[0], &left[0]) != ASSAY_OK ||
        assay_operators_open(after, &a, &number, &threshold[1], &left[1]) != ASSAY_OK)
        return false;
    if (threshold[0] != threshold[1] || left[0] != left[1]) return false;
    for (;;) {
        const bool has_one = next_common(&b, &left[0], operator_id, NULL, &old, &one);
        const bool has_other = next_common(&a, &left[1], NULL, public_key, &new, &other);
        if (has_one != has_other) return false;
        if (!has_one) break;
        if (!assay_bytes_equal(one.public_key, other.public_key, ASSAY_P256_PUBLIC_LEN) ||
            !assay_slice_equal(one.name, other.name))
            return false;
    }
    /* Also where a list could not be read to its end: then one of them is missing. */
    return left[0] == 0 && left[1] == 0 && old.len > 0 && assay_slice_equal(old, new);
}
