/*
 * quote/collateral/tcb.h - Intel's signed TCB info and enclave identity as bounded structs, and
 * their evaluation.
 *
 * The structs are filled by quote/json.h from signed text; the evaluation (docs/evidence-rules.md
 * 2.8 to 2.14) is integer comparison only.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_TCB_H
#define ASSAY_QUOTE_COLLATERAL_TCB_H

#include "quote/verdict.h"
#include "quote/x509.h"

enum {
    ASSAY_TCB_LEVELS_MAX = 64,      /* genuine documents: up to 20 */
    ASSAY_ADVISORY_TABLE_MAX = 128, /* distinct advisories of one document; genuine: up to 50 */
    ASSAY_MODULES_MAX = 8,          /* TDX_01, TDX_03, ... */
    ASSAY_MODULE_LEVELS_MAX = 16,
};

/* A set of advisories: bits over the table of the document. */
struct assay_advisory_set {
    uint64_t bits[ASSAY_ADVISORY_TABLE_MAX / 64];
};

struct assay_advisory_table {
    uint32_t count;
    char ids[ASSAY_ADVISORY_TABLE_MAX][ASSAY_ADVISORY_TEXT];
};

struct assay_tcb_level {
    uint8_t sgx[ASSAY_TCB_COMPONENTS];
    uint8_t tdx[ASSAY_TCB_COMPONENTS]; /* TDX documents only */
    uint16_t pcesvn;
    enum assay_tcb_status status;
    int64_t date_unix_s;
    struct assay_advisory_set advisories;
};

/* A level of an enclave or TDX module identity: one security version. */
struct assay_isv_level {
    uint16_t isvsvn;
    enum assay_tcb_status status;
    int64_t date_unix_s;
    struct assay_advisory_set advisories;
};

struct assay_module_identity {
    bool is_default; /* the document's tdxModule, for module version 0 */
    uint8_t version; /* XX of TDX_XX */
    uint8_t mrsigner[48];
    uint8_t attributes[8];
    uint8_t attributes_mask[8];
    uint32_t level_count;
    struct assay_isv_level levels[ASSAY_MODULE_LEVELS_MAX];
};

enum assay_tcb_tee { ASSAY_TEE_SGX = 0, ASSAY_TEE_TDX = 1 };

struct assay_tcb_info {
    uint32_t version; /* 2 (SGX only, no id) or 3 */
    enum assay_tcb_tee tee;
    int64_t issue_unix_s;
    int64_t next_unix_s;
    uint8_t fmspc[6];
    uint8_t pceid[2];
    uint32_t evaluation_number;
    bool has_default_module;
    struct assay_module_identity default_module;
    uint32_t module_count;
    struct assay_module_identity modules[ASSAY_MODULES_MAX];
    uint32_t level_count;
    struct assay_tcb_level levels[ASSAY_TCB_LEVELS_MAX]; /* as assay_tcb_sort leaves them */
    struct assay_advisory_table advisories;
};

struct assay_qe_identity {
    enum assay_tcb_tee tee; /* id QE or TD_QE */
    int64_t issue_unix_s;
    int64_t next_unix_s;
    uint32_t evaluation_number;
    uint8_t miscselect[4]; /* in the order of the report */
    uint8_t miscselect_mask[4];
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    uint32_t level_count;
    struct assay_isv_level levels[ASSAY_TCB_LEVELS_MAX];
    struct assay_advisory_table advisories;
};

/*
 * assay_tcb_sort - put the levels of the platform, and those of each TDX module, into the order in
 * which Intel's QVL matches them: highest first, by SGX components, PCESVN, TDX components, each
 * from its first byte on; of equal ones the one that stands first in the file.
 *
 * Intel promises the documents sorted ("Sorted list of supported TCB levels", PCS API), and all
 * that are known are, so that for them this changes nothing. In one that is not, a platform would
 * fall on a lower level than it reaches, or hide behind a level that it shares with a better one.
 */
void assay_tcb_sort(struct assay_tcb_info *info);

/* What of a platform is compared with the levels. */
struct assay_tcb_platform {
    const struct assay_pck *pck;
    uint16_t qe_isvsvn;
    bool is_tdx;
    uint8_t tee_tcb_svn[16]; /* TDX: [0] module minor SVN, [1] module version */
    bool has_tee_tcb_svn2;   /* TD report 1.5: the same as it is now */
    uint8_t tee_tcb_svn2[16];
};

struct assay_tcb_result {
    enum assay_tcb_status
        status; /* converged; NOT_SUPPORTED when platform, QE or module has no level */
    /* Both statuses of a TD 1.5; equal to status for all other kinds. */
    enum assay_tcb_status launch_status;
    enum assay_tcb_status current_status;
    bool has_date;
    int64_t date_unix_s; /* minimum over platform, QE and module */
    bool has_now;        /* a TD 1.5: current_status is a judgement of its own */
    bool has_date_now;
    int64_t date_now_unix_s;
    /* Since when something better exists: the earliest date of a better level above the matched
     * one; grace windows count from it. */
    bool has_superseded;
    int64_t superseded_unix_s;
    enum assay_tcb_status platform_status;
    enum assay_tcb_status qe_status;
    enum assay_tcb_status module_status; /* NONE for SGX and module version 0 */
    /* Why a level was not reached: static text, which part had none; NULL when all had */
    const char *missing;
};

/*
 * assay_tcb_evaluate - platform level, QE level, TDX module level, convergence, for a TD 1.5 twice
 * (at its launch, and now), and whether it should be relaunched (evidence-rules.md 2.11 to 2.13;
 * Intel's QVL, 4.1.2.5.18 to 4.1.2.5.20). Dates and grace are of the launch.
 * Out:     *result; *advisories of the verdict are merged: sorted union of platform, QE and module
 *          at the launch, and apart from them those of now, each cut at its capacity
 * No matching level is a result (NOT_SUPPORTED)
 */
void assay_tcb_evaluate(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                        const struct assay_tcb_platform *platform, struct assay_tcb_result *result,
                        struct assay_verdict *verdict);
/*
 * The identity that applies to a module version: the default one for version 0, else TDX_XX.
 * Returns: NULL when the document has none
 */
const struct assay_module_identity *assay_tcb_module(const struct assay_tcb_info *info,
                                                     uint8_t version);
/* Returns: the converged status of a platform (or module-converged) status and one more (QE,
 * module). */
enum assay_tcb_status assay_tcb_converge(enum assay_tcb_status platform,
                                         enum assay_tcb_status other);
/* Returns: the status of a TD whose launch and present levels have these ones. */
enum assay_tcb_status assay_tcb_relaunch(enum assay_tcb_status launch,
                                         enum assay_tcb_status current);
/*
 * Number of an id in the table, added when new (parsers use it).
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (empty, too long or not printable ASCII)
 */
ASSAY_CHECKED enum assay_status assay_advisory_intern(struct assay_advisory_table *table,
                                                      const char *id, size_t len, uint32_t *index);

#endif
