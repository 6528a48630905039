/*
 * quote/pieces/recognise.h - recognition of pieces of evidence and collateral in files, by
 * content, for the library and the command line.
 *
 * Recognised pieces are not trusted: each is verified as usual. Every recognisable piece gets a
 * status: an unreadable or unusable one is retained with the reason.
 */
#ifndef ASSAY_QUOTE_PIECES_RECOGNISE_H
#define ASSAY_QUOTE_PIECES_RECOGNISE_H

#include "quote/collateral/tcb.h"
#include "quote/x509.h"

enum {
    ASSAY_RECOGNISED_MAX = 256, /* pieces of all files together: a PEM file may hold several */
    ASSAY_RECOGNISED_FILES_MAX = 256,
};

enum assay_shape {
    ASSAY_SHAPE_OTHER = 0, /* distinguished by the needs of the evidence: PCR values, signatures */
    ASSAY_SHAPE_CERTIFICATE,
    ASSAY_SHAPE_CRL,
    ASSAY_SHAPE_KEY,    /* SubjectPublicKeyInfo */
    ASSAY_SHAPE_PUBLIC, /* TPM2B_PUBLIC */
    ASSAY_SHAPE_ATTEST,
    ASSAY_SHAPE_TDX_QUOTE,
    ASSAY_SHAPE_EVIDENCE, /* a piece of evidence of its own */
    ASSAY_SHAPE_TCB_INFO, /* Intel's documents, as they stand in the file */
    ASSAY_SHAPE_QE_IDENTITY,
    ASSAY_SHAPE_OCSP, /* an OCSP response */
    ASSAY_SHAPE_RIM,  /* a manifest of NVIDIA's, converted (quote/collateral/rim.h) */
};

/* One piece; bytes borrow from the file, or from the buffer next to it. */
struct assay_recognised {
    enum assay_shape shape;
    /* Why a piece of that shape cannot be read, or cannot serve; ASSAY_SHAPE_OTHER of no known kind
     * has ASSAY_E_UNSUPPORTED. */
    enum assay_status status;
    uint32_t file; /* the how-manieth file it stands in */
    struct assay_slice bytes;
    bool has_vek; /* certificates of AMD's endorsement keys */
    uint32_t hwid_len;
    uint8_t hwid[ASSAY_HWID_MAX];
};

/* About 40 KB. All zero to begin with. */
struct assay_recognition {
    size_t file_count;
    struct assay_slice files[ASSAY_RECOGNISED_FILES_MAX]; /* as they were given */
    size_t count;
    /* Sorted by their bytes: the order of the files decides nothing. */
    struct assay_recognised pieces[ASSAY_RECOGNISED_MAX];
    /* Revocation lists that were read in the last file, also such as stood in another one. */
    size_t list_count;
    struct assay_slice lists[ASSAY_RECOGNISED_MAX];
};

/* What is being read; about 100 KB: off the stack. */
struct assay_recognise_scratch {
    struct assay_crl crl;
    struct assay_tcb_info tcb_info;
    struct assay_qe_identity qe_identity;
    /* Places of the last file that searches read: a small multiple of its length (tests). */
    size_t searched;
};

/* Bytes of room for a file: the texts of a document, what each of them is in binary, and the key
 * that such a binary is (SPKI of RSA 4096: 550). */
static inline size_t assay_recognise_room(size_t len)
{
    return 3 * len + 640;
}

/*
 * assay_recognise_file - add the pieces of one file; duplicates are one piece.
 * In:      text, hostile; room[room_len], room_len >= assay_recognise_room(text.len), for what is
 *          decoded: it and the file outlive *r
 * Cost:    linear in the file, for any contents
 * Returns: ASSAY_OK | ASSAY_E_FULL (more files or pieces than fit) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_recognise_file(struct assay_recognition *r,
                                                     struct assay_recognise_scratch *scratch,
                                                     struct assay_slice text, uint8_t *room,
                                                     size_t room_len);
/* A file that could not be read, or not whole, may be the list that revokes: it counts as one that
 * cannot be read, because of `why`. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_recognise_unread(struct assay_recognition *r,
                                                       enum assay_status why);
/* Returns: display name of a shape: "revocation list". */
const char *assay_shape_text(enum assay_shape shape);
/* Returns: the status of a piece, independent of the evidence, and of a certificate
 * that leads to none of the roots (gather.h) ASSAY_E_NOT_FOUND. */
enum assay_status assay_recognised_status(const struct assay_recognised *piece, bool leads);

#endif
