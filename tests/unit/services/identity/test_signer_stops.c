/*
 * tests/unit/services/identity/test_signer_stops.c - tests of what makes holders of the group key
 * stop: a fence, another process of the member, a fold that is not the ledger's, an expired
 * checkpoint (docs/identity.md 3.16, 3.20). Holders and the ledger run in one thread.
 */
#include "net/services/identity/signer_node.h"

#include "base/system_clock.h"
#include "engine/ledger/state/workload_keys.h"
#include "tests/support/services/identity_plan.h"
#include "tests/support/services/service_ledger.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLDERS = 4, SOON_MS = 60000, WEIGHT = 10, EPOCHS_MAX = 60 };

static const struct assay_secret32 vault_key = { { 7, 7, 7 } };
static uint64_t clock_ms; /* of all holders */

static struct {
    char folder[64];
    struct service_ledger *ledger;
    struct boundary_maker *maker;
    struct assay_registry *shown; /* whose documents boundaries name; NULL: the ledger's */
    struct assay_keyholder_node *node[HOLDERS + 1]; /* the last: a second process of slot 0 */
    enum assay_status status[HOLDERS + 1];
    uint8_t list[HOLDERS][ASSAY_DECLARED_KEYS_LEN_MAX];
    size_t list_len[HOLDERS];
    uint8_t root[HOLDERS][32];
    struct assay_checkpoint checkpoint;
} w;

static uint64_t get_clock(void)
{
    return clock_ms;
}

static const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[8][128];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", w.folder, what, slot);
    return path;
}

static enum assay_status open_node(uint32_t slot, const char *store, uint32_t place,
                                   char message[static ASSAY_KEYHOLDER_NODE_MESSAGE_LEN])
{
    const struct assay_keyholder_node_config config = { .ledger = in_folder("daemon", slot),
                                                        .store = store,
                                                        .key = &vault_key,
                                                        .listen = "127.0.0.1:0",
                                                        .checkpoint = w.checkpoint,
                                                        .again_ms = 300,
                                                        .unix_ms = get_clock };
    w.status[place] = ASSAY_OK;
    return assay_keyholder_node_open(&config, &w.node[place], message);
}

static void start(uint32_t slot)
{
    char message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    cr_assert_eq(open_node(slot, in_folder("vault", slot), slot, message), ASSAY_OK, "%s", message);
}

static void stop(uint32_t place)
{
    assay_keyholder_node_close(&w.node[place]);
}

static struct assay_keyholder_node_status status_of(uint32_t place)
{
    cr_assert_not_null(w.node[place]);
    return assay_keyholder_node_status(w.node[place]);
}

static void make_list(uint32_t slot)
{
    uint8_t spki[44], proof[64] = { 0 };
    struct assay_declared_keys keys;
    start(slot);
    const struct assay_declared_key own = {
        .purpose = ASSAY_PURPOSE_HOLDER,
        .name = assay_slice_over("signer", 6),
        .spki = assay_slice_over(spki, assay_keyholder_node_key(w.node[slot], spki)),
        .proof = assay_slice_over(proof, sizeof proof),
    };
    struct assay_writer out = assay_writer_over(w.list[slot], sizeof w.list[slot]);
    cr_assert_eq(assay_declared_keys_encode(&own, 1, &out), ASSAY_OK);
    w.list_len[slot] = out.len;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(w.list[slot], out.len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, w.root[slot]);
    stop(slot);
}

static void answer(void *context, uint32_t slot, const struct assay_service_message *m,
                   struct assay_service_message *out)
{
    (void)context;
    (void)slot;
    if (m->verb == ASSAY_SERVICE_PROVE) boundary_maker_answer(w.maker, m, out);
    else if (m->slot < HOLDERS && assay_bytes_equal(m->root, w.root[m->slot], 32))
        out->keys = assay_slice_over(w.list[m->slot], w.list_len[m->slot]);
}

static const struct assay_ca *group_key(void)
{
    return assay_registry_identity(service_ledger_registry(w.ledger));
}

static void close_and_sign(void)
{
    service_ledger_close_epoch(w.ledger);
    boundary_maker_close(w.maker, w.shown != NULL ? w.shown : service_ledger_registry(w.ledger),
                         true, MAKER_VOTERS);
}

static void set_members(bool may_hold)
{
    for (uint32_t slot = 0; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++) {
        struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 10000,
                                                .certified = true,
                                                .operator_ = (uint8_t)slot };
        service_ledger_node(slot, member.node_id);
        if (slot < HOLDERS) {
            member.may_hold = may_hold;
            member.keys_active = true;
            member.seat_weight = WEIGHT;
            member.incarnation = 1;
            assay_bytes_copy(member.keys_root, 32, w.root[slot], 32);
        }
        service_ledger_set(w.ledger, slot, &member);
    }
}

