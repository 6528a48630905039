/*
 * apps/demo/timeline.c - event timeline of the demo, and the events that must occur.
 */
#include "apps/demo/demo.h"

#include "base/system_clock.h"
#include "net/json/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void demo_report(struct demo *demo, uint64_t epoch, const char *peer, const char *code,
                 const char *format, ...)
{
    if (demo->event_count == DEMO_EVENTS_MAX) return; /* counters continue; the story is over */
    struct demo_event *event = &demo->events[demo->event_count++];
    event->at_ms = assay_monotonic_ms() - demo->started_ms;
    event->epoch = epoch;
    (void)snprintf(event->peer, sizeof event->peer, "%s", peer);
    (void)snprintf(event->code, sizeof event->code, "%s", code);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(event->text, sizeof event->text, format, args);
    va_end(args);
    if (demo->options.headless)
        (void)fprintf(stderr, "[%6.2f s] epoch %-4llu %-8s %-22s %s\n", (double)event->at_ms / 1000,
                      (unsigned long long)epoch, event->peer, event->code, event->text);
}

struct demo_check *demo_check(struct demo *demo, const char *name)
{
    for (size_t i = 0; i < demo->check_count; i++)
        if (strcmp(demo->checks[i].name, name) == 0) return &demo->checks[i];
    if (demo->check_count == DEMO_CHECKS_MAX) abort(); /* a bug: the story names its checks */
    struct demo_check *check = &demo->checks[demo->check_count++];
    check->name = name;
    return check;
}

/* The first answer stands. */
void demo_settle(struct demo_check *check, bool passed, const char *format, ...)
{
    if (check->known) return;
    check->known = true;
    check->passed = passed;
    check->at_ms = assay_monotonic_ms();
    va_list args;
    va_start(args, format);
    (void)vsnprintf(check->figure, sizeof check->figure, format, args);
    va_end(args);
}

static struct assay_json *event_json(const struct demo_event *event)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "at_ms", event->at_ms);
    assay_json_set_uint(object, "epoch", event->epoch);
    assay_json_set_text(object, "peer", event->peer);
    assay_json_set_text(object, "event", event->code);
    assay_json_set_text(object, "text", event->text);
    return object;
}

static const char *figure_of(const struct demo_check *check)
{
    if (check->known) return check->figure;
    return demo_interrupted ? "not reached: the story was interrupted" : "did not happen";
}

static struct assay_json *check_json(const struct demo *demo, const struct demo_check *check)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "name", check->name);
    if (check->expected != NULL) assay_json_set_text(object, "expected", check->expected);
    assay_json_set_bool(object, "passed", check->known && check->passed);
    if (check->known) assay_json_set_uint(object, "at_ms", check->at_ms - demo->started_ms);
    assay_json_set_text(object, "measured", figure_of(check));
    return object;
}

bool demo_timeline_write(const struct demo *demo, const char *path, bool passed)
{
    struct assay_json *document = assay_json_object(), *data = assay_json_object();
    struct assay_json *events = assay_json_array(), *checks = assay_json_array();
    for (size_t i = 0; i < demo->event_count; i++)
        assay_json_append(events, event_json(&demo->events[i]));
    for (size_t i = 0; i < demo->check_count; i++)
        assay_json_append(checks, check_json(demo, &demo->checks[i]));
    assay_json_set_text(document, "schema", "assay.demo");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(data, "story", demo->options.story->name);
    assay_json_set_text(data, "evidence", demo->options.tpm ? "tpm" : "soft");
    assay_json_set_bool(data, "insecure", true); /* profile development */
    assay_json_set_uint(data, "peers", demo->options.peer_count);
    assay_json_set_uint(data, "epoch_ms", demo->options.epoch_ms);
    assay_json_set_uint(data, "duration_ms", assay_monotonic_ms() - demo->started_ms);
    assay_json_set_bool(data, "passed", passed);
    assay_json_set(data, "checks", checks);
    assay_json_set(data, "timeline", events);
    assay_json_set(document, "data", data);

    char *text = assay_json_print(document, 2);
    assay_json_free(&document);
    FILE *out = text != NULL ? fopen(path, "we") : NULL;
    bool written = out != NULL && fprintf(out, "%s\n", text) > 0;
    if (out != NULL && fclose(out) != 0) written = false;
    free(text);
    if (!written) (void)fprintf(stderr, "assay-demo: %s could not be written\n", path);
    return written;
}

bool demo_summary(const struct demo *demo, FILE *out)
{
    bool all = demo->check_count > 0;
    (void)fprintf(out, "\nevidence: %s, profile development: INSECURE\n",
                  demo->options.tpm ? "quotes of software TPMs" : "SOFT quotes");
    const int room = demo_view_columns() < 100 ? 0 : 56; /* else what was measured stands below */
    (void)fprintf(out, "\n%-5s %-*s %s\n", "", room, "what had to happen", "measured");
    for (size_t i = 0; i < demo->check_count; i++) {
        const struct demo_check *check = &demo->checks[i];
        const bool passed = check->known && check->passed;
        all = all && passed;
        (void)fprintf(out, "%-5s %-*s%s%s\n", passed ? "yes" : "NO", room, check->name,
                      room == 0 ? "\n      " : " ", figure_of(check));
    }
    return all;
}
