/*
 * quote/x509/parts.h - parsers of the parts that certificates and revocation lists share, internal
 * to quote/x509/. Each reads one element at the cursor.
 */
#ifndef ASSAY_QUOTE_X509_PARTS_H
#define ASSAY_QUOTE_X509_PARTS_H

#include "quote/x509.h"
#include "quote/x509/asn1.h"

enum { ASSAY_X509_EXTENSIONS_MAX = 32 };

/* A Name; common_name may be NULL.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (too long) */
ASSAY_CHECKED enum assay_status assay_x509_name(struct assay_cursor *in, struct assay_dn *out,
                                                char common_name[ASSAY_COMMON_NAME_MAX]);
/* The end of an AlgorithmIdentifier that has no parameters: NULL or nothing.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_TYPE | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_x509_no_parameters(struct assay_cursor *in);
/* An AlgorithmIdentifier of a signature.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_UNSUPPORTED */
ASSAY_CHECKED enum assay_status assay_x509_algorithm(struct assay_slice whole,
                                                     enum assay_signature_alg *alg);
/* The BIT STRING of a signature. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_x509_signature(struct assay_cursor *in,
                                                     enum assay_signature_alg alg,
                                                     struct assay_signature *out);
/* A SubjectPublicKeyInfo and its SHA-256.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_UNSUPPORTED | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_x509_spki(struct assay_cursor *in, struct assay_key *key,
                                                uint8_t name[ASSAY_SHA256_LEN]);

struct assay_x509_extension {
    struct assay_slice oid;
    bool critical;
    struct assay_slice value;
};
/* What an extension means to its owner. Returns: any status. */
typedef enum assay_status assay_x509_extension_reader(const struct assay_x509_extension *extension,
                                                      void *owner);
/* Extensions: each to the reader, none twice.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE | ASSAY_E_RANGE (too many), or as the
 * reader */
ASSAY_CHECKED enum assay_status assay_x509_extensions(struct assay_cursor *in,
                                                      assay_x509_extension_reader *reader,
                                                      void *owner);
/* AuthorityKeyIdentifier. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_x509_authority_key_id(struct assay_slice value, bool *has,
                                                            uint8_t out[ASSAY_KEY_ID_LEN]);
/* Ids of another length than 20 are kept as a digest: they are only ever compared.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (empty, too long) */
ASSAY_CHECKED enum assay_status assay_x509_key_id(struct assay_slice id, bool *has,
                                                  uint8_t out[ASSAY_KEY_ID_LEN]);

/* id-ce (2.5.29): three bytes, distinguished by the last. Returns: true when it is that one. */
bool assay_x509_is_ce(struct assay_slice oid, uint8_t last);
/* Intel's SGX extension; detection and decoding.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_UNSUPPORTED |
 * ASSAY_E_NOT_FOUND (a field is missing) */
bool assay_x509_is_sgx(struct assay_slice oid);
ASSAY_CHECKED enum assay_status assay_x509_sgx(struct assay_slice value, struct assay_pck *pck);
/* One of AMD's extensions of a VCEK or VLEK; *seen collects which came.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
bool assay_x509_is_amd(struct assay_slice oid);
ASSAY_CHECKED enum assay_status assay_x509_amd(struct assay_slice oid, struct assay_slice value,
                                               struct assay_vek *vek, uint32_t *seen);
/* Google's extension of virtual TPMs; detection and decoding.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (a name that is empty, too long or not
 * printable, a number over 64 bits) */
bool assay_x509_is_gce(struct assay_slice oid);
ASSAY_CHECKED enum assay_status assay_x509_gce(struct assay_slice value, struct assay_gce *gce);
/* DICE: the digest of a device's firmware; detection and decoding. *has: one was read before.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_UNSUPPORTED
 * (another hash than SHA-384) */
bool assay_x509_is_dice(struct assay_slice oid);
ASSAY_CHECKED enum assay_status assay_x509_dice(struct assay_slice oid, struct assay_slice value,
                                                bool *has, uint8_t out[ASSAY_FWID_LEN]);
/* Returns: true when the extensions that every VEK has were seen. */
bool assay_x509_amd_complete(uint32_t seen);

#endif
