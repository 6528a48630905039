/*
 * apps/config/contexts.c - reader and writer of contexts.yaml.
 */
#include "apps/config/contexts.h"

#include "apps/config/yaml.h"
#include "base/file/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct yaml_context {
    char *name, *ca, *certificate, *key, *chain_id;
    char **endpoints;
    unsigned endpoints_count;
};
struct yaml_contexts {
    char *version, *current;
    struct yaml_context *contexts;
    unsigned contexts_count;
};

static const cyaml_schema_value_t endpoint_value = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char *, 1, ASSAY_CONTEXT_ENDPOINT_MAX) };
static const cyaml_schema_field_t context_fields[] = {
    ASSAY_CONFIG_FIELD("name", struct yaml_context, name),
    CYAML_FIELD_SEQUENCE("endpoints", CYAML_FLAG_POINTER, struct yaml_context, endpoints,
                         &endpoint_value, 1, ASSAY_CONTEXT_ENDPOINTS_MAX),
    ASSAY_CONFIG_FIELD("ca", struct yaml_context, ca),
    ASSAY_CONFIG_FIELD("certificate", struct yaml_context, certificate),
    ASSAY_CONFIG_FIELD("key", struct yaml_context, key),
    ASSAY_CONFIG_FIELD("chain_id", struct yaml_context, chain_id),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t context_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_context, context_fields) };
static const cyaml_schema_field_t contexts_fields[] = {
    ASSAY_CONFIG_FIELD("contexts_version", struct yaml_contexts, version),
    ASSAY_CONFIG_FIELD_OPTIONAL("current", struct yaml_contexts, current),
    CYAML_FIELD_SEQUENCE("contexts", CYAML_FLAG_POINTER, struct yaml_contexts, contexts,
                         &context_value, 0, ASSAY_CONTEXTS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t contexts_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_contexts, contexts_fields) };

enum assay_status assay_contexts_path(char path[static PATH_MAX])
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int len = -1;
    if (xdg != NULL && xdg[0] == '/') len = snprintf(path, PATH_MAX, "%s/assay/contexts.yaml", xdg);
    else if (home != NULL && home[0] == '/')
        len = snprintf(path, PATH_MAX, "%s/.config/assay/contexts.yaml", home);
    else return ASSAY_E_NOT_FOUND;
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

/* ------------------------------------------------------------ values */

bool assay_contexts_name_is_fit(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const size_t len = strlen(name);
    return len > 0 && len <= ASSAY_CONTEXT_NAME_MAX && strspn(name, letters) == len &&
           name[0] != '-' && strcmp(name, "local") != 0;
}

bool assay_contexts_endpoint_is_fit(const char *endpoint)
{
    static const char scheme[] = "https://";
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]";
    const size_t head = sizeof scheme - 1, len = strlen(endpoint);
    return len > head && len <= ASSAY_CONTEXT_ENDPOINT_MAX &&
           strncmp(endpoint, scheme, head) == 0 && strspn(endpoint + head, letters) == len - head;
}

static enum assay_status take_endpoints(const struct assay_config_file *file, unsigned at,
                                        const struct yaml_context *yaml,
                                        struct assay_network_context *out)
{
    char key[ASSAY_CONFIG_KEY_MAX];
    for (unsigned i = 0; i < yaml->endpoints_count; i++) {
        (void)snprintf(key, sizeof key, "contexts[%u].endpoints[%u]", at, i);
        if (!assay_contexts_endpoint_is_fit(yaml->endpoints[i]))
            return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                     "expected https://HOST:PORT, found \"%.80s\"",
                                     yaml->endpoints[i]);
        (void)snprintf(out->endpoints[i], sizeof out->endpoints[i], "%s", yaml->endpoints[i]);
    }
    out->endpoint_count = yaml->endpoints_count;
    return ASSAY_OK;
}

static enum assay_status take_context(const struct assay_config_file *file, unsigned at,
                                      const struct yaml_context *yaml, struct assay_contexts *out)
{
    struct assay_network_context *context = &out->list[at];
    char key[ASSAY_CONFIG_KEY_MAX];
    const struct {
        const char *key, *text;
        char *out; /* [PATH_MAX] */
    } files[] = { { "ca", yaml->ca, context->ca },
                  { "certificate", yaml->certificate, context->certificate },
                  { "key", yaml->key, context->key } };
    *context = (struct assay_network_context){ .name = "" };
    (void)snprintf(key, sizeof key, "contexts[%u].name", at);
    if (!assay_contexts_name_is_fit(yaml->name))
        return assay_config_fail(
            file, ASSAY_E_SYNTAX, key,
            "expected 1 to %d letters, digits, \"-\", \"_\" and \".\", and not "
            "local, found \"%.40s\"",
            ASSAY_CONTEXT_NAME_MAX, yaml->name);
    if (assay_contexts_find(out, yaml->name) != NULL)
        return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "the name is given twice: %s",
                                 yaml->name);
    (void)snprintf(context->name, sizeof context->name, "%s", yaml->name);
    ASSAY_TRY(take_endpoints(file, at, yaml, context));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(key, sizeof key, "contexts[%u].%s", at, files[i].key);
        ASSAY_TRY(assay_config_take_path(file, key, files[i].text, files[i].out));
    }
    (void)snprintf(key, sizeof key, "contexts[%u].chain_id", at);
    ASSAY_TRY(assay_config_take_hex(file, key, yaml->chain_id, context->chain_id, 32));
    out->count = at + 1;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ the file */

