/*
 * tests/integration/net/test_network.c - tests of four real nodes.
 *
 * Four real nodes over loopback: sockets, evidence, verification, agreement, scores.
 */
#include "tests/integration/net/network.h"

#include "net/runtime/runtime_internal.h"
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FOUR = 4, EPOCH_MS = 600, START_MS = 300, PATIENCE_MS = 60000 };

static bool all_past(const struct network *network, const void *context)
{
    const uint64_t epoch = *(const uint64_t *)context;
    for (uint32_t i = 0; i < network->count; i++)
        if (network->nodes[i].host != NULL && network_epoch(network, i) <= epoch) return false;
    return true;
}

static bool first_past(const struct network *network, const void *context)
{
    return network_epoch(network, 0) > *(const uint64_t *)context;
}

static struct network *four_up(void)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    return network;
}

static void run_past(struct network *network, uint64_t epoch)
{
    cr_assert(network_run(network, PATIENCE_MS, all_past, &epoch), "epoch %llu was not closed",
              (unsigned long long)epoch);
}

Test(net_network, four_nodes_close_epochs_and_everyone_stays_full)
{
    struct network *network = four_up();
    run_past(network, 4);
    for (uint32_t i = 0; i < FOUR; i++) {
        struct assay_engine_snapshot snapshot;
        assay_engine_snapshot(assay_runtime_engine(network->nodes[i].host), &snapshot);
        cr_assert(snapshot.voting);
        cr_assert_geq(snapshot.certified_epoch, 2);
        for (uint32_t k = 0; k < FOUR; k++) {
            struct assay_member_snapshot member;
            network_look(network, i, k, &member);
            cr_assert_eq(member.trust.score.standing, ASSAY_STANDING_FULL);
            cr_assert_eq(assay_trust_score_bp(&member.trust), 10000);
            cr_assert_eq(member.weight, 10000);
            cr_assert_geq(member.last_success_epoch, 2);
        }
    }
    network_free(&network);
}

Test(net_network, founders_that_start_late_lose_nothing)
{
    /* The first epoch is over before anybody is up, and closes HELD as soon as a quorum is. */
    struct network *network = network_make(FOUR, EPOCH_MS, -3 * EPOCH_MS);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    network->nodes[3].asleep = true;
    const uint64_t first = 1;
    cr_assert(network_run(network, PATIENCE_MS, first_past, &first));
    network->nodes[3].asleep = false;
    run_past(network, 4);
    for (uint32_t k = 0; k < FOUR; k++) {
        struct assay_member_snapshot member;
        network_look(network, 0, k, &member);
        cr_assert_eq(assay_trust_score_bp(&member.trust), 10000, "node %u", k);
    }
    network_free(&network);
}

/* ------------------------------------------------------------ what is waited for */

struct about {
    uint32_t by, node;
    enum assay_standing standing;
    uint32_t incarnation;
};

static bool stands(const struct network *network, const void *context)
{
    const struct about *about = context;
    struct assay_member_snapshot member;
    network_look(network, about->by, about->node, &member);
    return member.trust.score.standing == about->standing;
}

static bool is_listed(const struct network *network, const void *context)
{
    const struct about *about = context;
    struct assay_member_snapshot member;
    network_look(network, about->by, about->node, &member);
    return member.incarnation >= about->incarnation;
}

static uint64_t counter(const struct network *network, uint32_t node, enum assay_counter which)
{
    return network->nodes[node].host->counters.value[which];
}

/* Did a note with this code about this node reach the timeline of another? */
static bool was_told(const struct network *network, uint32_t by, uint32_t node, const char *code)
{
    struct assay_timeline_log *timeline = network->nodes[by].host->timeline;
    struct assay_timeline_event e = { 0 };
    while (assay_timeline_log_find_after(timeline, e.seq, &e, NULL))
        if (e.slot == network->nodes[node].slot && strcmp(e.code, code) == 0) return true;
    return false;
}

/* ------------------------------------------------------------ stories */

