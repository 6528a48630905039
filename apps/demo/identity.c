/*
 * apps/demo/identity.c - story of attested identities (docs/identity.md): seven peers with a holder
 * each are a certificate authority whose key no one has. Two workloads authenticate each other by
 * nginx and curl; holders stop, one lies, an enclave is tampered with, and heals.
 *
 * Evidence is SOFT, so the certificates say INSECURE.
 */
#include "apps/demo/identity.h"

#include "base/system_clock.h"

#include <string.h>
#include <unistd.h>

static struct {
    uint64_t started_ms;
    unsigned long long registered; /* epoch */
} began;

/* ------------------------------------------------------------ the group key */

static bool all_full(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (!life_is_full(demo, i) || !demo->peers[i].now.reachable) return false;
    return true;
}

static bool look_key(struct demo *demo, struct life_turn *turn)
{
    struct identity_authority ca;
    if (turn->phase == 0) {
        if (!all_full(demo)) return false;
        for (uint32_t i = 0; i < demo->options.peer_count; i++)
            if (!identity_start_holder(demo, i, false))
                return life_known(turn, false, "a holder did not start");
        began.started_ms = assay_monotonic_ms();
        demo_report(demo, life_epoch(demo), "all", "FULL", "the network runs; holders are started");
        return life_next(demo, turn);
    }
    if (!identity_read(demo, &ca) || strcmp(ca.state, "active") != 0 ||
        access(identity_ca(demo), R_OK) != 0)
        return false;
    return life_known(turn,
                      ca.holders == IDENTITY_PEERS && ca.threshold == IDENTITY_THRESHOLD &&
                          identity_verifies(demo, "", 0),
                      "%u holders, %u of %u indices sign, generation %u since epoch %llu, %.1f s "
                      "after their start",
                      ca.holders, ca.threshold, ca.indices, ca.generation, ca.since,
                      (double)(assay_monotonic_ms() - began.started_ms) / 1000);
}

/* ------------------------------------------------------------ two workloads */

static bool look_fetched(struct demo *demo, struct life_turn *turn)
{
    long long from_s[2], until_s[2];
    if (turn->phase == 0) {
        (void)identity_fetch(demo, "api", IDENTITY_API, true);
        (void)identity_fetch(demo, "shop", IDENTITY_CLIENT, true);
        began.registered = life_epoch(demo);
        return life_next(demo, turn);
    }
    if (!identity_is_fetched(demo, "api") || !identity_is_fetched(demo, "shop")) return false;
    if (!identity_dates(demo, "api/current", &from_s[0], &until_s[0]) ||
        !identity_dates(demo, "shop/current", &from_s[1], &until_s[1]))
        return life_known(turn, false, "a certificate cannot be read");
    const bool fits = until_s[0] - from_s[0] == IDENTITY_VALIDITY_S + IDENTITY_BACKDATED_S &&
                      until_s[1] - from_s[1] == IDENTITY_VALIDITY_S + IDENTITY_BACKDATED_S;
    return life_known(
        turn,
        fits && identity_verifies(demo, "api/current", 0) &&
            identity_verifies(demo, "shop/current", 0),
        "keys registered in epoch %llu, certificates in epoch %llu after %.1f s, each "
        "valid for %d s from its epoch",
        began.registered, (llu)life_epoch(demo),
        (double)(assay_monotonic_ms() - turn->at_ms) / 1000, IDENTITY_VALIDITY_S);
}

/* What must not pass, with the reason that nginx or curl gives. Returns: NULL: nothing passes */
static const char *passes_wrongly(struct demo *demo)
{
    enum { CURL_VERIFICATION = 60, NGINX_REFUSES = 400 };
    struct identity_reply reply;
    if (!identity_make_stranger(demo, "stranger")) return "no certificate of a stranger was made";
    identity_get(demo, "/", "api", "stranger", &reply);
    if (reply.status != NGINX_REFUSES) return "a certificate that a stranger signed";
    identity_get(demo, "/", "api", NULL, &reply);
    if (reply.status != NGINX_REFUSES) return "a client without a certificate";
    identity_get(demo, "/", "shop", "shop/current", &reply);
    if (reply.exit != CURL_VERIFICATION) return "a server of another name";
    return NULL;
}

