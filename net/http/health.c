/*
 * net/http/health.c - health checks: liveness, readiness, permit.
 *
 * Alive asks nothing of peers or vendors: whoever restarts what is not alive must not do so because
 * the network is down. Ready is about this node now: it attests, receives from a quorum, follows
 * the chain, and is not about to stop.
 */
#include "net/http/answer_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checks {
    struct assay_json *list;
    bool ok;
};

__attribute__((format(printf, 4, 5))) static void check(struct checks *checks, const char *name,
                                                        bool ok, const char *format, ...)
{
    ASSAY_ASSERT(name != NULL);
    char detail[160];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "name", name);
    assay_json_set_bool(object, "ok", ok);
    assay_json_set_text(object, "detail", detail);
    assay_json_append(checks->list, object);
    checks->ok = checks->ok && ok;
}

static void answer_checks(struct http_asking *asking, struct checks *checks)
{
    ASSAY_ASSERT(asking->view != NULL);
    struct assay_json *data = assay_json_object();
    assay_json_set_bool(data, "ok", checks->ok);
    assay_json_set(data, "checks", checks->list);
    if (checks->ok) http_document(asking, "assay.health", data);
    else http_problem(asking, HTTP_NOT_READY, "a check fails", data);
}

/* The loop publishes a snapshot once a second at least. */
static void check_loop(const struct http_asking *asking, struct checks *checks)
{
    ASSAY_ASSERT(asking->view != NULL && asking->book != NULL);
    const uint64_t now = asking->book->now_ms, then = asking->view->snapshot.now_ms;
    const uint64_t age = now > then ? now - then : 0;
    check(checks, "loop", age < ASSAY_HTTP_DEAD_MS, "turned %" PRIu64 " ms ago", age);
}

void http_livez(struct http_asking *asking)
{
    struct checks checks = { .list = assay_json_array(), .ok = true };
    check_loop(asking, &checks);
    answer_checks(asking, &checks);
}

/* No reason not to be ready, and nothing to be forgotten. */
static void check_secure(struct checks *checks, const struct assay_snapshot *s)
{
    char names[120] = "";
    size_t len = 0;
    for (uint32_t i = 0; i < s->insecure_count && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
                                s->insecure_names[i]);
    if (s->insecure_count > 0) check(checks, "secure", true, "INSECURE, accepted: %s", names);
    else
        check(checks, "secure", true, "%s",
              s->insecure ? "INSECURE: profile development" : "nothing insecure was accepted");
}

void http_readyz(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->view != NULL);
    const struct assay_snapshot *s = &asking->view->snapshot;
    ASSAY_ASSERT(s->members != NULL);
    const struct assay_member_snapshot *own = &s->members[s->self].ledger;
    struct checks checks = { .list = assay_json_array(), .ok = true };
    const bool attested = own->last_success_epoch > 0 &&
                          own->last_success_epoch + ASSAY_PERMIT_EPOCHS >= s->chain.epoch;
    const bool fresh = assay_permit_fresh(&s->chain, s->epoch_ms, asking->book->now_ms);
    check_loop(asking, &checks);
    if (own->last_success_epoch == 0)
        check(&checks, "evidence", false, "own evidence was not certified yet, now epoch %" PRIu64,
              s->chain.epoch);
    else
        check(&checks, "evidence", attested,
              "own evidence was certified last in epoch %" PRIu64 ", now %" PRIu64,
              own->last_success_epoch, s->chain.epoch);
    check(&checks, "quorum", s->margin.progress,
          "weight %" PRIu64 " is reachable, %" PRIu64 " is needed", s->margin.present_weight,
          s->margin.quorum_weight);
    /* docs/protocol.md 5.22: in a large network only some members vote. */
    const bool seatless = own->weight > 0 && own->seat_weight == 0;
    check(&checks, "caught_up", (s->chain.voting || seatless) && !s->chain.behind, "%s",
          s->chain.behind   ? "behind: fetching blocks"
          : s->chain.voting ? "votes"
          : seatless        ? "ballots; it has no seat in this epoch"
                            : "does not vote");
    check(&checks, "chain", fresh, "%s",
          s->chain.final_at_ms == 0 ? "nothing has become final in this run"
                                    : "the newest final block must be younger than three epochs");
    check(&checks, "staying", !asking->view->draining, "%s",
          asking->view->draining ? "the node ends" : "the node goes on");
    check_secure(&checks, s);
    answer_checks(asking, &checks);
}

void http_permit(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->view != NULL);
    const char *class_ = http_parameter(asking, "class");
    const bool critical = class_ != NULL && strcmp(class_, "critical") == 0;
    struct assay_permission permission;
    if (class_ != NULL && !critical && strcmp(class_, "normal") != 0) {
        http_problem(asking, HTTP_BAD_REQUEST, "class: expected normal or critical", NULL);
        return;
    }
    /* A hanging loop has no current state. */
    const uint64_t now = asking->book->now_ms, then = asking->view->snapshot.now_ms;
    const bool turns = now < then + ASSAY_HTTP_DEAD_MS;
    struct assay_json *data =
        assay_document_permit(&asking->view->snapshot, now, critical, &permission);
    if (!turns) {
        assay_json_set_bool(data, "permitted", false);
        assay_json_set_text(data, "reason", "stale");
    }
    if (permission.permitted && turns) http_document(asking, "assay.permit", data);
    else
        http_problem(asking, HTTP_PERMIT_DENIED, permission.permitted ? "stale" : permission.reason,
                     data);
}
