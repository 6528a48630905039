/*
 * apps/config/collateral.c - section collateral of assayd.yaml. Without the section no vendor is
 * contacted: fetching is an explicit choice of the operator.
 */
#include "apps/config/collateral.h"

#include "net/fetch/fetcher.h"

#include <stdio.h>
#include <string.h>

static const cyaml_schema_field_t list_fields[] = {
    ASSAY_CONFIG_FIELD("root", struct assay_yaml_list, root),
    ASSAY_CONFIG_FIELD("url", struct assay_yaml_list, url), CYAML_FIELD_END
};
static const cyaml_schema_value_t list_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_list, list_fields) };
static const cyaml_schema_field_t fetch_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("intel", struct assay_yaml_fetch, intel),
    ASSAY_CONFIG_FIELD_OPTIONAL("amd", struct assay_yaml_fetch, amd),
    ASSAY_CONFIG_FIELD_OPTIONAL("early", struct assay_yaml_fetch, early),
    ASSAY_CONFIG_FIELD_OPTIONAL("ca_file", struct assay_yaml_fetch, ca_file),
    CYAML_FIELD_SEQUENCE("lists", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct assay_yaml_fetch,
                         lists, &list_value, 0, ASSAY_ROUND_LISTS_MAX),
    CYAML_FIELD_END
};
const cyaml_schema_field_t assay_config_collateral_fields[] = {
    CYAML_FIELD_MAPPING("fetch", CYAML_FLAG_OPTIONAL, struct assay_yaml_collateral, fetch,
                        fetch_fields),
    ASSAY_CONFIG_FIELD_OPTIONAL("every_s", struct assay_yaml_collateral, every_s), CYAML_FIELD_END
};

static enum assay_status take_source(const struct assay_config_file *file, const char *key,
                                     const char *text, struct assay_round_source *out)
{
    out->mode = ASSAY_ROUND_OFF;
    if (text == NULL || strcmp(text, "off") == 0) return ASSAY_OK;
    out->mode = ASSAY_ROUND_VENDOR;
    if (strcmp(text, "vendor") == 0) return ASSAY_OK;
    out->mode = ASSAY_ROUND_URL;
    return assay_config_take_url(file, key, text, out->url, sizeof out->url);
}

static enum assay_status take_early(const struct assay_config_file *file, const char *text,
                                    bool *out)
{
    *out = text != NULL && strcmp(text, "true") == 0;
    if (text == NULL || *out || strcmp(text, "false") == 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_SYNTAX, "collateral.fetch.early",
                             "expected true or false, found \"%.40s\"", text);
}

static enum assay_status take_list(const struct assay_config_file *file,
                                   const struct assay_yaml_list *yaml, unsigned index,
                                   struct assay_round_list *out)
{
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "collateral.fetch.lists[%u].root", index);
    ASSAY_TRY(assay_config_take_hex(file, key, yaml->root, out->root, sizeof out->root));
    (void)snprintf(key, sizeof key, "collateral.fetch.lists[%u].url", index);
    return assay_config_take_url(file, key, yaml->url, out->url, sizeof out->url);
}

enum assay_status assay_config_take_collateral(const struct assay_config_file *file,
                                               const struct assay_yaml_collateral *yaml,
                                               struct assay_config_collateral *out)
{
    const struct assay_yaml_fetch *const fetch = &yaml->fetch;
    *out = (struct assay_config_collateral){ .every_s = ASSAY_FETCHER_EVERY_S_USUAL };
    ASSAY_TRY(take_source(file, "collateral.fetch.intel", fetch->intel, &out->intel));
    ASSAY_TRY(take_source(file, "collateral.fetch.amd", fetch->amd, &out->amd));
    ASSAY_TRY(take_early(file, fetch->early, &out->early));
    for (unsigned i = 0; i < fetch->lists_count; i++)
        ASSAY_TRY(take_list(file, &fetch->lists[i], i, &out->lists[i]));
    out->list_count = fetch->lists_count;
    if (fetch->ca_file != NULL)
        ASSAY_TRY(assay_config_take_path(file, "collateral.fetch.ca_file", fetch->ca_file,
                                         out->ca_file));
    if (yaml->every_s == NULL) return ASSAY_OK;
    return assay_config_take_number(file, "collateral.every_s", yaml->every_s,
                                    ASSAY_FETCHER_EVERY_S_MIN, ASSAY_FETCHER_EVERY_S_MAX,
                                    &out->every_s);
}

bool assay_config_fetches(const struct assay_config_collateral *collateral)
{
    return collateral->intel.mode != ASSAY_ROUND_OFF || collateral->amd.mode != ASSAY_ROUND_OFF ||
           collateral->list_count > 0;
}
