/*
 * tests/unit/services/test_runtime.c - tests of replica and enclave processes.
 */
#include "base/system_clock.h"
#include "net/services/continuity/enclave_internal.h"
#include "net/services/follower.h"
#include "tests/unit/services/continuity/enclave_house.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What it had no room for it would not remember: it says so instead of serving some. */
Test(services_runtime, a_replica_with_too_little_room_ends, .timeout = 600)
{
    char message[ASSAY_REPLICA_NODE_MESSAGE_LEN];
    open_ledger(3);
    const struct assay_replica_node_config config = { .ledger = house.path,
                                                      .listen = "127.0.0.1:0",
                                                      .group = GROUP,
                                                      .instances_max = INSTANCES - 1 };
    live_in(0);
    pthread_mutex_lock(&house.lock);
    cr_assert_eq(assay_replica_node_open(&config, &house.nodes[0], message), ASSAY_OK);
    pthread_mutex_unlock(&house.lock);
    bool open = true;
    for (int i = 0; i < 2000 && open; i++) {
        usleep(5000);
        pthread_mutex_lock(&house.lock);
        open = house.nodes[0] != NULL;
        pthread_mutex_unlock(&house.lock);
    }
    cr_expect_eq(house.ended[0], ASSAY_E_RANGE);
    close_house();
}

Test(services_runtime, states_are_certified_and_yesterdays_is_refused, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 0, "its first start of all");
    app_go_on(&app, 5);
    const struct app yesterday = app;
    app_go_on(&app, 700); /* more than a frame holds */
    cr_expect_eq(assay_enclave_confirm(app.enclave, SOON_MS), ASSAY_ENCLAVE_OK);
    app_end(&app);

    struct app old = yesterday;
    cr_expect_eq(app_start(&old, &found), ASSAY_ENCLAVE_ROLLBACK);
    cr_expect_eq(found.index, 705, "what was certified is named");
    uint64_t index = 0;
    cr_expect_eq(assay_enclave_update(old.enclave, old.hash, &index), ASSAY_ENCLAVE_ROLLBACK);
    app_end(&old);

    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "today's goes on");
    app_go_on(&app, 1);
    cr_expect_eq(app.index, 706);
    app_end(&app);
    close_house();
}

/* A program with an event loop waits for one descriptor, and is woken for a reason. */
Test(services_runtime, one_descriptor_wakes_an_enclave, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    open_house(3, 3);
    app_open(&app);
    close_epochs(1);
    uint32_t turns = 0, closes = 0;
    uint64_t close_at_ms = assay_monotonic_ms() + TRY_MS;
    const uint64_t until_ms = assay_monotonic_ms() + SOON_MS;
    for (; result == ASSAY_ENCLAVE_IN_DOUBT && assay_monotonic_ms() < until_ms; turns++) {
        struct pollfd fd = { .fd = assay_enclave_fd(app.enclave), .events = POLLIN };
        const int timeout_ms = assay_enclave_timeout_ms(app.enclave);
        (void)poll(&fd, 1, timeout_ms < TRY_MS ? timeout_ms : TRY_MS);
        cr_assert_eq(assay_enclave_step(app.enclave, 0), ASSAY_ENCLAVE_OK);
        result = assay_enclave_start(app.enclave, 0, &found);
        if (assay_monotonic_ms() < close_at_ms) continue;
        close_epochs(1);
        closes++;
        close_at_ms = assay_monotonic_ms() + TRY_MS;
    }
    cr_expect_eq(result, ASSAY_ENCLAVE_OK);
    cr_expect_lt(turns, 200 + 100 * closes, "it is not woken without end");
    app_end(&app);
    close_house();
}

