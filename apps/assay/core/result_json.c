/*
 * apps/assay/core/result_json.c - JSON result of verbs that create something.
 */
#include "apps/assay/core/result_json.h"

#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "quote/accept/policy.h"

struct assay_json *cli_result_json(const char *verb, const char *const *files)
{
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    assay_json_set_text(data, "verb", verb);
    for (size_t i = 0; files[i] != NULL; i++)
        assay_json_append_text(list, files[i]);
    assay_json_set(data, "files", list);
    return data;
}

int cli_result_print(struct assay_json *data, const char *view)
{
    return cli_view_result(cli_json_mode_is_on(), "assay.made", data, view);
}

int cli_result_json_print(struct assay_json *data)
{
    return cli_print_envelope("assay.made", data);
}

struct assay_json *cli_identity_plan_json(const struct assay_registry_plan *plan)
{
    struct assay_json *const object = assay_json_object();
    struct assay_json *const names = assay_json_array();
    assay_json_set_text(object, "trust_domain", plan->identity.trust_domain);
    assay_json_set_text(object, "issuer", plan->identity.issuer);
    assay_json_set_uint(object, "validity", plan->identity.validity_s);
    assay_json_set_uint(object, "refresh", plan->identity.refresh);
    assay_json_set_text(object, "rollover", plan->identity.replaces_lost_key ? "auto" : "manual");
    assay_json_set_uint(object, "rollover_epochs", plan->identity.rollover);
    assay_json_set_uint(object, "next_epochs", plan->identity.next_epochs);
    assay_json_set_uint(object, "old_epochs", plan->identity.old_epochs);
    assay_json_set_uint(object, "replace", plan->identity.replaced);
    assay_json_set_uint(object, "retire", plan->identity.retired);
    assay_json_set_bool(object, "insecure", plan->identity.insecure);
    for (uint32_t i = 0; i < plan->identity.grant_count; i++) {
        const struct assay_plan_grant *grant = &plan->identity.grant[i];
        struct assay_json *const one = assay_json_append_object(names);
        assay_json_set_text(one, "name", grant->name);
        assay_json_set_text(one, "min_standing", grant->needs_full ? "full" : "warning");
        struct assay_json *const references = assay_json_set_array(one, "references");
        for (uint32_t k = 0; k < grant->reference_count; k++) {
            const struct assay_plan_reference *from = &grant->reference[k];
            struct assay_json *const reference = assay_json_append_object(references);
            const enum assay_reference_field field = (enum assay_reference_field)from->field;
            assay_json_set_text(reference, "field", assay_reference_field_name(field));
            assay_json_set_hex(reference, "value", from->value, from->value_len);
        }
    }
    assay_json_set(object, "names", names);
    return object;
}
