/*
 * services/identity/product_internal.h - parts that certificates and tokens share.
 */
#ifndef ASSAY_SERVICES_IDENTITY_PRODUCT_INTERNAL_H
#define ASSAY_SERVICES_IDENTITY_PRODUCT_INTERNAL_H

#include "services/identity/product.h"

struct product_times {
    int64_t issued_s, not_before_s, not_after_s;
};

/* A public key of an entry. */
struct product_key {
    const char *curve; /* of a JWK (RFC 7518 6.2.1.1, RFC 8037 2) */
    bool is_ec;
    struct assay_slice subject_public_key; /* value of the BIT STRING */
};

enum assay_status product_check_ca(const struct assay_credential_ca *ca);
enum assay_status product_check_entry(const struct assay_credential_entry *entry,
                                      enum assay_credential_purpose purpose);
enum assay_status product_check_state(const struct assay_credential_state *state);
enum assay_status product_read_spki(struct assay_slice spki, struct product_key *key);
/* Returns: ASSAY_OK | ASSAY_E_RANGE */
enum assay_status product_times(const struct assay_credential_state *state, uint32_t validity_s,
                                struct product_times *times);
/* In: entry_digest: of a certificate of a CA number, SHA-256 of its public key; audience: of a
 * token, else 0 */
void product_serial(const struct assay_credential_ca *ca,
                    const struct assay_credential_state *state, const uint8_t node_id[static 32],
                    const uint8_t entry_digest[static 32], enum assay_credential_product product,
                    uint32_t audience, uint8_t serial[static ASSAY_CREDENTIAL_SERIAL_LEN]);
void product_node_text(const uint8_t node_id[static 32],
                       char text[static ASSAY_CREDENTIAL_ID_LEN + 1]);
void product_put_text(struct assay_writer *w, const char *text);
void product_put_slice(struct assay_writer *w, struct assay_slice text);
/* spiffe://TD/svc/NAME of a granted service, spiffe://TD/node/ID/NAME else; without an entry
 * spiffe://TD/node/ID. */
void product_put_spiffe_id(struct assay_writer *w, const struct assay_credential_ca *ca,
                           const struct assay_credential_state *state,
                           const struct assay_credential_entry *entry);
const char *product_standing_text(enum assay_credential_standing standing);

#endif
