/*
 * tests/unit/services/continuity/test_hostile_host.c - enclaves of state continuity whose host
 * supplies a ledger of its choice (docs/services.md 4.4). Goal: whatever the daemon's socket says,
 * an enclave starts from the last certified state of its instance, or not at all.
 */
#include "tests/unit/host/light_world.h"
#include "tests/unit/services/continuity/enclave_house.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOMENT_MS = 300, ONE_RECORD_MS = 600 /* submitted again after a second */ };

static uint32_t sessions(void)
{
    pthread_mutex_lock(&house.lock);
    const uint32_t count = service_ledger_count(house.ledger, ASSAY_SERVICE_SESSION);
    pthread_mutex_unlock(&house.lock);
    return count;
}

static void lie(light_ledger_liar *liar, void *context)
{
    pthread_mutex_lock(&house.lock);
    light_ledger_lie(house.light, liar, context);
    pthread_mutex_unlock(&house.lock);
}

static void mislead(bool misleads)
{
    pthread_mutex_lock(&house.lock);
    service_ledger_mislead(house.ledger, misleads);
    pthread_mutex_unlock(&house.lock);
}

/* For some epochs. */
static void expect_doubt(struct app *app)
{
    struct assay_cont_entry found;
    for (int i = 0; i < 4; i++) {
        close_epochs(1);
        const enum assay_enclave_result result =
            assay_enclave_start(app->enclave, MOMENT_MS, &found);
        cr_expect_eq(result, ASSAY_ENCLAVE_IN_DOUBT, "%d", (int)result);
    }
}

/* The daemon says that a session was numbered. Replicas have nothing of it. */
Test(services_hostile_host, a_number_that_the_ledger_did_not_give_starts_nothing, .timeout = 600)
{
    struct app app = app_born();
    struct assay_cont_entry found;
    open_house(3, 3);
    mislead(true);
    app_open(&app);
    expect_doubt(&app);
    cr_expect_eq(sessions(), 0);
    mislead(false);
    cr_expect_eq(app_find(&app, &found), ASSAY_ENCLAVE_OK, "the next close shows it");
    app_end(&app);
    close_house();
}

/* --- another row, another group */

enum part { LIE_ROW, LIE_HEAD, LIE_INSTANCE, LIE_EMPTY, LIES };

struct lie {
    enum part part;
    uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX], row[ASSAY_CONT_ROW_PROOF_LEN_MAX];
};

static struct assay_slice change(struct assay_slice bytes, uint8_t *copy, size_t at)
{
    cr_assert_lt(at, bytes.len);
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    copy[at] ^= 1;
    return assay_slice_over(copy, bytes.len);
}

static void lie_about_row(void *context, struct assay_service_message *answer)
{
    struct lie *l = context;
    if (answer->verb != ASSAY_SERVICE_ROWED) return;
    if (l->part == LIE_ROW) answer->row = change(answer->row, l->row, answer->row.len - 1);
    if (l->part == LIE_HEAD)
        answer->document = change(answer->document, l->head, answer->document.len - 3);
    if (l->part == LIE_INSTANCE) answer->root[0] ^= 1;
    if (l->part == LIE_EMPTY) answer->document.len = answer->row.len = 0;
}

Test(services_hostile_host, a_row_that_no_closed_epoch_proves_starts_nothing, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    struct lie *l = calloc(1, sizeof *l);
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    app_end(&app);
    for (int part = 0; part < LIES; part++) {
        const uint32_t before = sessions();
        l->part = (enum part)part;
        lie(lie_about_row, l);
        app_open(&app);
        expect_doubt(&app);
        cr_expect_eq(sessions(), before, "lie %d: nothing was submitted", part);
        if (part == LIE_ROW || part == LIE_HEAD)
            cr_expect_not_null(strstr(assay_enclave_get_failure(app.enclave), "not of the epoch"));
        app_end(&app);
        lie(NULL, NULL);
    }
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "by the true one it goes on");
    cr_expect_eq(found.index, 3);
    app_end(&app);
    close_house();
    free(l);
}

/* --- a ledger of other voters, with the same chain id */

static void show_world(void *context, struct assay_service_message *answer)
{
    struct light_world *world = context;
    if (answer->verb != ASSAY_SERVICE_PROOF || answer->boundary.len == 0) return;
    while (light_world_at(world) < answer->epoch)
        light_world_close(world, &(struct light_close){ .epoch = answer->epoch, .era = 1 });
    const struct assay_light_epoch epoch = light_world_epoch(world, answer->epoch);
    if (epoch.boundary.len == 0) return;
    answer->boundary = epoch.boundary;
    answer->finality = epoch.finality;
    if (answer->voters.len > 0) answer->voters = epoch.rows;
}

