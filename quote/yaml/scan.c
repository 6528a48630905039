/*
 * quote/yaml/scan.c - walk over the events of a YAML file.
 *
 * Three uses: to refuse what a schema never sees (anchors and aliases, tags, a second document,
 * nesting beyond reason, a NUL inside a text), to find the line and column of a value by its
 * path, so that every message has its place, and to report the parts one by one when several files
 * are joined.
 */
#include "quote/yaml/document.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* One open mapping or sequence, with the path of the value that stands next in it. */
struct level {
    bool sequence, at_key;
    unsigned long index;
    size_t path_len; /* of the mapping or sequence itself */
};

struct walk {
    const struct assay_yaml *document;
    yaml_parser_t parser;
    size_t depth;
    struct level levels[ASSAY_YAML_DEPTH_MAX];
    char path[ASSAY_YAML_DEPTH_MAX * ASSAY_YAML_KEY_MAX];
    unsigned documents;
    /* what is looked for: a path, or a key at or after a line */
    const char *wanted_path, *wanted_key;
    unsigned long wanted_line;
    struct assay_yaml_place place;
    /* callback for every part; may be NULL */
    assay_yaml_visit *visit;
    void *context;
    struct assay_yaml_place key;
};

static struct assay_yaml_place place_of(yaml_mark_t mark)
{
    return (struct assay_yaml_place){ mark.line + 1, mark.column + 1 };
}

static enum assay_status report_refusal(const struct walk *w, enum assay_status status,
                                        yaml_mark_t mark, const char *why)
{
    assay_yaml_set_message(w->document, place_of(mark), why);
    return status;
}

/* ------------------------------------------------------------ where we are */

static void append_key(struct walk *w, size_t at, const char *key)
{
    ASSAY_ASSERT(at < sizeof w->path);
    (void)snprintf(w->path + at, sizeof w->path - at, "%s%.100s", at != 0 ? "." : "", key);
}

static void append_index(struct walk *w, size_t at, unsigned long index)
{
    ASSAY_ASSERT(at < sizeof w->path);
    (void)snprintf(w->path + at, sizeof w->path - at, "[%lu]", index);
}

/* A value begins: its path is complete. In a sequence it gets the next index. */
static void enter_value(struct walk *w, yaml_mark_t mark)
{
    ASSAY_ASSERT(w->depth <= ASSAY_YAML_DEPTH_MAX);
    if (w->depth != 0) {
        struct level *in = &w->levels[w->depth - 1];
        if (in->sequence) append_index(w, in->path_len, in->index++);
        in->at_key = true;
    }
    if (w->wanted_path != NULL && w->place.line == 0 && strcmp(w->path, w->wanted_path) == 0)
        w->place = place_of(mark);
}

static void enter_key(struct walk *w, const char *text, yaml_mark_t mark)
{
    ASSAY_ASSERT(w->depth > 0 && w->depth <= ASSAY_YAML_DEPTH_MAX);
    struct level *in = &w->levels[w->depth - 1];
    in->at_key = false;
    append_key(w, in->path_len, text);
    const struct assay_yaml_place place = place_of(mark);
    w->key = place;
    if (w->wanted_key != NULL && w->place.line == 0 && place.line >= w->wanted_line &&
        strcmp(text, w->wanted_key) == 0)
        w->place = place;
}

static bool awaits_key(const struct walk *w)
{
    return w->depth != 0 && !w->levels[w->depth - 1].sequence && w->levels[w->depth - 1].at_key;
}

static enum assay_status emit_part(struct walk *w, enum assay_yaml_part part, const char *text,
                                   yaml_mark_t mark)
{
    if (w->visit == NULL) return ASSAY_OK;
    const struct assay_yaml_place value = place_of(mark);
    return w->visit(w->context, part, w->path, text, w->key.line != 0 ? w->key : value, value);
}

/* ------------------------------------------------------------ events */

/* Callers split the paths again: a key must not look like two, or like an item. None of ours
 * does. */
static enum assay_status check_key(const struct walk *w, const char *text, yaml_mark_t mark)
{
    char why[ASSAY_YAML_KEY_MAX + 32];
    if (w->visit == NULL || (text[0] != '\0' && strpbrk(text, ".[]") == NULL)) return ASSAY_OK;
    (void)snprintf(why, sizeof why, "unknown key \"%.100s\"", text);
    return report_refusal(w, ASSAY_E_SYNTAX, mark, why);
}

static enum assay_status take_scalar(struct walk *w, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    if (event->data.scalar.tag != NULL)
        return report_refusal(w, ASSAY_E_SYNTAX, event->start_mark, "tags are not used here");
    if (strlen(text) != event->data.scalar.length)
        return report_refusal(w, ASSAY_E_SYNTAX, event->start_mark, "a text may not hold a NUL");
    if (awaits_key(w)) {
        ASSAY_TRY(check_key(w, text, event->start_mark));
        enter_key(w, text, event->start_mark);
        return ASSAY_OK;
    }
    enter_value(w, event->start_mark);
    return emit_part(w, ASSAY_YAML_SCALAR, text, event->start_mark);
}