Test(net_network, a_tampered_enclave_is_suspended_rebuilt_and_listed_anew)
{
    struct network *network = four_up();
    run_past(network, 2);
    assay_bytes_copy(network->nodes[0].enclave.measurement, 32, network->wrong, 32);
    const uint64_t since = network_epoch(network, 1);
    const struct about suspended = { .by = 1, .node = 0, .standing = ASSAY_STANDING_SUSPENDED };
    cr_assert(network_run(network, PATIENCE_MS, stands, &suspended));
    cr_assert_leq(network_epoch(network, 1), since + 3, "within two epochs of the first bad quote");
    cr_assert(was_told(network, 1, 0, "fail_proven"));

    const struct about listed = { .by = 1, .node = 0, .incarnation = 2 };
    cr_assert(network_run(network, PATIENCE_MS, is_listed, &listed));
    const struct network_enclave *enclave = &network->nodes[0].enclave;
    cr_assert_eq(enclave->restarted, 1, "one RESTART, for incarnation 1");

    /* The new keys are used and sealed; the old transport key opens nothing any more. */
    run_past(network, network_epoch(network, 1) + 3);
    struct assay_keyring ring;
    struct assay_member_snapshot member;
    cr_assert_eq(assay_keyring_load(network->nodes[0].keys_dir, &ring), ASSAY_OK);
    network_look(network, 1, 0, &member);
    cr_assert_eq(ring.next.incarnation, 0);
    cr_assert_eq(ring.current.incarnation, 2);
    cr_assert(assay_bytes_equal(member.transport_public, ring.current.transport_public, 32));
    cr_assert(assay_trust_on_probation(&member.trust));
    cr_assert_gt(member.trust.integrity_bp, 0, "it attests and climbs");
    cr_assert_eq(member.weight, 0);

    /* Standing gates service: it was refused, and told so. */
    uint64_t refused = 0;
    for (uint32_t i = 1; i < FOUR; i++)
        refused += counter(network, i, ASSAY_COUNT_SERVICE_SUSPENDED);
    cr_assert_gt(refused, 0);
    cr_assert_gt(counter(network, 0, ASSAY_COUNT_SERVICE_REFUSED_BY_PEER), 0);
    assay_keyring_wipe(&ring);
    network_free(&network);
}

Test(net_network, a_replayed_quote_is_missing_not_failing)
{
    struct network *network = four_up();
    run_past(network, 2);
    network->nodes[3].enclave.replays = true;
    const struct about suspended = { .by = 1, .node = 3, .standing = ASSAY_STANDING_SUSPENDED };
    cr_assert(network_run(network, PATIENCE_MS, stands, &suspended));
    cr_assert(was_told(network, 1, 3, "evidence_not_for_this_epoch"));
    cr_assert_not(was_told(network, 1, 3, "fail_proven"));
    struct assay_member_snapshot member;
    network_look(network, 1, 3, &member);
    cr_assert_eq(member.trust.integrity_bp, 10000, "absence is not guilt");
    cr_assert_eq(network->nodes[3].enclave.restarted, 0);
    network_free(&network);
}

/*
 * Of each view at most one N, one F, and never X with F; of each epoch one envelope and one ballot.
 */
struct audit {
    uint64_t epoch, number;
    bool any;
    uint32_t conflicts;
};

static bool audit_vote(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *audit = context;
    (void)value;
    if (audit->any && key->epoch == audit->epoch && key->number == audit->number)
        audit->conflicts++;
    audit->any = true;
    audit->epoch = key->epoch;
    audit->number = key->number;
    return true;
}

static uint32_t conflicts_in(struct assay_store *store, enum assay_store_class class_)
{
    struct audit audit = { 0 };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    cr_assert_eq(store->ops->scan(store, class_, &from, &to, false, audit_vote, &audit), ASSAY_OK);
    cr_assert(audit.any);
    return audit.conflicts;
}

