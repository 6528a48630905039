/*
 * apps/assay/evidence/forecast_print.c - distances to TCB levels as text and as JSON.
 */
#include "apps/assay/evidence/forecast_print.h"

#include "apps/assay/core/view.h"

#include <stdio.h>

/* What the TCB info calls a component: "BIOS, Early Microcode Update"; version 3 documents may. */
struct component_name {
    const char *category;
    const char *type;
};

/* Returns: NULL also of an empty text. */
static const char *find_text(const struct assay_json *component, const char *key)
{
    const char *const text = assay_json_text(component, key, NULL);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

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
    return (struct component_name){ find_text(component, "category"),
                                    find_text(component, "type") };
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

/* --- as JSON */
static void set_aim(struct assay_json *data, const char *name, const struct assay_tcb_aim *aim)
{
    struct assay_json *const out = assay_json_set_object(data, name);
    const enum assay_tcb_status status = aim->reached ? aim->status : ASSAY_TCB_NOT_SUPPORTED;
    assay_json_set_text(out, "status", assay_tcb_status_text(status));
    if (aim->reached) assay_json_set_time(out, "date", aim->date_unix_s);
    else assay_json_set_null(out, "date");
    assay_json_set_text(out, "better_status",
                        aim->has_better ? assay_tcb_status_text(aim->better_status) : NULL);
    if (aim->has_better) assay_json_set_time(out, "better_date", aim->better_date_unix_s);
    else assay_json_set_null(out, "better_date");
}

static void append_gap(struct assay_json *list, const struct assay_named_forecast *forecast,
                       const struct assay_svn_gap *gap)
{
    struct assay_json *const out = assay_json_append_object(list);
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
}

struct assay_json *cli_forecast_json(const struct assay_named_forecast *forecast)
{
    const struct assay_forecast *const f = &forecast->forecast;
    struct assay_json *const out = assay_json_object();
    assay_json_set_text(out, "tcb_status", assay_tcb_status_text(f->result.status));
    assay_json_set_text(out, "tcb_status_launch", assay_tcb_status_text(f->result.launch_status));
    assay_json_set_text(out, "tcb_status_current", assay_tcb_status_text(f->result.current_status));
    set_aim(out, "platform", &f->platform);
    set_aim(out, "qe", &f->qe);
    if (f->has_module) set_aim(out, "module", &f->module);
    else assay_json_set_null(out, "module");
    if (f->module_unknown) assay_json_set_uint(out, "module_unknown", f->module_version);
    struct assay_json *const gaps = assay_json_set_array(out, "gaps");
    for (uint32_t i = 0; i < f->gap_count; i++)
        append_gap(gaps, forecast, &f->gaps[i]);
    return out;
}

/* --- as text */
#define AIM(label, name)                                                                           \
    "  " label "[?" name ".date {" name ".status}, level of {" name ".date,.10}"                   \
    "|no level is reached][?" name ".better_date ; better: {" name ".better_status} of {" name     \
    ".better_date,.10}]\n"

const char cli_levels_view[] = AIM("platform           ", "platform")
    AIM("quoting enclave    ",
        "qe") "[?module_unknown!=   TDX module         the TCB info has no module of version "
              "{module_unknown}\n"
              "|[?module " AIM("TDX module         ",
                               "module") "]]"
                                         "  together           {tcb_status}\n"
                                         "[?tcb_status_launch!=@tcb_status_current   at the launch "
                                         "     {tcb_status_launch}; now "
                                         "{tcb_status_current}\n]";

const char cli_gaps_view[] =
    "[*gaps   [?part=sgx SGX component|[?part=pcesvn PCESVN|[?part=tdx TDX component"
    "|[?part=module TDX module, minor version|quoting enclave, ISVSVN]]]][?component  {component}]"
    "[?category+type  ({category|}[?category&type , ]{type|})]: is {is}, needs {needs} (short by "
    "{short_by})[?by_relaunch ; there already, relaunch the TD]\n"
    "|  no security version is short\n]";

void cli_print_forecast(const struct assay_named_forecast *forecast, const char *view)
{
    struct assay_json *data = cli_forecast_json(forecast);
    cli_view_print(view, data, stdout);
    assay_json_free(&data);
}
