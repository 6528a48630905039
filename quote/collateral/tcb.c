/*
 * quote/collateral/tcb.c - TCB level of a platform and its meaning (docs/evidence-rules.md 2.9 to
 * 2.13, after Intel's QVL).
 *
 * The first level that is reached counts, in the order of assay_tcb_sort for platform and TDX
 * module, in that of the file for the quoting enclave, as Intel does. Every level has all 16
 * components, by construction of the parser, so nothing can be cut short (evidence-rules.md 2.7).
 */
#include "quote/collateral/tcb.h"

#include "base/assert.h"
#include "quote/text.h"

enum assay_status assay_advisory_intern(struct assay_advisory_table *table, const char *id,
                                        size_t len, uint32_t *index)
{
    if (len == 0 || len >= ASSAY_ADVISORY_TEXT) return ASSAY_E_RANGE;
    for (size_t i = 0; i < len; i++)
        if (id[i] < 0x21 || id[i] > 0x7e) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < table->count; i++) {
        if (assay_text_len(table->ids[i], ASSAY_ADVISORY_TEXT) != len) continue;
        if (!assay_bytes_equal(table->ids[i], id, len)) continue;
        *index = i;
        return ASSAY_OK;
    }
    if (table->count == ASSAY_ADVISORY_TABLE_MAX) return ASSAY_E_FULL;
    assay_bytes_copy(table->ids[table->count], ASSAY_ADVISORY_TEXT, id, len);
    table->ids[table->count][len] = '\0';
    *index = table->count;
    table->count += 1;
    ASSAY_ASSERT(table->count <= ASSAY_ADVISORY_TABLE_MAX);
    return ASSAY_OK;
}

const struct assay_module_identity *assay_tcb_module(const struct assay_tcb_info *info,
                                                     uint8_t version)
{
    ASSAY_ASSERT(info->module_count <= ASSAY_MODULES_MAX);
    if (version == 0) return info->has_default_module ? &info->default_module : NULL;
    for (uint32_t i = 0; i < info->module_count; i++)
        if (info->modules[i].version == version) return &info->modules[i];
    return NULL;
}

/* --- order */
static bool is_above(const struct assay_tcb_level *a, const struct assay_tcb_level *b)
{
    const int sgx = assay_bytes_compare(a->sgx, b->sgx, sizeof a->sgx);
    if (sgx != 0) return sgx > 0;
    if (a->pcesvn != b->pcesvn) return a->pcesvn > b->pcesvn;
    return assay_bytes_compare(a->tdx, b->tdx, sizeof a->tdx) > 0; /* zeros in SGX documents */
}

/* Insertion keeps equal ones in their order, and costs one comparison each in a sorted document. */
static void sort_module(struct assay_module_identity *module)
{
    ASSAY_ASSERT(module->level_count <= ASSAY_MODULE_LEVELS_MAX);
    for (uint32_t i = 1; i < module->level_count; i++) {
        const struct assay_isv_level level = module->levels[i];
        uint32_t at = i;
        for (; at > 0 && level.isvsvn > module->levels[at - 1].isvsvn; at--)
            module->levels[at] = module->levels[at - 1];
        module->levels[at] = level;
    }
}

void assay_tcb_sort(struct assay_tcb_info *info)
{
    ASSAY_ASSERT(info->level_count <= ASSAY_TCB_LEVELS_MAX);
    for (uint32_t i = 1; i < info->level_count; i++) {
        const struct assay_tcb_level level = info->levels[i];
        uint32_t at = i;
        for (; at > 0 && is_above(&level, &info->levels[at - 1]); at--)
            info->levels[at] = info->levels[at - 1];
        info->levels[at] = level;
    }
    for (uint32_t i = 0; i < info->module_count; i++)
        sort_module(&info->modules[i]);
}

