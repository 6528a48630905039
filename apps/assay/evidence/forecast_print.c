/*
 * apps/assay/evidence/forecast_print.c - distances to TCB levels as text and as JSON.
 */
#include "apps/assay/evidence/forecast_print.h"

#include "base/rfc3339.h"

#include <stdio.h>

/* What the TCB info calls a component: "BIOS, Early Microcode Update"; version 3 documents may. */
struct component_name {
    const char *category;
    const char *type;
};

/* Documents name components in every level alike: the first level is asked. */
static struct component_name name_of(const struct assay_json *document,
                                     const struct assay_svn_gap *gap)
{
    const char *const list = gap->part == ASSAY_SVN_TDX ? "tdxtcbcomponents" : "sgxtcbcomponents";
    const struct assay_json *const info = assay_json_get(document, "tcbInfo");
    const struct assay_json *const level = assay_json_at(assay_json_get(info, "tcbLevels"), 0);
    const struct assay_json *const component = assay_json_at(
        assay_json_get(assay_json_get(level, "tcb"), list), (size_t)gap->component - 1);
    if (gap->component == 0) return (struct component_name){ NULL, NULL };
    return (struct component_name){ assay_json_text(component, "category", NULL),
                                    assay_json_text(component, "type", NULL) };
}

static const char *part_text(enum assay_svn_part part)
{
    switch (part) {
    case ASSAY_SVN_SGX: return "SGX component";
    case ASSAY_SVN_PCE: return "PCESVN";
    case ASSAY_SVN_TDX: return "TDX component";
    case ASSAY_SVN_MODULE: return "TDX module, minor version";
    case ASSAY_SVN_QE: return "quoting enclave, ISVSVN";
    }
    return "unknown";
}

static const char *part_name(enum assay_svn_part part)
{
    switch (part) {
    case ASSAY_SVN_SGX: return "sgx";
    case ASSAY_SVN_PCE: return "pcesvn";
    case ASSAY_SVN_TDX: return "tdx";
    case ASSAY_SVN_MODULE: return "module";
    case ASSAY_SVN_QE: return "qe";
    }
    return "unknown";
}

void cli_named_forecast_make(const struct cli_appraisal *a, enum assay_forecast_aim aim,
                             struct assay_named_forecast *out)
{
    struct assay_pck pck;
    struct assay_tcb_platform platform;
    *out = (struct assay_named_forecast){ .why_not = ASSAY_E_NOT_FOUND };
    if (a->malformed != ASSAY_OK || a->collateral == NULL || a->endorsements->count == 0) return;
    /* The contents of the documents do not depend on the root that they were verified under. */
    const struct assay_collateral *const c = &a->collateral[0];
    out->why_not = assay_forecast_platform(a->kind, a->bytes, a->len, &pck, &platform);
    if (out->why_not != ASSAY_OK) return;
    out->why_not = ASSAY_E_NOT_FOUND;
    if (!c->has[ASSAY_PART_TCB_INFO] || !c->has[ASSAY_PART_QE_IDENTITY]) return;
    /* Levels of another TEE do not apply to this platform. */
    if ((c->tcb_info.tee == ASSAY_TEE_TDX) != platform.is_tdx) return;
    assay_forecast_make(&c->tcb_info, &c->qe_identity, &platform, aim, &out->forecast);
    out->is_there = true;
    const struct assay_slice text = a->dir.files.part[ASSAY_PART_TCB_INFO];
    assay_status_ignore(assay_json_parse((const char *)text.bytes, text.len, &out->document),
                        "without names a component has its number");
}

void cli_named_forecast_close(struct assay_named_forecast *forecast)
{
    assay_json_free(&forecast->document);
}

/* --- text output */
static void print_aim(const char *what, const struct assay_tcb_aim *aim)
{
    char date[ASSAY_RFC3339_LEN + 1];
    if (aim->reached) {
        assay_rfc3339_format(aim->date_unix_s, date);
        (void)printf("  %-18s %s, level of %.10s", what, assay_tcb_status_text(aim->status), date);
    } else {
        (void)printf("  %-18s no level is reached", what);
    }
    assay_rfc3339_format(aim->better_date_unix_s, date);
    if (aim->has_better)
        (void)printf("; better: %s of %.10s", assay_tcb_status_text(aim->better_status), date);
    (void)printf("\n");
}