/* Two networks, one sealed state: in the other one nothing of it is sent, to nobody. */
Test(services_runtime, a_state_of_another_chain_or_group_is_refused_before_anything_is_sent,
     .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 2);
    app_end(&app);
    const uint32_t sessions = service_ledger_count(house.ledger, ASSAY_SERVICE_SESSION);
    struct app clone = app;
    clone.identity.chain_id[5] ^= 1; /* as this network stands to the one it was born in */
    clone.trust.checkpoint.chain_id[5] ^= 1;
    cr_expect_eq(app_start(&clone, &found), ASSAY_ENCLAVE_CHAIN);
    app_end(&clone);
    cr_expect_eq(service_ledger_count(house.ledger, ASSAY_SERVICE_SESSION), sessions);
    clone = app;
    clone.identity.group = GROUP - 1;
    const struct assay_enclave_config config = {
        .ledger = house.enclaves, .group = GROUP, .identity = &clone.identity, .trust = &clone.trust
    };
    cr_expect_eq(assay_enclave_open(&config, &clone.enclave, message), ASSAY_E_CHAIN);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "at home it goes on");
    app_end(&app);
    close_house();
}

/* The table is full, or the member has its part of it: the application is told which. */
Test(services_runtime, refusals_have_names, .timeout = 600)
{
    struct app app[INSTANCES + 1];
    struct assay_cont_entry found;
    open_house(3, 3);
    for (uint32_t i = 0; i < INSTANCES; i++) {
        app[i] = app_born();
        cr_assert_eq(app_start(&app[i], &found), ASSAY_ENCLAVE_OK);
        app_go_on(&app[i], 1); /* from here on the ledger keeps it */
    }
    app[INSTANCES] = app_born();
    cr_expect_eq(app_start(&app[INSTANCES], &found), ASSAY_ENCLAVE_NO_ROOM);
    cr_expect_str_eq(assay_enclave_get_failure(app[INSTANCES].enclave), "no-room");
    close_epochs(ASSAY_CONT_BIRTH_EPOCHS + 1);
    cr_expect_eq(instances(), INSTANCES, "kept rows do not go by time");
    app_go_on(&app[0], 1);
    cr_expect_eq(app_retire(&app[0]), ASSAY_ENCLAVE_OK);
    uint64_t index = 0;
    cr_expect_eq(assay_enclave_update(app[0].enclave, app[0].hash, &index), ASSAY_ENCLAVE_RETIRED);
    app_end(&app[0]);
    cr_expect_eq(instances(), INSTANCES - 1);
    cr_expect_eq(app_start(&app[0], &found), ASSAY_ENCLAVE_GONE_ROW, "and never again");
    app_end(&app[0]);
    const enum assay_enclave_result again = app_find(&app[INSTANCES], &found);
    cr_expect_eq(again, ASSAY_ENCLAVE_OK, "%d: %s", (int)again,
                 assay_enclave_get_failure(app[INSTANCES].enclave));
    for (uint32_t i = 1; i <= INSTANCES; i++)
        app_end(&app[i]);
    close_house();
}

/* It died before a state was certified: its row goes, and what was sealed for it starts nothing. */
Test(services_runtime, a_birth_that_came_to_nothing_leaves_nothing, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_end(&app);
    cr_expect_eq(instances(), 1);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "in time it goes on");
    app_end(&app);
    close_epochs(ASSAY_CONT_BIRTH_EPOCHS + 1);
    cr_expect_eq(instances(), 0);
    usleep(100000);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_GONE_ROW);
    app_end(&app);
    for (uint32_t slot = 0; slot < 3; slot++) {
        pthread_mutex_lock(&house.lock);
        cr_expect_eq(assay_replica_node_status(house.nodes[slot]).instances, 0,
                     "replicas have forgotten it as well");
        pthread_mutex_unlock(&house.lock);
    }
    close_house();
}

/* By all replicas together. */
static uint32_t remembered(void)
{
    uint32_t count = 0;
    pthread_mutex_lock(&house.lock);
    for (uint32_t slot = 0; slot < REPLICAS_MAX; slot++)
        if (house.nodes[slot] != NULL)
            count += assay_replica_node_status(house.nodes[slot]).instances;
    pthread_mutex_unlock(&house.lock);
    return count;
}

static uint32_t keeps(void)
{
    pthread_mutex_lock(&house.lock);
    const uint32_t count = service_ledger_count(house.ledger, ASSAY_SERVICE_KEEP);
    pthread_mutex_unlock(&house.lock);
    return count;
}

/* The row of an instance that runs stays, however short its lease; of one that nobody runs it goes.
 */
