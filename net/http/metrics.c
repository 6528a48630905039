/*
 * net/http/metrics.c - snapshot as metrics, in OpenMetrics 1.0 or in the text format 0.0.4.
 *
 * A network of strangers must not decide how many series there are: labels are words of lists in
 * the source, and the name of this node. What names other members is opt-in and bounded
 * (metrics_members.c). docs/reference/metrics.md is made of both files.
 */
#include "net/http/answer_internal.h"

#include "base/assert.h"
#include "net/documents/document_services.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
    FILE *out;
    bool open;            /* OpenMetrics, else 0.0.4 */
    uint64_t loop_age_ms; /* of the snapshot, by the clock of this request */
    bool turns;           /* the loop; else what it alone knows has no lines */
};

/* ------------------------------------------------------------ lines */

/* The old format names a counter's family with its suffix, the new one without. */
static void write_head(const struct page *page, const char *name, const char *type,
                       const char *help)
{
    ASSAY_ASSERT(page->out != NULL);
    const bool counter = strcmp(type, "counter") == 0;
    const char *suffix = counter && !page->open ? "_total" : "";
    (void)fprintf(page->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
                  type);
}

/* One of them: label and value of it may be NULL. scale: how many decimals the integer has. */
static void write_sample(const struct page *page, const char *name, const char *label,
                         const char *word, uint64_t value, unsigned scale)
{
    ASSAY_ASSERT(scale <= 6 && (label == NULL) == (word == NULL));
    static const uint64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
    const uint64_t unit = powers[scale];
    (void)fputs(name, page->out);
    if (label != NULL) (void)fprintf(page->out, "{%s=\"%s\"}", label, word);
    (void)fprintf(page->out, " %" PRIu64, value / unit);
    if (scale > 0) (void)fprintf(page->out, ".%0*" PRIu64, (int)scale, value % unit);
    (void)fputc('\n', page->out);
}

static void write_gauge(const struct page *page, const char *name, const char *help, uint64_t value,
                        unsigned scale)
{
    ASSAY_ASSERT(scale <= 6);
    write_head(page, name, "gauge", help);
    write_sample(page, name, NULL, NULL, value, scale);
}

static void write_counter(const struct page *page, const char *name, const char *help,
                          uint64_t value, unsigned scale)
{
    ASSAY_ASSERT(strlen(name) + sizeof "_total" <= 96);
    char full[96];
    write_head(page, name, "counter", help);
    (void)snprintf(full, sizeof full, "%s_total", name);
    write_sample(page, full, NULL, NULL, value, scale);
}

static void write_labelled(const struct page *page, const char *name, const char *label,
                           const char *word, uint64_t value)
{
    ASSAY_ASSERT(label != NULL && word != NULL && strlen(name) + sizeof "_total" <= 96);
    char full[96];
    (void)snprintf(full, sizeof full, "%s_total", name);
    write_sample(page, full, label, word, value, 0);
}

/* With a second label: what is counted by two. */
static void write_pair(const struct page *page, const char *name, const char *label,
                       const char *word, const char *second, const char *other, uint64_t value)
{
    ASSAY_ASSERT(label != NULL && word != NULL && second != NULL && other != NULL);
    (void)fprintf(page->out, "%s{%s=\"%s\",%s=\"%s\"} %" PRIu64 "\n", name, label, word, second,
                  other, value);
}

/* ------------------------------------------------------------ conditions */

enum { CONDITIONS = ASSAY_CONDITION_LEFT }; /* one that left is no member */
static const char *const condition_words[CONDITIONS] = { "full",      "warning", "restricted",
                                                         "suspended", "offline", "maintenance",
                                                         "drained" };

const char *http_condition_label(enum assay_condition condition)
{
    ASSAY_ASSERT((unsigned)condition < CONDITIONS);
    return condition_words[condition];
}

/* ------------------------------------------------------------ this node */

/* The first digits of the chain id: enough to tell networks of one Prometheus apart. */
enum { CHAIN_DIGITS = 16 };

static void write_loop(const struct page *page)
{
    write_gauge(
        page, "assay_loop_age_seconds",
        "Time since the loop of this node published its state, once a second at least. From "
        "5 s on, metrics that only a running loop can know are left out.",
        page->loop_age_ms, 3);
}

