/*
 * net/services/identity/holder_entry.c - entry of a holder's key in its member's list of keys.
 */
#include "net/services/identity/holder_entry.h"

#include "base/crypto.h"
#include "base/merkle.h"
#include "services/shares/sodium.h"

void assay_keyholder_find_entry(const struct assay_declared_keys *keys, struct assay_slice spki,
                                struct assay_ceremony_entry *entry)
{
    uint8_t hashes[ASSAY_DECLARED_KEYS_MAX][32];
    *entry = (struct assay_ceremony_entry){ .len = 0 };
    for (uint32_t i = 0; i < keys->count; i++)
        assay_merkle_leaf_hash(keys->entries[i].bytes, keys->entries[i].len, hashes[i]);
    for (uint32_t i = 0; i < keys->count && entry->len == 0; i++) {
        size_t path_len = 0;
        if (keys->keys[i].purpose != ASSAY_PURPOSE_HOLDER ||
            !assay_slice_equal(keys->keys[i].spki, spki) ||
            assay_merkle_path((const uint8_t(*)[32])hashes, keys->count, i, entry->path,
                              ASSAY_CA_PATH_MAX, &path_len) != ASSAY_OK)
            continue;
        assay_bytes_copy(entry->entry, sizeof entry->entry, keys->entries[i].bytes,
                         keys->entries[i].len);
        entry->len = keys->entries[i].len;
        entry->place = i;
        entry->count = keys->count;
        entry->path_len = (uint32_t)path_len;
    }
}

static enum assay_status sign_message(void *context, struct assay_slice message,
                                      uint8_t signature[static ASSAY_DECLARED_KEY_PROOF_MAX],
                                      size_t *len)
{
    const struct assay_secret32 *const seed = context;
    assay_sodium_edwards_sign(seed, message, signature);
    *len = ASSAY_ED25519_SIGNATURE_LEN;
    return ASSAY_OK;
}

enum assay_status assay_keyholder_make_statement(const struct assay_secret32 *seed,
                                                 struct assay_slice spki,
                                                 const uint8_t chain_id[static 32],
                                                 const uint8_t node_id[static 32],
                                                 const uint8_t boot[static 32],
                                                 struct assay_registration_statement *statement)
{
    static const char name[] = "signer";
    struct assay_secret32 copy = *seed;
    const struct assay_declared_key key = { .purpose = ASSAY_PURPOSE_HOLDER,
                                            .name = assay_slice_over(name, sizeof name - 1),
                                            .spki = spki };
    const enum assay_status status = assay_registration_statement_make(
        &key, chain_id, node_id, boot, sign_message, &copy, statement);
    assay_secret_wipe(&copy, sizeof copy);
    return status;
}