Test(services_runtime, a_lease_is_renewed_by_what_is_certified, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    app.lease = 100;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 1);
    for (uint32_t round = 0; round < 3; round++) {
        const uint32_t before = keeps();
        close_epochs(60);
        app_go_on(&app, 1);
        for (int i = 0; i < SOON_MS / 10 && keeps() == before; i++)
            (void)assay_enclave_step(app.enclave, 10);
        cr_assert_gt(keeps(), before);
    }
    cr_expect_eq(instances(), 1);
    app_end(&app);
    close_epochs(102);
    cr_expect_eq(instances(), 0);
    usleep(100000);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_GONE_ROW);
    app_end(&app);
    close_house();
}

Test(services_runtime, of_two_that_run_the_older_is_fenced, .timeout = 600)
{
    struct app one = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&one, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&one, 3);
    struct app clone = one; /* its folder was copied */
    cr_assert_eq(app_start(&clone, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&clone, 1);
    (void)app_next(&one);
    close_epochs(1);
    cr_expect_eq(assay_enclave_wait(one.enclave, one.index, SOON_MS), ASSAY_ENCLAVE_FENCED);
    cr_expect_eq(assay_enclave_confirm(one.enclave, SOON_MS), ASSAY_ENCLAVE_FENCED);
    app_go_on(&clone, 2);
    app_end(&one);
    app_end(&clone);
    close_house();
}

Test(services_runtime, a_replica_that_is_lost_is_replaced_and_nothing_with_it, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 4); /* one to spare */
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 10);
    replica_kill(0);
    app_go_on(&app, 10); /* two of three are a quorum */
    replica_start(0);    /* another process: the memory that sat there is gone */
    for (uint32_t slot = 1; slot < 4; slot++)
        wait_for_view(slot == 3 ? 0 : slot, 1);
    app_go_on(&app, 10);
    replica_kill(1); /* of the two that were there from the beginning */
    replica_start(1);
    wait_for_view(2, 2);
    app_go_on(&app, 10);
    app_end(&app);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "all of it is still known");
    cr_expect_eq(found.index, 40);
    app_end(&app);
    close_house();
}

static void seat_moves(uint32_t from, uint32_t to, uint64_t view)
{
    replica_start(to);
    pthread_mutex_lock(&house.lock);
    service_ledger_blind(house.ledger, 100, true);
    service_ledger_stand(house.ledger, from, ASSAY_CONT_STAND_NONE);
    service_ledger_close_epoch(house.ledger);
    pthread_mutex_unlock(&house.lock);
    wait_for_view(to, view);
}

/* Seat by seat the group moves to replicas that an enclave has not seen listed (1.9.8). */
Test(services_runtime, an_enclave_follows_views_that_its_ledger_does_not_show, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    seat_moves(0, 3, 1);
    seat_moves(1, 4, 2);
    seat_moves(2, 5, 3);
    app_go_on(&app, 6);
    app_end(&app);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 9, "what was certified in views that it was handed over to");
    app_end(&app);
    close_house();
}

/* Slots of replicas to which the enclave has a connection, as bits. */
static uint32_t connected_slots(const struct app *app)
{
    uint32_t slots = 0;
    for (uint32_t slot = 0; slot < ENCLAVE_PARTIES; slot++)
        slots |= (uint32_t)assay_tls_client_is_up(app->enclave->links, slot) << slot;
    return slots;
}

/* A change of views closes no connection to a replica that stays. */
Test(services_runtime, connections_to_replicas_that_stay_stay, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    uint64_t index = 0;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 1);
    const uint64_t until_ms = assay_monotonic_ms() + SOON_MS;
    while (connected_slots(&app) != 7 && assay_monotonic_ms() < until_ms)
        cr_assert_eq(assay_enclave_step(app.enclave, 10), ASSAY_ENCLAVE_OK);
    cr_assert_eq(connected_slots(&app), 7);
    const uint64_t view = assay_enclave_client(app.enclave)->config.roster.view;
    seat_moves(0, 3, 1);
    cr_assert_eq(assay_enclave_update(app.enclave, app.hash, &index), ASSAY_ENCLAVE_OK);
    while (assay_enclave_client(app.enclave)->config.roster.view == view &&
           assay_monotonic_ms() < until_ms + SOON_MS)
        cr_assert_eq(assay_enclave_step(app.enclave, 10), ASSAY_ENCLAVE_OK);
    cr_assert_neq(assay_enclave_client(app.enclave)->config.roster.view, view);
    cr_expect_eq(connected_slots(&app) & 6, 6, "%x", connected_slots(&app));
    app_end(&app);
    close_house();
}