Test(net_network, a_killed_node_resumes_catches_up_and_signs_nothing_twice)
{
    struct network *network = four_up();
    run_past(network, 2);
    network_down(network, 2); /* with its store as a power cut leaves it */
    assay_store_memory_crash(network->nodes[2].store);
    run_past(network, 6);
    cr_assert(network_up(network, 2));
    run_past(network, network_epoch(network, 0) + 3);
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(assay_runtime_engine(network->nodes[2].host), &snapshot);
    cr_assert(snapshot.voting);
    cr_assert_not(snapshot.behind);
    cr_assert(was_told(network, 2, 2, "resumed"));
    for (uint32_t i = 0; i < FOUR; i++) {
        cr_assert_eq(conflicts_in(network->nodes[i].store, ASSAY_STORE_VOTE), 0);
        cr_assert_eq(conflicts_in(network->nodes[i].store, ASSAY_STORE_ENVELOPE), 0);
        cr_assert_eq(conflicts_in(network->nodes[i].store, ASSAY_STORE_BALLOT), 0);
    }
    struct assay_member_snapshot member;
    network_look(network, 0, 2, &member);
    cr_assert_eq(member.incarnation, 1, "a restart without a failure keeps the keys");
    network_free(&network);
}

Test(net_network, a_store_that_fails_stops_the_node_and_nobody_else)
{
    struct network *network = four_up();
    run_past(network, 2);
    assay_store_memory_fail(network->nodes[1].store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    const uint64_t votes = assay_store_memory_count(network->nodes[1].store, ASSAY_STORE_VOTE);
    run_past(network, 1); /* turns until the others go on */
    const uint64_t others = network_epoch(network, 0) + 2;
    network_run(network, 3000, NULL, NULL);
    cr_assert_eq(network->nodes[1].status, ASSAY_E_STORE);
    cr_assert_eq(assay_runtime_poll(network->nodes[1].host, 0), ASSAY_E_STORE, "and stays stopped");
    cr_assert_eq(assay_store_memory_count(network->nodes[1].store, ASSAY_STORE_VOTE), votes);
    network_down(network, 1);
    run_past(network, others);
    network_free(&network);
}

Test(net_network, a_lost_vote_log_means_new_keys)
{
    struct network *network = four_up();
    run_past(network, 2);
    network_down(network, 3);
    network->nodes[3].store->ops->close(&network->nodes[3].store);
    cr_assert_eq(assay_store_memory_create(&network->nodes[3].store), ASSAY_OK);
    cr_assert(network_up(network, 3));
    const struct about listed = { .by = 0, .node = 3, .incarnation = 2 };
    cr_assert(network_run(network, PATIENCE_MS, is_listed, &listed));
    run_past(network, network_epoch(network, 0) + 2);
    struct assay_member_snapshot member;
    network_look(network, 0, 3, &member);
    cr_assert_eq(member.trust.integrity_bp, 10000, "it has lost no more than its log");
    network_free(&network);
}

/* docs/protocol.md 2.7.3: stopped before its first turn, it has signed nothing, and the others have
 * gone on. Both halves of the tie are there: no new keys. */
Test(net_network, a_founder_that_was_stopped_at_once_keeps_its_keys)
{
    struct network *network = network_make(FOUR, EPOCH_MS, -3 * EPOCH_MS);
    cr_assert(network_up(network, 3));
    network_down(network, 3);
    cr_assert_eq(assay_store_memory_count(network->nodes[3].store, ASSAY_STORE_VOTE), 0);
    cr_assert_eq(assay_store_memory_count(network->nodes[3].store, ASSAY_STORE_ENVELOPE), 0);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert(network_up(network, i));
    network->nodes[3].asleep = true;
    const uint64_t third = 3;
    cr_assert(network_run(network, PATIENCE_MS, first_past, &third));
    network->nodes[3].asleep = false;
    cr_assert(network_up(network, 3));
    run_past(network, network_epoch(network, 0) + 3);
    struct assay_member_snapshot member;
    network_look(network, 0, 3, &member);
    cr_assert_eq(member.incarnation, 1);
    cr_assert_eq(member.trust.integrity_bp, 10000);
    struct assay_engine_snapshot own;
    assay_engine_snapshot(network->nodes[3].host->engine, &own);
    cr_assert(own.voting);
    network_free(&network);
}

static void lose_store(struct network *network, uint32_t node)
{
    network->nodes[node].store->ops->close(&network->nodes[node].store);
    cr_assert_eq(assay_store_memory_create(&network->nodes[node].store), ASSAY_OK);
}

/* A mistyped folder, a volume that was not mounted, twice in a row. The key file has number 3, and
 * the ledger lists 2 (docs/protocol.md 9.4.1): the RESTART of incarnation 2 still leads to new
 * keys, and every start succeeds. */
Test(net_network, a_store_lost_twice_locks_nobody_out)
{
    struct network *network = four_up();
    run_past(network, 2);
    for (int i = 0; i < 2; i++) {
        network_down(network, 3);
        lose_store(network, 3);
        cr_assert(network_up(network, 3));
    }
    for (uint32_t incarnation = 2; incarnation <= 3; incarnation++) {
        const struct about listed = { .by = 0, .node = 3, .incarnation = incarnation };
        cr_assert(network_run(network, PATIENCE_MS, is_listed, &listed), "%u", incarnation);
        run_past(network, network_epoch(network, 0) + 1);
        struct assay_keyring ring;
        cr_assert_eq(assay_keyring_load(network->nodes[3].keys_dir, &ring), ASSAY_OK);
        cr_expect_eq(ring.next.incarnation, 0);
        cr_expect_eq(ring.current.incarnation, incarnation, "the number that the ledger assigned");
        assay_keyring_wipe(&ring);
        network_down(network, 3);
        cr_assert(network_up(network, 3), "%u", incarnation);
        if (incarnation == 2)
            assay_bytes_copy(network->nodes[3].enclave.measurement, 32, network->wrong, 32);
    }
    network_free(&network);
}

/* Keys that voted, beside a store that never saw it: whoever removes the file of the new keys must
 * not have the old ones vote again. */
Test(net_network, keys_whose_votes_are_lost_never_vote_again)
{
    char path[256];
    struct network *network = four_up();
    run_past(network, 2);
    network_down(network, 3);
    lose_store(network, 3);
    cr_assert(network_up(network, 3));
    network_down(network, 3); /* before anybody has listed the new keys */
    (void)snprintf(path, sizeof path, "%.200s/incarnation.next.key", network->nodes[3].keys_dir);
    cr_assert_eq(unlink(path), 0);
    const uint64_t epoch = network_epoch(network, 0);
    cr_assert(network_up(network, 3));
    run_past(network, epoch + 1);
    const struct about listed = { .by = 0, .node = 3, .incarnation = 2 };
    cr_assert(network_run(network, PATIENCE_MS, is_listed, &listed), "new keys, not the old ones");
    network_free(&network);
}

/* ------------------------------------------------------------ documents */

static struct assay_json *ask(struct network *network, uint32_t node, const char *request)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    static char text[1 << 20];
    size_t len = 0;
    struct assay_json *document = NULL;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.100s", network->nodes[node].admin);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    for (int i = 0; i < 200 && (len == 0 || text[len - 1] != '\n'); i++) {
        network_run(network, 5, NULL, NULL);
        const ssize_t n = recv(fd, text + len, sizeof text - len, MSG_DONTWAIT);
        if (n > 0) len += (size_t)n;
    }
    close(fd);
    cr_assert_eq(assay_json_parse(text, len, &document), ASSAY_OK, "%.*s", (int)len, text);
    return document;
}

