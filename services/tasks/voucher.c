/*
 * services/tasks/voucher.c - statement and verification of vouchers (docs/services.md 6.6).
 */
#include "services/tasks/voucher.h"

#include "base/cbor.h"

void assay_task_voucher_statement(const uint8_t chain_id[static 32],
                                  const struct assay_task_voucher *voucher,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[160];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, "assay/tasks/voucher/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, voucher->task, 32);
    assay_cbor_put_uint(&w, voucher->step);
    assay_cbor_put_bytes(&w, voucher->lock, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_task_voucher_check(const uint8_t chain_id[static 32],
                              const struct assay_task_voucher *voucher,
                              const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t digest[32];
    assay_task_voucher_statement(chain_id, voucher, digest);
    return assay_task_verify_signature(key, digest, voucher->signature);
}