static enum assay_status take_all(const struct assay_config_file *file, struct assay_contexts *out)
{
    const struct yaml_contexts *yaml = file->data;
    ASSAY_TRY(assay_config_take_version(file, "contexts_version", yaml->version));
    for (unsigned i = 0; i < yaml->contexts_count; i++)
        ASSAY_TRY(take_context(file, i, &yaml->contexts[i], out));
    if (yaml->current == NULL || strcmp(yaml->current, "local") == 0) return ASSAY_OK;
    if (assay_contexts_find(out, yaml->current) == NULL)
        return assay_config_fail(file, ASSAY_E_NOT_FOUND, "current",
                                 "expected the name of a context, or local, found \"%.40s\"",
                                 yaml->current);
    (void)snprintf(out->current, sizeof out->current, "%s", yaml->current);
    return ASSAY_OK;
}

enum assay_status assay_contexts_load(const char *path, struct assay_contexts *out,
                                      char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path,
                                      .schema = &contexts_schema,
                                      .message = message };
    char fault[ASSAY_FILE_MESSAGE_LEN];
    struct stat info;
    *out = (struct assay_contexts){ .count = 0 };
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX, "%.400s: no such file", path);
        return ASSAY_E_NOT_FOUND;
    }
    if (assay_file_secret_fault(path, fault)) {
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX, "%s", fault);
        return ASSAY_E_INVALID;
    }
    out->list = calloc(ASSAY_CONTEXTS_MAX, sizeof *out->list);
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK) status = out->list != NULL ? take_all(&file, out) : ASSAY_E_MEMORY;
    assay_config_close(&file);
    return status;
}

void assay_contexts_free(struct assay_contexts *contexts)
{
    free(contexts->list);
    *contexts = (struct assay_contexts){ .count = 0 };
}

struct assay_network_context *assay_contexts_find(const struct assay_contexts *contexts,
                                                  const char *name)
{
    for (size_t i = 0; i < contexts->count; i++)
        if (strcmp(contexts->list[i].name, name) == 0) return &contexts->list[i];
    return NULL;
}

/* ------------------------------------------------------------ writing */

/* Between double quotes, where YAML reads a backslash and nothing else in another way. */
static bool is_quotable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '"' || *c == '\\') return false;
    return true;
}

static enum assay_status print_context(FILE *out, const struct assay_network_context *context,
                                       char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    const char *const paths[] = { context->ca, context->certificate, context->key };
    static const char *const keys[] = { "ca", "certificate", "key" };
    char hex[65];
    for (size_t i = 0; i < 3; i++) {
        if (is_quotable(paths[i])) continue;
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX,
                       "%s: expected a path without control characters, quotes and backslashes",
                       keys[i]);
        return ASSAY_E_INVALID;
    }
    (void)fprintf(out, "  - name: \"%s\"\n    endpoints:\n", context->name);
    for (size_t i = 0; i < context->endpoint_count; i++)
        (void)fprintf(out, "      - \"%s\"\n", context->endpoints[i]);
    for (size_t i = 0; i < 3; i++)
        (void)fprintf(out, "    %s: \"%s\"\n", keys[i], paths[i]);
    assay_hex_encode(context->chain_id, 32, hex, sizeof hex);
    (void)fprintf(out, "    chain_id: \"%s\"\n", hex);
    return ASSAY_OK;
}

static enum assay_status print_all(FILE *out, const struct assay_contexts *contexts,
                                   char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    (void)fprintf(out, "# Networks that assay reaches over HTTPS: assay context --help\n"
                       "contexts_version: 1\n");
    if (contexts->current[0] != '\0') (void)fprintf(out, "current: \"%s\"\n", contexts->current);
    (void)fprintf(out, contexts->count > 0 ? "contexts:\n" : "contexts: []\n");
    for (size_t i = 0; i < contexts->count; i++)
        ASSAY_TRY(print_context(out, &contexts->list[i], message));
    return ASSAY_OK;
}

/* Each folder on the way to the file. */
static enum assay_status make_folders(const char *path)
{
    char folder[PATH_MAX];
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(at - path), path);
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) return ASSAY_E_IO;
    }
    return ASSAY_OK;
}

enum assay_status assay_contexts_save(const char *path, const struct assay_contexts *contexts,
                                      char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) return ASSAY_E_MEMORY;
    (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX, "%.400s: could not be written", path);
    enum assay_status status = print_all(out, contexts, message);
    if (fclose(out) != 0 && status == ASSAY_OK) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = make_folders(path);
    if (status == ASSAY_OK)
        status = assay_file_replace(path, ASSAY_FILE_SECRET,
                                    assay_slice_over((const uint8_t *)text, len));
    free(text);
    return status;
}