static enum assay_status open_level(struct walk *w, yaml_mark_t mark, bool sequence)
{
    if (awaits_key(w)) return report_refusal(w, ASSAY_E_SYNTAX, mark, "a key must be a plain text");
    enter_value(w, mark);
    if (w->depth == ASSAY_YAML_DEPTH_MAX)
        return report_refusal(w, ASSAY_E_RANGE, mark, "nested too deeply");
    w->levels[w->depth++] =
        (struct level){ .sequence = sequence, .at_key = true, .path_len = strlen(w->path) };
    ASSAY_ASSERT(w->depth <= ASSAY_YAML_DEPTH_MAX);
    return emit_part(w, sequence ? ASSAY_YAML_SEQUENCE : ASSAY_YAML_MAPPING, NULL, mark);
}

static enum assay_status close_level(struct walk *w, yaml_mark_t mark)
{
    ASSAY_ASSERT(w->depth > 0);
    w->depth--;
    ASSAY_ASSERT(w->levels[w->depth].path_len < sizeof w->path);
    w->path[w->levels[w->depth].path_len] = '\0';
    return emit_part(w, ASSAY_YAML_END, NULL, mark);
}

static enum assay_status take_event(struct walk *w, const yaml_event_t *event)
{
    static const char alias[] = "anchors and aliases are not used here";
    const yaml_mark_t mark = event->start_mark;
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: return ASSAY_OK;
    case YAML_DOCUMENT_START_EVENT:
        if (++w->documents == 1) return ASSAY_OK;
        return report_refusal(w, ASSAY_E_SYNTAX, mark, "a second document follows");
    case YAML_ALIAS_EVENT: return report_refusal(w, ASSAY_E_SYNTAX, mark, alias);
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor != NULL)
            return report_refusal(w, ASSAY_E_SYNTAX, mark, alias);
        return take_scalar(w, event);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor != NULL)
            return report_refusal(w, ASSAY_E_SYNTAX, mark, alias);
        if (event->data.sequence_start.tag != NULL)
            return report_refusal(w, ASSAY_E_SYNTAX, mark, "tags are not used here");
        return open_level(w, mark, true);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor != NULL)
            return report_refusal(w, ASSAY_E_SYNTAX, mark, alias);
        if (event->data.mapping_start.tag != NULL)
            return report_refusal(w, ASSAY_E_SYNTAX, mark, "tags are not used here");
        return open_level(w, mark, false);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close_level(w, mark);
    }
    ASSAY_UNREACHABLE("libyaml has no other event");
}

/* Bytes that are no UTF-8 are met before there are lines: the library knows their offset alone. */
static enum assay_status refuse_grammar(const struct walk *w)
{
    yaml_mark_t mark = w->parser.problem_mark;
    if (w->parser.error == YAML_MEMORY_ERROR) return ASSAY_E_MEMORY;
    if (w->parser.error == YAML_READER_ERROR) {
        mark = (yaml_mark_t){ 0 };
        for (size_t i = 0; i < w->parser.problem_offset && i < w->document->text.len; i++) {
            mark.line += w->document->text.bytes[i] == '\n' ? 1u : 0u;
            mark.column = w->document->text.bytes[i] == '\n' ? 0 : mark.column + 1;
        }
    }
    return report_refusal(w, ASSAY_E_SYNTAX, mark,
                          w->parser.problem != NULL ? w->parser.problem : "this is no YAML");
}

static enum assay_status walk_events(struct walk *w)
{
    if (!yaml_parser_initialize(&w->parser)) return ASSAY_E_MEMORY;
    yaml_parser_set_input_string(&w->parser, w->document->text.bytes, w->document->text.len);
    /* Without this a UTF-16 file would be read as what it is not shown as. */
    yaml_parser_set_encoding(&w->parser, YAML_UTF8_ENCODING);
    enum assay_status status = ASSAY_OK;
    for (bool more = true; more && status == ASSAY_OK;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&w->parser, &event)) {
            status = refuse_grammar(w);
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        status = take_event(w, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&w->parser);
    return status;
}

/* ------------------------------------------------------------ the face */

enum assay_status assay_yaml_scan(const struct assay_yaml *document)
{
    return assay_yaml_walk(document, NULL, NULL);
}

enum assay_status assay_yaml_walk(const struct assay_yaml *document, assay_yaml_visit *visit,
                                  void *context)
{
    struct walk w = { .document = document, .visit = visit, .context = context };
    ASSAY_TRY(walk_events(&w));
    if (w.documents != 0) return ASSAY_OK;
    assay_yaml_set_message(document, (struct assay_yaml_place){ 1, 1 }, "the file is empty");
    return ASSAY_E_SYNTAX;
}

struct assay_yaml_place assay_yaml_find(const struct assay_yaml *document, const char *path)
{
    struct walk w = { .document = document, .wanted_path = path };
    assay_status_ignore(walk_events(&w), "the whole file was walked before");
    return w.place;
}

struct assay_yaml_place assay_yaml_find_key(const struct assay_yaml *document, const char *key,
                                            unsigned long line)
{
    struct walk w = { .document = document, .wanted_key = key, .wanted_line = line };
    assay_status_ignore(walk_events(&w), "the whole file was walked before");
    return w.place;
}