/* --- reaching a level */
static bool all_at_least(const uint8_t *have, const uint8_t *need, size_t from)
{
    for (size_t i = from; i < ASSAY_TCB_COMPONENTS; i++)
        if (have[i] < need[i]) return false;
    return true;
}

/* One evaluation: of the module at the launch, or of the module now. */
struct subject {
    const struct assay_tcb_platform *platform;
    const uint8_t *tee_tcb_svn; /* 16 bytes; NULL for SGX */
};

static bool reaches_level(const struct subject *s, const struct assay_tcb_level *level)
{
    ASSAY_ASSERT(s->platform != NULL && s->platform->pck != NULL);
    if (!all_at_least(s->platform->pck->components, level->sgx, 0)) return false;
    if (s->platform->pck->pcesvn < level->pcesvn) return false;
    if (s->tee_tcb_svn == NULL) return true;
    /*
     * evidence-rules.md 2.11: with a module version above 0 the first two belong to the module
     * identity.
     */
    return all_at_least(s->tee_tcb_svn, level->tdx, s->tee_tcb_svn[1] > 0 ? 2 : 0);
}

static bool is_current(enum assay_tcb_status status)
{
    switch (status) {
    case ASSAY_TCB_UP_TO_DATE:
    case ASSAY_TCB_SW_HARDENING_NEEDED:
    case ASSAY_TCB_CONFIGURATION_NEEDED:
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED: return true;
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
    case ASSAY_TCB_REVOKED:
    case ASSAY_TCB_NOT_SUPPORTED: return false;
    }
    ASSAY_UNREACHABLE("a TCB status");
}

enum assay_tcb_status assay_tcb_converge(enum assay_tcb_status platform,
                                         enum assay_tcb_status other)
{
    if (platform == ASSAY_TCB_REVOKED || other == ASSAY_TCB_REVOKED) return ASSAY_TCB_REVOKED;
    if (platform == ASSAY_TCB_NOT_SUPPORTED || other == ASSAY_TCB_NOT_SUPPORTED)
        return ASSAY_TCB_NOT_SUPPORTED;
    if (other != ASSAY_TCB_OUT_OF_DATE) return platform;
    switch (platform) {
    case ASSAY_TCB_UP_TO_DATE:
    case ASSAY_TCB_SW_HARDENING_NEEDED: return ASSAY_TCB_OUT_OF_DATE;
    case ASSAY_TCB_CONFIGURATION_NEEDED:
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        return ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
    case ASSAY_TCB_REVOKED:
    case ASSAY_TCB_NOT_SUPPORTED: return platform;
    }
    ASSAY_UNREACHABLE("a TCB status");
}

/* Advisories of a verdict: of the launch, or of now. */
struct union_ {
    uint32_t *count;
    char (*ids)[ASSAY_ADVISORY_TEXT];
};

/* Sorted union; more than its capacity is cut, and nothing genuine comes near it. */
static void merge_advisory(const struct union_ *u, const char *id)
{
    uint32_t at = 0;
    while (at < *u->count) {
        const int order = assay_text_compare(u->ids[at], id, ASSAY_ADVISORY_TEXT);
        if (order == 0) return;
        if (order > 0) break;
        at += 1;
    }
    if (*u->count == ASSAY_ADVISORIES_MAX) return;
    for (uint32_t i = *u->count; i > at; i--)
        assay_bytes_copy(u->ids[i], ASSAY_ADVISORY_TEXT, u->ids[i - 1], ASSAY_ADVISORY_TEXT);
    assay_bytes_zero(u->ids[at], ASSAY_ADVISORY_TEXT);
    assay_text_copy(u->ids[at], ASSAY_ADVISORY_TEXT, id);
    *u->count += 1;
    ASSAY_ASSERT(*u->count <= ASSAY_ADVISORIES_MAX);
}