Test(net_network, the_admin_socket_shows_it_all)
{
    struct network *network = four_up();
    run_past(network, 4);
    struct assay_json *document = ask(network, 0, "status\n");
    const struct assay_json *data = assay_json_get(document, "data");
    cr_assert_str_eq(assay_json_text(document, "schema", ""), "assay.status");
    cr_assert_str_eq(assay_json_text(document, "node", ""), "node-0");
    cr_assert_geq(assay_json_uint(data, "epoch", 0), 5);
    cr_assert(assay_json_bool(data, "voting", false));
    cr_assert_not(assay_json_bool(data, "stale", true));
    cr_assert_lt(assay_json_uint(data, "head_age_ms", UINT64_MAX), 3 * 60000);
    cr_assert_eq(assay_json_uint(data, "clock_lead_ms", 1), 0);
    const struct assay_json *closing = assay_json_get(data, "closing");
    cr_assert(assay_json_bool(closing, "progress", false));
    cr_assert_eq(assay_json_count(assay_json_get(closing, "missing")), 0);
    cr_assert_eq(assay_json_uint(closing, "present_weight", 0),
                 assay_json_uint(data, "total_weight", 1));
    cr_assert(assay_json_bool(assay_json_get(data, "clock"), "known", false));
    cr_assert_not(assay_json_bool(assay_json_get(data, "clock"), "off", true));
    cr_assert(assay_json_bool(data, "insecure", false));
    cr_assert_eq(assay_json_uint(assay_json_get(data, "enclave"), "pid", 0), 1);
    assay_json_free(&document);

    document = ask(network, 0, "nodes\n");
    data = assay_json_get(assay_json_get(document, "data"), "nodes");
    cr_assert_eq(assay_json_count(data), FOUR);
    for (size_t i = 0; i < FOUR; i++)
        cr_assert_str_eq(assay_json_text(assay_json_at(data, i), "standing", ""), "FULL");
    assay_json_free(&document);

    document = ask(network, 0, "node node-2\n");
    data = assay_json_get(document, "data");
    cr_assert_eq(assay_json_uint(data, "slot", 99), network->nodes[2].slot);
    assay_json_free(&document);
    document = ask(network, 0, "node nobody\n");
    cr_assert_str_eq(assay_json_text(document, "schema", ""), "assay.error");
    assay_json_free(&document);

    document = ask(network, 0, "permit critical\n");
    cr_assert(assay_json_bool(assay_json_get(document, "data"), "permitted", false));
    assay_json_free(&document);

    document = ask(network, 0, "export since=2\n");
    data = assay_json_get(assay_json_get(document, "data"), "epochs");
    cr_assert_geq(assay_json_count(data), 3);
    cr_assert_eq(assay_json_uint(assay_json_at(data, 0), "epoch", 0), 2);
    cr_assert_eq(assay_json_count(assay_json_get(assay_json_at(data, 0), "members")), FOUR);
    assay_json_free(&document);

    document = ask(network, 0, "timeline since=1\n");
    data = assay_json_get(assay_json_get(document, "data"), "events");
    cr_assert_gt(assay_json_count(data), 0);
    cr_assert_eq(assay_json_uint(assay_json_at(data, 0), "seq", 0), 2);
    assay_json_free(&document);

    document = ask(network, 0, "counters\n");
    cr_assert_gt(assay_json_uint(assay_json_get(document, "data"), "verifications", 0), 0);
    assay_json_free(&document);

    const char *bad[] = { "permit all\n", "timeline since=x\n",
                          "export since=99999999999999999999\n", "shutdown\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        document = ask(network, 0, bad[i]);
        cr_assert_str_eq(assay_json_text(document, "schema", ""), "assay.error", "%s", bad[i]);
        assay_json_free(&document);
    }
    network_free(&network);
}

