/*
 * apps/assay/identity/authority_certificate.h - certificate or token for an audit: what it names of
 * the ledger, and where it differs from the text that the ledger gives (docs/identity.md 12.6).
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_CERTIFICATE_H
#define ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_CERTIFICATE_H

#include "net/json/json.h"
#include "services/identity/product.h"
#include "services/identity/signing_journal.h"

/* Slices borrow from `bytes`. */
struct cli_audited {
    bool is_token;
    struct assay_signing_entry entry; /* as a journal would have it; the number of a token, and the
                                       * generation, are the ledger's */
    struct assay_slice text;          /* that was signed */
    uint8_t signature[64];
    uint8_t *bytes;
    char spiffe_id[256];
};

/* Reports errors on stderr. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_MALFORMED |
 * ASSAY_EXIT_INTERNAL; freed by the caller in any case */
int cli_audited_read(const char *command, const char *path, struct cli_audited *audited);
void cli_audited_free(struct cli_audited *audited);
/* In: ca: the number that is to have signed it. Returns: whether its key did */
bool cli_audited_is_signed(const struct cli_audited *audited, const struct assay_credential_ca *ca);
/* Appends the names of what differs in the text that the ledger gives for the same entry:
 * "validity", "subjectAltName", of a token "exp". In: list: an array */
void cli_audited_compare(const struct cli_audited *audited, struct assay_slice derived,
                         struct assay_json *list);

#endif
