/*
 * net/runtime/runtime_transport.c - news of the transport process; none of it reaches the engine.
 */
#include "net/runtime/runtime_internal.h"

#include "net/sandbox/sandbox.h"

void runtime_log_child(struct assay_runtime *runtime, int64_t pid, uint32_t took_ms, uint32_t walls,
                       uint32_t landlock)
{
    assay_log_uint(&runtime->log, "pid", (uint64_t)pid);
    assay_log_uint(&runtime->log, "took_ms", took_ms);
    assay_log_bool(&runtime->log, "calls", (walls & ASSAY_SANDBOX_LAYER_CALLS) != 0);
    assay_log_bool(&runtime->log, "limits", (walls & ASSAY_SANDBOX_LAYER_LIMITS) != 0);
    assay_log_bool(&runtime->log, "memory", (walls & ASSAY_SANDBOX_LAYER_MEMORY) != 0);
    assay_log_uint(&runtime->log, "landlock", landlock);
}

static void log_transport_ready(struct assay_runtime *runtime,
                                const struct assay_transport_news *news)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "transport_ready"))
        runtime_log_child(runtime, news->pid, news->took_ms, news->walls, news->landlock);
    assay_log_end(&runtime->log);
}

static void log_transport_exit(struct assay_runtime *runtime,
                               const struct assay_transport_news *news)
{
    char name[ASSAY_NAME_MAX + 1];
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "transport_ended")) {
        assay_log_uint(&runtime->log, "pid", (uint64_t)news->pid);
        assay_log_text(&runtime->log, "why", news->why);
        assay_log_bool(&runtime->log, "was_ready", news->started);
        ASSAY_ASSERT(news->shut < runtime->members || news->shut == ASSAY_TRANSPORT_NOBODY);
        if (news->shut < runtime->members) {
            assay_log_text(&runtime->log, "shut_out",
                           runtime_slot_name(runtime, news->shut, name, sizeof name));
            assay_log_uint(&runtime->log, "for_ms", news->shut_ms);
        }
    }
    assay_log_end(&runtime->log);
}

void runtime_transport_poll(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->link != NULL);
    struct assay_transport_news news;
    while (assay_transport_news(runtime->link, &news)) {
        if (news.ready) log_transport_ready(runtime, &news);
        else log_transport_exit(runtime, &news);
    }
}