Test(net_network, permission_ends_when_the_head_grows_old)
{
    struct network *network = four_up();
    run_past(network, 3);
    for (uint32_t i = 1; i < FOUR; i++)
        network_down(network, i);
    network_run(network, 4 * EPOCH_MS, NULL, NULL);
    struct assay_json *document = ask(network, 0, "permit normal\n");
    const struct assay_json *data = assay_json_get(document, "data");
    cr_assert_not(assay_json_bool(data, "permitted", true));
    cr_assert_str_eq(assay_json_text(data, "reason", ""), "stale");
    assay_json_free(&document);
    network_free(&network);
}

/* ------------------------------------------------------------ what an operator asks */

static unsigned turns;

static void count_turns(void *context, uint64_t now_ms)
{
    cr_assert(now_ms > 0);
    turns += (unsigned)(context == &turns);
}

/* Turns until the node says something else than that it goes on, or a hundred times. */
static enum assay_status turned(struct assay_runtime *host)
{
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 100 && status == ASSAY_E_AGAIN; i++)
        status = assay_runtime_poll(host, 5);
    return status;
}

Test(net_network, hears_signals_and_ends_by_two_of_them, .timeout = 600)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    struct assay_runtime_config *config = &network->nodes[0].config;
    config->take_signals = true;
    config->drain_ms = 30000;
    config->turned = count_turns;
    config->turned_context = &turns;
    cr_assert(network_up(network, 0));
    struct assay_runtime *host = network->nodes[0].host;
    cr_assert_eq(turned(host), ASSAY_E_AGAIN);
    cr_assert(turns >= 100, "a watchdog would have been fed %u times", turns);
    cr_assert_eq(raise(SIGUSR1), 0);
    cr_assert_eq(raise(SIGUSR2), 0);
    cr_assert_eq(turned(host), ASSAY_E_AGAIN, "both are answered by a line");
    cr_assert_eq(raise(SIGHUP), 0);
    cr_assert_eq(turned(host), ASSAY_OK);
    cr_assert(assay_runtime_poll_reload(host), "a reload is wanted");
    cr_assert_not(assay_runtime_poll_reload(host), "once");
    cr_assert_not(assay_runtime_is_renewing(host));
    cr_assert_eq(turned(host), ASSAY_E_AGAIN, "and the node goes on");
    cr_assert_not(assay_runtime_is_draining(host));
    cr_assert_eq(raise(SIGTERM), 0);
    cr_assert_eq(turned(host), ASSAY_OK, "nothing is in hand: it does not wait for drain_ms");
    cr_assert(assay_runtime_is_draining(host));
    network_free(&network);
}