void cli_print_levels(const struct assay_named_forecast *forecast)
{
    const struct assay_forecast *const f = &forecast->forecast;
    print_aim("platform", &f->platform);
    print_aim("quoting enclave", &f->qe);
    if (f->module_unknown)
        (void)printf("  %-18s the TCB info has no module of version %u\n", "TDX module",
                     f->module_version);
    else if (f->has_module) print_aim("TDX module", &f->module);
    (void)printf("  %-18s %s\n", "together", assay_tcb_status_text(f->result.status));
    if (f->result.launch_status != f->result.current_status)
        (void)printf("  %-18s %s; now %s\n", "at the launch",
                     assay_tcb_status_text(f->result.launch_status),
                     assay_tcb_status_text(f->result.current_status));
}

void cli_print_gaps(const struct assay_named_forecast *forecast)
{
    const struct assay_forecast *const f = &forecast->forecast;
    for (uint32_t i = 0; i < f->gap_count; i++) {
        const struct assay_svn_gap *const gap = &f->gaps[i];
        const struct component_name name = name_of(forecast->document, gap);
        (void)printf("  %s", part_text(gap->part));
        if (gap->component != 0) (void)printf(" %u", gap->component);
        if (name.category != NULL || name.type != NULL)
            (void)printf(" (%s%s%s)", name.category != NULL ? name.category : "",
                         name.category != NULL && name.type != NULL ? ", " : "",
                         name.type != NULL ? name.type : "");
        (void)printf(": is %u, needs %u (short by %u)%s\n", gap->have, gap->need,
                     (unsigned)(gap->need - gap->have),
                     gap->by_relaunch ? "; there already, relaunch the TD" : "");
    }
    if (f->gap_count == 0) (void)printf("  no security version is short\n");
}

/* --- as JSON */
static struct assay_json *aim_json(const struct assay_tcb_aim *aim)
{
    char date[ASSAY_RFC3339_LEN + 1];
    struct assay_json *const out = assay_json_object();
    assay_rfc3339_format(aim->date_unix_s, date);
    const enum assay_tcb_status status = aim->reached ? aim->status : ASSAY_TCB_NOT_SUPPORTED;
    assay_json_set_text(out, "status", assay_tcb_status_text(status));
    if (aim->reached) assay_json_set_text(out, "date", date);
    else assay_json_set_null(out, "date");
    assay_rfc3339_format(aim->better_date_unix_s, date);
    if (aim->has_better) {
        assay_json_set_text(out, "better_status", assay_tcb_status_text(aim->better_status));
        assay_json_set_text(out, "better_date", date);
    } else {
        assay_json_set_null(out, "better_status");
        assay_json_set_null(out, "better_date");
    }
    return out;
}

static struct assay_json *gap_json(const struct assay_named_forecast *forecast,
                                   const struct assay_svn_gap *gap)
{
    struct assay_json *const out = assay_json_object();
    const struct component_name name = name_of(forecast->document, gap);
    assay_json_set_text(out, "part", part_name(gap->part));
    if (gap->component != 0) assay_json_set_uint(out, "component", gap->component);
    else assay_json_set_null(out, "component");
    if (name.category != NULL) assay_json_set_text(out, "category", name.category);
    if (name.type != NULL) assay_json_set_text(out, "type", name.type);
    assay_json_set_uint(out, "is", gap->have);
    assay_json_set_uint(out, "needs", gap->need);
    assay_json_set_uint(out, "short_by", (uint64_t)(gap->need - gap->have));
    assay_json_set_bool(out, "by_relaunch", gap->by_relaunch);
    return out;
}

struct assay_json *cli_forecast_json(const struct assay_named_forecast *forecast)
{
    const struct assay_forecast *const f = &forecast->forecast;
    struct assay_json *const out = assay_json_object();
    struct assay_json *const gaps = assay_json_array();
    assay_json_set_text(out, "tcb_status", assay_tcb_status_text(f->result.status));
    assay_json_set_text(out, "tcb_status_launch", assay_tcb_status_text(f->result.launch_status));
    assay_json_set_text(out, "tcb_status_current", assay_tcb_status_text(f->result.current_status));
    assay_json_set(out, "platform", aim_json(&f->platform));
    assay_json_set(out, "qe", aim_json(&f->qe));
    if (f->has_module) assay_json_set(out, "module", aim_json(&f->module));
    else assay_json_set_null(out, "module");
    for (uint32_t i = 0; i < f->gap_count; i++)
        assay_json_append(gaps, gap_json(forecast, &f->gaps[i]));
    assay_json_set(out, "gaps", gaps);
    return out;
}
