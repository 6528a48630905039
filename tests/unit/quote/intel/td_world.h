/*
 * tests/unit/quote/intel/td_world.h - SOFT vendor of world.h as a TDX vendor: collateral for TDX
 * and quotes of trust domains in versions 4 and 5, with one possible defect.
 *
 * The vendor id in the quotes is Intel's, because a TDX quote of another is none; only the root
 * tells. Tests alone make such quotes.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_TD_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_TD_WORLD_H

#include "quote/intel/quote.h"
#include "tests/unit/quote/world.h"

enum { TD_LEVELS_MAX = 4, TD_MODULES_MAX = 3, TD_QUOTE_MAX = 8192 };

/* A level of the platform: all 16 components alike but for what a test changes. */
struct td_level {
    uint8_t sgx[16], tdx[16];
    uint16_t pcesvn;
    enum assay_tcb_status status;
    int64_t date_unix_s;
    const char *advisory; /* NULL: none */
};

/* A level of one security version: of a module, or of the quoting enclave. */
struct td_isv_level {
    uint16_t isvsvn;
    enum assay_tcb_status status;
    int64_t date_unix_s;
    const char *advisory;
};

struct td_module {
    uint8_t version;
    uint8_t mrsigner[48];
    size_t level_count;
    struct td_isv_level levels[TD_LEVELS_MAX];
};

/* What the collateral says. */
struct td_terms {
    const char *id, *qe_id;                  /* TDX, TD_QE */
    unsigned sgx_components, tdx_components; /* 16 each */
    bool has_default_module;
    uint8_t default_mrsigner[48];
    size_t level_count, module_count, qe_level_count;
    struct td_level levels[TD_LEVELS_MAX];
    struct td_module modules[TD_MODULES_MAX];
    struct td_isv_level qe_levels[TD_LEVELS_MAX];
};

struct td_world {
    struct world *world; /* authority, node, endorsements, policy (production), verdict */
    struct td_terms terms;
    enum assay_evidence_kind kind; /* TDX4, TDX5 */
    uint16_t version;              /* 4, 5 */
    uint32_t tee_type;             /* 0x81 */
    enum assay_body_type body_type;
    struct assay_td_report td;
    bool is_updated; /* tee_tcb_svn2 is its own; else td_quote copies tee_tcb_svn */
    uint8_t sgx[ASSAY_SGX_REPORT_LEN]; /* for a body of an enclave */
    uint8_t vendor[16];
    uint16_t outer_type, cert_type; /* 6, 5 */
    struct assay_slice cert_data;   /* the node's chain */
    uint8_t quote[TD_QUOTE_MAX];
    size_t quote_len;
};

/*
 * An affirming world: levels at 5, PCESVN 5, module version 3 at 5, QE at 5, platform the same.
 * td_open makes version 4, or, compiled with TD_WORLD_V5, version 5 with an extended TD report 1.5.
 */
struct td_world *td_open(void);
struct td_world *td_open_as(enum assay_evidence_kind kind, enum assay_body_type type);
/* Bytes before the signature data's length. */
size_t td_signed_len(const struct td_world *t);
/* A request for t->quote. */
struct assay_evidence_request td_request(const struct td_world *t);
void td_close(struct td_world *t);
/* Publish collateral anew by t->terms. */
void td_publish(struct td_world *t);
/* Make the quote anew by the other fields. */
void td_quote(struct td_world *t);
/* Another platform, then the quote. */
void td_move(struct td_world *t, const struct assay_soft_platform *platform);
/* Appraise t->quote; the verdict is in t->world->verdict. */
enum assay_status td_judge(struct td_world *t);

#endif
