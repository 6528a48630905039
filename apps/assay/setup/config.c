/*
 * apps/assay/setup/config.c - command group `assay config`: effective configuration of a daemon,
 * evaluated offline.
 *
 * All layers are read as assayd reads them (apps/config/layers.h). Values that may hold a password
 * are never printed.
 */
#include "apps/assay/core/command.h"

#include "apps/assay/core/option_values.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/config/effective.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX = 64 };

struct options {
    const char *sets[SETS_MAX];
    size_t set_count;
    bool origin, json, no_environment;
};

/* One configuration, read. */
struct read {
    struct assay_config_layers layers;
    struct assay_config *config;
    struct assay_config_rows rows;
};

static void close_read(struct read *r)
{
    assay_config_rows_close(&r->rows);
    assay_config_layers_close(&r->layers);
    free(r->config);
}

static int open_read(const struct options *o, const char *path, struct read *r)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    const struct assay_config_sources sources = {
        .path = path,
        .environment = o->no_environment ? NULL : assay_config_environment(),
        .sets = o->sets,
        .set_count = o->set_count,
    };
    *r = (struct read){ .config = calloc(1, sizeof *r->config) };
    if (r->config == NULL)
        return cli_print_error(o->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    enum assay_status status = assay_config_layers_open(&sources, &r->layers, message);
    if (status == ASSAY_OK) status = assay_config_take_layers(&r->layers, path, r->config, message);
    if (status == ASSAY_OK) {
        status = assay_config_rows_open(&r->layers, r->config, &r->rows);
        (void)snprintf(message, sizeof message, "%s", assay_status_text(status));
    }
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(o->json,
                           status == ASSAY_E_MEMORY ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE,
                           status == ASSAY_E_NOT_FOUND ? "not_found" : "usage", "%s", message);
}

/* ------------------------------------------------------------ a configuration as YAML */

/* How deep the part stands that begins, with its dot or bracket, at this place: node of
 * "peers[0].node" 2. */
static size_t depth_of(const char *key, size_t at)
{
    size_t depth = 0;
    for (size_t i = 0; i <= at; i++)
        if (key[i] == '.' || key[i] == '[') depth++;
    return depth;
}

/* The length of the parts that both keys have in common, at the end of a part. */
static size_t common_len(const char *a, const char *b)
{
    size_t at = 0;
    for (size_t i = 0;; i++) {
        const bool a_ends = a[i] == '\0' || a[i] == '.' || a[i] == '[';
        const bool b_ends = b[i] == '\0' || b[i] == '.' || b[i] == '[';
        if (a_ends && b_ends) at = i;
        if (a[i] != b[i] || a[i] == '\0') return at;
    }
}

static void put_indent(size_t depth)
{
    (void)printf("%*s", (int)(2 * depth), "");
}

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+:";
    const size_t len = strlen(text);
    return len > 0 && strspn(text, plain) == len && text[0] != '-' && text[0] != ':' &&
           text[len - 1] != ':';
}

/* Returns: bytes written. */
static int put_value(const struct assay_config_row *row)
{
    const char *const text = assay_config_row_text(row);
    if (row->form == ASSAY_CONFIG_NO_ITEMS) return printf("[]");
    if (row->form == ASSAY_CONFIG_NO_KEYS) return printf("{}");
    if (is_plain(text)) return printf("%s", text);
    int len = printf("\"");
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char b = (unsigned char)*c;
        if (b == '"' || b == '\\') len += printf("\\%c", b);
        else if (b < ' ' || b == 0x7f) len += printf("\\x%02x", b);
        else len += printf("%c", b);
    }
    return len + printf("\"");
}

/* One row below the one before it: sections that are new, then the value. */
static void put_row(const struct options *o, const char *before, const struct assay_config_row *row)
{
    enum { ORIGIN_AT = 56 };
    char origin[ASSAY_CONFIG_ORIGIN_MAX];
    const char *const key = row->key;
    size_t at = before != NULL ? common_len(before, key) : 0;
    bool in_line = false; /* after "- " */
    int written = 0;
    while (key[at] != '\0') {
        const bool item = key[at] == '[';
        const size_t begin = at + (key[at] == '.' ? 1u : 0u);
        const size_t len = item ? strcspn(key + begin, "]") + 1 : strcspn(key + begin, ".[");
        const size_t depth = depth_of(key, at);
        at = begin + len;
        if (!in_line) put_indent(depth);
        written = (int)(2 * depth);
        in_line = item;
        if (item) {
            written += printf("- ");
            continue;
        }
        written += printf("%.*s:", (int)len, key + begin);
        if (key[at] != '\0') (void)putchar('\n');
        else written += printf(" ");
    }
    written += put_value(row);
    if (o->origin) {
        assay_config_row_origin(row, origin);
        (void)printf("%*s  # %s", written < ORIGIN_AT ? ORIGIN_AT - written : 0, "", origin);
    }
    (void)putchar('\n');
}

/* ------------------------------------------------------------ JSON */

static const char *reload_name(const struct assay_config_row *row)
{
    return row->known != NULL && row->known->reload == ASSAY_CONFIG_LIVE ? "live" : "restart";
}

static void set_value(struct assay_json *object, const char *name,
                      const struct assay_config_row *row)
{
    if (row == NULL) assay_json_set_null(object, name);
    else if (row->form == ASSAY_CONFIG_NO_ITEMS) assay_json_set(object, name, assay_json_array());
    else if (row->form == ASSAY_CONFIG_NO_KEYS) assay_json_set(object, name, assay_json_object());
    else assay_json_set_text(object, name, assay_config_row_text(row));
}

