/*
 * net/runtime/runtime_peer_clocks.c - what peers say about dates (host/peers/peer_clocks.h): asked,
 * answered, told to people.
 */
#include "net/runtime/runtime_internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum assay_status host_dates_open(struct assay_host *host)
{
    host->date_peers = calloc(host->members, sizeof *host->date_peers);
    host->date_weights = calloc(host->members, sizeof *host->date_weights);
    if (host->date_peers == NULL || host->date_weights == NULL) return ASSAY_E_MEMORY;
    assay_peer_clocks_init(&host->dates, host->date_peers, host->members, host->self,
                           host->config.genesis->parameters.epoch_ms);
    /* What a member signs in one epoch, and in the next one, comes through others. */
    if (host->view != NULL)
        host->dates.far_ms = 2 * (uint64_t)host->config.genesis->parameters.epoch_ms;
    return ASSAY_OK;
}

void host_dates_close(struct assay_host *host)
{
    free(host->date_peers);
    free(host->date_weights);
}

static void say(struct assay_host *host)
{
    const int64_t ahead_ms = host->dates.found.ahead_ms;
    const uint64_t by_ms = (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms);
    const bool off = host->dates.off;
    const char *side = ahead_ms < 0 ? "behind" : "ahead";
    const bool heard = off ? assay_log_begin(&host->log, ASSAY_SEVERITY_ERROR, "clock_off")
                           : assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "clock_right");
    if (heard) {
        assay_log_text(&host->log, "side", side);
        assay_log_uint(&host->log, "by_ms", by_ms);
        assay_log_uint(&host->log, "bound_ms", host->dates.bound_ms);
    }
    assay_log_end(&host->log);
    host_tell(host, off ? "clock_off" : "clock_right", ASSAY_SLOT_ALL, by_ms, host->dates.bound_ms,
              "this machine's date is %" PRIu64 " ms %s the others'%s", by_ms,
              ahead_ms < 0 ? "behind" : "ahead of", off ? ": set it" : "");
}

void host_dates_turn(struct assay_host *host, bool beside)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (!assay_peer_clocks_ask(&host->dates, host->now_ms, host->at_unix_ms, beside, &w)) return;
    /* What the last question brought, before the next one. */
    for (uint16_t slot = 0; slot < host->members; slot++) {
        const bool asked = slot == host->self || !host_neighbours_used(host) ||
                           assay_overlay_near(host->view, slot);
        host->date_weights[slot] = asked ? host->roster.entries[slot].weight : 0;
    }
    if (assay_peer_clocks_look(&host->dates, host->date_weights, host->now_ms)) say(host);
    host_send(host, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE,
              assay_slice_over(bytes, w.len));
    host_addresses_turn(host);
}

void host_farewell(struct assay_host *host)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_peer_clocks_farewell(host->at_unix_ms, &w);
    host_send(host, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE,
              assay_slice_over(bytes, w.len));
}

static void say_ended(struct assay_host *host, uint16_t slot)
{
    char name[ASSAY_NAME_MAX + 1];
    host_name(host, slot, name, sizeof name);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "peer_ended"))
        assay_log_text(&host->log, "peer", name);
    assay_log_end(&host->log);
    host_tell(host, "peer_ended", slot, 0, 0, "%s says that it ends, as it was asked to", name);
}

void host_date(struct assay_host *host, uint16_t from, struct assay_slice payload)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status =
        assay_peer_clocks_take(&host->dates, from, host->now_ms, host->at_unix_ms, payload, &w);
    if (status != ASSAY_OK)
        assay_count(&host->counters,
                    status == ASSAY_E_STALE ? ASSAY_COUNT_DATE_STALE : ASSAY_COUNT_DATE_MALFORMED);
    else if (w.len > 0)
        host_send(host, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE, assay_slice_over(bytes, w.len));
    if (assay_peer_clocks_ends(&host->dates, from, host->now_ms)) say_ended(host, from);
}
