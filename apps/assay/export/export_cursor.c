/*
 * apps/assay/export/export_cursor.c - reading and saving how far records were delivered.
 */
#include "apps/assay/export/export_cursor.h"

#include "apps/assay/core/command.h"
#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, CURSOR_LEN_MAX = 4096 };

static const char schema[] = "assay.export.cursor";

const char *export_what(enum assay_record_kind kind)
{
    switch (kind) {
    case ASSAY_RECORD_EVENTS: return "events";
    case ASSAY_RECORD_SCORES: return "scores";
    case ASSAY_RECORD_ORDERS: return "orders";
    }
    ASSAY_UNREACHABLE("kind of records");
}

/* ------------------------------------------------------------ numbers of the document */

struct number {
    const char *key;
    uint64_t *value;
};

enum { NUMBERS = 9 };

static void list_numbers(struct export_cursor *c, struct number numbers[static NUMBERS])
{
    const struct number all[NUMBERS] = {
        { "seq", &c->position.seq },   { "at_unix_ms", &c->position.at_unix_ms },
        { "gone", &c->position.gone }, { "epoch", &c->position.epoch },
        { "rows", &c->position.rows }, { "file", &c->file },
        { "length", &c->length },      { "delivered", &c->delivered },
        { "refused", &c->refused },
    };
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = all[i];
}

static bool read_text(const struct assay_json *object, const char *key, char *out, size_t size)
{
    const char *text = assay_json_text(object, key, NULL);
    if (text == NULL || strlen(text) >= size) return false;
    (void)snprintf(out, size, "%s", text);
    return true;
}

/* A file of an earlier release has none: then it is the newest event alone. */
static bool read_marks(struct export_position *p, const struct assay_json *object)
{
    const struct assay_json *list = assay_json_get(object, "marks");
    const size_t count = assay_json_count(list);
    if (list == NULL) p->marks[0] = (struct export_mark){ p->seq, p->at_unix_ms };
    if (count > EXPORT_MARKS) return false;
    for (size_t i = 0; i < count; i++) {
        const struct assay_json *mark = assay_json_at(list, i);
        p->marks[i].seq = assay_json_uint(mark, "seq", 0);
        p->marks[i].at_unix_ms = assay_json_uint(mark, "at_unix_ms", 0);
        if (p->marks[i].seq == 0) return false;
    }
    return true;
}

static struct assay_json *list_marks(const struct export_position *p)
{
    struct assay_json *list = assay_json_array();
    for (size_t i = 0; i < EXPORT_MARKS; i++) {
        if (p->marks[i].seq == 0) continue;
        struct assay_json *const mark = assay_json_append_object(list);
        assay_json_set_uint(mark, "seq", p->marks[i].seq);
        assay_json_set_uint(mark, "at_unix_ms", p->marks[i].at_unix_ms);
    }
    return list;
}

static bool read_document(struct export_cursor *c, const struct assay_json *object)
{
    char what[sizeof c->what];
    struct number numbers[NUMBERS];
    list_numbers(c, numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        *numbers[i].value = assay_json_uint(object, numbers[i].key, UINT64_MAX);
        if (*numbers[i].value == UINT64_MAX) return false;
    }
    return strcmp(assay_json_text(object, "schema", ""), schema) == 0 &&
           assay_json_uint(object, "version", 0) == VERSION &&
           read_text(object, "what", what, sizeof what) && strcmp(what, c->what) == 0 &&
           read_text(object, "chain_id", c->chain_id, sizeof c->chain_id) &&
           read_text(object, "node_id", c->node_id, sizeof c->node_id) &&
           read_text(object, "boot", c->position.boot, sizeof c->position.boot) &&
           read_marks(&c->position, object);
}

/* ------------------------------------------------------------ opening */

static int read_file(struct export_cursor *c)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const enum assay_status status = assay_file_read(c->path, CURSOR_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_OK;
    struct assay_json *document = NULL;
    const bool intact = status == ASSAY_OK &&
                        assay_json_parse((const char *)bytes, len, &document) == ASSAY_OK &&
                        read_document(c, document);
    assay_json_free(&document);
    free(bytes);
    if (intact) return ASSAY_EXIT_OK;
    export_report("%s is no cursor of %s: move it away to export all retained records again, or "
                  "use another folder",
                  c->path, c->what);
    return ASSAY_EXIT_USAGE;
}

