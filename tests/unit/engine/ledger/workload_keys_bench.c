/*
 * tests/unit/engine/ledger/workload_keys_bench.c - entries of workload keys with proofs.
 */
#include "tests/unit/engine/ledger/workload_keys_bench.h"

#include "base/assert.h"
#include "tests/support/authority.h"
#include "tests/support/ed25519.h"

#include <string.h>

struct assay_slice workload_text(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

static struct assay_slice make_statement(const struct workload_entry *entry,
                                         const uint8_t chain_id[static 32],
                                         const uint8_t node_id[static 32], uint8_t *room)
{
    struct assay_writer w = assay_writer_over(room, ASSAY_DECLARED_KEY_STATEMENT_MAX);
    const enum assay_status status =
        assay_declared_key_statement(chain_id, node_id, &entry->key, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    return assay_slice_over(room, w.len);
}

static void sign_ecdsa(struct workload_entry *entry, const struct authority_key *pair, bool p384,
                       struct assay_slice statement)
{
    struct assay_signature signature;
    const size_t half = p384 ? 48 : 32;
    authority_sign(pair, p384 ? ASSAY_SIGNATURE_ECDSA_SHA384 : ASSAY_SIGNATURE_ECDSA_SHA256,
                   statement.bytes, statement.len, &signature);
    assay_bytes_copy(entry->proof, half, signature.bytes + 48 - half, half);
    assay_bytes_copy(entry->proof + half, half, signature.bytes + 96 - half, half);
    entry->key.proof = assay_slice_over(entry->proof, 2 * half);
}

void workload_entry_make(struct workload_entry *entry, enum workload_key_kind kind,
                         enum assay_declared_purpose purpose, const char *name,
                         const char *audience, const uint8_t chain_id[static 32],
                         const uint8_t node_id[static 32])
{
    static const uint8_t head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    uint8_t room[ASSAY_DECLARED_KEY_STATEMENT_MAX], seed[32];
    size_t len = 0;
    *entry = (struct workload_entry){ .key = { .purpose = purpose, .name = workload_text(name) } };
    if (audience != NULL)
        entry->key.audiences[entry->key.audience_count++] = workload_text(audience);
    if (kind == WORKLOAD_ED25519) {
        const enum assay_status drawn = assay_random(seed, sizeof seed);
        ASSAY_ASSERT(drawn == ASSAY_OK);
        assay_bytes_copy(entry->spki, sizeof entry->spki, head, sizeof head);
        test_ed25519_public(seed, entry->spki + sizeof head);
        entry->key.spki = assay_slice_over(entry->spki, sizeof head + 32);
        test_ed25519_sign(seed, make_statement(entry, chain_id, node_id, room), entry->proof);
        entry->key.proof = assay_slice_over(entry->proof, 64);
        return;
    }
    struct authority_key *pair =
        authority_key_make(kind == WORKLOAD_P384 ? ASSAY_KEY_P384 : ASSAY_KEY_P256);
    struct assay_key public_key;
    authority_key_public(pair, &public_key);
    const enum assay_status status =
        assay_key_spki(&public_key, entry->spki, sizeof entry->spki, &len);
    ASSAY_ASSERT(status == ASSAY_OK);
    entry->key.spki = assay_slice_over(entry->spki, len);
    sign_ecdsa(entry, pair, kind == WORKLOAD_P384, make_statement(entry, chain_id, node_id, room));
    authority_key_free(&pair);
}