static void merge_set(const struct union_ *u, const struct assay_advisory_table *table,
                      const struct assay_advisory_set *set)
{
    ASSAY_ASSERT(table->count <= ASSAY_ADVISORY_TABLE_MAX);
    for (uint32_t i = 0; i < table->count; i++)
        if ((set->bits[i / 64] >> (i % 64) & 1) != 0) merge_advisory(u, table->ids[i]);
}

static void take_date(struct assay_tcb_result *result, int64_t date_unix_s)
{
    if (!result->has_date || date_unix_s < result->date_unix_s) result->date_unix_s = date_unix_s;
    result->has_date = true;
}

static void take_superseded(struct assay_tcb_result *result, int64_t date_unix_s)
{
    if (!result->has_superseded || date_unix_s < result->superseded_unix_s)
        result->superseded_unix_s = date_unix_s;
    result->has_superseded = true;
}

static const struct assay_tcb_level *evaluate_platform(const struct assay_tcb_info *info,
                                                       const struct subject *subject,
                                                       struct assay_tcb_result *result)
{
    ASSAY_ASSERT(info->level_count <= ASSAY_TCB_LEVELS_MAX);
    for (uint32_t i = 0; i < info->level_count; i++) {
        const struct assay_tcb_level *const level = &info->levels[i];
        if (!reaches_level(subject, level)) continue;
        result->platform_status = level->status;
        take_date(result, level->date_unix_s);
        if (is_current(level->status)) return level;
        for (uint32_t better = 0; better < i; better++)
            if (is_current(info->levels[better].status) &&
                info->levels[better].date_unix_s > level->date_unix_s)
                take_superseded(result, info->levels[better].date_unix_s);
        return level;
    }
    return NULL;
}

/* First level whose ISVSVN is reached: QE and TDX module alike. */
static const struct assay_isv_level *evaluate_isv(const struct assay_isv_level *levels,
                                                  uint32_t count, uint16_t isvsvn,
                                                  struct assay_tcb_result *result)
{
    ASSAY_ASSERT(count <= ASSAY_TCB_LEVELS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (isvsvn < levels[i].isvsvn) continue;
        take_date(result, levels[i].date_unix_s);
        if (!is_current(levels[i].status))
            for (uint32_t better = 0; better < i; better++)
                if (is_current(levels[better].status))
                    take_superseded(result, levels[better].date_unix_s);
        return &levels[i];
    }
    return NULL;
}

static void not_supported(struct assay_tcb_result *result, const char *missing)
{
    ASSAY_ASSERT(missing != NULL);
    result->status = ASSAY_TCB_NOT_SUPPORTED;
    result->missing = missing;
    result->has_date = false;
    result->date_unix_s = 0;
}

/*
 * Module identity, for module versions above 0 (evidence-rules.md 2.10).
 * Returns: false when it has no level.
 */
static bool evaluate_module(const struct assay_tcb_info *info, const struct subject *subject,
                            struct assay_tcb_result *result, const struct assay_isv_level **level)
{
    if (subject->tee_tcb_svn == NULL || subject->tee_tcb_svn[1] == 0) return true;
    const struct assay_module_identity *const module =
        assay_tcb_module(info, subject->tee_tcb_svn[1]);
    if (module == NULL) return false;
    *level = evaluate_isv(module->levels, module->level_count, subject->tee_tcb_svn[0], result);
    if (*level == NULL) return false;
    result->module_status = (*level)->status;
    return true;
}

/* The levels that one evaluation found. */
struct found {
    const struct assay_tcb_level *platform;
    const struct assay_isv_level *module; /* NULL: none is needed */
    const struct assay_isv_level *qe;
};

static void merge_found(const struct union_ *u, const struct assay_tcb_info *info,
                        const struct assay_qe_identity *qe, const struct found *found)
{
    ASSAY_ASSERT(found->platform != NULL && found->qe != NULL);
    merge_set(u, &info->advisories, &found->platform->advisories);
    if (found->module != NULL) merge_set(u, &info->advisories, &found->module->advisories);
    merge_set(u, &qe->advisories, &found->qe->advisories);
}

