/*
 * tests/differential/authority.h - a vendor of the run's own, with every key of the chain, so that
 * a changed quote, certificate, list or document can carry a right signature.
 *
 * Both verifiers take the root as a parameter. The quotes have the shape and the vendor id of
 * Intel's; nothing but the root tells them apart.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_AUTHORITY_H
#define ASSAY_TESTS_DIFFERENTIAL_AUTHORITY_H

#include "base/crypto.h"
#include "tests/differential/case.h"

struct diff_key {
    struct assay_secret32 secret;
    uint8_t public_key[64];
    struct assay_p256_signer *signer;
};

struct diff_authority {
    struct diff_key root, ca, signing, pck, quoting, stranger;
};

/* Keys from the seed alone: every process of a run has the same. */
void diff_authority_open(struct diff_authority *authority, uint64_t seed);
void diff_authority_close(struct diff_authority *authority);

/* What one case of the authority says, before it is signed; see authority_terms.c. */
enum { DIFF_LEVELS_MAX = 4, DIFF_MODULES_MAX = 2, DIFF_BODY_MAX = 648, DIFF_AUTH_MAX = 64 };

struct diff_level {
    uint8_t sgx[16], tdx[16];
    uint16_t pcesvn;
    const char *status;
    const char *advisory; /* NULL: none */
};

struct diff_isv_level {
    unsigned isvsvn;
    const char *status;
    const char *advisory;
};

struct diff_module {
    uint8_t version;
    size_t level_count;
    struct diff_isv_level levels[DIFF_LEVELS_MAX];
};

/* Which signed thing is changed in its bytes before it is signed. */
enum diff_edit {
    DIFF_EDIT_NOTHING,
    DIFF_EDIT_HEADER,
    DIFF_EDIT_BODY,
    DIFF_EDIT_QE_REPORT,
    DIFF_EDIT_TCB_INFO,
    DIFF_EDIT_QE_IDENTITY,
    DIFF_EDIT_PCK,
    DIFF_EDIT_CA,
    DIFF_EDIT_ROOT,
    DIFF_EDIT_SIGNER,
    DIFF_EDIT_ROOT_CRL,
    DIFF_EDIT_PCK_CRL,
};

struct diff_terms {
    uint16_t version, body_type; /* of the quote: 3, 4, 5; 1 SGX, 2 TD 1.0, 3 TD 1.5 */
    bool is_tdx;
    uint8_t vendor[16];
    uint8_t body[DIFF_BODY_MAX];
    size_t body_len;
    /* quoting enclave */
    unsigned qe_isvsvn, qe_isvprodid;
    uint8_t qe_attributes, qe_miscselect, qe_mrsigner, qe_report_data_tail;
    size_t auth_len;
    bool key_off_curve;
    /* certificates and lists */
    struct assay_pck pck;
    int64_t pck_from, pck_to, ca_to, signer_to, root_crl_to, pck_crl_to;
    bool revoke_pck, revoke_ca, revoke_signer, revoke_in_the_other;
    bool signer_as_ca, pck_as_ca, ca_as_signer;
    bool crl_by_stranger, crl_of_another;
    /* documents */
    const char *tcb_id, *qe_id;
    unsigned tcb_version, qe_version;
    uint8_t fmspc[6], pceid[2];
    int64_t issue, next, qe_issue, qe_next;
    uint8_t module_signer, module_attributes;
    const char *miscselect_mask;
    size_t level_count, qe_level_count, module_count, component_count;
    struct diff_level levels[DIFF_LEVELS_MAX];
    struct diff_isv_level qe_levels[DIFF_LEVELS_MAX];
    struct diff_module modules[DIFF_MODULES_MAX];
    enum diff_edit edit;
};

/* Draws what the case says, most of it sound, and says in c->mutation what is not. */
void diff_terms_draw(struct diff_case *c, struct diff_terms *terms, struct diff_random *random);
/* Writes the two documents' bodies. */
void diff_terms_tcb_info(const struct diff_terms *terms, struct diff_blob *text);
void diff_terms_qe_identity(const struct diff_terms *terms, struct diff_blob *text);
/* Makes and signs the whole case. */
void diff_authority_case(const struct diff_authority *authority, struct diff_case *c,
                         struct diff_random *random);

#endif
