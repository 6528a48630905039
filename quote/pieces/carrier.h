/*
 * quote/pieces/carrier.h - evidence inside a certificate or a conceptual message wrapper: where it
 * stands, and whether it vouches for the key of the certificate.
 *
 * A certificate of RA-TLS is worth what its evidence says of its key: without that comparison the
 * evidence of any genuine machine fits into any certificate. evidence-rules.md 9.
 */
#ifndef ASSAY_QUOTE_PIECES_CARRIER_H
#define ASSAY_QUOTE_PIECES_CARRIER_H

#include "quote/pieces/cmw.h"
#include "quote/verdict.h"
#include "quote/x509.h"

enum assay_carrier_form {
    ASSAY_CARRIER_NONE = 0,
    ASSAY_CARRIER_WRAPPER, /* a CMW by itself, with no key */
    ASSAY_CARRIER_RA_TLS,  /* certificates: tagged evidence with claims */
    ASSAY_CARRIER_DICE,    /* CMW in the extension of TCG DICE */
    ASSAY_CARRIER_CMW,     /* CMW in id-pe-cmw */
    ASSAY_CARRIER_DSTACK,
    ASSAY_CARRIER_SGX_SDK,
    ASSAY_CARRIER_GRAMINE,
    ASSAY_CARRIER_OPEN_ENCLAVE,
};

/* Slices borrow from the bytes or from the room. */
struct assay_carrier {
    enum assay_carrier_form form;
    enum assay_evidence_kind kind; /* as detected from the evidence */
    struct assay_slice evidence;
    struct assay_cmw message;          /* of a CMW; its value is the evidence */
    struct assay_slice claims;         /* of RA_TLS: the CBOR that the report data is the hash of */
    struct assay_attested certificate; /* of every form but NONE and WRAPPER */
};

enum { ASSAY_CARRIER_LEN_MAX = 4 * ASSAY_ATTESTED_DER_MAX }; /* PEM, and a chain behind it */

/* Bytes of room: a PEM text in DER, and of its longest wrapper the CBOR form and a value. */
static inline size_t assay_carrier_room(size_t len)
{
    return len > ASSAY_CARRIER_LEN_MAX ? 0 : 3 * len;
}

/* Could the bytes be a carrier, by the first of them? Returns: false: assay_carrier_open does not
 * find one, so that no room is needed */
bool assay_carrier_looks(struct assay_slice bytes);

/*
 * assay_carrier_open - the evidence of a certificate (PEM or DER; of a chain the first one, which
 * is the server's own) or of a wrapper (CBOR or JSON). Bytes that are evidence themselves are not
 * taken.
 * In:      bytes, hostile; room[room_len], room_len >= assay_carrier_room(bytes.len)
 * Out:     *out, written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (neither, or a certificate without evidence) |
 *          ASSAY_E_UNSUPPORTED (evidence, algorithm or form that is not known) |
 *          ASSAY_E_DUPLICATE | as assay_x509_attested and assay_cmw_evidence
 */
ASSAY_CHECKED enum assay_status assay_carrier_open(struct assay_slice bytes, uint8_t *room,
                                                   size_t room_len, struct assay_carrier *out);
/* Is it a certificate? Returns: true if so. */
bool assay_carrier_has_key(const struct assay_carrier *carrier);
/* Is it issued by another name than its own? Then nothing here verifies its signature.
 * Returns: true if so. */
bool assay_carrier_is_issued(const struct assay_carrier *carrier);
/* Why that is not checked. */
#define ASSAY_CARRIER_ISSUED_TEXT                                                                  \
    "another authority issued the certificate: its signature is not verified, only its key"
/* Returns: "gramine", "cmw"; "none" outside the list. */
const char *assay_carrier_text(enum assay_carrier_form form);
/*
 * assay_carrier_appraise - after the verdict on the evidence was concluded: validity of the
 * certificate, its own signature, and its key. One that the evidence does not vouch for is refused
 * (ASSAY_RULE_CARRIER_KEY), genuine hardware or not. Without a certificate: nothing.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO (host failures: there is no verdict)
 */
ASSAY_CHECKED enum assay_status assay_carrier_appraise(const struct assay_carrier *carrier,
                                                       struct assay_verdict *verdict);

#endif