static void write_info(const struct page *page, const struct assay_http_snapshot *view)
{
    static const char name[] = "assay_node_info";
    struct http_member_labels labels;
    char chain[65];
    assay_hex_encode(view->snapshot.chain.chain_id, 32, chain, sizeof chain);
    http_member_labels(view, view->snapshot.self, &labels);
    write_head(page, name, "gauge", "Network and member of this node; always 1.");
    (void)fprintf(page->out, "%s{chain=\"%.*s\",member=\"%s\",operator=\"%s\",vendor=\"%s\"} 1\n",
                  name, CHAIN_DIGITS, chain, labels.member, labels.operator_, labels.vendor);
}

static void write_self(const struct page *page, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->members != NULL);
    const struct assay_member_snapshot *own = &s->members[s->self].ledger;
    const enum assay_condition condition = assay_document_condition(s, s->self);
    write_head(page, "assay_build_info", "gauge", "Version of the running program; always 1.");
    write_sample(page, "assay_build_info", "version", ASSAY_VERSION, 1, 0);
    write_gauge(page, "assay_node_score_ratio",
                "Score of this node: the lower of integrity and availability.",
                assay_trust_score_bp(&own->trust), 4);
    write_gauge(page, "assay_node_integrity_ratio", "Integrity of this node.",
                own->trust.integrity_bp, 4);
    write_gauge(page, "assay_node_availability_ratio", "Availability of this node.",
                own->trust.availability_bp, 4);
    write_head(page, "assay_node_standing", "gauge",
               "1 for the current standing or condition of this node, 0 for the others.");
    for (unsigned i = 0; i < CONDITIONS; i++)
        write_sample(page, "assay_node_standing", "standing", condition_words[i],
                     (unsigned)condition == i, 0);
    if (http_has_fallen(own) && own->fall.first.begin_ms > 0)
        write_gauge(page, "assay_node_fall_timestamp_seconds",
                    "Start of the epoch in which the last run of falls of the standing of this "
                    "node began, in Unix seconds.",
                    own->fall.first.begin_ms, 3);
    write_gauge(page, "assay_node_weight", "Weight of this node in the current epoch.", own->weight,
                0);
    uint64_t epochs = s->chain.epoch - own->last_success_epoch;
    if (s->epoch_ms > 0) epochs += page->loop_age_ms / s->epoch_ms;
    write_gauge(
        page, "assay_evidence_age_seconds",
        "Age of the newest certified evidence of this node, counted in epochs and given as time.",
        epochs * s->epoch_ms, 3);
    if (page->turns) {
        write_gauge(page, "assay_enclave_running", "1 while the enclave runs.", s->enclave.pid != 0,
                    0);
        write_gauge(page, "assay_enclave_paused",
                    "1 while an order suspends the service of the enclave.", s->enclave.paused, 0);
    }
    write_counter(page, "assay_enclave_starts", "Starts of the enclave.", s->enclave.starts, 0);
    write_counter(page, "assay_config_reloads", "Successful configuration reloads since the start.",
                  s->config_reloads, 0);
    write_gauge(page, "assay_config_last_reload_success",
                "1 if the last configuration reload succeeded.", !s->config_refused, 0);
    write_gauge(page, "assay_insecure_mode",
                "1 if the policy profile is development or an insecure setting is accepted.",
                s->insecure || s->insecure_count > 0, 0);
}

/* ------------------------------------------------------------ the network */