Test(services_hostile_host, a_ledger_of_other_voters_is_not_followed, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 2);
    app_end(&app);
    const uint32_t before = sessions();
    struct light_world *other = light_world_new(service_ledger_chain(house.ledger), 4, 77);
    lie(show_world, other);
    app_open(&app);
    expect_doubt(&app);
    cr_expect_neq(assay_enclave_get_failure(app.enclave)[0], '\0');
    cr_expect_eq(sessions(), before);
    app_end(&app);
    struct app birth = app_born();
    app_open(&birth);
    expect_doubt(&birth);
    cr_expect_eq(sessions(), before, "a birth sends nothing either");
    app_end(&birth);
    lie(NULL, NULL);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 2);
    app_end(&app);
    close_house();
    light_world_free(other);
}

/* --- views */

/* The sealed view is one that no hand-over leads from, as after the loss of every record of it. The
 * ledger alone does not suffice: voters of earlier epochs may have lost their keys since. */
Test(services_hostile_host, a_view_that_the_ledger_alone_names_needs_the_owner, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 2);
    app_end(&app);
    replica_kill(0);
    replica_start(0);
    close_epochs(1);
    for (uint32_t slot = 0; slot < 3; slot++)
        wait_for_view(slot, 1);
    for (uint32_t seat = 0; seat < app.trust.roster.count; seat++)
        app.trust.roster.key[seat][40] ^= 1;
    app.handover_ms = MOMENT_MS;
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_NO_PROOF);
    app_end(&app);
    app_cross(&app);
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK, "the owner has signed for the ledger");
    cr_expect_eq(found.index, 2);
    app_end(&app);
    close_house();
}

/* Views change while an enclave is away: hand-overs lead from the sealed view to the one that
 * serves, although none of the replicas that it has sealed is left. */
Test(services_hostile_host, hand_overs_lead_from_the_sealed_view, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    open_house(3, 4);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 5);
    app_end(&app);
    for (uint32_t slot = 0; slot < 3; slot++) {
        replica_kill(slot);
        replica_start(slot);
        wait_for_view(slot, slot + 1);
    }
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    cr_expect_eq(found.index, 5);
    cr_expect_eq(app.trust.roster.view & 0xff, 3, "what is sealed next is that view");
    app_go_on(&app, 1);
    app_end(&app);
    close_house();
}

/* The host signs a checkpoint of its own, or changes one of the owner. */
Test(services_hostile_host, a_checkpoint_that_the_owner_did_not_sign_ends_the_start, .timeout = 600)
{
    struct assay_cont_entry found;
    char message[ASSAY_ENCLAVE_MESSAGE_LEN];
    struct assay_enclave *enclave = NULL;
    struct app app = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_end(&app);
    app_cross(&app);
    struct assay_enclave_config config = { .ledger = house.enclaves,
                                           .group = GROUP,
                                           .identity = &app.identity,
                                           .trust = &app.trust,
                                           .owner = app_owner(),
                                           .later = { app.later, app.later_len },
                                           .later_signature = app.later_signature };
    app.later_signature[20] ^= 1;
    cr_expect_eq(assay_enclave_open(&config, &enclave, message), ASSAY_E_SIGNATURE);
    app.later_signature[20] ^= 1;
    config.owner = NULL;
    cr_expect_eq(assay_enclave_open(&config, &enclave, message), ASSAY_E_SIGNATURE, "none pinned");
    config.owner = app_owner();
    config.later.len--;
    cr_expect_neq(assay_enclave_open(&config, &enclave, message), ASSAY_OK);
    config.later.len++;
    cr_expect_eq(assay_enclave_open(&config, &enclave, message), ASSAY_OK, "%s", message);
    assay_enclave_close(&enclave);
    close_house();
}

/* The owner signed once. The host gives that checkpoint again, to an enclave whose sealed one is
 * later, and shows a view to which no hand-over leads. */
Test(services_hostile_host, an_earlier_checkpoint_of_the_owner_allows_no_view, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 2);
    app_end(&app);
    app_cross(&app);
    const size_t later_len = app.later_len;
    app.later_len = 0;
    close_epochs(3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 1);
    assay_enclave_get_trust(app.enclave, &app.trust);
    app_end(&app);
    replica_kill(0);
    replica_start(0);
    close_epochs(1);
    for (uint32_t slot = 0; slot < 3; slot++)
        wait_for_view(slot, 1);
    for (uint32_t seat = 0; seat < app.trust.roster.count; seat++)
        app.trust.roster.key[seat][40] ^= 1;
    app.handover_ms = MOMENT_MS;
    app.later_len = later_len;
    cr_expect_eq(app_start(&app, &found), ASSAY_ENCLAVE_NO_PROOF);
    app_end(&app);
    close_house();
}

/* Shows the enclave a close of before its session, and runs that session. */
static void open_behind_a_close(struct app *app)
{
    struct assay_cont_entry found;
    enum assay_enclave_result result = ASSAY_ENCLAVE_IN_DOUBT;
    app_open(app);
    pthread_mutex_lock(&house.lock);
    service_ledger_hold(house.ledger, true);
    pthread_mutex_unlock(&house.lock);
    cr_assert_eq(assay_enclave_start(app->enclave, ONE_RECORD_MS, &found), ASSAY_ENCLAVE_IN_DOUBT);
    pthread_mutex_lock(&house.lock);
    service_ledger_blind(house.ledger, 100, true); /* no hint of that close */
    service_ledger_close_epoch(house.ledger);
    service_ledger_blind(house.ledger, 100, false);
    service_ledger_hold(house.ledger, false);
    pthread_mutex_unlock(&house.lock);
    for (int i = 0; i < 20 && result == ASSAY_ENCLAVE_IN_DOUBT; i++)
        result = assay_enclave_start(app->enclave, TRY_MS, &found);
    cr_assert_eq(result, ASSAY_ENCLAVE_OK, "%d", (int)result);
    app->identity = *assay_enclave_identity(app->enclave);
    assay_enclave_get_trust(app->enclave, &app->trust);
    app->born = true;
}

