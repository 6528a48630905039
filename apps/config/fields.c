/*
 * apps/config/fields.c - conversion of scalars to values, with error messages.
 */
#include "apps/config/yaml.h"

#include "base/checked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum assay_status assay_config_take_number(const struct assay_config_file *file, const char *key,
                                           const char *text, uint32_t min, uint32_t max,
                                           uint32_t *out)
{
    uint64_t value = 0;
    if (!assay_yaml_number(text, &value))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected a whole number, found \"%.40s\"", text);
    if (value < min || value > max)
        return min == max ? assay_config_fail(file, ASSAY_E_RANGE, key, "expected %u, found %.40s",
                                              (unsigned)min, text)
                          : assay_config_fail(file, ASSAY_E_RANGE, key,
                                              "expected %u to %u, found %.40s", (unsigned)min,
                                              (unsigned)max, text);
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_config_take_version(const struct assay_config_file *file, const char *key,
                                            const char *text)
{
    uint32_t found = 0;
    ASSAY_TRY(assay_config_take_number(file, key, text, 0, UINT32_MAX, &found));
    if (found == ASSAY_CONFIG_VERSION) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_VERSION, key, "this program reads version %d, found %u",
                             ASSAY_CONFIG_VERSION, (unsigned)found);
}

enum assay_status assay_config_take_hex(const struct assay_config_file *file, const char *key,
                                        const char *text, uint8_t *out, size_t len)
{
    if (assay_hex_decode(text, strlen(text), out, len) == ASSAY_OK) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                             "expected %zu hexadecimal digits, found %zu bytes: \"%.40s\"", 2 * len,
                             strlen(text), text);
}

enum assay_status assay_config_take_name(const struct assay_config_file *file, const char *key,
                                         const char *text, char out[static ASSAY_NAME_MAX + 1])
{
    if (!assay_name_is_fit(assay_slice_over(text, strlen(text))))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected 1 to %d of A-Z a-z 0-9 . _ -, found \"%.40s\"",
                                 ASSAY_NAME_MAX, text);
    assay_bytes_copy(out, ASSAY_NAME_MAX + 1, text, strlen(text) + 1);
    return ASSAY_OK;
}

/* Where systemd puts what a unit's LoadCredential= names: another folder at every start. */
static enum assay_status take_credential(const struct assay_config_file *file, const char *key,
                                         const char *rest, char out[static PATH_MAX])
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (dir == NULL || dir[0] != '/')
        return assay_config_fail(file, ASSAY_E_NOT_FOUND, key,
                                 "$CREDENTIALS_DIRECTORY is not set: systemd sets it for units "
                                 "with LoadCredential=");
    if (rest[0] != '\0' && rest[0] != '/')
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected ${CREDENTIALS_DIRECTORY}/NAME");
    const int len = snprintf(out, PATH_MAX, "%s%s", dir, rest);
    if (len > 0 && len < PATH_MAX) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_RANGE, key, "the path is longer than %d bytes",
                             PATH_MAX - 1);
}

enum assay_status assay_config_take_path(const struct assay_config_file *file, const char *key,
                                         const char *text, char out[static PATH_MAX])
{
    static const char credentials[] = "${CREDENTIALS_DIRECTORY}";
    if (strncmp(text, credentials, sizeof credentials - 1) == 0)
        return take_credential(file, key, text + sizeof credentials - 1, out);
    const char *slash = strrchr(file->path, '/');
    const int folder_len = text[0] == '/' || slash == NULL ? 0 : (int)(slash - file->path) + 1;
    const int len = snprintf(out, PATH_MAX, "%.*s%s", folder_len, file->path, text);
    if (len > 0 && len < PATH_MAX) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_RANGE, key, "the path is longer than %d bytes",
                             PATH_MAX - 1);
}

enum assay_status assay_config_take_socket(const struct assay_config_file *file, const char *key,
                                           const char *text, char out[static PATH_MAX])
{
    ASSAY_TRY(assay_config_take_path(file, key, text, out));
    const size_t len = strlen(out);
    if (len <= ASSAY_CONFIG_SOCKET_MAX) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_RANGE, key,
                             "a UNIX socket's path has at most %d bytes, found %zu",
                             ASSAY_CONFIG_SOCKET_MAX, len);
}

/* Only what names and addresses are made of: the text becomes part of an endpoint of the transport,
 * in which ';' and '/' have a meaning of their own. */
static bool host_is_fit(const char *host, size_t len)
{
    static const char fit[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]%*";
    return len > 0 && strspn(host, fit) >= len;
}

