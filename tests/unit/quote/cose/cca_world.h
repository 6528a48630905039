/*
 * tests/unit/quote/cose/cca_world.h - Arm CCA platform for tests: its key, a realm's key, a token,
 * each with one possible defect.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_COSE_CCA_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_COSE_CCA_WORLD_H

#include "quote/accept/policy.h"
#include "quote/cca/cca.h"
#include "quote/verify.h"
#include "tests/unit/quote/cose/maker.h"

enum cca_key_form { CCA_RAW, CCA_COSE };

struct cca_world {
    struct maker_key cpak, rak;
    struct maker_sign1 platform_sign1, realm_sign1;
    uint64_t tag;                                 /* 399 or 907; 0: none */
    bool swapped;                                 /* realm token under the platform's label */
    bool media_type;                              /* a CMW with texts instead of numbers */
    bool other_entry;                             /* an entry that nobody knows */
    bool only_one;                                /* no realm token */
    const char *platform_profile, *realm_profile; /* NULL: left out */
    const char *key_hash;                         /* its name */
    enum cca_key_form key_form;
    const uint8_t *key_bytes; /* instead of the key's own; key_len */
    size_t key_len;
    bool bind_other; /* the challenge is the hash of something else */
    bool bind_short; /* or another hash of the right thing */
    bool bind_twice; /* by the claim of another profile too */
    uint64_t lifecycle;
    size_t rim_len, rem_len;
    uint8_t rem_count;
    bool indefinite;        /* maps and arrays of both tokens */
    const char *realm_hash; /* that names what they were made with */
    size_t component_len;
    int64_t leave_out; /* a claim's key, in the platform token or (negative) the realm token */
    int64_t twice;
    bool unknown_claims;
    uint64_t client;
    const char *mec_policy; /* a text, as in draft 03; NULL: the number */
    uint64_t mec_number;
    uint8_t ueid_type;
    size_t component_count;
    bool component_without_signer;
    uint8_t challenge[64];

    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verifier *verifier;
    uint8_t bytes[MAKER_EVIDENCE_MAX];
    size_t len;
    struct assay_verdict verdict;
};

/* On the heap; everything in it is right: RMM 1.0's first profile, P-384. */
struct cca_world *cca_open(void);
void cca_close(struct cca_world *w);
/* The profiles of 2023, with a COSE_Key. */
void cca_use_2023(struct cca_world *w);
void cca_make(struct cca_world *w);
enum assay_status cca_judge(struct cca_world *w);

#endif
