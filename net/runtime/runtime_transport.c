/*
 * net/runtime/runtime_transport.c - the process that has the sockets: nothing that it does may pass
 * without a word, and nothing of it is said to the engine.
 */
#include "net/runtime/runtime_internal.h"

#include "net/sandbox/sandbox.h"

void host_say_child(struct assay_host *host, int64_t pid, uint32_t took_ms, uint32_t walls,
                    uint32_t landlock)
{
    assay_log_uint(&host->log, "pid", (uint64_t)pid);
    assay_log_uint(&host->log, "took_ms", took_ms);
    assay_log_bool(&host->log, "calls", (walls & ASSAY_WALL_CALLS) != 0);
    assay_log_bool(&host->log, "limits", (walls & ASSAY_WALL_LIMITS) != 0);
    assay_log_bool(&host->log, "memory", (walls & ASSAY_WALL_MEMORY) != 0);
    assay_log_uint(&host->log, "landlock", landlock);
}

static void say_ready(struct assay_host *host, const struct assay_transport_news *news)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "transport_ready"))
        host_say_child(host, news->pid, news->took_ms, news->walls, news->landlock);
    assay_log_end(&host->log);
}

static void say_fell(struct assay_host *host, const struct assay_transport_news *news)
{
    char name[ASSAY_NAME_MAX + 1];
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "transport_fell")) {
        assay_log_uint(&host->log, "pid", (uint64_t)news->pid);
        assay_log_text(&host->log, "why", news->why);
        assay_log_bool(&host->log, "was_ready", news->started);
        if (news->shut < host->members) {
            assay_log_text(&host->log, "shut_out",
                           host_name(host, news->shut, name, sizeof name));
            assay_log_uint(&host->log, "for_ms", news->shut_ms);
        }
    }
    assay_log_end(&host->log);
}

void host_transport_turn(struct assay_host *host)
{
    struct assay_transport_news news;
    while (assay_transport_news(host->link, &news)) {
        if (news.ready) say_ready(host, &news);
        else say_fell(host, &news);
    }
}
