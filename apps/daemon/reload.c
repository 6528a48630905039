/*
 * apps/daemon/reload.c - reload of the configuration of a running node.
 *
 * All of it is read and checked first, as at a start, except the source of evidence: the platform
 * is in use. Then the keys that are marked live (apps/config/keys.h) are applied, and differing
 * keys that are not live are listed. Changes that need a restart are compared with the
 * configuration at the start, so they are listed at every reload until then.
 */
#include "apps/daemon/node.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/system/journald.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------ the format of lines */

/* With fields where standard error is the journal's own stream and its socket is there, else behind
 * a priority. The socket stays open: threads may be about to write to it. */
static void style_of_journal(bool native)
{
    static int fd = -1;
    assay_log_set_format(ASSAY_LOG_FORMAT_JOURNAL, false);
    if (native && fd < 0) fd = assay_journald_open(ASSAY_JOURNALD_SOCKET);
    assay_log_open_journal(native ? fd : -1);
}

void daemon_log_style(const struct assay_config *config)
{
    bool native = false;
    const bool stream = assay_journald_is_stderr(&native);
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const char *const no_color = getenv("NO_COLOR");
    const bool colour = terminal && (no_color == NULL || no_color[0] == '\0');
    switch (config->log_format) {
    case ASSAY_CONFIG_LOG_LOGFMT: assay_log_set_format(ASSAY_LOG_FORMAT_LOGFMT, false); return;
    case ASSAY_CONFIG_LOG_JSON: assay_log_set_format(ASSAY_LOG_FORMAT_JSON, false); return;
    case ASSAY_CONFIG_LOG_JOURNAL: style_of_journal(stream && native); return;
    case ASSAY_CONFIG_LOG_TEXT: assay_log_set_format(ASSAY_LOG_FORMAT_TEXT, colour); return;
    case ASSAY_CONFIG_LOG_AUTO:
        if (stream) style_of_journal(native);
        else
            assay_log_set_format(terminal ? ASSAY_LOG_FORMAT_TEXT : ASSAY_LOG_FORMAT_LOGFMT,
                                 colour);
        return;
    }
    ASSAY_UNREACHABLE("a format outside the list");
}

/* ------------------------------------------------------------ what changed */

static bool is_live(const struct assay_config_row *row)
{
    return row->known != NULL && row->known->reload == ASSAY_CONFIG_LIVE;
}

/* What holds now of live keys. */
static const struct assay_config_rows *live_rows(const struct daemon_node *node)
{
    return node->reloaded != NULL ? &node->reloaded->rows : &node->rows;
}

static void name_one(struct daemon_node *node, const char *key, bool live)
{
    assay_runtime_log_reload(node->host, live ? ASSAY_SEVERITY_INFO : ASSAY_SEVERITY_WARNING, "key",
                             key, live ? "taken over" : "changed, and needs a restart");
}

/* Keys of one kind that differ between the sides, or exist in one only. Returns: their number; with
 * tell each is logged */
static unsigned count_differences(struct daemon_node *node, const struct assay_config_rows *before,
                                  const struct assay_config_rows *after, bool live, bool logs)
{
    unsigned count = 0;
    for (size_t i = 0; i < after->count; i++) {
        const struct assay_config_row *const row = &after->rows[i];
        if (is_live(row) != live) continue;
        if (assay_config_row_same(assay_config_rows_find(before, row->key), row)) continue;
        if (logs) name_one(node, row->key, live);
        count++;
    }
    for (size_t i = 0; i < before->count; i++) {
        const struct assay_config_row *const row = &before->rows[i];
        if (is_live(row) != live || assay_config_rows_find(after, row->key) != NULL) continue;
        if (logs) name_one(node, row->key, live);
        count++;
    }
    return count;
}

static bool targets_differ(const struct assay_config_rows *before,
                           const struct assay_config_rows *after)
{
    static const char list[] = "enforcement.targets";
    const struct assay_config_rows *const sides[2][2] = { { before, after }, { after, before } };
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < sides[side][0]->count; i++) {
            const struct assay_config_row *const row = &sides[side][0]->rows[i];
            if (strncmp(row->key, list, sizeof list - 1) != 0) continue;
            if (!assay_config_row_same(row, assay_config_rows_find(sides[side][1], row->key)))
                return true;
        }
    return false;
}

/* ------------------------------------------------------------ taking over */

static void report_refusal(struct daemon_node *node, const char *why)
{
    assay_runtime_log_reload(node->host, ASSAY_SEVERITY_ERROR, "reason", why,
                             "refused completely: the previous configuration stays in force");
}