/* A genuine close of before the session has no row. RETIRE never reaches the ledger. */
Test(services_hostile_host, a_close_of_before_the_session_proves_no_retirement, .timeout = 600)
{
    struct app app = app_born();
    open_house(3, 3);
    close_epochs(2);
    open_behind_a_close(&app);
    cr_assert_eq(assay_enclave_adopt(app.enclave, 0, app.prev, app.hash, SOON_MS),
                 ASSAY_ENCLAVE_OK);
    cr_assert_eq(app_next(&app), ASSAY_ENCLAVE_OK);
    pthread_mutex_lock(&house.lock);
    service_ledger_lose(house.ledger, 1000);
    pthread_mutex_unlock(&house.lock);
    enum assay_enclave_result result = assay_enclave_retire(app.enclave, MOMENT_MS);
    pthread_mutex_lock(&house.lock);
    service_ledger_hang_up(house.ledger);
    pthread_mutex_unlock(&house.lock);
    for (int i = 0; i < 6 && result == ASSAY_ENCLAVE_IN_DOUBT; i++)
        result = assay_enclave_retire(app.enclave, TRY_MS);
    cr_expect_eq(result, ASSAY_ENCLAVE_IN_DOUBT);
    cr_expect_eq(service_ledger_count(house.ledger, ASSAY_SERVICE_RETIRE), 0);
    pthread_mutex_lock(&house.lock);
    service_ledger_lose(house.ledger, 0);
    pthread_mutex_unlock(&house.lock);
    cr_expect_eq(app_retire(&app), ASSAY_ENCLAVE_OK, "once it reaches the ledger");
    app_end(&app);
    close_house();
}

/* The host holds the answers to one read back until a clone has acted, and delivers them to the
 * next read. */
Test(services_hostile_host, a_read_is_confirmed_by_answers_to_its_own_request, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app first = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&first, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&first, 3);
    assay_enclave_get_trust(first.enclave, &first.trust);
    cr_assert_eq(assay_enclave_confirm(first.enclave, 0), ASSAY_ENCLAVE_IN_DOUBT);
    usleep(MOMENT_MS * 1000); /* replicas answer */
    struct app clone = first;
    clone.enclave = NULL;
    cr_assert_eq(app_start(&clone, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&clone, 2);
    cr_expect_neq(assay_enclave_confirm(first.enclave, TRY_MS), ASSAY_ENCLAVE_OK);
    app_end(&first);
    app_end(&clone);
    close_house();
}

/* Replicas answer RETIRED before an epoch has closed; one of them, whose host shows it another
 * ledger, may do so alone. */
Test(services_hostile_host, a_refusal_confirms_no_read, .timeout = 600)
{
    struct assay_cont_entry found;
    struct app app = app_born();
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    cr_expect_eq(assay_enclave_retire(app.enclave, 0), ASSAY_ENCLAVE_IN_DOUBT);
    usleep(MOMENT_MS * 1000); /* RETIRE is final at replicas */
    cr_expect_eq(assay_enclave_confirm(app.enclave, SOON_MS), ASSAY_ENCLAVE_RETIRED);
    cr_expect_eq(app_retire(&app), ASSAY_ENCLAVE_OK);
    app_end(&app);
    close_house();
}

/* The enclave cannot verify closes of the new era until it starts with its owner's checkpoint. */
Test(services_hostile_host, a_session_keeps_its_row_over_a_recover, .timeout = 600)
{
    enum { LEASE = 60, EPOCHS = 100 };
    struct assay_cont_entry found;
    struct app app = app_born();
    app.lease = LEASE;
    open_house(3, 3);
    cr_assert_eq(app_start(&app, &found), ASSAY_ENCLAVE_OK);
    app_go_on(&app, 3);
    pthread_mutex_lock(&house.lock);
    service_ledger_mark(house.ledger);
    service_ledger_undo(house.ledger); /* another era alone */
    pthread_mutex_unlock(&house.lock);
    for (int i = 0; i < EPOCHS && instances() > 0; i++) {
        cr_assert_eq(app_next(&app), ASSAY_ENCLAVE_OK);
        cr_assert_eq(assay_enclave_wait(app.enclave, app.index, SOON_MS), ASSAY_ENCLAVE_OK);
        for (int k = 0; k < 3; k++)
            (void)assay_enclave_step(app.enclave, 20);
        close_epochs(1);
    }
    cr_expect_eq(instances(), 1);
    app_end(&app);
    close_house();
}