static void write_members(const struct page *page, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->member_count == 0 || s->members != NULL);
    uint64_t conditions[ASSAY_CONDITIONS] = { 0 }, all = 0, present = 0, banned = 0, attested = 0;
    uint64_t offences = 0, shut = 0, last = 0, lost = 0, spared = 0, sharing = 0;
    uint64_t suspended = 0, served = 0, served_suspended = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_snapshot_member *m = &s->members[i];
        const enum assay_condition condition = assay_document_condition(s, i);
        const bool is_suspended =
            condition == ASSAY_CONDITION_SUSPENDED && http_has_fallen(&m->ledger);
        conditions[condition]++;
        suspended += is_suspended;
        if (m->ledger.stage != ASSAY_STAGE_MEMBER) continue;
        served += http_has_served(&m->ledger);
        served_suspended += is_suspended && http_has_served(&m->ledger);
        all++;
        present += m->present;
        banned += m->banned;
        shut += m->is_shut_out;
        last += m->is_served_last && !m->is_shut_out;
        offences += m->ledger.trust.offences.count;
        lost += m->ledger.votes_lost;
        spared += m->ledger.votes_retained;
        sharing += m->shared_device.last_epoch != 0;
        attested += m->ledger.last_success_epoch + 1 >= s->chain.epoch;
    }
    write_head(page, "assay_nodes", "gauge",
               "Members by standing, or by condition where that is not for their evidence.");
    for (unsigned i = 0; i < CONDITIONS; i++)
        write_sample(page, "assay_nodes", "standing", condition_words[i], conditions[i], 0);
    write_gauge(page, "assay_nodes_attested", "Members whose evidence the last close certified.",
                attested, 0);
    write_gauge(page, "assay_suspensions_active",
                "Members that fell to SUSPENDED and are not offline; not those that joined or were "
                "undrained and rise from it.",
                suspended, 0);
    write_head(page, "assay_nodes_served", "gauge",
               "Members that had a better standing than SUSPENDED since they joined or were "
               "undrained; suspended: that fell to it and are not offline.");
    write_sample(page, "assay_nodes_served", "state", "suspended", served_suspended, 0);
    write_sample(page, "assay_nodes_served", "state", "other", served - served_suspended, 0);
    write_head(page, "assay_quiet_members", "gauge", "Members that vote without attesting.");
    write_sample(page, "assay_quiet_members", "votes", "lost", lost, 0);
    write_sample(page, "assay_quiet_members", "votes", "spared", spared, 0);
    write_gauge(page, "assay_shared_devices",
                "Members with a device that passes in another member's evidence of the same epoch, "
                "too, as this node verified both.",
                sharing, 0);
    write_gauge(page, "assay_offences", "Offences that members have on record.", offences, 0);
    if (!page->turns) return;
    write_head(page, "assay_peers", "gauge", "Members by reachability, this node included.");
    write_sample(page, "assay_peers", "state", "present", present, 0);
    write_sample(page, "assay_peers", "state", "absent", all - present, 0);
    write_sample(page, "assay_peers", "state", "banned", banned, 0);
    write_sample(page, "assay_peers", "state", "shut_out", shut, 0);
    write_sample(page, "assay_peers", "state", "served_last", last, 0);
}

static void write_tolerance(const struct page *page, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->member_count <= ASSAY_MEMBERS_MAX);
    write_gauge(page, "assay_quorum_weight", "Weight of a quorum.", s->margin.quorum_weight, 0);
    write_gauge(page, "assay_total_weight", "Weight of all members.", s->chain.total_weight, 0);
    write_gauge(page, "assay_largest_operator_ratio",
                "Share of the total weight that the largest operator has.",
                s->chain.largest_operator_bp, 4);
    write_gauge(page, "assay_largest_vendor_ratio",
                "Share of the total weight that depends on the largest vendor root.",
                s->chain.largest_vendor_bp, 4);
    if (!page->turns) return;
    write_gauge(page, "assay_quorum_available",
                "1 while members with a quorum of weight are reachable.", s->margin.progress, 0);
    write_gauge(page, "assay_present_weight", "Weight of the members that are reachable.",
                s->margin.present_weight, 0);
    write_head(page, "assay_tolerated_faults", "gauge",
               "Additional members that may crash without stopping progress, or lie without ending "
               "safety.");
    write_sample(page, "assay_tolerated_faults", "until", "stop", s->margin.members_stop, 0);
    write_sample(page, "assay_tolerated_faults", "until", "break", s->margin.members_break, 0);
}

/* What a hung loop would leave as it was. */
static void write_progress(const struct page *page, const struct assay_snapshot *s)
{
    if (!page->turns) return;
    write_gauge(page, "assay_epoch_overdue",
                "1 if the current epoch should have been closed by now.", s->margin.overdue, 0);
    write_gauge(page, "assay_chain_voting", "1 while this node votes.", s->chain.voting, 0);
    write_gauge(page, "assay_chain_behind", "1 while this node fetches blocks from its peers.",
                s->chain.behind, 0);
}