/* The goal C1 over a RECOVER: an instance retires, its row goes, replicas forget it, and a new era
 * brings the row back. */
Test(services_runtime, a_recover_brings_back_no_instance_that_was_forgotten, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    struct app birth = app; /* with state 0, which the host has kept */
    app_go_on(&app, 2);
    pthread_mutex_lock(&house.lock);
    service_ledger_mark(house.ledger);
    pthread_mutex_unlock(&house.lock);
    cr_assert_eq(app_retire(&app), ASSAY_ENCLAVE_OK);
    app_end(&app);
    close_epochs(ASSAY_CONT_BIRTH_EPOCHS + 1);
    for (int i = 0; i < SOON_MS / 10 && remembered() > 0; i++)
        usleep(10000);
    cr_assert_eq(remembered(), 0);
    pthread_mutex_lock(&house.lock);
    service_ledger_undo(house.ledger);
    pthread_mutex_unlock(&house.lock);
    usleep(200000);
    cr_assert_eq(instances(), 1, "the row is back");
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OTHER_ERA);
    app_end(&app);
    app_cross(&birth);
    app_cross(&app);
    cr_expect_eq(app_start(&birth, &found), ASSAY_ENCLAVE_GONE_ROW, "from its birth");
    app_end(&birth);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_GONE_ROW, "from its last state");
    app_end(&app);
    close_house();
}

/* The goals C1 and C4 over a RECOVER: it undoes that a replica was listed and that its view began.
 * The replica goes on with what it remembers, and so does the group. */
Test(services_runtime, a_recover_that_undoes_a_listing_costs_no_memory, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_ledger(3);
    for (uint32_t i = 0; i < 3; i++) { /* connections come back, each as its member */
        (void)snprintf(house.daemon[i], sizeof house.daemon[i], "%s/daemon%u", house.folder, i);
        service_ledger_member(house.ledger, house.daemon[i], i);
    }
    live_in(3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    pthread_mutex_lock(&house.lock);
    service_ledger_mark(house.ledger);
    pthread_mutex_unlock(&house.lock);
    replica_kill(2);
    replica_start(2);
    wait_for_view(2, 1);
    app_go_on(&app, 4);
    app_end(&app);
    pthread_mutex_lock(&house.lock);
    service_ledger_undo(house.ledger);
    pthread_mutex_unlock(&house.lock);
    usleep(300000);
    for (int i = 0; i < 40; i++) {
        close_epochs(1);
        usleep(100000);
        pthread_mutex_lock(&house.lock);
        const struct assay_cont_group *group = service_ledger_group(house.ledger);
        const bool on = group->phase == ASSAY_CONT_SERVING &&
                        assay_cont_number_era(group->now.roster.view) == group->era;
        pthread_mutex_unlock(&house.lock);
        if (on) break;
    }
    pthread_mutex_lock(&house.lock);
    for (uint32_t i = 0; i < 3; i++)
        cr_expect_not_null(house.nodes[i], "replica %u ended: %d", i, (int)house.ended[i]);
    cr_expect_eq(service_ledger_group(house.ledger)->phase, ASSAY_CONT_SERVING);
    pthread_mutex_unlock(&house.lock);
    app_cross(&app);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 7, "what was certified in the view that was undone");
    app_go_on(&app, 1);
    app_end(&app);
    close_house();
}

static bool is_drained(uint32_t slot)
{
    pthread_mutex_lock(&house.lock);
    const bool drained = assay_replica_node_is_drained(house.nodes[slot]);
    pthread_mutex_unlock(&house.lock);
    return drained;
}