static atomic_int gate;

static enum assay_status never_done(struct assay_verifier *verifier,
                                    const struct assay_evidence_request *request,
                                    struct assay_verdict *verdict)
{
    (void)verifier;
    while (atomic_load(&gate) == 0)
        (void)usleep(1000);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    return ASSAY_OK;
}

/* A node that is asked to end while evidence is being verified. */
static struct assay_runtime *ending_with_something_in_hand(struct network *network,
                                                           uint32_t drain_ms)
{
    const struct assay_verify_pool_config slow = { .threads = 1, .verify = never_done };
    const uint8_t bytes[1] = { 1 };
    const struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                          .bytes = assay_slice_over(bytes, sizeof bytes) };
    network->nodes[0].config.take_signals = true;
    network->nodes[0].config.drain_ms = drain_ms;
    cr_assert(network_up(network, 0));
    struct assay_runtime *host = network->nodes[0].host;
    cr_assert_eq(turned(host), ASSAY_E_AGAIN);
    assay_verify_pool_destroy(&host->pool);
    cr_assert_eq(assay_verify_pool_create(&slow, &host->pool), ASSAY_OK);
    cr_assert_eq(assay_verify_pool_submit(host->pool, &job), ASSAY_OK);
    cr_assert_eq(raise(SIGTERM), 0);
    cr_assert_eq(assay_runtime_poll(host, 5), ASSAY_E_AGAIN, "it finishes what it has in hand");
    cr_assert(assay_runtime_is_draining(host), "and says so");
    return host;
}

Test(net_network, waits_for_what_is_in_hand_and_no_longer_than_it_may, .timeout = 600)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    struct assay_runtime *host = ending_with_something_in_hand(network, 300);
    const uint64_t until = host->drain_until_ms;
    cr_assert_eq(turned(host), ASSAY_OK);
    cr_assert_geq(host->now_ms, until, "it took its time, which is over");
    atomic_store(&gate, 1);
    network_free(&network);
}

Test(net_network, asked_twice_it_ends_at_once, .timeout = 600)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    struct assay_runtime *host = ending_with_something_in_hand(network, 60000);
    cr_assert_eq(raise(SIGINT), 0);
    cr_assert_eq(turned(host), ASSAY_OK);
    cr_assert_lt(host->now_ms, host->drain_until_ms);
    atomic_store(&gate, 1);
    network_free(&network);
}