static void write_chain(const struct page *page, const struct assay_snapshot *s)
{
    const uint64_t final_ms = s->chain.final_at_ms;
    write_gauge(page, "assay_epoch", "Number of the current epoch.", s->chain.epoch, 0);
    write_gauge(page, "assay_epoch_duration_seconds", "Length of an epoch.", s->epoch_ms, 3);
    write_gauge(page, "assay_epoch_open_seconds", "Time since this node opened the current epoch.",
                s->margin.open_ms + page->loop_age_ms, 3);
    write_gauge(page, "assay_epoch_certified", "1 if the last closed epoch was certified.",
                s->chain.certified, 0);
    write_gauge(page, "assay_chain_height", "Height of the newest final block.", s->chain.height,
                0);
    write_gauge(page, "assay_head_age_seconds",
                "Time since a block became final on this node, or since the start.",
                (final_ms != 0 ? s->now_ms - final_ms : s->uptime_ms) + page->loop_age_ms, 3);
    write_progress(page, s);
    write_gauge(page, "assay_views_nullified", "Consecutive views that ended without a block.",
                s->chain.views_nullified, 0);
    write_gauge(page, "assay_changes_pending", "Changes of the operators that are pending.",
                s->changes.pending_count, 0);
    write_gauge(page, "assay_proposals_open", "Proposals of changes that are open.",
                s->proposals.open, 0);
    write_head(page, "assay_finality_seconds", "summary",
               "Time from a proposal of this node to its finality.");
    write_sample(page, "assay_finality_seconds", "quantile", "0.5", s->finality.p50_us, 6);
    write_sample(page, "assay_finality_seconds", "quantile", "0.99", s->finality.p99_us, 6);
    write_sample(page, "assay_finality_seconds_count", NULL, NULL, s->finality.samples, 0);
}

/* Agreement of the ballots of the newest closed epoch. */
static void write_votes(const struct page *page, const struct assay_http_snapshot *view)
{
    const struct assay_http_epoch *epoch = http_newest(view);
    uint64_t balloted = 0, said = 0, against = 0;
    ASSAY_ASSERT(epoch == NULL || epoch->count == 0 || epoch->outcomes != NULL);
    const uint32_t count = epoch != NULL ? epoch->count : 0;
    for (uint32_t v = 0; v < count; v++) {
        balloted += epoch->rows[v].balloted;
        for (uint32_t s = 0; s < count; s++) {
            const char letter = epoch->outcomes[(size_t)v * count + s];
            const struct assay_history_row *row = &epoch->rows[s].row;
            if (letter == '-') continue;
            const bool passes = letter == 'P' || letter == 'H' || letter == 'O';
            said++;
            against += passes != (row->positive_bp > row->negative_bp + row->unjudged_bp);
        }
    }
    write_gauge(page, "assay_epoch_participation_ratio",
                "Share of the members whose ballot was counted in the last closed epoch.",
                count > 0 ? balloted * 10000 / count : 0, 4);
    write_gauge(page, "assay_vote_disagreement_ratio",
                "Share of the votes in the last closed epoch that differ from the majority.",
                said > 0 ? against * 10000 / said : 0, 4);
    write_gauge(page, "assay_votes_proven_false", "Votes on record that proofs contradict.",
                view->lie_count, 0);
}

/* ------------------------------------------------------------ the machine */

/* A gauge may be below zero, a sample is not. */
static void write_clock(const struct page *page, const struct assay_snapshot *s)
{
    if (!page->turns) return;
    const int64_t ahead = s->clock_known ? s->clock_ahead_ms : 0;
    const uint64_t size = ahead < 0 ? 0 - (uint64_t)ahead : (uint64_t)ahead;
    write_head(page, "assay_clock_skew_seconds", "gauge",
               "Lead of the local clock over the median of the members; 0 while unknown.");
    (void)fprintf(page->out, "assay_clock_skew_seconds %s%" PRIu64 ".%03" PRIu64 "\n",
                  ahead < 0 ? "-" : "", size / 1000, size % 1000);
    write_gauge(page, "assay_clock_bound_seconds", "Largest permitted clock skew.",
                s->clock_bound_ms, 3);
    write_gauge(page, "assay_clock_out_of_sync", "1 while the clock skew exceeds its bound.",
                s->clock_out_of_sync, 0);
}

