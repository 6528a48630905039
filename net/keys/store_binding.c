/*
 * net/keys/store_binding.c - binding between store and keys, and the chain id: an entry of class
 * META each.
 */
#include "net/keys/store_binding.h"

#include "base/crypto.h"
#include "engine/consensus/block.h"

/* net/runtime/runtime_internal.h has the other numbers. */
enum { META_NUMBER = 1000, META_CHAIN = 1040, LEN = ASSAY_STORE_BINDING_ID_LEN + 32 + 8 };
enum { OLD_LEN = ASSAY_STORE_BINDING_ID_LEN + 32 }; /* before epochs were counted */

static const struct assay_store_key key = { .number = META_NUMBER };
static const struct assay_store_key chain_key = { .number = META_CHAIN };

static void put_number(uint8_t bytes[static 8], uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get_number(const uint8_t bytes[static 8])
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

void assay_keyring_binding_encode_copy(const struct assay_store_binding *binding,
                                       uint8_t bytes[static ASSAY_STORE_BINDING_COPY_LEN])
{
    assay_bytes_copy(bytes, ASSAY_STORE_BINDING_ID_LEN, binding->id, ASSAY_STORE_BINDING_ID_LEN);
    put_number(bytes + ASSAY_STORE_BINDING_ID_LEN, binding->generation);
}

enum assay_status assay_keyring_binding_decode_copy(struct assay_slice bytes,
                                                    struct assay_store_binding *copy)
{
    if (bytes.len != ASSAY_STORE_BINDING_COPY_LEN && bytes.len != ASSAY_STORE_BINDING_ID_LEN)
        return ASSAY_E_VERSION;
    const bool is_counted = bytes.len == ASSAY_STORE_BINDING_COPY_LEN;
    *copy = (struct assay_store_binding){
        .generation = is_counted ? get_number(bytes.bytes + ASSAY_STORE_BINDING_ID_LEN) : 0
    };
    assay_bytes_copy(copy->id, ASSAY_STORE_BINDING_ID_LEN, bytes.bytes, ASSAY_STORE_BINDING_ID_LEN);
    return ASSAY_OK;
}

bool assay_keyring_binding_is_behind(const struct assay_store_binding *store,
                                     const struct assay_store_binding *copy)
{
    return store->generation < copy->generation;
}

enum assay_status assay_keyring_binding_save(struct assay_store *store,
                                             const struct assay_store_binding *binding)
{
    uint8_t bytes[LEN];
    assay_bytes_copy(bytes, ASSAY_STORE_BINDING_ID_LEN, binding->id, ASSAY_STORE_BINDING_ID_LEN);
    assay_bytes_copy(bytes + ASSAY_STORE_BINDING_ID_LEN, 32, binding->set, 32);
    put_number(bytes + ASSAY_STORE_BINDING_ID_LEN + 32, binding->generation);
    return assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(bytes, sizeof bytes));
}

enum assay_status assay_keyring_binding_load(struct assay_store *store,
                                             struct assay_store_binding *binding)
{
    ASSAY_ASSERT(store != NULL);
    uint8_t bytes[LEN];
    size_t len = 0;
    const enum assay_status got =
        assay_store_get(store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len);
    if (got == ASSAY_E_NOT_FOUND) return got;
    if (got != ASSAY_OK && got != ASSAY_E_FULL) return ASSAY_E_STORE;
    if (got != ASSAY_OK || (len != LEN && len != OLD_LEN)) return ASSAY_E_VERSION;
    assay_bytes_copy(binding->id, ASSAY_STORE_BINDING_ID_LEN, bytes, ASSAY_STORE_BINDING_ID_LEN);
    assay_bytes_copy(binding->set, 32, bytes + ASSAY_STORE_BINDING_ID_LEN, 32);
    binding->generation = len == LEN ? get_number(bytes + OLD_LEN) : 0;
    return ASSAY_OK;
}

enum assay_status assay_keyring_binding_save_unbound(struct assay_store *store)
{
    struct assay_store_binding binding = { .set = { 0 } };
    ASSAY_TRY(assay_random(binding.id, sizeof binding.id));
    return assay_keyring_binding_save(store, &binding);
}

enum assay_status assay_keyring_binding_save_chain(struct assay_store *store,
                                                   const uint8_t chain_id[static 32])
{
    return assay_store_put(store, ASSAY_STORE_META, &chain_key, assay_slice_over(chain_id, 32));
}

/* Of the newest block; stores that were begun before chains were written down have no more. */
static bool adopt_chain(void *context, const struct assay_store_key *at, struct assay_slice value)
{
    struct assay_block_header *const header = context;
    struct assay_proposal proposal;
    (void)at;
    if (assay_proposal_decode(value, &proposal) == ASSAY_OK) *header = proposal.header;
    return false;
}

static enum assay_status read_chain_id(struct assay_store *store, uint8_t chain_id[static 32])
{
    struct assay_block_header header = { 0 };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX,
                                  .epoch = ASSAY_STORE_NUMBER_MAX,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_BLOCK, &from, &to, true, adopt_chain, &header));
    if (assay_bytes_all_zero(header.chain_id, 32)) return ASSAY_E_NOT_FOUND;
    assay_bytes_copy(chain_id, 32, header.chain_id, 32);
    return ASSAY_OK;
}

enum assay_status assay_keyring_binding_chain(struct assay_store *store,
                                              uint8_t chain_id[static 32])
{
    uint8_t bytes[32];
    size_t len = 0;
    const enum assay_status got =
        assay_store_get(store, ASSAY_STORE_META, &chain_key, bytes, sizeof bytes, &len);
    if (got == ASSAY_E_NOT_FOUND) return read_chain_id(store, chain_id);
    if (got != ASSAY_OK || len != sizeof bytes) return ASSAY_E_STORE;
    assay_bytes_copy(chain_id, 32, bytes, sizeof bytes);
    return ASSAY_OK;
}
