/*
 * services/identity/signing_journal.h - a holder's journal of what it signed (docs/identity.md
 * 4.14).
 *
 * One entry for each text of a session, with the digest of the entry before it. The form, the chain
 * and the order are checked here, without the ledger; that each digest is of a text which the
 * ledger derives is for an audit that has it.
 */
#ifndef ASSAY_SERVICES_IDENTITY_SIGNING_JOURNAL_H
#define ASSAY_SERVICES_IDENTITY_SIGNING_JOURNAL_H

#include "services/identity/signing.h"

enum { ASSAY_SIGNING_ENTRY_MAX = 320 };

struct assay_signing_entry {
    uint8_t before[32]; /* SHA-256 of the entry before; zeros: none */
    uint64_t wall_ms, era, epoch, generation;
    uint32_t ca_number;
    uint8_t block_id[32];                           /* that closed the epoch */
    uint8_t subject[32], entry[32], tbs[32];        /* node id, digests */
    uint8_t name[ASSAY_SIGNING_NAME_LEN], list[32]; /* of the session */
};

/* A journal as far as it was checked; zeros: from its beginning. */
struct assay_signing_journal {
    uint8_t digest[32];
    bool has_last;
    struct assay_signing_entry last;
};

/* Returns: the number of bytes that were written. */
size_t assay_signing_entry_encode(const struct assay_signing_entry *entry,
                                  uint8_t bytes[static ASSAY_SIGNING_ENTRY_MAX]);
/* Out: *entry, written only on ASSAY_OK. Returns: ASSAY_OK | the statuses of base/cbor.h |
 * ASSAY_E_TYPE (no entry) | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_signing_entry_decode(struct assay_slice bytes,
                                                           struct assay_signing_entry *entry);
/*
 * assay_signing_journal_check - checks the next entry of a journal.
 * Out:     *journal, *entry, written only on ASSAY_OK
 * Returns: ASSAY_OK | the statuses of decoding | ASSAY_E_CHAIN (an entry before it is missing or
 *          was changed) | ASSAY_E_STALE (of an older epoch, or of an older
 *          generation of its CA number, than the entry before) |
 *          ASSAY_E_INVALID (two blocks for one epoch, or two lists in one session)
 */
ASSAY_CHECKED enum assay_status assay_signing_journal_check(struct assay_signing_journal *journal,
                                                            struct assay_slice bytes,
                                                            struct assay_signing_entry *entry);

#endif