/* By kind, the root that ends first; below zero when it has ended. What never ends has no line. */
static void write_collateral(const struct page *page, const struct assay_snapshot *s)
{
    static const char name[] = "assay_collateral_expiry_seconds";
    const int64_t now = (int64_t)((s->at_unix_ms + page->loop_age_ms) / 1000);
    write_head(page, name, "gauge", "Time until the collateral of a kind of evidence expires.");
    for (int kind = 0; kind < ASSAY_KIND_COUNT; kind++) {
        int64_t until = INT64_MAX;
        for (uint32_t i = 0; i < s->collateral_count; i++)
            if (s->collateral[i].is_bounded && (s->collateral[i].kinds >> kind & 1) != 0 &&
                s->collateral[i].until_unix_s < until)
                until = s->collateral[i].until_unix_s;
        if (until == INT64_MAX) continue;
        (void)fprintf(page->out, "%s{kind=\"%s\"} %" PRId64 "\n", name,
                      assay_kind_text((enum assay_evidence_kind)kind), until - now);
    }
}

/* Below zero: it has ended. */
static void write_machine(const struct page *page, const struct assay_http_content *book)
{
    ASSAY_ASSERT(book != NULL && page->out != NULL);
    if (book->disk_size_bytes > 0) {
        write_gauge(page, "assay_disk_free_bytes",
                    "Free space of the file system of the state folder.", book->disk_free_bytes, 0);
        write_gauge(page, "assay_disk_size_bytes", "Size of the file system of the state folder.",
                    book->disk_size_bytes, 0);
    }
    if (book->certificate_ends_unix_s == 0) return;
    write_head(page, "assay_http_certificate_expiry_seconds", "gauge",
               "Time until the certificate of http.certificate expires.");
    (void)fprintf(page->out, "assay_http_certificate_expiry_seconds %" PRId64 "\n",
                  book->certificate_ends_unix_s - book->now_unix_s);
}

static void write_process(const struct page *page, const struct assay_http_content *book)
{
    ASSAY_ASSERT(book->view != NULL);
    const struct assay_snapshot *s = &book->view->snapshot;
    write_gauge(page, "process_start_time_seconds", "Start time of the process, in Unix seconds.",
                s->at_unix_ms - s->uptime_ms, 3);
    write_gauge(page, "process_resident_memory_bytes", "Resident memory of the process.",
                book->rss_bytes, 0);
    write_counter(page, "process_cpu_seconds", "User and system CPU time of the process.",
                  book->cpu_ms, 3);
    write_gauge(page, "process_open_fds", "Open file descriptors of the process.", book->fds, 0);
    if (!page->turns) return;
    write_gauge(page, "assay_verifications_pending", "Verifications that are queued or running.",
                s->verifications_pending, 0);
    write_gauge(page, "assay_evidence_cached_bytes", "Size of the evidence in the cache.",
                s->evidence_cached_bytes, 0);
}

static void write_http(const struct page *page, const struct assay_http_figures *f)
{
    ASSAY_ASSERT(f != NULL);
    static const char *const codes[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };
    static const char *const answers[] = { "", "authorized", "denied", "undecided" };
    static const char keys[] = "assay_key_answers";
    static const char name[] = "assay_http_requests", cut[] = "assay_http_connections_cut";
    write_head(page, name, "counter", "HTTP responses by status, without those of /metrics.");
    for (unsigned i = 2; i < 6; i++)
        write_labelled(page, name, "code", codes[i], f->answers[i]);
    write_head(page, keys, "counter", "Answers to relying parties about workload keys.");
    for (unsigned i = ASSAY_HTTP_KEY_AUTHORIZED; i < ASSAY_HTTP_KEY_ANSWERS; i++)
        write_labelled(page, keys, "result", answers[i], f->key_answers[i]);
    write_gauge(page, "assay_http_connections", "Open HTTP connections.", f->connections, 0);
    write_gauge(page, "assay_http_streams", "Open HTTP event streams.", f->streams, 0);
    write_gauge(page, "assay_http_buffered_bytes",
                "Size of the HTTP responses that are being sent.", f->held_bytes, 0);
    write_head(page, cut, "counter", "HTTP connections that the daemon closed early.");
    write_labelled(page, cut, "reason", "slow", f->cut_slow);
    write_labelled(page, cut, "reason", "idle", f->cut_idle);
    write_labelled(page, cut, "reason", "busy", f->refused);
}