enum assay_status assay_config_take_address(const struct assay_config_file *file, const char *key,
                                            const char *text, char out[static ASSAY_ADDRESS_MAX])
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    const size_t len = strlen(text);
    const bool fit = colon != NULL && host_is_fit(text, (size_t)(colon - text)) &&
                     assay_yaml_number(colon + 1, &port) && port >= 1 && port <= 65535 &&
                     len < ASSAY_ADDRESS_MAX;
    if (!fit && colon != NULL && assay_yaml_number(colon + 1, &port) && (port < 1 || port > 65535))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected HOST:PORT with a port of 1 to 65535, found \"%.60s\"",
                                 text);
    if (!fit)
        return assay_config_fail(file, ASSAY_E_SYNTAX, key, "expected HOST:PORT, found \"%.60s\"",
                                 text);
    assay_bytes_copy(out, ASSAY_ADDRESS_MAX, text, len + 1);
    return ASSAY_OK;
}

/* Between "://" and the path. A name and a password in an URL end in logs, and what is in front of
 * an @ looks like the host. */
static bool has_plain_host(const char *authority)
{
    const size_t len = strcspn(authority, "/?#");
    return len > 0 && memchr(authority, '@', len) == NULL;
}

bool assay_config_url_is_https(const char *url)
{
    static const char scheme[] = "https://";
    const size_t len = sizeof scheme - 1;
    return strncasecmp(url, scheme, len) == 0 && has_plain_host(url + len);
}

/* The message repeats scheme and host alone: a user has a password, paths and queries have tokens.
 */
static enum assay_status refuse_url(const struct assay_config_file *file, const char *key,
                                    const char *text)
{
    const char *const scheme = strstr(text, "://");
    const bool has_scheme = scheme != NULL && scheme + 1 == text + strcspn(text, "/?#");
    const size_t head = has_scheme ? (size_t)(scheme - text) + 3 : 0;
    const size_t shown = head + strcspn(text + head, "/?#");
    const bool has_user = memchr(text, '@', shown) != NULL;
    return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                             "expected https:// and a host, without a user name, or "
                             "http://127.0.0.1:PORT%s%.*s%s",
                             has_user ? "" : ", found \"",
                             has_user ? 0 : (int)assay_min_u64(shown, 80), text,
                             has_user ? "" : "\"");
}

enum assay_status assay_config_take_url(const struct assay_config_file *file, const char *key,
                                        const char *text, char *out, size_t size)
{
    static const char local[] = "http://127.0.0.1:";
    const bool is_local =
        strncmp(text, local, sizeof local - 1) == 0 && has_plain_host(text + strlen("http://"));
    const size_t len = strlen(text);
    if (!is_local && !assay_config_url_is_https(text)) return refuse_url(file, key, text);
    if (len >= size)
        return assay_config_fail(file, ASSAY_E_RANGE, key, "expected at most %zu characters",
                                 size - 1);
    assay_bytes_copy(out, size, text, len + 1);
    return ASSAY_OK;
}

/* One between commas. Returns: as assay_config_take_address, ASSAY_E_RANGE (too many) */
static enum assay_status take_one_of(const struct assay_config_file *file, const char *key,
                                     const char *text, size_t len,
                                     char out[static ASSAY_ADDRESSES_MAX], unsigned count)
{
    char item[ASSAY_ADDRESSES_MAX], address[ASSAY_ADDRESS_MAX];
    const size_t taken = strlen(out);
    (void)snprintf(item, sizeof item, "%.*s", (int)assay_min_u64(len, sizeof item - 1), text);
    ASSAY_TRY(assay_config_take_address(file, key, item, address));
    if (count == ASSAY_ADDRESSES_OF_ONE)
        return assay_config_fail(file, ASSAY_E_RANGE, key, "expected at most %d addresses",
                                 ASSAY_ADDRESSES_OF_ONE);
    (void)snprintf(out + taken, ASSAY_ADDRESSES_MAX - taken, "%s%s", count > 0 ? "," : "",
                   address);
    return ASSAY_OK;
}

enum assay_status assay_config_take_addresses(const struct assay_config_file *file, const char *key,
                                              const char *text,
                                              char out[static ASSAY_ADDRESSES_MAX])
{
    unsigned count = 0;
    out[0] = '\0';
    for (const char *at = text;; at++) {
        at += strspn(at, " ");
        const size_t len = strcspn(at, ",");
        size_t used = len;
        while (used > 0 && at[used - 1] == ' ')
            used--;
        ASSAY_TRY(take_one_of(file, key, at, used, out, count++));
        at += len;
        if (*at == '\0') return ASSAY_OK;
    }
}
