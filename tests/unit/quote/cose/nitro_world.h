/*
 * tests/unit/quote/cose/nitro_world.h - AWS Nitro for tests: a root, three authorities, a leaf and
 * a document, each with one possible defect.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_COSE_NITRO_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_COSE_NITRO_WORLD_H

#include "quote/accept/policy.h"
#include "quote/nitro/nitro.h"
#include "quote/verify.h"
#include "tests/unit/quote/cose/maker.h"

enum {
    NITRO_AT = 1800000000,
    NITRO_HOUR = 3600,
    NITRO_LINKS = 5, /* root, three authorities, leaf */
    NITRO_LEAF = NITRO_LINKS - 1,
    NITRO_PCRS_MAX = 40,
};

struct nitro_pcr {
    int64_t index;
    size_t len;
    uint8_t fill; /* its bytes */
};

struct nitro_world {
    struct maker_key keys[NITRO_LINKS];
    struct maker_certificate terms[NITRO_LINKS];
    struct maker_der ders[NITRO_LINKS];
    /* the document */
    struct maker_sign1 sign1;
    bool is_tpm; /* a NitroTPM's: nitrotpm_pcrs, kind nitro-tpm */
    bool both;   /* and the PCRs of an enclave beside them */
    const char *module_id;
    const char *digest;
    uint64_t timestamp_ms;
    size_t pcr_count;
    struct nitro_pcr pcrs[NITRO_PCRS_MAX];
    size_t bundle_count;
    const struct maker_der *bundle[8];
    struct assay_slice public_key, user_data, nonce; /* bytes NULL: null; len SIZE_MAX: left out */
    const char *leave_out;                           /* a mandatory field */
    const char *twice;                               /* a field that comes twice */
    bool unknown_field;
    size_t padding; /* bytes of the unknown field */
    bool certificate_too_long;
    bool indefinite; /* maps and arrays, as documents of 2026 are */
    /* judged by */
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verifier *verifier;
    int64_t at_unix_s;
    uint8_t bytes[MAKER_EVIDENCE_MAX];
    size_t len;
    struct assay_verdict verdict;
};

/* On the heap; everything in it is right. */
struct nitro_world *nitro_open(void);
void nitro_close(struct nitro_world *w);
/* The same with a document of a NitroTPM. */
struct nitro_world *nitro_open_tpm(void);
/* Certificates anew by terms, then the document. */
void nitro_make(struct nitro_world *w);
/* The document alone, with the certificates that were made last. */
void nitro_make_document(struct nitro_world *w);
/* Judge w->bytes; the verdict is in w->verdict. */
enum assay_status nitro_judge(struct nitro_world *w);

#endif
