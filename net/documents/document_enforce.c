/*
 * net/documents/document_enforce.c - document of enforcement (docs/enforcement.md), from a
 * snapshot.
 */
#include "base/assert.h"
#include "base/rfc3339.h"
#include "net/documents/document.h"

static struct assay_json *target_document(const struct assay_enforcement_target *target)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "name", target->name);
    assay_json_set_text(object, "driver", target->driver);
    assay_json_set_text(object, "state", target->state);
    assay_json_set_text(object, "ordered", target->ordered);
    assay_json_set_bool(object, "settled", target->settled);
    assay_json_set_bool(object, "dry_run", target->dry_run);
    assay_json_set_uint(object, "waiting", target->waiting);
    assay_json_set_text(object, "trouble", target->trouble);
    return object;
}

struct assay_json *assay_document_enforcement(const struct assay_snapshot *s)
{
    const struct assay_enforcement *const e = &s->enforcement;
    ASSAY_ASSERT(e->target_count <= ASSAY_ENFORCEMENT_TARGETS_MAX);
    struct assay_json *const data = assay_json_object(), *const hold = assay_json_object();
    struct assay_json *const journal = assay_json_object(), *const list = assay_json_array();
    assay_json_set_bool(hold, "held", e->held);
    if (e->held) {
        assay_json_set_time_ms(hold, "since", e->held_since_unix_ms);
        assay_json_set_text(hold, "reason", e->held_reason);
    }
    assay_json_set(data, "hold", hold);
    assay_json_set_uint(journal, "lines", e->journal_lines);
    assay_json_set_hex(journal, "hash", e->journal_hash, sizeof e->journal_hash);
    assay_json_set_uint(journal, "lost", e->journal_lost);
    assay_json_set(data, "journal", journal);
    for (size_t i = 0; i < e->target_count; i++)
        assay_json_append(list, target_document(&e->targets[i]));
    assay_json_set(data, "targets", list);
    return data;
}
