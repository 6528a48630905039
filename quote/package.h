/*
 * quote/package.h - evidence package: evidence of several pieces as one byte string.
 *
 * SGX and TDX quotes and Nitro documents carry everything that they need. The others do not: an SNP
 * report needs the certificate of its endorsement key, a TPM quote its signature, its PCR values,
 * its key and what binds the key. In a network one piece of evidence is one byte string, so these
 * travel as a package, canonical CBOR:
 *
 *     { 0: kind, 1: main bytes, ? 2: [certificate in DER, ...], ? 3: signature, ? 4: PCR values,
 *       ? 5: key, ? 6: hardware report, ? 7: activation, ? 8: report data,
 *       ? 9: TDX quote, ? 10: devices, ? 11: devices, packed }
 *
 * One meaning has one encoding: a report, document or quote without other pieces travels bare, and
 * a package holds only what its kind has use for: certificates with every kind but Nitro and CCA,
 * which carry theirs and are always bare; signature, PCR values, key and report data with a TPM and
 * a paravisor; the hardware report with a paravisor, the TDX quote with one over TDX; reports of
 * devices (quote/verify/device_set.h) with every processor's that travels as a package. They have a
 * bound of their own, ASSAY_DEVICES_LEN_MAX; without them, and with packed ones, which stand in
 * their place, ASSAY_EVIDENCE_LEN_MAX holds. A
 * certificate that stands there twice is refused. One that nothing needs is allowed (rotation
 * needs it) and changes no verdict, wherever it stands; a package with it is other evidence of the
 * same meaning, as a quote with another signature is, so nothing may be told apart or counted by
 * such bytes: the envelope that its node signed shows who published it (docs/protocol.md 3.9).
 */
#ifndef ASSAY_QUOTE_PACKAGE_H
#define ASSAY_QUOTE_PACKAGE_H

#include "base/writer.h"
#include "quote/verdict.h"

enum { ASSAY_PACKAGE_CERTIFICATES_MAX = 8 };

/* Pieces in addition to the main bytes: 1 << key of the map. */
enum assay_piece {
    ASSAY_PIECE_CERTIFICATES = 1 << 2,
    ASSAY_PIECE_SIGNATURE = 1 << 3,
    ASSAY_PIECE_PCRS = 1 << 4,
    ASSAY_PIECE_KEY = 1 << 5,
    ASSAY_PIECE_HARDWARE = 1 << 6,
    ASSAY_PIECE_REPORT_DATA = 1 << 8,
    ASSAY_PIECE_QUOTE = 1 << 9,
    ASSAY_PIECE_DEVICES = 1 << 10, /* packed or not */
};

/* Slices borrow; an empty one is not there. */
struct assay_package {
    enum assay_evidence_kind kind;
    /* SNP: report. TPM, paravisor: TPMS_ATTEST. Nitro: document. CCA: token. SGX, TDX: quote. */
    struct assay_slice main;
    size_t certificate_count; /* VEK, ASK, ARK; EK, AK and issuers; an external PCK chain */
    struct assay_slice certificates[ASSAY_PACKAGE_CERTIFICATES_MAX];
    struct assay_slice signature;   /* TPM: TPMT_SIGNATURE, or raw RSA bytes, or ECDSA in DER */
    struct assay_slice pcrs;        /* TPM: values one after the other, in selection order */
    struct assay_slice key;         /* TPM: TPM2B_PUBLIC of the AK, or its SubjectPublicKeyInfo */
    struct assay_slice hardware;    /* paravisor: the HCL blob: hardware report, runtime data */
    struct assay_slice activation;  /* of no kind yet: reason in docs/protocol.md 3.16 */
    struct assay_slice report_data; /* TPM: 64 bytes whose SHA-256 is the qualifying data */
    struct assay_slice quote;       /* paravisor over TDX: the quote of the report in the blob */
    struct assay_slice devices;     /* reports of GPUs and switches of the machine */
    struct assay_slice packed;      /* the same as an LZ4 block; one of the two at most */
};

/*
 * assay_package_read - a package, or the bare bytes of a kind (then kind names it).
 * In:      bytes[len], hostile, at most ASSAY_EVIDENCE_LEN_MAX beside its devices
 * Out:     *package, written only on ASSAY_OK; borrows from bytes
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING |
 *          ASSAY_E_DUPLICATE (a key, a certificate) | ASSAY_E_TYPE | ASSAY_E_INVALID (another kind
 *          inside, no main bytes,
 *          a part that the kind has no use for)
 */
ASSAY_CHECKED enum assay_status assay_package_read(enum assay_evidence_kind kind,
                                                   const uint8_t *bytes, size_t len,
                                                   struct assay_package *package);
/* Returns: true when the kind has use for every part, so that what is written can be read. */
bool assay_package_fits(const struct assay_package *package);
/* Canonical CBOR; main bytes alone stay bare, repeated certificates are left out. The
 * writer reports overflow. */
void assay_package_encode(const struct assay_package *package, struct assay_writer *w);
/* Returns: true when the bytes open like a package; *kind is the declared one. */
bool assay_package_detect(const uint8_t *bytes, size_t len, enum assay_evidence_kind *kind);

#endif
