/*
 * apps/demo/identity_faults.c - rows about faults in the story of identities: holders that stop,
 * one that signs wrongly, an enclave that is tampered with, and how long its certificate lasts.
 */
#include "apps/demo/identity.h"

#include "base/system_clock.h"

#include <string.h>

static struct {
    struct services_process *jobs, *report;
    unsigned long long requested; /* epoch */
    /* --- the tampered member */
    unsigned long long swapped, admitted, suspended, refused, listed; /* epochs */
    long long suspended_s, until_s; /* Unix time: of the close; of the certificate from before */
    char reason[32];
} faults;

/* ------------------------------------------------------------ holders that are stopped */

bool identity_look_stopped(struct demo *demo, struct life_turn *turn)
{
    if (turn->phase == 0) {
        for (size_t i = 0; i < IDENTITY_STOPPED; i++)
            if (!identity_stop_holder(demo, identity_stopped[i]))
                return life_known(turn, false, "a holder did not stop in order");
        faults.jobs = identity_fetch(demo, "jobs", IDENTITY_OTHER, false);
        faults.requested = life_epoch(demo);
        return life_next(demo, turn);
    }
    if (services_went_wrong(faults.jobs, 0, turn)) return true;
    if (!faults.jobs->ended) return false;
    return life_known(
        turn, identity_verifies(demo, "jobs/current", 0),
        "%d of %d holders stopped in epoch %llu; the certificate of a new key in epoch "
        "%llu, after %.1f s",
        IDENTITY_STOPPED, IDENTITY_PEERS, faults.requested, (llu)life_epoch(demo),
        (double)(assay_monotonic_ms() - turn->at_ms) / 1000);
}

/* ------------------------------------------------------------ a holder that signs wrongly */

static bool start_liar(struct demo *demo)
{
    life_excuse(IDENTITY_LIAR);
    if (!identity_stop_holder(demo, IDENTITY_LIAR)) return false;
    demo_report(demo, life_epoch(demo), demo->peers[IDENTITY_LIAR].name, "lies",
                "its holder is a program that signs wrongly");
    return identity_start_holder(demo, IDENTITY_LIAR, true);
}

/* Three honest ones are left without them, and it takes four. */
static bool restart_holders(struct demo *demo)
{
    for (size_t i = 0; i < IDENTITY_STOPPED; i++)
        if (!identity_start_holder(demo, identity_stopped[i], false)) return false;
    return true;
}

static bool is_convicted(struct demo *demo, struct identity_authority *ca)
{
    char id[65];
    assay_hex_encode(demo->peers[IDENTITY_LIAR].node_id, 32, id, sizeof id);
    return identity_read(demo, ca) && ca->has_conviction && strcmp(ca->convicted, id) == 0 &&
           strcmp(ca->reason, "signed_wrongly") == 0;
}

bool identity_look_liar(struct demo *demo, struct life_turn *turn)
{
    struct identity_authority ca;
    const struct demo_member *const member = life_seen(demo, IDENTITY_LIAR);
    switch (turn->phase) {
    case 0:
        if (!start_liar(demo)) return life_known(turn, false, "no holder that lies");
        return life_next(demo, turn);
    case 1:
        if (!identity_signs(demo, IDENTITY_LIAR)) return false;
        faults.report = identity_fetch(demo, "report", IDENTITY_OTHER, false);
        faults.requested = life_epoch(demo);
        return life_next(demo, turn);
    case 2:
        if (faults.report->ended)
            return life_known(turn, false, "three honest holders and a liar ended the request");
        if (!is_convicted(demo, &ca) || member == NULL ||
            strcmp(member->standing, "SUSPENDED") != 0)
            return false;
        turn->lowest = member->integrity_bp;
        demo_report(demo, ca.convicted_epoch, member->name, "convicted", "%s, integrity %u bp",
                    ca.reason, (unsigned)member->integrity_bp);
        if (!identity_stop_holder(demo, IDENTITY_LIAR) || !restart_holders(demo))
            return life_known(turn, false, "a holder did not stop, or did not start");
        return life_next(demo, turn);
    default:
        if (services_went_wrong(faults.report, 0, turn)) return true;
        if (!faults.report->ended || !is_convicted(demo, &ca)) return false;
        return life_known(
            turn, identity_verifies(demo, "report/current", 0),
            "requested in epoch %llu of three honest holders and it: convicted in epoch "
            "%llu (%s), SUSPENDED with integrity %u bp; the others signed in epoch "
            "%llu",
            faults.requested, ca.convicted_epoch, ca.reason, (unsigned)turn->lowest,
            (llu)life_epoch(demo));
    }
}

/* ------------------------------------------------------------ the tampered enclave */