static struct assay_json *row_json(const struct assay_config_row *row)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "key", row->key);
    set_value(object, "value", row);
    assay_json_set_bool(object, "hidden",
                        row->known != NULL && row->known->shown == ASSAY_CONFIG_HIDDEN);
    assay_json_set_text(object, "layer", assay_config_layer_name(row->layer));
    assay_json_set_text(object, "from", row->name);
    if (row->line > 0) assay_json_set_uint(object, "line", row->line);
    else assay_json_set_null(object, "line");
    assay_json_set_text(object, "reload", reload_name(row));
    return object;
}

static struct assay_json *insecure_json(const struct assay_config *config)
{
    struct assay_json *const list = assay_json_array();
    for (int i = 0; i < ASSAY_CONFIG_INSECURE_COUNT; i++)
        if (config->insecure[i])
            assay_json_append_text(list, assay_config_insecure_name((enum assay_config_insecure)i));
    return list;
}

static int print_json(const struct read *r, const char *path)
{
    struct assay_json *const data = assay_json_object(), *const keys = assay_json_array();
    assay_json_set_text(data, "path", path);
    assay_json_set_uint(data, "folder_files", r->layers.folder_files);
    assay_json_set(data, "insecure", insecure_json(r->config));
    for (size_t i = 0; i < r->rows.count; i++)
        assay_json_append(keys, row_json(&r->rows.rows[i]));
    assay_json_set(data, "keys", keys);
    return cli_print_envelope("assay.config", data);
}

/* ------------------------------------------------------------ verbs */

static int finish_output(void)
{
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int run_check(const struct options *o, const struct read *r, const char *path)
{
    size_t others = 0;
    if (o->json) return print_json(r, path);
    for (size_t i = 0; i < r->rows.count; i++)
        others += r->rows.rows[i].layer == ASSAY_CONFIG_ENVIRONMENT ||
                  r->rows.rows[i].layer == ASSAY_CONFIG_FLAG;
    (void)printf("%s: valid (%zu file%s of its folder, %zu value%s of the environment and --set)\n",
                 path, r->layers.folder_files, r->layers.folder_files == 1 ? "" : "s", others,
                 others == 1 ? "" : "s");
    for (int i = 0; i < ASSAY_CONFIG_INSECURE_COUNT; i++)
        if (r->config->insecure[i])
            (void)printf("INSECURE: %s: %s\n",
                         assay_config_insecure_name((enum assay_config_insecure)i),
                         assay_config_insecure_meaning((enum assay_config_insecure)i));
    return finish_output();
}

static int run_show(const struct options *o, const struct read *r, const char *path)
{
    if (o->json) return print_json(r, path);
    for (size_t i = 0; i < r->rows.count; i++)
        put_row(o, i > 0 ? r->rows.rows[i - 1].key : NULL, &r->rows.rows[i]);
    return finish_output();
}

/* A key of one side, looked up in the other. */
static void put_side(const char *sign, const struct assay_config_row *row)
{
    if (row == NULL) return;
    (void)printf("%s %s: ", sign, row->key);
    (void)put_value(row);
    (void)printf("  (%s)\n", reload_name(row));
}

static void note_difference(const struct assay_config_row *a, const struct assay_config_row *b,
                            struct assay_json *list)
{
    const struct assay_config_row *const any = a != NULL ? a : b;
    if (list == NULL) {
        put_side("-", a);
        put_side("+", b);
        return;
    }
    struct assay_json *const object = assay_json_append_object(list);
    assay_json_set_text(object, "key", any->key);
    set_value(object, "before", a);
    set_value(object, "after", b);
    assay_json_set_text(object, "reload", reload_name(any));
}

static int run_diff(const struct options *o, const char *path_a, const char *path_b)
{
    struct read a, b = { .config = NULL };
    int result = open_read(o, path_a, &a);
    if (result == ASSAY_EXIT_OK) result = open_read(o, path_b, &b);
    if (result == ASSAY_EXIT_OK) {
        struct assay_json *const list = o->json ? assay_json_array() : NULL;
        size_t count = 0;
        for (size_t i = 0; i < a.rows.count; i++) {
            const struct assay_config_row *const row = &a.rows.rows[i];
            const struct assay_config_row *const other = assay_config_rows_find(&b.rows, row->key);
            if (assay_config_row_same(row, other)) continue;
            note_difference(row, other, list);
            count++;
        }
        for (size_t i = 0; i < b.rows.count; i++) {
            if (assay_config_rows_find(&a.rows, b.rows.rows[i].key) != NULL) continue;
            note_difference(NULL, &b.rows.rows[i], list);
            count++;
        }
        if (o->json) {
            struct assay_json *const data = assay_json_object();
            assay_json_set(data, "changes", list);
            result = cli_print_envelope("assay.config.diff", data);
        } else {
            if (count == 0) (void)puts("both come to the same");
            result = finish_output();
        }
    }
    close_read(&a);
    close_read(&b);
    return result;
}

static int run_single(const struct options *o, const char *verb, const char *path)
{
    struct read r;
    int result = open_read(o, path, &r);
    if (result == ASSAY_EXIT_OK)
        result = strcmp(verb, "check") == 0 ? run_check(o, &r, path) : run_show(o, &r, path);
    close_read(&r);
    return result;
}

int cli_command_config(int argc, char **argv)
{
    struct options o = { .set_count = 0 };
    const struct cli_option_target targets[] = {
        { "set", .text = o.sets, .count = &o.set_count, .most = SETS_MAX },
        { "origin", .flag = &o.origin },
        { "no-environment", .flag = &o.no_environment },
        { "json", .flag = &o.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    /* The words are as many as the verb has (options.h). */
    const char *const verb = argv[1];
    return strcmp(verb, "diff") == 0 ? run_diff(&o, argv[2], argv[3])
                                     : run_single(&o, verb, argv[2]);
}
