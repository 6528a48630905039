/*
 * apps/enclave/quote_request.h - the quote that the host requested: one at a time, the newest.
 * Private to the folder.
 *
 * It survives the start of an enclave, so that a restart in the middle of an epoch costs no
 * evidence. Where evidence binds workload keys, the enclave receives the fields of the statement
 * and hashes them itself, and its list of keys comes with the quote (docs/identity.md 6.8).
 */
#ifndef ASSAY_APPS_ENCLAVE_QUOTE_REQUEST_H
#define ASSAY_APPS_ENCLAVE_QUOTE_REQUEST_H

#include "net/runtime/runtime.h"
#include "quote/source/platform/platform.h"

struct quote_request {
    bool active;
    bool proposed; /* the enclave was asked */
    bool keyed;    /* by its statement */
    uint64_t tag;  /* identifies its answer */
    uint64_t epoch, expires_ms;
    uint32_t incarnation;
    uint8_t report_data[64];
    struct assay_platform_statement statement;
    uint8_t verified_root[32]; /* of the list whose proofs were verified last */
};

/* keyed: as of request_quote (net/runtime/runtime.h). A request before is forgotten. */
void quote_request_start(struct quote_request *q, uint64_t epoch, uint32_t incarnation,
                         const uint8_t report_data[static 64], const struct assay_binding *keyed,
                         uint64_t expires_ms);
/* Passes it to the enclave, where one is ready and has not received it. */
void quote_request_propose(struct quote_request *q, struct assay_platform *platform,
                           uint64_t now_ms);
/* Returns: true and the event when it is answered, or abandoned. */
bool quote_request_answer(struct quote_request *q, struct assay_platform *platform, uint64_t now_ms,
                          struct assay_enclave_event *event);

#endif
