/*
 * apps/config/http.c - listen address and access control of HTTP.
 */
#include "apps/config/http.h"

#include "net/http/http.h"

#include <stdio.h>
#include <string.h>

static const cyaml_schema_field_t role_fields[] = {
    ASSAY_CONFIG_FIELD("certificate", struct assay_yaml_role, certificate),
    ASSAY_CONFIG_FIELD("role", struct assay_yaml_role, role), CYAML_FIELD_END
};
static const cyaml_schema_value_t role_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_role, role_fields) };

const cyaml_schema_field_t assay_config_http_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("certificate", struct assay_yaml_http, certificate),
    ASSAY_CONFIG_FIELD_OPTIONAL("key", struct assay_yaml_http, key),
    ASSAY_CONFIG_FIELD_OPTIONAL("clients", struct assay_yaml_http, clients),
    ASSAY_CONFIG_FIELD_OPTIONAL("local_role", struct assay_yaml_http, local_role),
    CYAML_FIELD_SEQUENCE("roles", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct assay_yaml_http,
                         roles, &role_value, 0, ASSAY_HTTP_ROLES_MAX),
    CYAML_FIELD_END
};

/* HOST:PORT, or a path: a path with a colon and digits at its end is written with a slash. */
static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    return strchr(text, '/') == NULL && colon != NULL && colon[1] != '\0' &&
           strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

void assay_config_next_to_admin(const char *admin, const char end[static 6],
                                char out[static PATH_MAX])
{
    static const char sock[] = ".sock";
    const size_t len = strlen(admin), tail = sizeof sock - 1;
    const bool has = len > tail && strcmp(admin + len - tail, sock) == 0;
    const size_t stem = has || len + tail > ASSAY_CONFIG_SOCKET_MAX ? len - tail : len;
    assay_bytes_copy(out, PATH_MAX, admin, stem);
    assay_bytes_copy(out + stem, sizeof sock, end, sizeof sock);
}

static enum assay_status take_listen(const struct assay_config_file *file, const char *listen,
                                     struct assay_config *config)
{
    if (listen == NULL)
        assay_config_next_to_admin(config->admin, ".http", config->http.socket_path);
    if (listen == NULL || strcmp(listen, "off") == 0) return ASSAY_OK;
    if (is_address(listen))
        return assay_config_take_address(file, "listen.http", listen, config->http.address);
    ASSAY_TRY(assay_config_take_socket(file, "listen.http", listen, config->http.socket_path));
    if (strcmp(config->http.socket_path, config->admin) != 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_DUPLICATE, "listen.http",
                             "listen.admin has the same path");
}

/* Roles are of certificates: without mutual TLS there are none to compare. */
static enum assay_status take_roles(const struct assay_config_file *file,
                                    const struct assay_yaml_http *yaml,
                                    struct assay_config_http *http)
{
    char key[ASSAY_CONFIG_KEY_MAX], words[ASSAY_HTTP_WORDS_MAX];
    ASSAY_ASSERT(yaml->roles_count <= ASSAY_HTTP_ROLES_MAX);
    if (yaml->roles_count > 0 && http->clients[0] == '\0')
        return assay_config_fail(file, ASSAY_E_INVALID, "http.roles",
                                 "roles are of client certificates: expected http.certificate, "
                                 "http.key and http.clients as well");
    for (unsigned i = 0; i < yaml->roles_count; i++) {
        struct assay_http_role_rule *rule = &http->roles[i];
        const struct assay_yaml_role *given = &yaml->roles[i];
        const enum assay_status status =
            assay_http_role_parse(given->certificate, given->role, rule, words);
        (void)snprintf(key, sizeof key, "http.roles[%u]", i);
        if (status != ASSAY_OK) return assay_config_fail(file, status, key, "%s", words);
        for (unsigned k = 0; k < i; k++)
            if (assay_http_role_is_same(&http->roles[k], rule))
                return assay_config_fail(file, ASSAY_E_DUPLICATE, key,
                                         "http.roles[%u] is about the same certificates", k);
    }
    http->role_count = yaml->roles_count;
    return ASSAY_OK;
}

/* Of a loopback address without TLS: every process of this machine has it. */
static enum assay_status take_local_role(const struct assay_config_file *file, const char *role,
                                         struct assay_config_http *http)
{
    http->local_role = ASSAY_HTTP_ROLE_VIEWER;
    if (role == NULL || strcmp(role, "viewer") == 0) return ASSAY_OK;
    if (strcmp(role, "service") != 0)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "http.local_role",
                                 "expected viewer or service, found \"%.40s\"", role);
    if (http->address[0] == '\0' || http->clients[0] != '\0')
        return assay_config_fail(file, ASSAY_E_INVALID, "http.local_role",
                                 "it is of a loopback address in listen.http without "
                                 "http.certificate, http.key and http.clients: use http.roles");
    http->local_role = ASSAY_HTTP_ROLE_SERVICE;
    return ASSAY_OK;
}

static const char *get_text(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

enum assay_status assay_config_take_http(const struct assay_config_file *file, const char *listen,
                                         const struct assay_yaml_http *yaml,
                                         struct assay_config *config)
{
    struct assay_config_http *http = &config->http;
    const struct {
        const char *key, *text;
        char *out; /* [PATH_MAX] */
    } files[] = { { "http.certificate", yaml->certificate, http->certificate },
                  { "http.key", yaml->key, http->key },
                  { "http.clients", yaml->clients, http->clients } };
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    *http = (struct assay_config_http){ .socket_path = "" };
    ASSAY_TRY(take_listen(file, listen, config));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].text != NULL)
            ASSAY_TRY(assay_config_take_path(file, files[i].key, files[i].text, files[i].out));
    ASSAY_TRY(take_roles(file, yaml, http));
    ASSAY_TRY(take_local_role(file, yaml->local_role, http));
    if (http->socket_path[0] == '\0' && http->address[0] == '\0') return ASSAY_OK;
    const struct assay_http_config settings = { .socket_path = get_text(http->socket_path),
                                                .address = get_text(http->address),
                                                .certificate = get_text(http->certificate),
                                                .key = get_text(http->key),
                                                .clients = get_text(http->clients),
                                                .accept_plain =
                                                    config->insecure[ASSAY_INSECURE_HTTP] };
    http->is_open = assay_http_is_open(&settings);
    const enum assay_status status = assay_http_check(&settings, message, sizeof message);
    if (status == ASSAY_OK) return ASSAY_OK;
    /* The message begins with the key that it is about. */
    const char *words = strstr(message, ": ");
    return assay_config_fail(file, status, "listen.http", "%s",
                             words != NULL ? words + 2 : message);
}