static int take_lock(struct export_cursor *c, const char *dir)
{
    char path[EXPORT_PATH_LEN];
    (void)snprintf(path, sizeof path, "%s/.lock-%s", dir, c->what);
    c->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->lock < 0) {
        export_report("%s: %s", path, strerror(errno));
        return ASSAY_EXIT_INTERNAL;
    }
    if (flock(c->lock, LOCK_EX | LOCK_NB) == 0) return ASSAY_EXIT_OK;
    export_report("%s: another export of %s writes here; stop it, or use another folder", dir,
                  c->what);
    return ASSAY_EXIT_CONFLICT;
}

int export_cursor_open(const char *dir, enum assay_record_kind kind, struct export_cursor *out)
{
    *out = (struct export_cursor){ .lock = -1 };
    (void)snprintf(out->what, sizeof out->what, "%s", export_what(kind));
    if (dir == NULL) return ASSAY_EXIT_OK;
    const int len = snprintf(out->path, sizeof out->path, "%s/cursor-%s.json", dir, out->what);
    if (len < 0 || (size_t)len + 32 >= sizeof out->path) {
        export_report("%.60s...: a path of more than %d bytes", dir, EXPORT_PATH_LEN - 64);
        return ASSAY_EXIT_USAGE;
    }
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        export_report("%s: the folder cannot be made: %s", dir, strerror(errno));
        return ASSAY_EXIT_USAGE;
    }
    int result = take_lock(out, dir);
    if (result == ASSAY_EXIT_OK) result = read_file(out);
    if (result != ASSAY_EXIT_OK) export_cursor_close(out);
    return result;
}

bool export_cursor_bind(struct export_cursor *cursor, const struct assay_record_origin *origin)
{
    if (cursor->chain_id[0] == '\0') {
        (void)snprintf(cursor->chain_id, sizeof cursor->chain_id, "%s", origin->chain_id);
        (void)snprintf(cursor->node_id, sizeof cursor->node_id, "%s", origin->node_id);
        return true;
    }
    if (strcmp(cursor->chain_id, origin->chain_id) == 0 &&
        strcmp(cursor->node_id, origin->node_id) == 0)
        return true;
    export_report("%s is of node %.16s... of chain %.16s..., the daemon is node %.16s... of chain "
                  "%.16s...: use a folder for each, and a context with one endpoint",
                  cursor->path[0] != '\0' ? cursor->path : "what was exported so far",
                  cursor->node_id, cursor->chain_id, origin->node_id, origin->chain_id);
    return false;
}

bool export_cursor_save(const struct export_cursor *cursor)
{
    if (cursor->path[0] == '\0') return true;
    struct export_cursor copy = *cursor;
    struct number numbers[NUMBERS];
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "schema", schema);
    assay_json_set_uint(object, "version", VERSION);
    assay_json_set_text(object, "what", cursor->what);
    assay_json_set_text(object, "chain_id", cursor->chain_id);
    assay_json_set_text(object, "node_id", cursor->node_id);
    assay_json_set_text(object, "boot", cursor->position.boot);
    list_numbers(&copy, numbers);
    for (size_t i = 0; i < NUMBERS; i++)
        assay_json_set_uint(object, numbers[i].key, *numbers[i].value);
    assay_json_set(object, "marks", list_marks(&cursor->position));
    char *text = assay_json_print(object, 1);
    assay_json_free(&object);
    if (text == NULL) {
        errno = ENOMEM;
        return false;
    }
    const enum assay_status status = assay_file_replace(
        cursor->path, ASSAY_FILE_SECRET, assay_slice_over((const uint8_t *)text, strlen(text)));
    free(text);
    return status == ASSAY_OK;
}

void export_cursor_close(struct export_cursor *cursor)
{
    if (cursor->lock >= 0) (void)close(cursor->lock);
    cursor->lock = -1;
}
