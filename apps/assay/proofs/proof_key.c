/*
 * apps/assay/proofs/proof_key.c - the key of a TLS peer, of `assay proof verify --key`: read from a
 * certificate or a public key, and compared with a key proof (docs/identity.md 10).
 */
#include "apps/assay/proofs/proof.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "base/file/file.h"

#include <stdlib.h>
#include <string.h>

/* Of a chain the first certificate: that of the peer itself (RFC 8446 4.4.2). */
static enum assay_status read_pem(struct assay_slice text, struct cli_proof_peer *peer)
{
    static const char certificate[] = "CERTIFICATE", public_key[] = "PUBLIC KEY";
    struct assay_slice label;
    size_t len = 0;
    const enum assay_status found =
        assay_pem_next(&text, &label, peer->der, sizeof peer->der, &len);
    if (found == ASSAY_E_NOT_FOUND) return ASSAY_E_SYNTAX; /* the file exists */
    ASSAY_TRY(found);
    const struct assay_slice der = assay_slice_over(peer->der, len);
    if (assay_slice_equal(label, assay_slice_over(certificate, sizeof certificate - 1)))
        return assay_x509_certificate_spki(der, &peer->spki);
    if (!assay_slice_equal(label, assay_slice_over(public_key, sizeof public_key - 1)))
        return ASSAY_E_TYPE;
    peer->spki = der;
    return assay_x509_bare_spki(der);
}

static enum assay_status read_der(struct assay_slice bytes, struct cli_proof_peer *peer)
{
    if (bytes.len > sizeof peer->der) return ASSAY_E_RANGE;
    assay_bytes_copy(peer->der, sizeof peer->der, bytes.bytes, bytes.len);
    const struct assay_slice der = assay_slice_over(peer->der, bytes.len);
    const enum assay_status read = assay_x509_certificate_spki(der, &peer->spki);
    if (read == ASSAY_OK || assay_x509_bare_spki(der) != ASSAY_OK) return read;
    peer->spki = der;
    return ASSAY_OK;
}

enum assay_status cli_proof_peer_read(const char *path, struct cli_proof_peer *peer)
{
    enum { SEQUENCE = 0x30 }; /* first byte of DER, and of no PEM */
    uint8_t *bytes = NULL;
    size_t len = 0;
    *peer = (struct cli_proof_peer){ .spki = { NULL, 0 } };
    ASSAY_TRY(assay_file_read(path, ASSAY_PROOF_PEER_FILE_MAX, &bytes, &len));
    const struct assay_slice all = assay_slice_over(bytes, len);
    const enum assay_status status =
        len > 0 && bytes[0] == SEQUENCE ? read_der(all, peer) : read_pem(all, peer);
    if (status == ASSAY_OK) assay_sha256(peer->spki.bytes, peer->spki.len, peer->spki_sha256);
    free(bytes);
    return status;
}

enum assay_key_answer cli_proof_peer_check(const struct cli_proof_peer *peer,
                                           const struct assay_proven_state *proven)
{
    const struct assay_key_terms terms = { .spki = peer->spki,
                                           .standing_worst = ASSAY_STANDING_WARNING };
    return assay_proof_key_check(proven, &peer->proof, &terms);
}