static void evaluate_tcb(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                         const struct subject *subject, struct assay_tcb_result *result,
                         struct found *found)
{
    *result = (struct assay_tcb_result){ 0 };
    *found = (struct found){ NULL, NULL, NULL };
    found->platform = evaluate_platform(info, subject, result);
    if (found->platform == NULL) {
        not_supported(result, "platform");
        return;
    }
    if (!evaluate_module(info, subject, result, &found->module)) {
        not_supported(result, "TDX module");
        return;
    }
    found->qe = evaluate_isv(qe->levels, qe->level_count, subject->platform->qe_isvsvn, result);
    if (found->qe == NULL) {
        not_supported(result, "quoting enclave");
        return;
    }
    result->qe_status = found->qe->status;

    /*
     * The platform level is converged with, never replaced by, module and QE (evidence-rules.md
     * 2.12).
     */
    result->status = found->platform->status;
    if (found->module != NULL)
        result->status = assay_tcb_converge(result->status, found->module->status);
    result->status = assay_tcb_converge(result->status, found->qe->status);
}

static bool needs_configuration(enum assay_tcb_status status)
{
    return status == ASSAY_TCB_CONFIGURATION_NEEDED ||
           status == ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
           status == ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
}

/*
 * A TD that was launched under an old module and runs under a good one keeps what the old one made
 * of it, its measurements first of all: relaunch it (Intel's QVL, TDRelaunchCheck).
 */
enum assay_tcb_status assay_tcb_relaunch(enum assay_tcb_status launch,
                                         enum assay_tcb_status current)
{
    if (launch != ASSAY_TCB_OUT_OF_DATE && launch != ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED)
        return launch;
    if (!is_current(current)) return launch;
    return needs_configuration(launch) || needs_configuration(current)
               ? ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
               : ASSAY_TCB_TD_RELAUNCH_ADVISED;
}

/* QVL: the second evaluation must find its levels, too. Its date and advisories stand apart. */
static void evaluate_current(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                             const struct assay_tcb_platform *platform,
                             struct assay_tcb_result *result, const struct union_ *advisories)
{
    ASSAY_ASSERT(platform->is_tdx && platform->has_tee_tcb_svn2);
    const struct subject now = { platform, platform->tee_tcb_svn2 };
    struct assay_tcb_result current;
    struct found found;
    evaluate_tcb(info, qe, &now, &current, &found);
    result->current_status = current.status;
    if (current.status == ASSAY_TCB_NOT_SUPPORTED) {
        not_supported(result, current.missing);
        return;
    }
    result->has_now = true;
    result->has_date_now = current.has_date;
    result->date_now_unix_s = current.date_unix_s;
    result->status = assay_tcb_relaunch(result->status, current.status);
    merge_found(advisories, info, qe, &found);
}

void assay_tcb_evaluate(const struct assay_tcb_info *info, const struct assay_qe_identity *qe,
                        const struct assay_tcb_platform *platform, struct assay_tcb_result *result,
                        struct assay_verdict *verdict)
{
    ASSAY_ASSERT(info != NULL && qe != NULL && platform != NULL);
    const struct subject launch = { platform, platform->is_tdx ? platform->tee_tcb_svn : NULL };
    struct found found;
    evaluate_tcb(info, qe, &launch, result, &found);
    result->launch_status = result->status;
    result->current_status = result->status;
    if (result->status == ASSAY_TCB_NOT_SUPPORTED) return;
    const struct union_ launched = { &verdict->advisory_count, verdict->advisories };
    const struct union_ now = { &verdict->advisory_now_count, verdict->advisories_now };
    if (platform->is_tdx && platform->has_tee_tcb_svn2)
        evaluate_current(info, qe, platform, result, &now);
    if (result->status == ASSAY_TCB_NOT_SUPPORTED) return;
    merge_found(&launched, info, qe, &found);
}