/* ------------------------------------------------------------ counters */

static void write_counters(const struct page *page, const struct assay_traffic_counters *c)
{
    ASSAY_ASSERT(c != NULL);
    static const char messages[] = "assay_gossip_messages", bytes[] = "assay_gossip_bytes";
    static const char permits[] = "assay_permits", counted[] = "assay_peer_events";
    write_head(page, messages, "counter", "Frames from and to peers.");
    write_labelled(page, messages, "dir", "in", c->value[ASSAY_COUNT_FRAMES_IN]);
    write_labelled(page, messages, "dir", "out", c->value[ASSAY_COUNT_FRAMES_OUT]);
    write_head(page, bytes, "counter", "Bytes from and to peers.");
    write_labelled(page, bytes, "dir", "in", c->value[ASSAY_COUNT_BYTES_IN]);
    write_labelled(page, bytes, "dir", "out", c->value[ASSAY_COUNT_BYTES_OUT]);
    write_counter(page, "assay_evidence_verifications", "Pieces of evidence that were verified.",
                  c->value[ASSAY_COUNT_VERIFIED], 0);
    write_head(page, permits, "counter", "Permits that were requested.");
    write_labelled(page, permits, "result", "granted", c->value[ASSAY_COUNT_PERMIT_GRANTED]);
    write_labelled(page, permits, "result", "denied", c->value[ASSAY_COUNT_PERMIT_DENIED]);
    write_head(page, counted, "counter",
               "Events of gossip, evidence and services by name (assay counters).");
    for (unsigned i = ASSAY_COUNT_BYTES_OUT + 1; i < ASSAY_COUNTER_COUNT; i++)
        write_labelled(page, counted, "event", assay_counter_name((enum assay_counter)i),
                       c->value[i]);
}

/* ------------------------------------------------------------ services */

/* Groups are named by the genesis, which has eight at most. */
static void write_groups(const struct page *page, const struct assay_services_summary *v)
{
    ASSAY_ASSERT(v->group_count <= ASSAY_PLAN_GROUPS_MAX);
    static const char view[] = "assay_continuity_view", phase[] = "assay_continuity_phase";
    static const char lost[] = "assay_continuity_seats_lost";
    static const char sessions[] = "assay_continuity_sessions";
    if (v->group_count == 0) return;
    write_head(page, view, "gauge", "The view that serves a group of state continuity.");
    for (uint32_t g = 0; g < v->group_count; g++)
        write_sample(page, view, "group", v->group[g].name, v->group[g].view, 0);
    write_head(page, phase, "gauge", "1 for the current phase of the group.");
    for (uint32_t g = 0; g < v->group_count; g++)
        for (int p = ASSAY_CONT_FORMING; p <= ASSAY_CONT_GONE; p++)
            write_pair(page, phase, "group", v->group[g].name, "phase",
                       assay_document_phase((enum assay_cont_phase)p), (int)v->group[g].phase == p);
    write_head(page, lost, "gauge", "Seats of the current view whose member no longer serves.");
    for (uint32_t g = 0; g < v->group_count; g++) {
        uint64_t count = 0;
        for (uint32_t i = 0; i < v->group[g].seat_count; i++)
            count += v->group[g].state[i] == ASSAY_CONT_SEAT_LOST;
        write_sample(page, lost, "group", v->group[g].name, count, 0);
    }
    write_head(page, sessions, "gauge", "Sessions of all enclaves of the group.");
    for (uint32_t g = 0; g < v->group_count; g++)
        write_sample(page, sessions, "group", v->group[g].name, v->group[g].sessions, 0);
}