/* A machine is taken out of service: afterwards the group stands a loss as before. */
Test(services_runtime, a_replica_that_drains_leaves_no_memory_less, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 4);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 10);
    pthread_mutex_lock(&house.lock);
    assay_replica_node_drain(house.nodes[0]);
    pthread_mutex_unlock(&house.lock);
    for (int i = 0; i < SOON_MS / 10 && !is_drained(0); i++)
        usleep(10000);
    cr_assert(is_drained(0));
    wait_for_view(3, 1);
    replica_kill(0);
    app_go_on(&app, 10);
    replica_kill(1);
    app_go_on(&app, 10); /* of three one is gone */
    app_end(&app);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 30);
    app_end(&app);
    close_house();
}

Test(services_runtime, a_quorum_that_is_lost_is_said_and_never_forgotten, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(5, 5);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 4);
    for (uint32_t slot = 0; slot < 3; slot++)
        replica_kill(slot);
    (void)app_next(&app);
    cr_expect_eq(assay_enclave_wait(app.enclave, app.index, 1500), ASSAY_ENCLAVE_IN_DOUBT);
    for (uint32_t slot = 0; slot < 3; slot++)
        replica_start(slot);
    close_epochs(1);
    cr_expect_eq(assay_enclave_wait(app.enclave, app.index, SOON_MS), ASSAY_ENCLAVE_NO_QUORUM);
    app_end(&app);
    app_open(&app);
    cr_expect_eq(assay_enclave_start(app.enclave, SOON_MS, &found), ASSAY_ENCLAVE_NO_QUORUM);
    app_end(&app);
    close_house();
}

/* The daemon is restarted: its programs are not, and lose no seat by it. */
Test(services_runtime, the_ledger_may_go_and_come_back, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    pthread_mutex_lock(&house.lock);
    service_ledger_hang_up(house.ledger);
    pthread_mutex_unlock(&house.lock);
    app_go_on(&app, 3); /* updates never touch it */
    usleep(700000);
    app_go_on(&app, 1);
    cr_expect_eq(view_that_serves(0), 0);
    struct app clone = app;
    cr_expect_eq(app_start(&clone, &found), ASSAY_ENCLAVE_OK, "sessions are numbered again");
    app_end(&clone);
    app_end(&app);
    close_house();
}

/* A daemon whose host shows it an old disk: what is older than seen is not followed. */
Test(services_runtime, a_ledger_that_forgot_is_not_followed, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    enum assay_status ledger = ASSAY_OK;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    pthread_mutex_lock(&house.lock);
    service_ledger_close_epoch(house.ledger);
    pthread_mutex_unlock(&house.lock);
    app_go_on(&app, 1);
    usleep(200000);
    replace_ledger();
    for (int i = 0; i < SOON_MS / 10 && ledger != ASSAY_E_CHAIN; i++) {
        usleep(10000);
        pthread_mutex_lock(&house.lock);
        ledger = assay_replica_node_ledger(house.nodes[0]);
        pthread_mutex_unlock(&house.lock);
    }
    cr_expect_eq(ledger, ASSAY_E_CHAIN);
    cr_expect_eq(view_that_serves(0), 0, "it serves as before");
    app_go_on(&app, 3);
    app_end(&app);
    close_house();
}

/* As well when it is of the same epoch, and knows less of what is final in it. */
Test(services_runtime, a_ledger_that_forgot_records_is_not_followed, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    enum assay_status ledger = ASSAY_OK;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    replace_ledger();
    for (int i = 0; i < SOON_MS / 10 && ledger != ASSAY_E_CHAIN; i++) {
        usleep(10000);
        pthread_mutex_lock(&house.lock);
        ledger = assay_replica_node_ledger(house.nodes[0]);
        pthread_mutex_unlock(&house.lock);
    }
    cr_expect_eq(ledger, ASSAY_E_CHAIN);
    cr_expect_eq(view_that_serves(0), 0, "it serves as before");
    app_end(&app);
    close_house();
}