static bool look_mtls(struct demo *demo, struct life_turn *turn)
{
    struct identity_reply reply;
    char member[65], wanted[sizeof reply.body];
    if (turn->phase == 0) {
        if (!identity_start_nginx(demo)) return life_known(turn, false, "nginx did not start");
        return life_next(demo, turn);
    }
    identity_get(demo, "/", "api", "shop/current", &reply);
    if (reply.status != 200) return false;
    assay_hex_encode(demo->peers[IDENTITY_CLIENT].node_id, 32, member, sizeof member);
    (void)snprintf(wanted, sizeof wanted, "served to %s\n", member);
    if (strcmp(reply.body, wanted) != 0)
        return life_known(turn, false, "served, and the member is not named: %.80s", reply.body);
    const char *const wrong = passes_wrongly(demo);
    if (wrong != NULL) return life_known(turn, false, "accepted: %s", wrong);
    return life_known(turn, true,
                      "epoch %llu: 200, member %.12s is named; refused: a stranger's certificate, "
                      "none, a server of another name",
                      (llu)life_epoch(demo), member);
}

/* ------------------------------------------------------------ the story */

enum { PATIENCE = 240 };

static const struct life_step rows[] = {
    { .chapter = "seven holders make a key that no one has",
      .check = "seven holders make one key",
      .look = look_key,
      .patience_s = PATIENCE,
      .expected = "four of seven indices sign; OpenSSL verifies the certificate of the key" },
    { .chapter = "two workloads get certificates",
      .check = "two workloads have certificates of the network",
      .look = look_fetched,
      .patience_s = PATIENCE,
      .expected = "keys registered with two enclaves, valid for the time of the plan" },
    { .chapter = "nginx and curl authenticate each other",
      .check = "both sides of TLS are verified by their certificates",
      .look = look_mtls,
      .patience_s = PATIENCE,
      .expected = "nginx lets the client in, also by auth_request; what has no certificate of the "
                  "network is refused" },
    { .chapter = "three of seven holders are stopped",
      .check = "without three of seven holders certificates still come",
      .look = identity_look_stopped,
      .patience_s = PATIENCE,
      .expected = "for a key that is registered after that, of a member whose own holder stopped" },
    { .chapter = "a fourth holder signs wrongly",
      .check = "a holder that signs wrongly is convicted",
      .look = identity_look_liar,
      .patience_s = PATIENCE,
      .expected =
          "by its own signature, on the ledger; its member is SUSPENDED, and the others sign" },
    { .chapter = "the client's enclave is tampered with",
      .check = "nginx refuses a key from the close that suspends its member",
      .look = identity_look_refused,
      .patience_s = PATIENCE,
      .expected = "by auth_request, while its certificate is valid; no other one is issued" },
    { .chapter = "how long does its certificate last?",
      .check = "its certificate ends within the validity of the plan",
      .look = identity_look_bound,
      .patience_s = PATIENCE,
      .expected = "by expiry, at most 300 s after the close that suspended the member" },
    { .chapter = "its daemon starts the right build again",
      .check = "a member that healed is admitted again, with another certificate",
      .look = identity_look_healed,
      .patience_s = 2 * PATIENCE,
      .expected = "at WARNING, with the key that its program registers again" },
    { .chapter = "the certificate from before ends",
      .check = "the certificate from before has ended",
      .look = identity_look_expired,
      .waits_long = true,
      .patience_s = IDENTITY_VALIDITY_S + PATIENCE,
      .expected = "nginx refuses it by its date alone, without a question to any node" },
};

/* Nothing ends by itself here. */
static bool all_live(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].pid == 0) return false;
    return services_lost() == 0;
}

static bool step_identity(struct demo *demo, bool *failed)
{
    services_look(demo);
    *failed = !all_live(demo);
    if (*failed) return false;
    return life_rows(demo, rows, sizeof rows / sizeof rows[0], failed);
}

static void end_identity(struct demo *demo)
{
    identity_end_fetchers();
    services_end(demo);
}

static void after_identity(struct demo *demo)
{
    life_settle_watched(demo, UINT32_MAX);
    demo_audit_proofs(demo, demo_witness(demo), "every epoch was finalised");
}

const struct demo_story demo_story_identity = { .name = "identity",
                                                .peers = IDENTITY_PEERS,
                                                .epoch_ms = IDENTITY_EPOCH_MS,
                                                .epoch_ms_min = IDENTITY_EPOCH_MS_MIN,
                                                .serves = true,
                                                .title = "enclaves certify one another",
                                                .ready = identity_ready,
                                                .plan = identity_plan,
                                                .step = step_identity,
                                                .end = end_identity,
                                                .after = after_identity };
