/*
 * engine/audit/audit_books.h - decisions of operators and vendors, looked up in the audited store.
 */
#ifndef ASSAY_ENGINE_AUDIT_AUDIT_BOOKS_H
#define ASSAY_ENGINE_AUDIT_AUDIT_BOOKS_H

#include "engine/ledger/fold/fold.h"
#include "engine/store/store.h"

/* Policy, endorsements, operators, plan of services: before and after a change. */
enum { ASSAY_AUDIT_DOCUMENTS = 8 };

struct assay_audit_books {
    struct assay_store *store;
    bool has_services;
    uint8_t *documents[ASSAY_AUDIT_DOCUMENTS]; /* [ASSAY_SET_LEN_MAX] each, in turns */
    unsigned turn;
};

/* For struct assay_fold_books; context: struct assay_audit_books. A value counts only under its own
 * SHA-256. Returns: whether *document is set. */
bool assay_audit_find_document(void *context, const uint8_t digest[static 32],
                               struct assay_slice *document);
/* Returns: bytes in record[ASSAY_CHANGE_RECORD_LEN_MAX], 0: it is not there. */
size_t assay_audit_find_change(void *context, const uint8_t digest[static 32], uint8_t *record);

#endif
