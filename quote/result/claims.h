/*
 * quote/result/claims.h - claims of a piece of evidence as a list of typed values, without
 * appraisal.
 *
 * Names and types are part of the contract of `assay evidence` and of libassay (docs/library.md).
 * All readable bytes are listed; whether they are proven is the verdict's. The list is flat: a map
 * or a list is an entry, its members follow it and have its name before a dot
 * ("pck_config.smt_enabled", "software_components.0.type"). Values are copied: nothing borrows from
 * the evidence.
 */
#ifndef ASSAY_QUOTE_RESULT_CLAIMS_H
#define ASSAY_QUOTE_RESULT_CLAIMS_H

#include "quote/package.h"
#include "quote/x509.h"

enum assay_claim_type {
    ASSAY_CLAIM_NULL = 0, /* the kind has it, this evidence does not */
    ASSAY_CLAIM_BOOL = 1,
    ASSAY_CLAIM_UINT = 2,
    ASSAY_CLAIM_TEXT = 3,
    ASSAY_CLAIM_BYTES = 4,
    ASSAY_CLAIM_LIST = 5,
    ASSAY_CLAIM_MAP = 6,
};

enum {
    ASSAY_CLAIMS_MAX = 512,     /* a GPU has 255 measurements, a CCA token 32 components of five */
    ASSAY_CLAIMS_SPACE = 98304, /* no value is there more than three times; the rest is for names */
    ASSAY_CLAIMS_DEPTH = 3,
    ASSAY_CLAIM_TOP = ASSAY_CLAIMS_MAX, /* parent of the outermost */
};

/* The map at the end of a quote's claims. */
#define ASSAY_CLAIMS_DETAILS "details"

struct assay_claim_entry {
    const char *name; /* complete, NUL-terminated */
    const char *key;  /* its last part */
    uint16_t parent;  /* index of the list or map, or ASSAY_CLAIM_TOP */
    uint8_t type;     /* enum assay_claim_type */
    uint8_t digits;  /* of UINT: a set of bits, printed in hexadecimal of this width; 0: a number */
    uint64_t number; /* of BOOL, UINT; of LIST, MAP: how many members */
    struct assay_slice bytes; /* of TEXT, BYTES; a NUL that is not counted follows */
};

struct assay_claims {
    size_t count;
    struct assay_claim_entry entries[ASSAY_CLAIMS_MAX];
    /* --- while it is filled */
    bool full;
    size_t depth;
    uint16_t open[ASSAY_CLAIMS_DEPTH + 1];
    size_t used;
    uint8_t space[ASSAY_CLAIMS_SPACE];
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
};

/*
 * assay_claims_read - the claims of any kind.
 * In:      bytes[len], hostile
 * Out:     *claims, overwritten; empty unless ASSAY_OK. Entries borrow from it: do not copy it
 * Returns: ASSAY_OK | as the parser of the kind | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_CRYPTO |
 *          ASSAY_E_FULL (never of what the parsers accept)
 */
ASSAY_CHECKED enum assay_status assay_claims_read(enum assay_evidence_kind kind,
                                                  const uint8_t *bytes, size_t len,
                                                  struct assay_claims *claims);
/* Returns: "null", "bool", ...; "unknown" outside the list. */
const char *assay_claims_type_text(enum assay_claim_type type);
/* By its complete name. Returns: the entry, NULL when there is none. */
const struct assay_claim_entry *assay_claims_find(const struct assay_claims *claims,
                                                  const char *name);

/* --- for the kinds' own functions */
/* An empty list. */
void assay_claims_init(struct assay_claims *c);
/* Members follow until it is closed. key: NULL in a list, whose members are counted from 0. Each */
void assay_claims_open(struct assay_claims *c, const char *key, enum assay_claim_type type);
void assay_claims_close(struct assay_claims *c);
/* Each adds a member to what is open. */
void assay_claims_add_null(struct assay_claims *c, const char *key);
void assay_claims_add_bool(struct assay_claims *c, const char *key, bool value);
void assay_claims_add_uint(struct assay_claims *c, const char *key, uint64_t value);
void assay_claims_add_bits(struct assay_claims *c, const char *key, uint64_t value, uint8_t digits);
void assay_claims_add_text(struct assay_claims *c, const char *key, const char *text);
void assay_claims_add_text_n(struct assay_claims *c, const char *key, struct assay_slice text);
void assay_claims_add_bytes(struct assay_claims *c, const char *key, const uint8_t *bytes,
                            size_t len);
/* The same in place of the value of a claim of that name, where there is one already. */
void assay_claims_set_bytes(struct assay_claims *c, const char *name, const uint8_t *bytes,
                            size_t len);

/* Each adds the claims of a package of its kinds.
 * Returns: ASSAY_OK | as the parser of the kind | ASSAY_E_CRYPTO */
/* Of SGX and TDX, bare or in a package; ASSAY_E_UNSUPPORTED: another kind. */
ASSAY_CHECKED enum assay_status assay_claims_of_quote(enum assay_evidence_kind kind,
                                                      struct assay_slice bytes,
                                                      struct assay_claims *out);
/* What the contract of the claims leaves out, as one map: header, signatures, the report of the
 * quoting enclave. */
ASSAY_CHECKED enum assay_status assay_claims_details_of_quote(enum assay_evidence_kind kind,
                                                              struct assay_slice bytes,
                                                              struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_nitro(const struct assay_package *package,
                                                      struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_nvidia(const struct assay_package *package,
                                                       struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_cca(const struct assay_package *package,
                                                    struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_snp(const struct assay_package *package,
                                                    struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_tpm(const struct assay_package *package,
                                                    struct assay_claims *out);
ASSAY_CHECKED enum assay_status assay_claims_of_vtpm(const struct assay_package *package,
                                                     struct assay_claims *out);

#endif