static void open_world(void)
{
    static struct assay_registry_plan plan;
    identity_plan_set(&plan, 64);
    clock_ms = MAKER_TIME_MS;
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-signers.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    w.ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    w.maker = boundary_maker_new(service_ledger_chain(w.ledger), 1);
    boundary_maker_checkpoint(w.maker, &w.checkpoint);
    service_ledger_prove(w.ledger, answer, NULL);
    boundary_maker_close(w.maker, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    for (uint32_t slot = 0; slot < HOLDERS; slot++) {
        service_ledger_member(w.ledger, in_folder("daemon", slot), slot);
        make_list(slot);
    }
    set_members(true);
}

static void close_world(void)
{
    for (uint32_t place = 0; place <= HOLDERS; place++)
        stop(place);
    service_ledger_close(&w.ledger);
    boundary_maker_free(w.maker);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(services_signer_stops, .init = open_world, .fini = close_world, .timeout = 300);

/* --- turns */

static void turn(void)
{
    service_ledger_turn(w.ledger, 1);
    for (uint32_t place = 0; place <= HOLDERS; place++)
        if (w.node[place] != NULL && w.status[place] == ASSAY_OK)
            w.status[place] = assay_keyholder_node_step(w.node[place], 0);
}

static void turn_until(bool (*is_so)(void), const char *what)
{
    const uint64_t end = assay_monotonic_ms() + SOON_MS;
    while (!is_so() && assay_monotonic_ms() < end)
        turn();
    cr_assert(is_so(), "%s", what);
}

static bool have_all_acted(void)
{
    for (uint32_t place = 0; place <= HOLDERS; place++)
        if (w.node[place] != NULL && w.status[place] == ASSAY_OK &&
            status_of(place).acted_epoch != service_ledger_epoch(w.ledger))
            return false;
    return true;
}

/* What was submitted is final, and so is what follows from it. */
static void run_turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        turn();
}

enum { QUIET = 200 };     /* turns: a record takes two */
enum { AGAIN_MS = 1000 }; /* a holder dials its daemon again */

static uint32_t records(void)
{
    uint32_t count = 0;
    for (unsigned kind = ASSAY_SERVICE_CA_OFFER; kind <= ASSAY_SERVICE_CA_TABLE; kind++)
        count += service_ledger_count(w.ledger, (enum assay_service_kind)kind);
    return count;
}

/* Records of an epoch wait until each holder acts on the close before, so that one that loads the
 * documents again finds them as that close left them. */
static void run_epoch(void)
{
    service_ledger_hold(w.ledger, true);
    turn_until(have_all_acted, "each holder acts on the close");
    run_turns(10);
    service_ledger_hold(w.ledger, false);
    run_turns(QUIET);
    close_and_sign();
}

static void run_until_key(void)
{
    for (uint32_t i = 0; i < EPOCHS_MAX && group_key()->force.generation == 0; i++)
        run_epoch();
    cr_assert_eq(group_key()->force.generation, 1);
    turn_until(have_all_acted, "each holder acts on the close");
}

static void start_all(void)
{
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        start(slot);
    turn_until(have_all_acted, "each holder acts on the ledger");
}

/* --- a fence */

Test(services_signer_stops, a_fenced_holder_does_nothing_also_after_a_restart)
{
    set_members(false);
    start_all();
    service_ledger_fence(w.ledger, true);
    set_members(true);
    close_and_sign();
    cr_assert_eq(group_key()->ceremony.phase, ASSAY_CA_OFFERS);
    stop(1);
    start(1);
    turn_until(have_all_acted, "each holder acts on the close");
    run_turns(QUIET);
    cr_expect_eq(records(), 0, "%u records of fenced holders", records());
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        cr_expect(status_of(slot).is_fenced, "holder %u", slot);
    service_ledger_fence(w.ledger, false);
    run_turns(QUIET);
    cr_expect_eq(records(), 0, "the fence ends with the next close");
    run_until_key();
    cr_expect_not(status_of(0).is_fenced);
    cr_expect(status_of(0).holder.can_sign);
}

/* What it derived before is not submitted once more. */
Test(services_signer_stops, a_fence_withdraws_what_is_not_final)
{
    set_members(false);
    start_all();
    service_ledger_lose(w.ledger, 1000);
    set_members(true);
    close_and_sign();
    turn_until(have_all_acted, "each holder acts on the close");
    run_turns(10);
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        cr_expect_eq(status_of(slot).pending, 1, "holder %u offers", slot);
    service_ledger_fence(w.ledger, true);
    run_turns(10);
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        cr_expect_eq(status_of(slot).pending, 0, "holder %u", slot);
}

/* Its daemon lost its log, and receives the fence before the ledger. */
Test(services_signer_stops, a_fence_of_a_daemon_that_catches_up_ends_signatures)
{
    start_all();
    run_until_key();
    cr_assert(status_of(2).holder.can_sign && status_of(2).signing.is_open);
    service_ledger_catch_up(w.ledger);
    for (const uint64_t until = assay_monotonic_ms() + AGAIN_MS; assay_monotonic_ms() < until;)
        run_turns(1); /* each dials it again */
    cr_assert(status_of(2).signing.is_open, "without a daemon it goes on for a while");
    service_ledger_fence(w.ledger, true);
    run_turns(10);
    cr_expect(status_of(2).is_fenced);
    cr_expect_not(status_of(2).holder.can_sign || status_of(2).signing.is_open);
}

Test(services_signer_stops, a_fenced_holder_does_not_sign)
{
    start_all();
    run_until_key();
    cr_assert(status_of(2).holder.can_sign && status_of(2).signing.is_open);
    service_ledger_fence(w.ledger, true);
    run_turns(10);
    cr_expect_not(status_of(2).holder.can_sign || status_of(2).signing.is_open);
    close_and_sign();
    turn_until(have_all_acted, "each holder acts on the close");
    cr_expect_not(status_of(2).signing.is_open, "the next close does not end a fence");
}

/* --- another process of the member */

Test(services_signer_stops, the_older_one_of_two_processes_with_one_store_ends)
{
    char command[300], message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    start_all();
    run_until_key();
    stop(0);
    (void)snprintf(command, sizeof command, "cp -rp %s %s", in_folder("vault", 0),
                   in_folder("copy", 0));
    cr_assert_eq(system(command), 0);
    start(0);
    run_epoch();
    run_epoch();
    cr_assert_eq(w.status[0], ASSAY_OK);
    cr_assert_eq(open_node(0, in_folder("copy", 0), HOLDERS, message), ASSAY_OK, "%s", message);
    for (uint32_t i = 0; i < 4; i++)
        run_epoch();
    cr_expect_eq(w.status[0], ASSAY_E_STALE, "%s", assay_status_text(w.status[0]));
    cr_expect_eq(w.status[HOLDERS], ASSAY_OK, "%s", assay_status_text(w.status[HOLDERS]));
    cr_expect(status_of(HOLDERS).holder.can_sign);
}

/* --- a fold that is not the ledger's */

enum { DECEIVED = 2, MUCH = 1000 };

/* Its daemon shows another weight at each close: it finds that, loads the documents again and is
 * no later than the others. */
Test(services_signer_stops, a_holder_whose_daemon_shows_another_close_goes_on_with_the_ledger)
{
    set_members(false);
    start_all();
    service_ledger_distort(w.ledger, DECEIVED, MUCH);
    set_members(true);
    close_and_sign();
    const uint64_t epoch = service_ledger_epoch(w.ledger);
    run_until_key();
    cr_expect_geq(status_of(DECEIVED).diverged_epoch, epoch);
    cr_expect_eq(group_key()->force.holders, HOLDERS);
    cr_expect_eq(status_of(0).diverged_epoch, 0, "other daemons show the ledger");
}

/* The voters signed other documents than every daemon has. */
Test(services_signer_stops, holders_of_a_fold_that_no_voters_signed_stop_and_report_it)
{
    void *memory = NULL;
    const struct assay_registry *ledger = service_ledger_registry(w.ledger);
    const struct assay_registry_plan *plan = assay_registry_get_plan(ledger);
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    start_all();
    run_until_key();
    cr_assert(status_of(0).holder.can_sign);
    memory = aligned_alloc(64, len);
    cr_assert_eq(assay_registry_init(memory, len, plan, service_ledger_chain(w.ledger), &w.shown),
                 ASSAY_OK);
    const uint64_t acted = status_of(0).acted_epoch;
    for (uint32_t i = 0; i < 2; i++) {
        close_and_sign();
        const uint64_t end = assay_monotonic_ms() + SOON_MS;
        while (status_of(0).diverged_epoch != service_ledger_epoch(w.ledger) &&
               assay_monotonic_ms() < end)
            turn();
        cr_expect(status_of(0).is_diverged);
        cr_expect_eq(status_of(0).diverged_epoch, service_ledger_epoch(w.ledger));
        cr_expect_not(status_of(0).holder.can_sign || status_of(0).signing.is_open);
        cr_expect_eq(status_of(0).acted_epoch, acted);
    }
    free(memory);
    w.shown = NULL;
    close_and_sign();
    turn_until(have_all_acted, "what the voters sign is shown again");
    cr_expect_not(status_of(0).is_diverged);
    cr_expect(status_of(0).holder.can_sign && status_of(0).signing.is_open);
}

/* Weight that is of no member: with it no member makes a key alone (docs/identity.md 3.1). */
Test(services_signer_stops, weight_of_no_member_counts_in_the_fold_of_each_holder)
{
    service_ledger_other_weight(w.ledger, MUCH);
    close_and_sign();
    start_all();
    for (uint32_t i = 0; i < 3; i++)
        run_epoch();
    cr_expect_eq(group_key()->ceremony.phase, ASSAY_CA_IDLE);
    cr_expect_eq(records(), 0);
    service_ledger_other_weight(w.ledger, 0);
    run_until_key();
    for (uint32_t slot = 0; slot < HOLDERS; slot++)
        cr_expect_eq(status_of(slot).diverged_epoch, 0, "holder %u", slot);
}

/* --- an expired checkpoint */

static const uint64_t period_ms = UINT64_C(1000) * ASSAY_TRUSTING_PERIOD_S;

Test(services_signer_stops, a_holder_does_not_start_from_an_expired_checkpoint_and_names_what_to_do)
{
    char message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    clock_ms = MAKER_TIME_MS + period_ms + 1;
    cr_expect_eq(open_node(0, in_folder("vault", 0), 0, message), ASSAY_E_STALE);
    cr_expect_null(w.node[0]);
    cr_expect_not_null(strstr(message, "take a newer checkpoint"), "%s", message);
    clock_ms = MAKER_TIME_MS - period_ms;
    cr_expect_eq(open_node(0, in_folder("vault", 0), 0, message), ASSAY_E_STALE);
    cr_expect_not_null(strstr(message, "set the clock"), "%s", message);
}

/* The newest epoch that it verified is stored, and expires as well. */
Test(services_signer_stops, a_holder_that_was_away_for_longer_than_the_period_needs_a_checkpoint)
{
    char message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    start_all();
    run_until_key();
    const uint64_t epoch = status_of(0).proven_epoch;
    stop(0);
    clock_ms = MAKER_TIME_MS + period_ms + 1;
    start(0);
    stop(0);
    clock_ms += epoch * 1000;
    cr_expect_eq(open_node(0, in_folder("vault", 0), 0, message), ASSAY_E_STALE);
}

Test(services_signer_stops, a_running_holder_whose_checkpoint_expires_stops_and_reports_it)
{
    set_members(false);
    start_all();
    clock_ms = MAKER_TIME_MS + 10 * period_ms;
    set_members(true);
    close_and_sign();
    run_turns(QUIET);
    cr_expect_eq(records(), 0);
    cr_assert_not_null(status_of(0).expired);
    cr_expect_eq(w.status[0], ASSAY_OK);
    clock_ms = MAKER_TIME_MS;
    run_until_key();
    cr_expect_null(status_of(0).expired);
    cr_assert(status_of(0).signing.is_open);
    clock_ms = MAKER_TIME_MS + 10 * period_ms; /* no close since */
    run_turns(QUIET);
    cr_expect_not(status_of(0).signing.is_open, "an expired holder signs nothing");
}

/* --- registration */

static bool is_one_followed(void)
{
    return status_of(0).follows;
}

Test(services_signer_stops, an_enclave_of_another_network_or_member_gets_no_statement)
{
    struct assay_registration_boot boot = { .boot = { 3 } };
    struct assay_registration_statement statement;
    assay_bytes_copy(boot.chain_id, 32, service_ledger_chain(w.ledger), 32);
    service_ledger_node(0, boot.node_id);
    start(0);
    cr_expect_eq(assay_keyholder_node_make_statement(w.node[0], &boot, &statement), ASSAY_E_AGAIN,
                 "its member is not known yet");
    turn_until(is_one_followed, "the ledger is followed");
    cr_expect_eq(assay_keyholder_node_make_statement(w.node[0], &boot, &statement), ASSAY_OK);
    boot.node_id[0] ^= 1;
    cr_expect_eq(assay_keyholder_node_make_statement(w.node[0], &boot, &statement),
                 ASSAY_E_STRANGER);
    boot.node_id[0] ^= 1;
    boot.chain_id[0] ^= 1;
    cr_expect_eq(assay_keyholder_node_make_statement(w.node[0], &boot, &statement), ASSAY_E_CHAIN);
}
