/*
 * apps/assay/operate/doctor_net.c - `assay doctor net`: epoch lengths T that the links of this node
 * support, peers that are too slow for the T in force, and the reason. It uses the round-trip times
 * that the running daemon measures with its clock probes, over existing links.
 */
#include "apps/assay/operate/doctor.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/operate/link_timing.h"

#include <stdlib.h>

struct net {
    struct assay_link_peer *peers;
    size_t count;
    uint64_t epoch_ms;
    bool has_neighbours; /* and no other link */
    struct assay_link_advice advice;
};

static const char *fit_text(enum assay_link_fit fit)
{
    switch (fit) {
    case ASSAY_LINK_FITS: return "fits";
    case ASSAY_LINK_SLOW: return "slow";
    case ASSAY_LINK_NEVER: return "never";
    case ASSAY_LINK_UNKNOWN: return "unknown";
    case ASSAY_LINK_FAR: return "far";
    case ASSAY_LINK_SILENT: return "silent";
    case ASSAY_LINK_ENDED: return "ended";
    }
    return "?";
}

/* Reason, as half a sentence; "" where there is none. */
static const char *reason_of(const struct assay_link_peer *p)
{
    const bool varies = p->worst_ms > 2 * p->last_ms + 100;
    switch (p->fit) {
    case ASSAY_LINK_FITS: return "";
    case ASSAY_LINK_SLOW:
    case ASSAY_LINK_NEVER:
        return varies ? "the way varies: packets are lost, the link is full, or a machine is busy"
                      : "the way is long: what it proposes comes after others gave up the view";
    case ASSAY_LINK_UNKNOWN: return "it has not answered yet: retry in an epoch";
    case ASSAY_LINK_FAR: return "no neighbour: its messages arrive through others";
    case ASSAY_LINK_SILENT: return "unreachable: is it running, and is its address correct?";
    case ASSAY_LINK_ENDED: return "it announced its stop";
    }
    return "";
}

static enum assay_health health_of(const struct net *n)
{
    if (n->advice.quorum_ms == 0 || n->advice.quorum_ms > n->epoch_ms) return ASSAY_HEALTH_FAIL;
    return n->advice.slow + n->advice.silent > 0 ? ASSAY_HEALTH_WARN : ASSAY_HEALTH_OK;
}

static enum assay_status read_peers(struct net *n, const struct assay_json *status,
                                    const struct assay_json *nodes)
{
    const unsigned long long self = cli_number_of(status, "slot");
    n->has_neighbours = assay_json_bool(assay_json_get(status, "neighbours"), "used", false);
    n->epoch_ms = cli_number_of(status, "epoch_ms");
    n->count = assay_json_count(nodes);
    n->peers = calloc(n->count + 1, sizeof *n->peers);
    if (n->peers == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < n->count; i++) {
        const struct assay_json *const m = assay_json_at(nodes, i);
        n->peers[i] = (struct assay_link_peer){
            .name = assay_json_text(m, "name", "?"),
            .weight = cli_number_of(m, "weight"),
            .is_self = cli_number_of(m, "slot") == self,
            .is_present = assay_json_bool(m, "present", false),
            .has_ended = assay_json_bool(m, "ended", false),
            .is_measured = assay_json_get(m, "round_worst_ms") != NULL,
            .is_far = n->has_neighbours,
            .last_ms = cli_number_of(m, "round_ms"),
            .worst_ms = cli_number_of(m, "round_worst_ms"),
        };
    }
    cli_links_advise(n->peers, n->count, n->epoch_ms, &n->advice);
    return ASSAY_OK;
}

static void set_known(struct assay_json *object, const char *key, uint64_t value, bool known)
{
    if (known) assay_json_set_uint(object, key, value);
    else assay_json_set_null(object, key);
}

static struct assay_json *describe_links(const struct net *n)
{
    static const char *const health[] = { "ok", "warn", "fail" };
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    for (size_t i = 0; i < n->count; i++) {
        const struct assay_link_peer *const p = &n->peers[i];
        if (p->is_self) continue;
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_text(object, "name", cli_text_sanitized(p->name));
        assay_json_set_uint(object, "weight", p->weight);
        assay_json_set_text(object, "fit", fit_text(p->fit));
        set_known(object, "round_ms", p->last_ms, p->is_measured);
        set_known(object, "round_worst_ms", p->worst_ms, p->is_measured);
        set_known(object, "needs_epoch_ms", p->needs_ms, p->needs_ms != 0);
        assay_json_set_text(object, "reason", reason_of(p));
    }
    assay_json_set_text(data, "health", health[health_of(n)]);
    assay_json_set_uint(data, "epoch_ms", n->epoch_ms);
    assay_json_set_uint(data, "way_ms", n->advice.way_ms);
    set_known(data, "quorum_epoch_ms", n->advice.quorum_ms, n->advice.quorum_ms != 0);
    assay_json_set_uint(data, "all_epoch_ms", n->advice.all_ms);
    assay_json_set(data, "links", list);
    return data;
}

/* weight: whose it is, of which more than two thirds must follow. */
#define LINKS_VIEW(weight)                                                                         \
    "T is {epoch_ms:/1000} s: one way may take {way_ms} ms\n"                                      \
    "NODE             LINK         ROUND     WORST   NEEDS T  WHY\n"                               \
    "[*links {name,-16} {fit,-8}"                                                                  \
    "[?round_ms!=  {round_ms,6} ms {round_worst_ms,6} ms|         -         -]"                    \
    "[?needs_epoch_ms  {needs_epoch_ms:/1000,7} s|         -]  {reason|}\n]"                       \
    "[?quorum_epoch_ms links from here carry epochs of {quorum_epoch_ms:/1000} s for more than "   \
    "two thirds of the " weight ", of {all_epoch_ms:/1000} s for all that answer\n"                \
    "|no T is known that more than two thirds of the " weight " can follow from here\n]"           \
    "[?health=fail fail: epochs of T will end late or not at all; a longer T is a change of the "  \
    "operators (assay change draft --parameter epoch_ms=N)\n"                                      \
    "|[?#links?fit=slow+fit=never warn: slow members count as absent occasionally\n]]"

int cli_doctor_net(const struct assay_doctor *d, bool json)
{
    struct net net = { 0 };
    struct assay_json *status = NULL, *nodes = NULL;
    enum assay_status asked = assay_client_request(d->socket, "status", d->timeout_ms, &status);
    if (asked == ASSAY_OK) asked = assay_client_request(d->socket, "nodes", d->timeout_ms, &nodes);
    if (asked == ASSAY_OK)
        asked = read_peers(&net, assay_json_get(status, "data"),
                           assay_json_get(assay_json_get(nodes, "data"), "nodes"));
    int exit_status = ASSAY_EXIT_OK;
    const char *const view =
        net.has_neighbours ? LINKS_VIEW("neighbours' weight") : LINKS_VIEW("weight");
    if (asked != ASSAY_OK) {
        const struct assay_daemon_request q = { .group = "doctor net",
                                                .socket = d->socket,
                                                .json = json };
        exit_status = cli_daemon_report_unreachable(&q, asked);
    } else {
        exit_status = cli_view_result(json, "assay.doctor.net", describe_links(&net), view);
    }
    if (exit_status == ASSAY_EXIT_OK && health_of(&net) != ASSAY_HEALTH_OK)
        exit_status =
            health_of(&net) == ASSAY_HEALTH_WARN ? ASSAY_EXIT_WARNING : ASSAY_EXIT_CONTRAINDICATED;
    free(net.peers);
    assay_json_free(&status);
    assay_json_free(&nodes);
    return exit_status;
}
