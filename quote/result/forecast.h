/*
 * quote/result/forecast.h - distance of an Intel platform to a better TCB level: which SVN falls
 * short, and by how much.
 *
 * Used on collateral in force (what would make this verdict better?) and on an announced set, whose
 * levels will be in force later (what must be updated until then?). Comparison of integers only:
 * the documents are verified by quote/collateral/collateral.h, the evidence by quote/verify.h.
 */
#ifndef ASSAY_QUOTE_RESULT_FORECAST_H
#define ASSAY_QUOTE_RESULT_FORECAST_H

#include "quote/collateral/tcb.h"

/* What is compared with a level. */
enum assay_svn_part {
    ASSAY_SVN_SGX = 0,    /* component 1 to 16 of the platform */
    ASSAY_SVN_PCE = 1,    /* PCESVN */
    ASSAY_SVN_TDX = 2,    /* component 1 to 16 of TEE_TCB_SVN */
    ASSAY_SVN_MODULE = 3, /* minor version of the TDX module */
    ASSAY_SVN_QE = 4,     /* ISVSVN of the quoting enclave */
};
enum { ASSAY_SVN_GAPS_MAX = 2 * ASSAY_TCB_COMPONENTS + 3 };

struct assay_svn_gap {
    enum assay_svn_part part;
    uint8_t component; /* 1 to 16 of SGX and TDX, else 0 */
    uint16_t have;
    uint16_t need;    /* above have */
    bool by_relaunch; /* TD 1.5: the platform has it already, the TD was launched before */
};

/* Of a document: the level that is reached, and the one that is aimed at. */
struct assay_tcb_aim {
    bool reached; /* a level at all */
    enum assay_tcb_status status;
    int64_t date_unix_s;
    bool has_better; /* a level of a better status exists */
    enum assay_tcb_status better_status;
    int64_t better_date_unix_s;
};

struct assay_forecast {
    struct assay_tcb_result result; /* result of assay_tcb_evaluate for these documents */
    struct assay_tcb_aim platform;
    struct assay_tcb_aim module; /* only with has_module */
    bool has_module;             /* TDX with a module version above 0 */
    bool module_unknown;         /* the documents have no identity for that version */
    uint8_t module_version;
    struct assay_tcb_aim qe;
    uint32_t gap_count;
    struct assay_svn_gap gaps[ASSAY_SVN_GAPS_MAX];
};

/* Which level is aimed at. */
enum assay_forecast_aim {
    ASSAY_AIM_NEXT, /* the nearest one with a better status */
    ASSAY_AIM_BEST, /* the lowest one of the best status that the document has */
};

/*
 * assay_forecast_make - evaluate a platform under documents and list the gaps to the aims.
 * Without gaps and with has_better the status differs by settings or by advice, not by versions
 */
void assay_forecast_make(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                         const struct assay_tcb_platform *platform, enum assay_forecast_aim aim,
                         struct assay_forecast *out);
/*
 * assay_forecast_platform - fields of a quote that are compared with levels. Nothing is verified.
 * In:      evidence of Intel's kinds, bare or a package
 * Out:     *platform borrows *pck
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no PCK certificate) | ASSAY_E_UNSUPPORTED (a kind without
 *          levels) | as the parsers
 */
ASSAY_CHECKED enum assay_status assay_forecast_platform(enum assay_evidence_kind kind,
                                                        const uint8_t *bytes, size_t len,
                                                        struct assay_pck *pck,
                                                        struct assay_tcb_platform *platform);
/* Display order of statuses: UpToDate 0, ..., Revoked last. Returns: the place. */
unsigned assay_tcb_status_order(enum assay_tcb_status status);

#endif
