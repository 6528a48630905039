/*
 * apps/config/yaml.h - helpers shared by the readers of configuration, cards and plans.
 *
 * A file is read whole (bounded) and taken through the strict reader of quote/yaml/. Every scalar
 * arrives as text; numbers, hexadecimal, names, paths and addresses are checked here. A message to
 * a person always reads "file:line:column: key: what was expected, what was found".
 */
#ifndef ASSAY_APPS_CONFIG_YAML_H
#define ASSAY_APPS_CONFIG_YAML_H

#include "apps/config.h"
#include "base/file/kind.h"
#include "quote/yaml/document.h"

enum {
    ASSAY_CONFIG_KEY_MAX = ASSAY_YAML_KEY_MAX,
    ASSAY_CONFIG_TEXT_MAX = PATH_MAX - 1,
    ASSAY_CONFIG_SOCKET_MAX = 107, /* sun_path of struct sockaddr_un, less the closing NUL */
    ASSAY_CONFIG_SERVICES_MAX = 90, /* of it, less "/requestor/ledger" (net/services/role.h) */
};

/* A field that is a text of 1 to ASSAY_CONFIG_TEXT_MAX bytes. */
#define ASSAY_CONFIG_FIELD(key, type, member)                                                      \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, ASSAY_CONFIG_TEXT_MAX)
#define ASSAY_CONFIG_FIELD_OPTIONAL(key, type, member)                                             \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1,         \
                           ASSAY_CONFIG_TEXT_MAX)

/* assayd.yaml, for the test of the table of keys. */
extern const cyaml_schema_value_t assay_config_schema;

/* One file being read. */
struct assay_config_file {
    const char *path;
    const cyaml_schema_value_t *schema;
    char *message; /* [ASSAY_CONFIG_MESSAGE_MAX] */
    uint8_t *bytes;
    size_t len;
    void *data; /* what the schema made of it */
    struct assay_yaml document;
};

/* The bytes of file->path, bounded: file->bytes, which the caller frees.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_RANGE | ASSAY_E_MEMORY, with a
 * message */
ASSAY_CHECKED enum assay_status assay_config_read(struct assay_config_file *file);
/*
 * assay_config_open_text - a text that was put together, through file->schema; file->path is where
 * relative paths begin.
 * In:      text and lines outlive file
 * Returns: as assay_config_open
 */
ASSAY_CHECKED enum assay_status assay_config_open_text(struct assay_config_file *file,
                                                       struct assay_slice text,
                                                       const struct assay_yaml_origin *lines,
                                                       size_t line_count);
/*
 * assay_config_open - read the file at file->path through file->schema.
 * Out:     file->data; whatever the status, assay_config_close frees the resources
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_RANGE (size, depth) |
 *          ASSAY_E_SYNTAX | ASSAY_E_MEMORY, each with a message
 */
ASSAY_CHECKED enum assay_status assay_config_open(struct assay_config_file *file);
/* */
void assay_config_close(struct assay_config_file *file);

/*
 * assay_config_fail - the message of a value that does not fit; key as in "peers[3].node".
 * Returns: status, for use as `return assay_config_fail(...)`
 */
__attribute__((format(printf, 4, 5))) enum assay_status assay_config_fail(
    const struct assay_config_file *file, enum assay_status status, const char *key,
    const char *format, ...);

/* --- apps/config/fields.c: one text to one value, or a message about it. Each
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_VERSION (take_version) */

ASSAY_CHECKED enum assay_status assay_config_take_number(const struct assay_config_file *file,
                                                         const char *key, const char *text,
                                                         uint32_t min, uint32_t max, uint32_t *out);
ASSAY_CHECKED enum assay_status assay_config_take_version(const struct assay_config_file *file,
                                                          const char *key, const char *text);
/* Exactly 2 * len digits. */
ASSAY_CHECKED enum assay_status assay_config_take_hex(const struct assay_config_file *file,
                                                      const char *key, const char *text,
                                                      uint8_t *out, size_t len);
/* A name that assay_name_is_fit. */
ASSAY_CHECKED enum assay_status assay_config_take_name(const struct assay_config_file *file,
                                                       const char *key, const char *text,
                                                       char out[static ASSAY_NAME_MAX + 1]);
/* A relative path is taken from the folder of the file. */
ASSAY_CHECKED enum assay_status assay_config_take_path(const struct assay_config_file *file,
                                                       const char *key, const char *text,
                                                       char out[static PATH_MAX]);
/* A path that fits into the address of a UNIX socket (107 bytes). */
ASSAY_CHECKED enum assay_status assay_config_take_socket(const struct assay_config_file *file,
                                                         const char *key, const char *text,
                                                         char out[static PATH_MAX]);
/* HOST:PORT. */
ASSAY_CHECKED enum assay_status assay_config_take_address(const struct assay_config_file *file,
                                                          const char *key, const char *text,
                                                          char out[static ASSAY_ADDRESS_MAX]);
/* What may be requested (quote/source/fetch/http.h): https:// and a host without a user name, or
 * http://127.0.0.1:PORT. size: of out */
ASSAY_CHECKED enum assay_status assay_config_take_url(const struct assay_config_file *file,
                                                      const char *key, const char *text, char *out,
                                                      size_t size);
/* One to four of them, between commas; out without blanks. */
ASSAY_CHECKED enum assay_status assay_config_take_addresses(const struct assay_config_file *file,
                                                            const char *key, const char *text,
                                                            char out[static ASSAY_ADDRESSES_MAX]);

/* Whether these bytes are of a kind of file that is not written in YAML: a genesis, a key. Out:
 * kind: which */
bool assay_config_other_kind(struct assay_slice text, struct assay_file_kind *kind);

#endif
