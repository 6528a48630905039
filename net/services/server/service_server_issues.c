/*
 * net/services/server/service_server_issues.c - certificates and tokens that the daemon requests of
 * its holder's process (docs/identity.md 4.18).
 *
 * The process that connected last is the one that the ledger's newest offer names (docs/identity.md
 * 4.16). What it returns is verified by relying parties; here it is passed on.
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "base/checked.h"

#include <string.h>

static bool is_signer(const struct client *c)
{
    return client_is_open(c) && c->is_following && c->at->is.role == ASSAY_SERVICE_ROLE_SIGNER;
}

static struct client *find_signer(struct assay_service_server *d)
{
    struct client *newest = NULL;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (!is_signer(c)) continue;
        if (newest == NULL || c->number > newest->number) newest = c;
    }
    return newest;
}

bool assay_service_server_has_signer(const struct assay_service_server *server)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (is_signer(&server->clients[i])) return true;
    return false;
}

enum assay_status assay_service_server_issue(struct assay_service_server *server,
                                             const struct assay_issuance_name *name, bool is_own,
                                             const struct assay_issuance **issue)
{
    struct assay_service_server *d = server;
    *issue = NULL;
    if (!d->ready || !assay_service_server_has_signer(d)) return ASSAY_E_NOT_FOUND;
    return assay_issuance_request(&d->issues, is_own ? ASSAY_ISSUANCE_OWN : ASSAY_ISSUANCE_OTHERS,
                                  name, d->now_ms, issue);
}

static void refuse_sent(struct assay_service_server *d, uint64_t serial)
{
    static const char why[] = "this node has not stored what the newest closed epoch certified";
    assay_issuance_on_answer(&d->issues, serial, ASSAY_SERVICE_OUTCOME_STALE,
                             assay_slice_over(why, sizeof why - 1), d->now_ms);
}

void server_poll_issues(struct assay_service_server *d)
{
    assay_issuance_expire(&d->issues, d->now_ms);
    struct client *c = d->ready ? find_signer(d) : NULL;
    const struct assay_issuance *next =
        c != NULL ? assay_issuance_send_next(&d->issues, d->now_ms) : NULL;
    if (next == NULL) return;
    const struct assay_service_server_shown shown =
        d->callbacks.show(d->callbacks.context, d->epoch.epoch, next->name.node_id);
    if (shown.standing.len == 0) {
        refuse_sent(d, next->serial);
        return;
    }
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_ISSUE);
    m->serial = next->serial;
    m->epoch = d->epoch.epoch;
    m->product = next->name.product;
    assay_bytes_copy(m->node_id, 32, next->name.node_id, 32);
    m->name = assay_slice_over(next->name.name, strlen(next->name.name));
    m->audience = assay_slice_over(next->name.audience, strlen(next->name.audience));
    m->proven = shown.standing;
    m->keys = shown.keys;
    m->declared = shown.declared;
    d->issuer = c->number;
    server_send(d, c, m);
}

void server_on_issued(struct assay_service_server *d, const struct client *c)
{
    const struct assay_service_message *m = &d->message;
    ASSAY_ASSERT(m->verb == ASSAY_SERVICE_ISSUED);
    if (c->number != d->issuer) return; /* it was not requested of this one */
    assay_issuance_on_answer(&d->issues, m->serial, m->outcome, m->issued, d->now_ms);
}

void server_cancel_issues(struct assay_service_server *d, const struct client *c)
{
    if (c->number == d->issuer) assay_issuance_on_disconnect(&d->issues);
}

uint64_t server_issues_wake_at(const struct assay_service_server *d)
{
    if (d->ready && assay_service_server_has_signer(d) && assay_issuance_is_waiting(&d->issues))
        return d->now_ms;
    return assay_issuance_wake_at(&d->issues);
}
