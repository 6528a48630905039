/*
 * engine/ledger/records/service_record.h - SERVICE: a member's record for a service
 * (docs/protocol.md 12.1).
 *
 *   SERVICE  [9, body, signature]; body is ["assay/service/v1", chain_id, era, epoch, node_id,
 *            incarnation, number, kind, payload], signed by the voting key
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_SERVICE_RECORD_H
#define ASSAY_ENGINE_LEDGER_RECORDS_SERVICE_RECORD_H

#include "base/writer.h"
#include "engine/ledger/state/services.h"

struct assay_service_body {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    uint32_t number; /* below ASSAY_SERVICE_NUMBERS; each once in an epoch */
    uint32_t kind;   /* what the service calls it; below 65536 */
    struct assay_slice payload; /* 1 .. ASSAY_SERVICE_PAYLOAD_LEN_MAX */
};

/* The record around a body that is made of it. Out: digest: to be signed; *signature_at: the hole.
 * Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_record_put_service(struct assay_writer *w,
                                                         const struct assay_service_body *service,
                                                         uint8_t digest[static 32],
                                                         size_t *signature_at);
#endif
