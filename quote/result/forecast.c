/*
 * quote/result/forecast.c - distance to a better TCB level, in security versions.
 */
#include "quote/result/forecast.h"

#include "base/assert.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/verify.h"

unsigned assay_tcb_status_order(enum assay_tcb_status status)
{
    switch (status) {
    case ASSAY_TCB_UP_TO_DATE: return 0;
    case ASSAY_TCB_SW_HARDENING_NEEDED: return 1;
    case ASSAY_TCB_CONFIGURATION_NEEDED: return 2;
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED: return 3;
    case ASSAY_TCB_TD_RELAUNCH_ADVISED: return 4;
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED: return 5;
    case ASSAY_TCB_OUT_OF_DATE: return 6;
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED: return 7;
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_NOT_SUPPORTED: return 8;
    case ASSAY_TCB_REVOKED: return 9;
    }
    ASSAY_UNREACHABLE("a TCB status");
}

/* A level as the choice of an aim sees it: all documents list the highest versions first. */
struct step {
    enum assay_tcb_status status;
    int64_t date_unix_s;
};

/*
 * Walks from the reached level (count: none is) up to the first; NEXT stops at the first better
 * status, BEST goes on while it gets better, so that of equal ones the lowest versions win.
 * Returns: the index of the aim; count when nothing is better
 */
static uint32_t choose_step(const struct step *steps, uint32_t count, uint32_t reached,
                            enum assay_forecast_aim aim, struct assay_tcb_aim *out)
{
    ASSAY_ASSERT(reached <= count);
    uint32_t chosen = count;
    unsigned best = assay_tcb_status_order(ASSAY_TCB_NOT_SUPPORTED);
    *out = (struct assay_tcb_aim){ 0 };
    if (reached < count) {
        out->reached = true;
        out->status = steps[reached].status;
        out->date_unix_s = steps[reached].date_unix_s;
        best = assay_tcb_status_order(out->status);
    }
    for (uint32_t i = reached; i-- > 0;) {
        if (assay_tcb_status_order(steps[i].status) >= best) continue;
        best = assay_tcb_status_order(steps[i].status);
        chosen = i;
        if (aim == ASSAY_AIM_NEXT) break;
    }
    if (chosen == count) return count;
    ASSAY_ASSERT(chosen < reached);
    out->has_better = true;
    out->better_status = steps[chosen].status;
    out->better_date_unix_s = steps[chosen].date_unix_s;
    return chosen;
}

static void add_gap(struct assay_forecast *out, enum assay_svn_part part, uint8_t component,
                    uint16_t have, uint16_t need)
{
    if (have >= need) return;
    ASSAY_ASSERT(out->gap_count < ASSAY_SVN_GAPS_MAX);
    out->gaps[out->gap_count] =
        (struct assay_svn_gap){ .part = part, .component = component, .have = have, .need = need };
    out->gap_count += 1;
}

/* --- the platform */
/*
 * evidence-rules.md 2.11: with a module version above 0 the first two belong to the module
 * identity.
 */
static size_t first_tdx(const struct assay_tcb_platform *platform)
{
    return platform->tee_tcb_svn[1] > 0 ? 2 : 0;
}

static bool reaches_level(const struct assay_tcb_platform *platform,
                          const struct assay_tcb_level *level)
{
    ASSAY_ASSERT(platform->pck != NULL);
    if (platform->pck->pcesvn < level->pcesvn) return false;
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        if (platform->pck->components[i] < level->sgx[i]) return false;
    for (size_t i = first_tdx(platform); platform->is_tdx && i < ASSAY_TCB_COMPONENTS; i++)
        if (platform->tee_tcb_svn[i] < level->tdx[i]) return false;
    return true;
}