/* The only part that may fail goes first, and leaves those before. */
static bool take_targets(struct daemon_node *node, struct daemon_node *next)
{
    char message[ASSAY_RUNTIME_MESSAGE_LEN] = "";
    if (!targets_differ(live_rows(node), &next->rows) &&
        assay_supervisor_targets_are_open(node->supervisor))
        return true;
    struct assay_config_enforcement *const fresh = malloc(sizeof *fresh);
    if (fresh == NULL) {
        report_refusal(node, assay_status_text(ASSAY_E_MEMORY));
        return false;
    }
    *fresh = *node->enforcement; /* the journal stays */
    fresh->target_count = next->config->enforcement.target_count;
    for (size_t i = 0; i < ASSAY_CONFIG_TARGETS_MAX; i++)
        fresh->targets[i] = next->config->enforcement.targets[i];
    if (assay_supervisor_targets(node->supervisor, fresh, message) != ASSAY_OK) {
        free(fresh);
        const size_t len = strlen(message);
        if (!assay_supervisor_targets_are_open(node->supervisor))
            (void)snprintf(message + len, sizeof message - len,
                           "; previous targets cannot be opened again: assay enforce show");
        report_refusal(node, message);
        return false;
    }
    free(node->enforcement);
    node->enforcement = fresh;
    return true;
}

static void take_live(struct daemon_node *node, struct daemon_node *next)
{
    assay_bytes_copy(node->config->advertise, sizeof node->config->advertise,
                     next->config->advertise, sizeof next->config->advertise);
    const struct assay_runtime_settings tuning = {
        .log_level = (unsigned)next->config->log_level,
        .verify_threads = next->config->verify_threads,
        .drain_ms = next->config->drain_ms,
        .peers = next->peers,
        .peer_count = next->config->peer_count,
        .advertise = daemon_advertised(node->config), /* of the listener that is open */
    };
    const enum assay_status status = assay_runtime_reconfigure(node->host, &tuning);
    if (status != ASSAY_OK)
        assay_runtime_log_reload(node->host, ASSAY_SEVERITY_ERROR, "reason",
                                 assay_status_text(status),
                                 "a thread or an address could not be taken over");
    daemon_log_style(next->config);
    /* The next host of this process is made of these (a boundary that changes rules). */
    node->config->log_level = next->config->log_level;
    node->config->log_format = next->config->log_format;
    node->config->verify_threads = next->config->verify_threads;
    node->config->drain_ms = next->config->drain_ms;
    node->config->peer_count = next->config->peer_count;
    struct assay_runtime_peer *const peers = node->peers;
    char(*const endpoints)[ASSAY_ADDRESSES_MAX] = node->endpoints;
    node->peers = next->peers;
    node->endpoints = next->endpoints;
    next->peers = peers;
    next->endpoints = endpoints;
    for (uint32_t i = 0; i < next->config->peer_count; i++)
        node->config->peers[i] = next->config->peers[i];
}

static void close_next(struct daemon_node **next)
{
    if (*next == NULL) return;
    daemon_close(*next);
    free(*next);
    *next = NULL;
}

static void take_over(struct daemon_node *node, struct daemon_node *next)
{
    char summary[128];
    const unsigned live = count_differences(node, live_rows(node), &next->rows, true, true);
    const unsigned later = count_differences(node, &node->rows, &next->rows, false, true);
    take_live(node, next);
    (void)snprintf(summary, sizeof summary, "%u values taken over, %u need a restart", live, later);
    assay_runtime_log_reload(node->host, ASSAY_SEVERITY_INFO, NULL, NULL, summary);
    daemon_reloaded_close(node);
    node->reloaded = next;
}

void daemon_reloaded_close(struct daemon_node *node)
{
    close_next(&node->reloaded);
}

void daemon_reload(struct daemon_node *node)
{
    daemon_notify_reloading(&node->notify, assay_awake_us()); /* systemd's clock */
    struct daemon_node *next = calloc(1, sizeof *next);
    enum assay_status status = next != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (next != NULL) {
        next->notify.fd = -1;
        next->sources = node->sources;
        status = daemon_read_config(next);
    }
    if (status != ASSAY_OK)
        report_refusal(node, next != NULL ? next->message : assay_status_text(status));
    else if (take_targets(node, next)) {
        take_over(node, next);
        next = NULL;
    }
    assay_runtime_on_reload(node->host, next == NULL && status == ASSAY_OK);
    close_next(&next);
    daemon_notify_ready(&node->notify);
}