/* One request through nginx, between two readings of the node that it asks. */
static void watch_client(struct demo *demo)
{
    struct identity_reply reply;
    demo_peer_read(demo, demo_witness(demo));
    const unsigned long long before = life_epoch(demo);
    identity_get(demo, "/", "api", "before", &reply);
    demo_peer_read(demo, demo_witness(demo));
    if (reply.status == 200) faults.admitted = before;
    if (reply.status == 403 && faults.refused == 0) {
        faults.refused = life_epoch(demo);
        (void)snprintf(faults.reason, sizeof faults.reason, "%s", reply.reason);
        demo_report(demo, faults.refused, demo->peers[IDENTITY_CLIENT].name, "refused",
                    "403 by nginx: %s", faults.reason);
    }
    const struct demo_member *const member = life_seen(demo, IDENTITY_CLIENT);
    if (faults.suspended != 0 || member == NULL || strcmp(member->standing, "SUSPENDED") != 0)
        return;
    faults.suspended = life_epoch(demo) - 1;
    faults.suspended_s = (long long)(demo_witness(demo)->now.head_time_ms / 1000);
}

bool identity_look_refused(struct demo *demo, struct life_turn *turn)
{
    struct identity_reply reply;
    if (turn->phase == 0) {
        identity_get(demo, "/", "api", "shop/current", &reply);
        if (reply.status != 200) return false;
        if (!identity_copy(demo, "shop", "before") ||
            !demo_peer_swap_enclave(demo, &demo->peers[IDENTITY_CLIENT]))
            return life_known(turn, false, "its enclave could not be swapped");
        life_excuse(IDENTITY_CLIENT);
        faults.swapped = life_epoch(demo);
        demo_report(demo, faults.swapped, demo->peers[IDENTITY_CLIENT].name, "tampered",
                    "its enclave was swapped");
        return life_next(demo, turn);
    }
    watch_client(demo);
    if (faults.suspended == 0 || faults.refused == 0) return false;
    identity_request(demo, "/v1/nodes/peer-5/certificate?key=shop", &reply);
    const bool is_refused = reply.status == 403 && strstr(reply.body, "below_threshold") != NULL;
    /* The running epoch is the one behind the close that suspended it. */
    return life_known(
        turn, faults.admitted <= faults.suspended && is_refused,
        "swapped in epoch %llu, SUSPENDED by the close of epoch %llu, last admitted in "
        "epoch %llu, refused from epoch %llu on (%s); another certificate: %u",
        faults.swapped, faults.suspended, faults.admitted, faults.refused, faults.reason,
        reply.status);
}

/* ------------------------------------------------------------ how long its certificate lasts */

bool identity_look_bound(struct demo *demo, struct life_turn *turn)
{
    struct identity_reply reply;
    long long from_s = 0;
    if (!identity_dates(demo, "before", &from_s, &faults.until_s))
        return life_known(turn, false, "its certificate cannot be read");
    identity_get(demo, "/by-certificate", "api", "before", &reply);
    const long long left_s = faults.until_s - faults.suspended_s;
    const bool ends = identity_verifies(demo, "before", faults.until_s - 1) &&
                      !identity_verifies(demo, "before", faults.until_s + 1);
    return life_known(turn, reply.status == 200 && left_s <= IDENTITY_VALIDITY_S && ends,
                      "%lld s after the suspension, at most %d s; until then a relying "
                      "party that verifies the certificate alone accepts it: %u",
                      left_s, IDENTITY_VALIDITY_S, reply.status);
}

bool identity_look_expired(struct demo *demo, struct life_turn *turn)
{
    enum { NGINX_REFUSES = 400 };
    struct identity_reply reply;
    const long long now_s = (long long)assay_unix_s();
    if (now_s <= faults.until_s) return false;
    identity_get(demo, "/by-certificate", "api", "before", &reply);
    (void)turn;
    return life_known(turn, reply.status == NGINX_REFUSES,
                      "nginx answers %u to the certificate alone, %lld s after the suspension",
                      reply.status, now_s - faults.suspended_s);
}

/* ------------------------------------------------------------ it heals */

bool identity_look_healed(struct demo *demo, struct life_turn *turn)
{
    struct identity_reply reply;
    long long from_s = 0, until_s = 0;
    const struct demo_member *const member = life_seen(demo, IDENTITY_CLIENT);
    if (member == NULL) return false;
    switch (turn->phase) {
    case 0:
        if (member->incarnation < 2) return false;
        faults.listed = life_epoch(demo) - 1;
        return life_next(demo, turn);
    case 1:
        identity_get(demo, "/", "api", "shop/current", &reply);
        if (reply.status != 200) return false;
        faults.admitted = life_epoch(demo);
        turn->lowest = member->score_bp;
        demo_report(demo, life_epoch(demo), member->name, "admitted", "by nginx, %s at %u bp",
                    member->standing, (unsigned)member->score_bp);
        return life_next(demo, turn);
    default:
        if (!identity_dates(demo, "shop/current", &from_s, &until_s) || until_s <= faults.until_s)
            return false;
        life_settled(demo, IDENTITY_CLIENT);
        return life_known(turn, identity_verifies(demo, "shop/current", 0),
                          "incarnation %u listed by epoch %llu, admitted in epoch %llu at %u bp, "
                          "another certificate in epoch %llu",
                          (unsigned)member->incarnation, faults.listed, faults.admitted,
                          (unsigned)turn->lowest, (llu)life_epoch(demo));
    }
}