/* What a program of an earlier run saw: the same epoch, and a record more than the ledger has. */
Test(services_runtime, a_running_epoch_with_fewer_records_is_not_followed, .timeout = 600)
{
    struct service_ledger *ledger = NULL;
    struct assay_follower *f = NULL;
    (void)snprintf(house.folder, sizeof house.folder, "/tmp/assay-services.XXXXXX");
    cr_assert_not_null(mkdtemp(house.folder));
    (void)snprintf(house.path, sizeof house.path, "%s/ledger", house.folder);
    uint64_t era = 0, epoch = 0;
    for (uint64_t records = 0; records < 2; records++) {
        ledger = service_ledger_open(house.path, GROUP, 3, INSTANCES);
        const struct assay_follower_config config = { .path = house.path,
                                                      .role = ASSAY_SERVICE_ROLE_REPLICA,
                                                      .group = GROUP,
                                                      .chain_id = service_ledger_chain(ledger),
                                                      .era_min = era,
                                                      .epoch_min = epoch,
                                                      .records_min = records };
        enum assay_status status = ASSAY_OK;
        cr_assert_eq(assay_follower_create(&config, &f), ASSAY_OK);
        for (int i = 0; i < 100 && status == ASSAY_OK && !assay_follower_follows(f); i++) {
            status = assay_follower_step(f, 1000 + (uint64_t)i * 100);
            service_ledger_turn(ledger, 10);
        }
        cr_expect_eq(status, records == 0 ? ASSAY_OK : ASSAY_E_CHAIN);
        cr_assert_eq(assay_follower_follows(f), records == 0);
        if (records == 0) {
            era = assay_follower_state(f)->era;
            epoch = assay_follower_state(f)->epoch;
        }
        assay_follower_destroy(&f);
        service_ledger_close(&ledger);
    }
    (void)unlink(house.path);
    (void)rmdir(house.folder);
}

/* What a member lists last is its memory; the process before it has no use. */
Test(services_runtime, a_replica_that_is_superseded_ends, .timeout = 600)
{
    open_house(3, 3);
    pthread_mutex_lock(&house.lock);
    house.nodes[7] = house.nodes[1]; /* it lives on */
    house.nodes[1] = NULL;
    pthread_mutex_unlock(&house.lock);
    replica_start(1);
    for (int i = 0; i < SOON_MS / 10 && house.ended[7] == ASSAY_OK; i++)
        usleep(10000);
    cr_expect_eq(house.ended[7], ASSAY_E_STALE);
    close_house();
}

/* Turns that find nothing to do wait for their time: returns: how long TURNS of them took. */
enum { TURNS = 10, TURN_MS = 100 };

static uint64_t replica_turns(struct assay_replica_node *node)
{
    const uint64_t begin_ms = assay_monotonic_ms();
    for (int i = 0; i < TURNS; i++)
        cr_assert_eq(assay_replica_node_step(node, TURN_MS), ASSAY_OK);
    return assay_monotonic_ms() - begin_ms;
}

static uint64_t enclave_turns(struct assay_enclave *enclave)
{
    const uint64_t begin_ms = assay_monotonic_ms();
    for (int i = 0; i < TURNS; i++) {
        cr_assert_eq(assay_enclave_step(enclave, TURN_MS), ASSAY_ENCLAVE_OK);
        service_ledger_turn(house.ledger, 0);
    }
    return assay_monotonic_ms() - begin_ms;
}

Test(services_runtime, who_waits_for_the_ledger_uses_no_processor, .timeout = 600)
{
    const struct assay_replica_node_config config = { .ledger = "/nonexistent/ledger",
                                                      .listen = "127.0.0.1:0",
                                                      .instances_max = INSTANCES };
    char message[ASSAY_REPLICA_NODE_MESSAGE_LEN];
    struct assay_replica_node *node = NULL;
    cr_assert_eq(assay_replica_node_open(&config, &node, message), ASSAY_OK, "%s", message);
    cr_expect_geq(replica_turns(node), TURNS * TURN_MS / 2);
    assay_replica_node_close(&node);

    /* A group that has not formed: its ledger is known, and there is nobody to ask. */
    struct app app = app_born();
    open_ledger(3);
    app_open(&app);
    (void)enclave_turns(app.enclave); /* connects, and hears of the group */
    cr_expect_geq(enclave_turns(app.enclave), TURNS * TURN_MS / 2);
    app_end(&app);
    light_ledger_close(&house.light);
    service_ledger_close(&house.ledger);
    (void)unlink(house.path);
    (void)unlink(house.enclaves);
    (void)rmdir(house.folder);
}
