/*
 * apps/assay/export/export_cursor.h - file that says how far records were delivered.
 *
 * A JSON document, replaced durably and atomically. It belongs to one node of one chain and one
 * kind of records; a lock next to it keeps a second exporter away.
 */
#ifndef ASSAY_APPS_ASSAY_EXPORT_EXPORT_CURSOR_H
#define ASSAY_APPS_ASSAY_EXPORT_EXPORT_CURSOR_H

#include "apps/assay/export/export.h"

struct export_cursor {
    char path[EXPORT_PATH_LEN]; /* "": nothing is saved */
    int lock;                   /* -1: none */
    char chain_id[65], node_id[65], what[16];
    struct export_position position;
    uint64_t file, length; /* of a folder: number of the file that is written, bytes that count */
    uint64_t delivered, refused; /* records, in all runs */
};

/* Returns: "events", "scores" or "orders". */
const char *export_what(enum assay_record_kind kind);
/*
 * export_cursor_open - reads DIR/cursor-WHAT.json, where there is one; dir NULL: nothing is saved.
 * Makes the folder. Reports errors.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CONFLICT (another exporter is at it) | ASSAY_EXIT_USAGE (of
 * other records, or damaged) | ASSAY_EXIT_INTERNAL
 */
int export_cursor_open(const char *dir, enum assay_record_kind kind, struct export_cursor *out);
/* After the first answer of the daemon. Returns: false, and says so: it is of another node. */
bool export_cursor_bind(struct export_cursor *cursor, const struct assay_record_origin *origin);
/* Durably. Returns: false, and errno says why. */
bool export_cursor_save(const struct export_cursor *cursor);
/* */
void export_cursor_close(struct export_cursor *cursor);

#endif