static void write_shares(const struct page *page, const struct assay_services_summary *v)
{
    ASSAY_ASSERT(v->shares.cluster_count <= ASSAY_SHARE_CLUSTERS_MAX);
    uint64_t alarms = 0;
    if (!v->has_shares) return;
    for (uint32_t c = 0; c < v->shares.cluster_count; c++)
        alarms += v->shares.cluster[c].alarm;
    write_gauge(page, "assay_shares_synced", "Secrets that enough holders have confirmed.",
                v->shares.synced, 0);
    write_gauge(page, "assay_shares_waiting", "Secrets that too few holders have confirmed so far.",
                v->shares.waiting, 0);
    write_gauge(page, "assay_shares_resharing", "Secrets that are being reshared.",
                v->shares.resharing, 0);
    write_gauge(page, "assay_shares_public", "Secrets that are being reshared by public dealings.",
                v->shares.in_public, 0);
    write_gauge(page, "assay_shares_away",
                "Members that lost a slot for inactivity in the last 64 epochs.", v->shares.away,
                0);
    write_gauge(page, "assay_shares_alarm", "Clusters that were stalled at the last close.", alarms,
                0);
}

static void write_tasks(const struct page *page, const struct assay_services_summary *v)
{
    if (!v->has_tasks) return;
    write_gauge(page, "assay_tasks_open", "Open tasks.",
                (uint64_t)v->tasks.state[ASSAY_SUMMARY_OPEN] +
                    v->tasks.state[ASSAY_SUMMARY_ACCEPTED] + v->tasks.state[ASSAY_SUMMARY_FAILED],
                0);
    write_gauge(page, "assay_tasks_locked", "Amount that open tasks have locked.", v->tasks.locked,
                0);
    write_gauge(page, "assay_accounts", "Accounts.", v->tasks.accounts, 0);
}

/* Of this node's member, also of a holder that is lost: it is missed until others replace it. */
static uint32_t own_indices(const struct assay_summary_identity *key, uint16_t self)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < key->holder_count; i++)
        own += key->holder[i].slot == self ? key->holder[i].indices : 0;
    return own;
}

/* The holder's process of this node, without which its indices sign nothing. */
static void write_signer(const struct page *page, const struct assay_service_server_snapshot *s)
{
    static const char issues[] = "assay_ca_issues_total";
    write_gauge(page, "assay_ca_signer_connected",
                "1: the holder's process (assay-signer) of this node is connected and follows the "
                "ledger.",
                s->has_signer, 0);
    write_head(page, "assay_ca_issues", "counter",
               "Requests of certificates and tokens to that process, by outcome: issued, or why "
               "not.");
    for (int i = 0; i < ASSAY_SERVICE_OUTCOMES; i++)
        write_sample(page, issues, "outcome",
                     assay_document_issue_outcome((enum assay_service_outcome)i), s->issues[i], 0);
}

/* docs/identity.md 3.4, 3.14 */
static void write_identity(const struct page *page, const struct assay_services_summary *v,
                           uint16_t self)
{
    static const char state[] = "assay_ca_state", indices[] = "assay_ca_indices";
    const struct assay_summary_identity *const key = &v->identity;
    if (!v->has_identity) return;
    write_head(page, state, "gauge", "1 for the state of the network's group key.");
    for (int i = 0; i < ASSAY_SUMMARY_KEY_STATES; i++)
        write_sample(page, state, "state",
                     assay_document_key_state((enum assay_summary_key_state)i),
                     (int)key->state == i, 0);
    write_head(page, indices, "gauge",
               "Shares of the group key: all, those of holders that can sign, how many sign, and "
               "those of this node's member.");
    write_sample(page, indices, "what", "all", key->indices, 0);
    write_sample(page, indices, "what", "live", key->live, 0);
    write_sample(page, indices, "what", "threshold", key->threshold, 0);
    write_sample(page, indices, "what", "own", own_indices(key, self), 0);
    write_signer(page, &v->server);
    write_gauge(page, "assay_ca_number", "Number of the group key.", key->ca_number, 0);
    write_gauge(page, "assay_ca_generation", "Sharing of the group key that is in force.",
                key->generation, 0);
    write_gauge(page, "assay_ca_ceremony", "1: a ceremony makes or reshares the group key.",
                key->phase != ASSAY_CA_IDLE, 0);
    write_counter(page, "assay_ca_ceremonies", "Ceremonies that began.", key->attempts, 0);
    write_gauge(page, "assay_ca_convicted",
                "Members that provably dealt, accused or signed wrongly.", key->convicted, 0);
}

