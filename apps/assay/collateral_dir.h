/*
 * apps/assay/collateral_dir.h - which file of a folder is which part of the collateral.
 *
 * A file under its usual name (quote/collateral/collateral.h) is that part, whatever is in it: a
 * forged TCB info must be seen as forged, not passed over. A part without such a file is looked for
 * among the other files by content: JSON with tcbInfo or enclaveIdentity, DER revocation lists, PEM
 * chains of the PCK CA or of a collateral signer. Of several that could serve, the one
 *   1. for this evidence (TEE and FMSPC, then a signature by a signer under its root; CRL and chain
 *      of its PCK CA, CRL of its root; the signer whose signature the document carries),
 *   2. valid at the time asked for,
 *   3. with the highest tcbEvaluationDataNumber,
 *   4. issued last,
 *   5. first by name in byte order
 * is taken. Further revocation lists go along, for the verifier to choose among. Everything else in
 * the folder is ignored: folders, files that are none of these.
 */
#ifndef ASSAY_APPS_COLLATERAL_DIR_H
#define ASSAY_APPS_COLLATERAL_DIR_H

#include "quote/collateral/collateral.h"

enum {
    ASSAY_DIR_PARTS_MAX = 64,   /* files that could be a part: four platform families and more */
};

/* What the evidence asks for. */
struct assay_collateral_wanted {
    int64_t at_unix_s;
    enum assay_tcb_tee tee;
    bool has_chain; /* false: the fields below are unknown, and nothing matches them */
    uint8_t fmspc[6];
    struct assay_certificate ca;
    struct assay_certificate root;
};

struct assay_collateral_dir {
    struct assay_collateral_files files; /* borrows from bytes */
    size_t count;
    uint8_t *bytes[ASSAY_PARTS + ASSAY_DIR_PARTS_MAX];
    uint8_t *lists; /* further revocation lists, one after the other */
};

/* Returns: true for the kinds that these parts serve: quotes of SGX, TDX and SOFT. */
bool assay_collateral_dir_serves(enum assay_evidence_kind kind);
/*
 * assay_collateral_wanted - from a quote; one that cannot be read wants nothing in particular.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_collateral_wanted(enum assay_evidence_kind kind,
                                                        const uint8_t *bytes, size_t len,
                                                        int64_t at_unix_s,
                                                        struct assay_collateral_wanted *wanted);
/*
 * assay_collateral_dir_read - find the parts; those that are nowhere stay empty.
 * Out:     *out, whatever the status: assay_collateral_dir_close frees it; *where: static text or
 *          the name of the part that could not be read, NULL for the folder itself
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such folder) | ASSAY_E_IO | ASSAY_E_RANGE (a part under
 *          its usual name is too long) | ASSAY_E_FULL (too many files) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_collateral_dir_read(
    const char *dir, const struct assay_collateral_wanted *wanted, struct assay_collateral_dir *out,
    const char **where);
/* Returns: nothing. */
void assay_collateral_dir_close(struct assay_collateral_dir *dir);

#endif
