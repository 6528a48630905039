/*
 * net/services/shares/share_orders.c - signed records of owners and readers of shares, and texts
 * for results of the registry.
 */
#include "net/services/shares/share_orders.h"

#include <string.h>

enum assay_status assay_holder_order_next(const struct assay_share_registry *r,
                                          const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                          const uint8_t name[static 32],
                                          struct assay_share_order *order, uint8_t id[static 32])
{
    assay_share_id(key, name, id);
    const struct assay_share_row *const row = assay_share_registry_find(r, id);
    if (row == NULL) return ASSAY_E_NOT_FOUND;
    if (row->version == UINT32_MAX) return ASSAY_E_RANGE;
    *order = (struct assay_share_order){
        .birth = row->birth, .era = r->era, .version = row->version + 1
    };
    assay_bytes_copy(order->owner, sizeof order->owner, key, sizeof order->owner);
    assay_bytes_copy(order->name, 32, name, 32);
    return ASSAY_OK;
}

enum assay_status assay_holder_order_delete(const struct assay_share_registry *r,
                                            struct assay_p256_signer *signer,
                                            const struct assay_share_order *order,
                                            uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
                                            struct assay_slice *payload)
{
    ASSAY_ASSERT(order->version > 0);
    struct assay_share_delete_record record = { .order = *order };
    uint8_t digest[32];
    assay_share_delete_statement(&r->config.home, &record, digest);
    ASSAY_TRY(assay_p256_sign(signer, digest, record.signature));
    return assay_share_delete_record_encode(&record, bytes, ASSAY_SHARE_RECORD_MAX, payload);
}

enum assay_status assay_holder_order_readers(const struct assay_share_registry *r,
                                             struct assay_p256_signer *signer,
                                             struct assay_share_readers_record *record,
                                             uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
                                             struct assay_slice *payload)
{
    ASSAY_ASSERT(record->reader_count > 0 && record->reader_count <= ASSAY_SHARE_READERS_MAX);
    uint8_t digest[32];
    assay_share_readers_statement(&r->config.home, record, digest);
    ASSAY_TRY(assay_p256_sign(signer, digest, record->signature));
    return assay_share_readers_record_encode(record, bytes, ASSAY_SHARE_RECORD_MAX, payload);
}

enum assay_status assay_holder_order_read(const struct assay_share_registry *r,
                                          struct assay_p256_signer *signer,
                                          struct assay_share_read_record *record,
                                          struct assay_secret32 *box_seed,
                                          uint8_t bytes[static ASSAY_SHARE_RECORD_MAX],
                                          struct assay_slice *payload)
{
    struct assay_secret32 box_secret;
    uint8_t digest[32];
    ASSAY_TRY(assay_random(record->nonce, 32));
    ASSAY_TRY(assay_random(box_seed->bytes, 32));
    assay_sodium_box_pair(box_seed, &box_secret, record->box);
    assay_secret_wipe(&box_secret, sizeof box_secret);
    assay_share_read_statement(&r->config.home, record, digest);
    ASSAY_TRY(assay_p256_sign(signer, digest, record->signature));
    return assay_share_read_record_encode(record, bytes, ASSAY_SHARE_RECORD_MAX, payload);
}

enum assay_status assay_holder_order_deal(uint32_t k, struct assay_share_polynomial *polynomial,
                                          struct assay_share_commitments *commitments)
{
    ASSAY_ASSERT(k > 0 && k <= ASSAY_SHARE_K_MAX);
    uint8_t wide[ASSAY_SHARE_K_MAX * ASSAY_SODIUM_WIDE_LEN];
    enum assay_status status = assay_random(wide, (size_t)k * ASSAY_SODIUM_WIDE_LEN);
    if (status == ASSAY_OK) status = assay_share_deal(k, wide, polynomial, commitments);
    assay_secret_wipe(wide, sizeof wide);
    return status;
}

bool assay_holder_order_is_of(const struct assay_share_order *order,
                              const struct assay_share_row *row)
{
    return row != NULL && row->birth.era == order->birth.era &&
           row->birth.epoch == order->birth.epoch;
}

bool assay_holder_order_is_done(const struct assay_share_readers_record *record,
                                const struct assay_share_row *row)
{
    ASSAY_ASSERT(record->reader_count <= ASSAY_SHARE_READERS_MAX);
    if (!assay_holder_order_is_of(&record->order, row)) return false;
    if (row->version != record->order.version || row->reader_count != record->reader_count)
        return false;
    for (uint32_t i = 0; i < row->reader_count; i++)
        if (!assay_share_row_has_reader(row, &record->reader[i])) return false;
    return true;
}

const char *assay_holder_order_get_failure(const char *what)
{
    ASSAY_ASSERT(what != NULL);
    static const struct {
        const char *word, *why;
    } words[] = {
        { "quota", "quota: the owner's account, or the member that hands it in, has as many ids as "
                   "one may have" },
        { "no-room", "no-room: the ledger has as many ids as its plan allows" },
        { "not-here", "not-here: no members sit in that cluster" },
        { "late", "late: it was final in another era, more than 64 epochs after it was signed, or "
                  "after another change of the id" },
        { "unknown", "unknown: the id was deleted meanwhile" },
        { "mismatch", "mismatch: the ledger is of another plan or version" },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(what, words[i].word) == 0) return words[i].why;
    return NULL;
}
