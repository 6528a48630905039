/*
 * engine/ledger/records/key_change.c - new keys of operators and nodes: what these keys sign, and
 * the checks of the two actions (docs/protocol.md 9.6.7, 9.6.8).
 */
#include "engine/ledger/records/key_change.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/records/recover.h"

static struct assay_slice end_statement(const struct assay_writer *w)
{
    ASSAY_ASSERT(!w->full); /* every item is of a fixed length, or a number */
    return assay_slice_over(w->bytes, w->len);
}

struct assay_slice assay_operator_key_statement(
    const struct assay_change *change, const uint8_t operator_id[static 32],
    const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEY_STATEMENT_LEN_MAX);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, "assay/operator-key/v1");
    assay_cbor_put_bytes(&w, change->chain_id, 32);
    assay_cbor_put_uint(&w, change->era);
    assay_cbor_put_uint(&w, change->sequence);
    assay_cbor_put_bytes(&w, operator_id, 32);
    assay_cbor_put_bytes(&w, public_key, ASSAY_P256_PUBLIC_LEN);
    return end_statement(&w);
}

struct assay_slice assay_identity_statement(const uint8_t chain_id[static 32],
                                            const uint8_t node_id[static 32],
                                            const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
                                            const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                            uint8_t bytes[static ASSAY_KEY_STATEMENT_LEN_MAX])
{
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(bytes, ASSAY_KEY_STATEMENT_LEN_MAX);
    assay_sha256(in_force, ASSAY_P256_PUBLIC_LEN, digest);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, "assay/identity-key/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, node_id, 32);
    assay_cbor_put_bytes(&w, digest, 32);
    assay_cbor_put_bytes(&w, public_key, ASSAY_P256_PUBLIC_LEN);
    return end_statement(&w);
}

/* Did the new key of the action sign the statement? */
static enum assay_status check_accepted(const struct assay_action *action,
                                        struct assay_slice statement)
{
    uint8_t digest[32];
    assay_sha256(statement.bytes, statement.len, digest);
    return assay_recover_signed(action->public_key, digest, action->signature);
}

/* Both lists ascend by key, so without the two keys they are equal, item by item. */
static bool replaces_one_key(struct assay_slice before, struct assay_slice after,
                             const struct assay_action *action)
{
    struct assay_cursor b, a;
    uint64_t number = 0;
    uint32_t threshold[2] = { 0 }, count[2] = { 0 };
    struct assay_genesis_operator old, new, expected = { .name = { 0 } }, found = expected;
    if (assay_operators_open(before, &b, &number, &threshold[0], &count[0]) != ASSAY_OK ||
        assay_operators_open(after, &a, &number, &threshold[1], &count[1]) != ASSAY_OK)
        return false;
    if (threshold[0] != threshold[1] || count[0] != count[1]) return false;
    for (uint32_t i = 0, k = 0; i < count[0] || k < count[0];) {
        const bool has_old = i < count[0], has_new = k < count[0];
        struct assay_cursor ahead = b;
        if (has_old && assay_operators_next(&ahead, &old) != ASSAY_OK) return false;
        if (has_old && assay_bytes_equal(old.operator_id, action->node_id, 32)) {
            expected = old;
            b = ahead;
            i++;
            continue;
        }
        if (!has_new || assay_operators_next(&a, &new) != ASSAY_OK) return false;
        k++;
        if (assay_bytes_equal(new.public_key, action->public_key, sizeof new.public_key)) {
            found = new;
            continue;
        }
        if (!has_old || !assay_bytes_equal(old.public_key, new.public_key, sizeof old.public_key) ||
            !assay_slice_equal(old.name, new.name))
            return false;
        b = ahead;
        i++;
    }
    return expected.name.len > 0 && assay_slice_equal(expected.name, found.name);
}

enum assay_status assay_operator_key_check(const struct assay_change *change,
                                           const struct assay_action *action,
                                           struct assay_slice operators, const char **why)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    ASSAY_ASSERT(action->kind == ASSAY_ACTION_OPERATOR_KEY);
    *why = "the list differs from the one in force by more than the new key: draft it anew";
    if (!replaces_one_key(operators, action->document, action)) return ASSAY_E_INVALID;
    *why = "the new key has not signed that it takes this place by this change";
    return check_accepted(action, assay_operator_key_statement(change, action->node_id,
                                                               action->public_key, bytes));
}

enum assay_status assay_identity_check(const uint8_t chain_id[static 32],
                                       const uint8_t in_force[static ASSAY_P256_PUBLIC_LEN],
                                       const struct assay_action *action)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    ASSAY_ASSERT(action->kind == ASSAY_ACTION_IDENTITY);
    return check_accepted(action, assay_identity_statement(chain_id, action->node_id, in_force,
                                                           action->public_key, bytes));
}
