/*
 * quote/yaml/document.h - strict YAML reader: policies here, configuration, cards and plans in
 * apps/config/.
 *
 * A text is walked once for what no schema can refuse (anchors, aliases, tags, a second document,
 * nesting beyond reason, NULs), then taken through a schema of libcyaml. Numbers arrive as text and
 * are plain decimals: libcyaml would read 2.5 as 2, 010 as 8 and 0x1 as 1. A message to a person
 * always reads "NAME:LINE:COLUMN: key: what was expected, what was found".
 */
#ifndef ASSAY_QUOTE_YAML_DOCUMENT_H
#define ASSAY_QUOTE_YAML_DOCUMENT_H

#include "base/bytes.h"
#include "quote/yaml.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>

enum {
    ASSAY_YAML_DEPTH_MAX = 8, /* a plan needs 4 */
    ASSAY_YAML_KEY_MAX = 128, /* "members[1023].operator" */
};

/* Where a value stands in its text, counted from 1; line 0: unknown. */
struct assay_yaml_place {
    unsigned long line, column;
};

/* Where a line of a text that was put together comes from. */
struct assay_yaml_origin {
    const char *name;               /* a file, or another source */
    struct assay_yaml_place key;    /* in it; line 0: it has no lines */
    struct assay_yaml_place value;
    unsigned long value_column; /* where the value begins in the line here; what is left of it is
                                   the key */
};

/* One document being read. */
struct assay_yaml {
    const char *name; /* of its file, before every place in a message; NULL: the caller adds it */
    struct assay_slice text;
    const cyaml_schema_value_t *schema;
    char *message; /* [ASSAY_YAML_MESSAGE_MAX] */
    void *data;    /* what the schema made of it */
    const struct assay_yaml_origin *lines; /* [line_count] of text; NULL: it is the file itself */
    size_t line_count;
};

/* --- quote/yaml/document.c */

/*
 * assay_yaml_open - scan document->text, and read it through document->schema.
 * Out:     document->data; whatever the status, assay_yaml_close frees the resources
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (depth) | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status assay_yaml_open(struct assay_yaml *document);
/* Frees the data, and takes out of the message what could command a terminal. */
void assay_yaml_close(struct assay_yaml *document);

/* Takes out of a message what could command a terminal. */
void assay_yaml_sanitize(char *message);

/*
 * assay_yaml_fail - the message of a value that does not fit; key as in "peers[3].node".
 * Returns: status, for use as `return assay_yaml_fail(...)`
 */
__attribute__((format(printf, 4, 5))) enum assay_status assay_yaml_fail(
    const struct assay_yaml *document, enum assay_status status, const char *key,
    const char *format, ...);
/* Returns: as assay_yaml_fail */
__attribute__((format(printf, 4, 0))) enum assay_status assay_yaml_fail_list(
    const struct assay_yaml *document, enum assay_status status, const char *key,
    const char *format, va_list args);
/* The message "NAME:LINE:COLUMN: what". */
void assay_yaml_set_message(const struct assay_yaml *document, struct assay_yaml_place place,
                            const char *what);

/*
 * assay_yaml_number - plain decimal: no sign, no leading zero (octal to some readers), no fraction.
 * Returns: true and *out; false for anything else, and above UINT64_MAX
 */
bool assay_yaml_number(const char *text, uint64_t *out);

/* --- quote/yaml/scan.c */

/*
 * assay_yaml_scan - walk the whole text once.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (depth) | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status assay_yaml_scan(const struct assay_yaml *document);
/* Returns: the place of the value with this path; line 0 when there is none. */
struct assay_yaml_place assay_yaml_find(const struct assay_yaml *document, const char *path);
/* Returns: the first place, at or after a line, where a mapping has this key; line 0: nowhere. */
struct assay_yaml_place assay_yaml_find_key(const struct assay_yaml *document, const char *key,
                                            unsigned long line);

/* What a walk meets, in the order of the text. */
enum assay_yaml_part {
    ASSAY_YAML_SCALAR,
    ASSAY_YAML_MAPPING,  /* begins */
    ASSAY_YAML_SEQUENCE, /* begins */
    ASSAY_YAML_END,      /* of the mapping or sequence with this path */
};

/* path as in "peers[3].node", "" for the whole; text of a scalar, else NULL. Both are borrowed for
 * the call. Returns: ASSAY_OK to go on */
typedef enum assay_status assay_yaml_visit(void *context, enum assay_yaml_part part,
                                           const char *path, const char *text,
                                           struct assay_yaml_place key,
                                           struct assay_yaml_place value);

/*
 * assay_yaml_walk - the same refusals as assay_yaml_scan, and a call for each part.
 * Returns: as assay_yaml_scan | what visit returned
 */
ASSAY_CHECKED enum assay_status assay_yaml_walk(const struct assay_yaml *document,
                                                assay_yaml_visit *visit, void *context);

#endif