static void add_level_gaps(const struct assay_tcb_platform *platform,
                           const struct assay_tcb_level *level, struct assay_forecast *out)
{
    for (unsigned i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        add_gap(out, ASSAY_SVN_SGX, (uint8_t)(i + 1), platform->pck->components[i], level->sgx[i]);
    add_gap(out, ASSAY_SVN_PCE, 0, platform->pck->pcesvn, level->pcesvn);
    if (!platform->is_tdx) return;
    ASSAY_ASSERT(out->gap_count <= ASSAY_SVN_GAPS_MAX);
    for (size_t i = first_tdx(platform); i < ASSAY_TCB_COMPONENTS; i++) {
        const uint32_t before = out->gap_count;
        add_gap(out, ASSAY_SVN_TDX, (uint8_t)(i + 1), platform->tee_tcb_svn[i], level->tdx[i]);
        if (out->gap_count > before)
            out->gaps[before].by_relaunch =
                platform->has_tee_tcb_svn2 && platform->tee_tcb_svn2[i] >= level->tdx[i];
    }
}

static void forecast_platform(const struct assay_tcb_info *info,
                              const struct assay_tcb_platform *platform,
                              enum assay_forecast_aim aim, struct assay_forecast *out)
{
    ASSAY_ASSERT(info->level_count <= ASSAY_TCB_LEVELS_MAX);
    struct step steps[ASSAY_TCB_LEVELS_MAX] = { 0 };
    uint32_t reached = info->level_count;
    for (uint32_t i = info->level_count; i-- > 0;) {
        steps[i] = (struct step){ info->levels[i].status, info->levels[i].date_unix_s };
        if (reaches_level(platform, &info->levels[i])) reached = i; /* the first stays */
    }
    const uint32_t aimed = choose_step(steps, info->level_count, reached, aim, &out->platform);
    if (aimed < info->level_count) add_level_gaps(platform, &info->levels[aimed], out);
}

/* --- QE and TDX module: levels of one number */
static void forecast_isv(const struct assay_isv_level *levels, uint32_t count, uint16_t have,
                         enum assay_svn_part part, enum assay_forecast_aim aim,
                         struct assay_tcb_aim *to, struct assay_forecast *out)
{
    struct step steps[ASSAY_TCB_LEVELS_MAX] = { 0 };
    uint32_t reached = count;
    ASSAY_ASSERT(count <= ASSAY_TCB_LEVELS_MAX);
    for (uint32_t i = count; i-- > 0;) {
        steps[i] = (struct step){ levels[i].status, levels[i].date_unix_s };
        if (have >= levels[i].isvsvn) reached = i;
    }
    const uint32_t aimed = choose_step(steps, count, reached, aim, to);
    if (aimed < count) add_gap(out, part, 0, have, levels[aimed].isvsvn);
}

static void forecast_module(const struct assay_tcb_info *info,
                            const struct assay_tcb_platform *platform, enum assay_forecast_aim aim,
                            struct assay_forecast *out)
{
    out->module_version = platform->tee_tcb_svn[1];
    if (!platform->is_tdx || out->module_version == 0) return;
    out->has_module = true;
    const struct assay_module_identity *const module = assay_tcb_module(info, out->module_version);
    if (module == NULL) {
        out->module_unknown = true;
        return;
    }
    const uint32_t before = out->gap_count;
    forecast_isv(module->levels, module->level_count, platform->tee_tcb_svn[0], ASSAY_SVN_MODULE,
                 aim, &out->module, out);
    if (out->gap_count > before)
        out->gaps[before].by_relaunch = platform->has_tee_tcb_svn2 &&
                                        platform->tee_tcb_svn2[1] == platform->tee_tcb_svn[1] &&
                                        platform->tee_tcb_svn2[0] >= out->gaps[before].need;
}

void assay_forecast_make(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                         const struct assay_tcb_platform *platform, enum assay_forecast_aim aim,
                         struct assay_forecast *out)
{
    /* The evaluation merges advisories into a verdict: here only its result is wanted. */
    struct assay_verdict unused;
    assay_bytes_zero(out, sizeof *out);
    assay_verdict_init(&unused, ASSAY_KIND_NONE, 0);
    assay_tcb_evaluate(info, qe, platform, &out->result, &unused);
    forecast_platform(info, platform, aim, out);
    forecast_module(info, platform, aim, out);
    forecast_isv(qe->levels, qe->level_count, platform->qe_isvsvn, ASSAY_SVN_QE, aim, &out->qe,
                 out);
}

/* --- what of a quote is compared */
static enum assay_status find_pck(const struct assay_quote *quote,
                                  const struct assay_package *package, struct assay_pck *pck)
{
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    size_t count = 0;
    const bool has_chain = quote->cert_data_type == ASSAY_CERT_TYPE_PCK_CHAIN;
    if (has_chain)
        ASSAY_TRY(assay_x509_pem_chain(quote->cert_data.bytes, quote->cert_data.len, chain,
                                       ASSAY_CHAIN_MAX, &count));
    for (size_t i = 0; !has_chain && i < package->certificate_count; i++) {
        size_t read = 0;
        if (count == ASSAY_CHAIN_MAX) break;
        ASSAY_TRY(assay_x509_certificates(package->certificates[i].bytes,
                                          package->certificates[i].len, chain + count,
                                          ASSAY_CHAIN_MAX - count, &read));
        count += read;
    }
    ASSAY_ASSERT(count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!chain[i].has_pck) continue;
        *pck = chain[i].pck;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_forecast_platform(enum assay_evidence_kind kind, const uint8_t *bytes,
                                          size_t len, struct assay_pck *pck,
                                          struct assay_tcb_platform *platform)
{
    struct assay_package package;
    struct assay_kind row;
    struct assay_quote quote;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    struct assay_slice main = package.main;
    if (kind == ASSAY_KIND_VTPM_TDX) {
        main = package.quote; /* the TD's, below the paravisor */
        ASSAY_TRY(assay_evidence_detect(main.bytes, main.len, &kind));
    }
    if (assay_kind_find(kind, &row) != ASSAY_OK || row.qe_vendor_id == NULL)
        return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_quote_parse(&row, main.bytes, main.len, &quote));
    ASSAY_TRY(find_pck(&quote, &package, pck));
    *platform = (struct assay_tcb_platform){
        .pck = pck,
        .qe_isvsvn = quote.qe_report.isvsvn,
        .is_tdx = row.is_tdx,
    };
    if (!row.is_tdx) return ASSAY_OK;
    platform->has_tee_tcb_svn2 = quote.body_type >= ASSAY_BODY_TD_15;
    assay_bytes_copy(platform->tee_tcb_svn, 16, quote.body.td.tee_tcb_svn, 16);
    assay_bytes_copy(platform->tee_tcb_svn2, 16, quote.body.td.tee_tcb_svn2, 16);
    return ASSAY_OK;
}
