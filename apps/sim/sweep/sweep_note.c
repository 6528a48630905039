/*
 * apps/sim/sweep/sweep_note.c - sweep.json: sweep, shard and program of a folder.
 */
#include "apps/sim/sweep/merge.h"

#include "apps/sim/report/fields.h"
#include "base/file/file.h"
#include "net/json/json.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "assay.sim.sweep-note"
enum { SCHEMA_VERSION = 1, NOTE_LEN_MAX = 1 << 16 };

static bool put_path(char path[PATH_MAX], const char *dir)
{
    const int len = snprintf(path, PATH_MAX, "%s/sweep.json", dir);
    return len > 0 && len < PATH_MAX;
}

enum assay_status sim_sweep_note_save(const char *dir, const struct assay_sim_sweep_note *note,
                                      char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char path[PATH_MAX];
    struct assay_json *object = assay_json_object(), *const axes = assay_json_array();
    assay_json_set_text(object, "schema", SCHEMA);
    assay_json_set_uint(object, "schema_version", SCHEMA_VERSION);
    assay_json_set_text(object, "program", note->program);
    assay_json_set_text(object, "name", note->name);
    assay_json_set_text(object, "title", note->title);
    assay_json_set_text(object, "digest", note->digest);
    assay_json_set_uint(object, "shard", note->shard);
    assay_json_set_uint(object, "shards", note->shards);
    assay_json_set_uint(object, "runs", note->runs);
    assay_json_set_uint(object, "repeats", note->repeats);
    for (uint32_t i = 0; i < note->axis_count; i++)
        assay_json_append_text(axes, note->axes[i]);
    assay_json_set(object, "axes", axes);
    assay_json_set_uint(object, "plot_x", note->plot_x);
    assay_json_set_uint(object, "plot_series", note->plot_series);
    assay_json_set_text(object, "plot_column", note->plot_column);
    char *const text = assay_json_print(object, 1);
    assay_json_free(&object);
    if (text == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = put_path(path, dir) ? ASSAY_OK : ASSAY_E_RANGE;
    if (status == ASSAY_OK)
        status = assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    free(text);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: cannot be written: %s (%s)", dir,
                       assay_status_text(status), strerror(errno));
    return status;
}

static bool get_u32(const struct assay_json *object, const char *key, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    if (!sim_field_number(object, key, max, &value)) return false;
    *out = (uint32_t)value;
    return true;
}

static bool get_note(const struct assay_json *object, struct assay_sim_sweep_note *note)
{
    const struct assay_json *const axes = assay_json_get(object, "axes");
    const size_t axis_count = assay_json_count(axes);
    if (strcmp(assay_json_text(object, "schema", ""), SCHEMA) != 0) return false;
    if (assay_json_uint(object, "schema_version", 0) != SCHEMA_VERSION) return false;
    if (axis_count == 0 || axis_count > ASSAY_SWEEP_AXES_MAX) return false;
    note->axis_count = (uint32_t)axis_count;
    for (uint32_t i = 0; i < note->axis_count; i++) {
        const char *const axis = assay_json_as_text(assay_json_at(axes, i));
        if (axis == NULL || strlen(axis) > ASSAY_SIM_NAME_MAX) return false;
        (void)snprintf(note->axes[i], sizeof note->axes[i], "%s", axis);
    }
    return sim_field_text(object, "program", note->program, sizeof note->program) &&
           sim_field_text(object, "name", note->name, sizeof note->name) &&
           sim_field_text(object, "title", note->title, sizeof note->title) &&
           sim_field_text(object, "digest", note->digest, sizeof note->digest) &&
           sim_field_text(object, "plot_column", note->plot_column, sizeof note->plot_column) &&
           sim_field_number(object, "runs", ASSAY_SWEEP_RUNS_MAX, &note->runs) && note->runs > 0 &&
           get_u32(object, "shards", ASSAY_SIM_SHARDS_MAX, &note->shards) && note->shards > 0 &&
           get_u32(object, "shard", note->shards, &note->shard) && note->shard > 0 &&
           get_u32(object, "repeats", ASSAY_SWEEP_REPEATS_MAX, &note->repeats) &&
           note->repeats > 0 && note->runs % note->repeats == 0 &&
           get_u32(object, "plot_x", note->axis_count - 1, &note->plot_x) &&
           get_u32(object, "plot_series", note->axis_count, &note->plot_series);
}

enum assay_status sim_sweep_note_load(const char *dir, struct assay_sim_sweep_note *note,
                                      char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_json *object = NULL;
    *note = (struct assay_sim_sweep_note){ 0 };
    enum assay_status status = put_path(path, dir) ? ASSAY_OK : ASSAY_E_RANGE;
    if (status == ASSAY_OK) status = assay_file_read(path, NOTE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, &object);
    if (status == ASSAY_OK && !get_note(object, note)) status = ASSAY_E_SYNTAX;
    if (status == ASSAY_E_SYNTAX)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "%.300s/sweep.json: expected the note of a sweep, found something else",
                       dir);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s/sweep.json: %s", dir,
                       status == ASSAY_E_IO ? strerror(errno)
                       : status == ASSAY_E_NOT_FOUND
                           ? "no such file; expected the folder of `assay-sim sweep --out`"
                           : assay_status_text(status));
    assay_json_free(&object);
    free(bytes);
    return status;
}
