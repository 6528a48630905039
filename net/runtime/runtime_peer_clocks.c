/*
 * net/runtime/runtime_peer_clocks.c - clock requests to peers (host/peers/peer_clocks.h), responses
 * and log lines.
 */
#include "net/runtime/runtime_internal.h"

#include <inttypes.h>
#include <stdlib.h>

enum assay_status runtime_peer_clocks_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->clock_peers == NULL && runtime->clock_weights == NULL);
    runtime->clock_peers = calloc(runtime->members, sizeof *runtime->clock_peers);
    runtime->clock_weights = calloc(runtime->members, sizeof *runtime->clock_weights);
    if (runtime->clock_peers == NULL || runtime->clock_weights == NULL) return ASSAY_E_MEMORY;
    assay_peer_clocks_init(&runtime->peer_clocks, runtime->clock_peers, runtime->members,
                           runtime->self, runtime->config.genesis->parameters.epoch_ms);
    /* What a member signs in one epoch, and in the next one, comes through others. */
    if (runtime_overlay_is_used(runtime))
        runtime->peer_clocks.far_ms = 2 * (uint64_t)runtime->config.genesis->parameters.epoch_ms;
    return ASSAY_OK;
}

void runtime_peer_clocks_close(struct assay_runtime *runtime)
{
    free(runtime->clock_peers);
    free(runtime->clock_weights);
}

static void log_clock(struct assay_runtime *runtime)
{
    const int64_t ahead_ms = runtime->peer_clocks.found.ahead_ms;
    const uint64_t by_ms = (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms);
    const bool off = runtime->peer_clocks.off;
    const char *side = ahead_ms < 0 ? "behind" : "ahead";
    const bool received =
        off ? assay_log_begin(&runtime->log, ASSAY_SEVERITY_ERROR, "clock_out_of_sync")
            : assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "clock_in_sync");
    if (received) {
        assay_log_text(&runtime->log, "side", side);
        assay_log_uint(&runtime->log, "by_ms", by_ms);
        assay_log_uint(&runtime->log, "bound_ms", runtime->peer_clocks.bound_ms);
    }
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, off ? "clock_out_of_sync" : "clock_in_sync", ASSAY_SLOT_ALL, by_ms,
                      runtime->peer_clocks.bound_ms,
                      "this machine's date is %" PRIu64 " ms %s the others'%s", by_ms,
                      ahead_ms < 0 ? "behind" : "ahead of", off ? ": set it" : "");
}

void runtime_peer_clocks_poll(struct assay_runtime *runtime, bool alongside)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (!assay_peer_clocks_poll_request(&runtime->peer_clocks, runtime->now_ms, runtime->at_unix_ms,
                                        alongside, &w))
        return;
    /* What the last question brought, before the next one. */
    ASSAY_ASSERT(w.len == ASSAY_DATE_LEN && runtime->roster.count == runtime->members);
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        const bool asked = slot == runtime->self || !runtime_overlay_is_used(runtime) ||
                           assay_overlay_has(runtime->driver.overlay, slot);
        runtime->clock_weights[slot] = asked ? runtime->roster.entries[slot].weight : 0;
    }
    if (assay_peer_clocks_update(&runtime->peer_clocks, runtime->clock_weights, runtime->now_ms))
        log_clock(runtime);
    runtime_send(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE,
                 assay_slice_over(bytes, w.len));
    runtime_addresses_poll(runtime);
}

void runtime_send_farewell(struct assay_runtime *runtime)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_peer_clocks_encode_farewell(runtime->at_unix_ms, &w);
    ASSAY_ASSERT(w.len == ASSAY_DATE_LEN);
    runtime_send(runtime, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE,
                 assay_slice_over(bytes, w.len));
}

static void log_peer_ended(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char name[ASSAY_NAME_MAX + 1];
    runtime_slot_name(runtime, slot, name, sizeof name);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "peer_stopped"))
        assay_log_text(&runtime->log, "peer", name);
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, "peer_stopped", slot, 0, 0, "%s reports an orderly exit", name);
}

void runtime_on_date(struct assay_runtime *runtime, uint16_t from, struct assay_slice payload)
{
    ASSAY_ASSERT(from < runtime->members);
    uint8_t bytes[ASSAY_DATE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_peer_clocks_on_date(
        &runtime->peer_clocks, from, runtime->now_ms, runtime->at_unix_ms, payload, &w);
    ASSAY_ASSERT(w.len == 0 || (status == ASSAY_OK && w.len == ASSAY_DATE_LEN));
    if (status != ASSAY_OK)
        assay_count(&runtime->counters,
                    status == ASSAY_E_STALE ? ASSAY_COUNT_DATE_STALE : ASSAY_COUNT_DATE_MALFORMED);
    else if (w.len > 0)
        runtime_send(runtime, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_DATE,
                     assay_slice_over(bytes, w.len));
    if (assay_peer_clocks_poll_ending(&runtime->peer_clocks, from, runtime->now_ms))
        log_peer_ended(runtime, from);
}
