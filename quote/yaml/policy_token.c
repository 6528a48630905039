/*
 * quote/yaml/policy_token.c - section `token_issuers` of a policy file: whose tokens are accepted.
 */
#include "quote/yaml/policy_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

static enum assay_status fail_at(const struct assay_yaml *file, unsigned index, const char *member,
                                 const char *what)
{
    char key[ASSAY_YAML_KEY_MAX];
    (void)snprintf(key, sizeof key, "token_issuers[%u].%s", index, member);
    return assay_yaml_fail(file, ASSAY_E_INVALID, key, "%s", what);
}

/* The schema bounds the text: 255 characters and its NUL. */
static void copy_text(char out[static ASSAY_TOKEN_ISSUER_TEXT], const char *text)
{
    if (text == NULL) return;
    ASSAY_ASSERT(strlen(text) < ASSAY_TOKEN_ISSUER_TEXT);
    assay_bytes_copy(out, ASSAY_TOKEN_ISSUER_TEXT, text, strlen(text) + 1);
}

static enum assay_status take_issuer(const struct assay_yaml *file,
                                     const struct yaml_token_issuer *yaml, unsigned index,
                                     struct assay_token_issuer *out)
{
    *out = (struct assay_token_issuer){ 0 };
    if (assay_token_service_parse(yaml->service, &out->service) != ASSAY_OK)
        return fail_at(file, index, "service", "expected azure, google, intel or nvidia");
    if (yaml->keys == NULL && yaml->root == NULL)
        return fail_at(file, index, "keys",
                       "expected keys (a file with the issuer's JSON web key set), root (a file "
                       "with a certificate), or both");
    if (yaml->age_max_s != NULL && !assay_yaml_number(yaml->age_max_s, &out->age_max_s))
        return fail_at(file, index, "age_max_s", "expected a whole number of seconds");
    out->has_age = yaml->age_max_s != NULL;
    copy_text(out->issuer, yaml->issuer);
    copy_text(out->audience, yaml->audience);
    copy_text(out->keys, yaml->keys);
    copy_text(out->root, yaml->root);
    return ASSAY_OK;
}

enum assay_status assay_yaml_take_issuers(const struct assay_yaml *file,
                                          struct assay_token_issuers *out)
{
    const struct yaml_policy *const yaml = file->data;
    ASSAY_ASSERT(yaml->token_issuers_count <= ASSAY_TOKEN_ISSUERS_MAX);
    out->count = yaml->token_issuers_count;
    for (unsigned i = 0; i < yaml->token_issuers_count; i++)
        ASSAY_TRY(take_issuer(file, &yaml->token_issuers[i], i, &out->entries[i]));
    return ASSAY_OK;
}