static void write_programs(const struct page *page, const struct assay_services_summary *v)
{
    ASSAY_ASSERT(v->server.following <= v->server.clients);
    static const char programs[] = "assay_service_programs";
    static const char records[] = "assay_service_records_total";
    static const char crowded[] = "assay_service_full_total";
    if (v->path[0] == '\0') return;
    write_head(page, "assay_service_records", "counter",
               "Final records of services since the start.");
    for (unsigned kind = 1; kind < ASSAY_SERVICE_KIND_COUNT; kind++) {
        const char *word = assay_registry_kind_name(kind);
        write_pair(page, records, "kind", word, "result", "applied", v->server.applied[kind]);
        write_pair(page, records, "kind", word, "result", "idle", v->server.idle[kind]);
    }
    write_head(page, programs, "gauge",
               "Programs connected to the sockets of services; idle: without a subscription.");
    write_sample(page, programs, "state", "following", v->server.following, 0);
    write_sample(page, programs, "state", "idle", v->server.clients - v->server.following, 0);
    write_head(page, "assay_service_full", "counter",
               "Connections and requests that found all places of a socket taken; preempted: they "
               "replaced one.");
    write_pair(page, crowded, "what", "connection", "result", "refused",
               v->server.connections_refused);
    write_pair(page, crowded, "what", "connection", "result", "preempted",
               v->server.connections_preempted);
    write_pair(page, crowded, "what", "request", "result", "refused", v->server.requests_refused);
    write_pair(page, crowded, "what", "request", "result", "preempted",
               v->server.requests_preempted);
}

/* Only where the network has services, and this node their documents. */
static void write_services(const struct page *page, const struct assay_services_summary *v,
                           uint16_t self)
{
    if (v == NULL || !v->is_known) return;
    write_programs(page, v);
    write_groups(page, v);
    write_shares(page, v);
    write_tasks(page, v);
    write_identity(page, v, self);
}

void http_metrics(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->book->figures != NULL);
    const struct assay_http_snapshot *view = asking->view;
    const char *accept = asking->request->accept;
    char *text = NULL;
    size_t len = 0;
    const uint64_t now = asking->book->now_ms, then = view->snapshot.now_ms;
    const uint64_t age = now > then ? now - then : 0;
    struct page page = { .out = open_memstream(&text, &len),
                         .loop_age_ms = age,
                         .turns = age < ASSAY_HTTP_DEAD_MS,
                         .open = accept != NULL &&
                                 strstr(accept, "application/openmetrics-text") != NULL };
    if (page.out == NULL) {
        http_problem(asking, HTTP_INTERNAL, "", NULL);
        return;
    }
    write_info(&page, view);
    write_loop(&page);
    write_self(&page, &view->snapshot);
    write_members(&page, &view->snapshot);
    write_tolerance(&page, &view->snapshot);
    write_chain(&page, &view->snapshot);
    write_votes(&page, view);
    write_clock(&page, &view->snapshot);
    write_collateral(&page, &view->snapshot);
    write_machine(&page, asking->book);
    write_process(&page, asking->book);
    write_http(&page, asking->book->figures);
    write_counters(&page, &view->snapshot.counters);
    write_services(&page, view->snapshot.services, view->snapshot.self);
    http_metrics_members(page.out, asking->book, page.turns);
    if (page.open) (void)fputs("# EOF\n", page.out);
    const bool whole = ferror(page.out) == 0;
    if (fclose(page.out) != 0 || !whole) {
        free(text);
        http_problem(asking, HTTP_INTERNAL, "", NULL);
        return;
    }
    asking->answer->status = 200;
    asking->answer->type = page.open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                     : "text/plain; version=0.0.4; charset=utf-8";
    asking->answer->body = text;
    asking->answer->len = len;
}