Test(net_network, ends_when_nothing_is_in_hand_any_more, .timeout = 600)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    struct assay_runtime *host = ending_with_something_in_hand(network, 60000);
    atomic_store(&gate, 1);
    cr_assert_eq(turned(host), ASSAY_OK);
    cr_assert_lt(host->now_ms, host->drain_until_ms);
    network_free(&network);
}

Test(net_network, takes_over_what_may_change_while_it_runs, .timeout = 600)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    struct assay_runtime *host = network->nodes[0].host;
    struct assay_runtime_peer peers[2] = { network->peers[1], network->peers[2] };
    const char *const there = peers[0].endpoint;
    struct assay_runtime_settings tuning = {
        .verify_threads = 4, .drain_ms = 7, .peers = peers, .peer_count = 2
    };
    cr_assert_eq(assay_runtime_reconfigure(host, &tuning), ASSAY_OK);
    cr_assert_eq(assay_runtime_reconfigure(host, &tuning), ASSAY_OK,
                 "the same again changes nothing");
    struct assay_runtime_peer others[1] = { peers[0] };
    others[0].endpoint = "tcp://no address at all";
    tuning.peers = others;
    tuning.peer_count = 1;
    tuning.verify_threads = 1;
    cr_assert_eq(assay_runtime_reconfigure(host, &tuning), ASSAY_E_IO,
                 "an address that is none is told");
    others[0].endpoint = there;
    struct assay_runtime_peer again[1] = { others[0] };
    others[0].endpoint = "tcp://127.0.0.1:1";
    tuning.peers = again;
    cr_assert_eq(assay_runtime_reconfigure(host, &tuning), ASSAY_OK);
    tuning.verify_threads = 1000;
    cr_assert_eq(assay_runtime_reconfigure(host, &tuning), ASSAY_E_RANGE);
    const uint64_t epoch = network_epoch(network, 0);
    (void)network_run(network, 10 * EPOCH_MS, NULL, NULL);
    cr_assert_gt(network_epoch(network, 0), epoch, "and the network goes on");
    network_free(&network);
}

/* ------------------------------------------------------------ refusing to start */

Test(net_network, refuses_to_start_where_it_must)
{
    struct network *network = network_make(FOUR, EPOCH_MS, START_MS);
    struct assay_runtime_config config = network->nodes[0].config;
    struct assay_runtime *host = NULL;
    char message[ASSAY_RUNTIME_MESSAGE_LEN];
    cr_assert(network_up(network, 1));

    config.store = network->nodes[0].store;
    config.listen = network->nodes[1].endpoint;
    cr_assert_eq(assay_runtime_open(&config, &host, message), ASSAY_E_IO, "a port in use");
    cr_assert_not_null(strstr(message, "listen"));
    config = network->nodes[0].config;
    config.store = network->nodes[0].store;
    config.keys_dir = "/nonexistent";
    cr_assert_neq(assay_runtime_open(&config, &host, message), ASSAY_OK, "no keys");
    cr_assert_not_null(strstr(message, "/nonexistent: there is no such folder"));

    char strange[PATH_MAX];
    struct assay_keyring ring;
    (void)snprintf(strange, sizeof strange, "%.200s/strange", network->dir);
    cr_assert_eq(assay_keyring_create(strange, &ring), ASSAY_OK);
    config.keys_dir = strange;
    cr_assert_eq(assay_runtime_open(&config, &host, message), ASSAY_E_STRANGER,
                 "not of this network");
    cr_assert_not_null(strstr(message, "no member"));
    assay_keyring_wipe(&ring);

    config = network->nodes[0].config;
    config.store = network->nodes[0].store;
    assay_store_memory_fail(config.store, ASSAY_STORE_FAULT_READ, 1, true);
    cr_assert_eq(assay_runtime_open(&config, &host, message), ASSAY_E_STORE,
                 "a store that cannot be read");
    cr_assert_null(host);
    network_free(&network);
}
