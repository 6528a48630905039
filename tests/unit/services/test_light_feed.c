/*
 * tests/unit/services/test_light_feed.c - tests of a light client's requests to a daemon, which
 * answers, has nothing, or lies (docs/services.md 9.9).
 */
#include "net/services/continuity/light_feed.h"

#include "tests/unit/host/light_world.h"

#include <criterion/criterion.h>

enum { MEMBERS = 5, EPOCHS = 40 };

static const uint8_t chain[32] = { 3, 1, 4 }, other_chain[32] = { 2, 7 };
static struct light_world *world, *forger, *other;
static struct assay_light light;
static struct assay_enclave_feed feed;
static struct assay_service_message request, answer;

static void set_up(void)
{
    struct assay_checkpoint genesis;
    world = light_world_new(chain, MEMBERS, 1);
    forger = light_world_new(chain, MEMBERS, 2);
    other = light_world_new(other_chain, MEMBERS, 1);
    for (uint32_t i = 0; i < EPOCHS; i++) {
        /* In every third epoch a member has another key. */
        if (i % 3 == 2)
            light_world_set(world, i / 3 % MEMBERS, LIGHT_WORLD_WEIGHT, (uint8_t)(i + 9), false);
        light_world_close(world, NULL);
        light_world_close(forger, NULL);
        light_world_close(other, NULL);
    }
    light_world_checkpoint(world, 0, &genesis);
    assay_light_init(&light, &genesis, NULL);
    assay_enclave_feed_init(&feed, &light);
}

static void tear_down(void)
{
    light_world_free(world);
    light_world_free(forger);
    light_world_free(other);
}

TestSuite(services_light_feed, .init = set_up, .fini = tear_down);

/* As a daemon answers. */
static void answer_by(const struct light_world *by)
{
    answer = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROOF, .epoch = request.epoch };
    if (request.epoch > light_world_at(by)) return;
    const struct assay_light_epoch e = light_world_epoch(by, request.epoch);
    answer.boundary = e.boundary;
    answer.finality = e.finality;
    if (request.with_voters) answer.voters = e.rows;
}

static enum assay_status step(const struct light_world *by)
{
    cr_assert(assay_enclave_feed_next(&feed, EPOCHS, &request));
    cr_assert_eq(request.verb, ASSAY_SERVICE_PROVE);
    answer_by(by);
    return assay_enclave_feed_on_proof(&feed, EPOCHS, &answer);
}

static void expect_honest(void)
{
    struct assay_checkpoint expected;
    light_world_checkpoint(world, light.at.epoch, &expected);
    cr_assert_arr_eq(light.at.id, expected.id, 32);
    cr_assert_arr_eq(light.at.roster_digest, expected.roster_digest, 32);
}

Test(services_light_feed, reaches_the_newest_epoch_in_few_requests)
{
    uint32_t requests = 0;
    while (assay_enclave_feed_next(&feed, EPOCHS, &request)) {
        const enum assay_status status = step(world);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_AGAIN, "epoch %u",
                  (unsigned)request.epoch);
        cr_assert_lt(requests++, 100);
    }
    cr_expect_eq(light.at.epoch, EPOCHS);
    cr_expect_leq(requests, 80, "%u requests", requests);
    expect_honest();
}

Test(services_light_feed, rows_are_requested_once_they_are_needed)
{
    cr_expect_eq(step(world), ASSAY_OK);
    cr_expect(request.with_voters, "those of the checkpoint");
    cr_assert(assay_enclave_feed_next(&feed, 2, &request));
    answer_by(world);
    cr_expect_not(request.with_voters);
    cr_expect_eq(assay_enclave_feed_on_proof(&feed, 2, &answer), ASSAY_OK, "the same voters");
    cr_assert(assay_enclave_feed_next(&feed, 3, &request));
    answer_by(world);
    cr_expect_not(request.with_voters);
    cr_expect_eq(assay_enclave_feed_on_proof(&feed, 3, &answer), ASSAY_E_AGAIN);
    cr_assert(assay_enclave_feed_next(&feed, 3, &request));
    cr_expect(request.epoch == 3 && request.with_voters);
    answer_by(world);
    cr_expect_eq(assay_enclave_feed_on_proof(&feed, 3, &answer), ASSAY_OK);
    cr_expect_not(assay_enclave_feed_next(&feed, 3, &request), "nothing more to request");
}

Test(services_light_feed, answers_that_were_not_requested_and_empty_ones_change_nothing)
{
    cr_expect_eq(step(world), ASSAY_OK);
    cr_assert(assay_enclave_feed_next(&feed, EPOCHS, &request));
    answer_by(world);
    answer.epoch--;
    cr_expect_eq(assay_enclave_feed_on_proof(&feed, EPOCHS, &answer), ASSAY_E_EARLY);
    answer = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROOF, .epoch = request.epoch };
    cr_expect_eq(assay_enclave_feed_on_proof(&feed, EPOCHS, &answer), ASSAY_E_NOT_FOUND);
    cr_expect_eq(light.at.epoch, 0);
}

Test(services_light_feed, another_network_and_forged_voters_are_refused_by_name)
{
    cr_expect_eq(step(forger), ASSAY_E_INVALID);
    cr_expect_eq(feed.answer, ASSAY_LIGHT_OTHER_VOTERS);
    cr_expect_eq(step(world), ASSAY_OK);
    cr_expect_eq(step(other), ASSAY_E_INVALID);
    cr_expect_eq(feed.answer, ASSAY_LIGHT_OTHER_CHAIN);
    cr_expect_eq(light.at.epoch, 0);
}

/* Each is within the trusting period of one before, and the newest is not. */
Test(services_light_feed, epochs_of_many_weeks_are_followed_step_by_step)
{
    const uint64_t days_ms = UINT64_C(5) * 86400 * 1000;
    struct assay_checkpoint genesis;
    struct light_world *slow = light_world_new(chain, MEMBERS, 1);
    for (uint64_t i = 1; i <= 9; i++)
        light_world_close(slow, &(struct light_close){ .time_ms = LIGHT_WORLD_TIME_MS + i * days_ms,
                                                       .tails = i == 5 ? 9 : 0 });
    light_world_checkpoint(slow, 0, &genesis);
    assay_light_init(&light, &genesis, NULL);
    assay_enclave_feed_init(&feed, &light);
    for (int i = 0; i < 40 && assay_enclave_feed_next(&feed, 9, &request); i++) {
        answer_by(slow);
        const enum assay_status status = assay_enclave_feed_on_proof(&feed, 9, &answer);
        cr_expect(status == ASSAY_OK || status == ASSAY_E_AGAIN, "epoch %u",
                  (unsigned)request.epoch);
    }
    cr_expect_eq(light.at.epoch, 9, "over epoch 5, whose tail is too long");
    light_world_free(slow);
}

/* A forger is followed nowhere: down to the next epoch, whose certificate is refused. */
Test(services_light_feed, voters_that_are_not_trusted_lead_to_no_epoch)
{
    enum assay_status status = step(world);
    uint32_t requests = 0;
    for (status = ASSAY_E_AGAIN; status == ASSAY_E_AGAIN; requests++)
        status = step(forger);
    cr_expect_eq(status, ASSAY_E_INVALID);
    cr_expect_eq(feed.answer, ASSAY_LIGHT_VOTERS_CHANGED);
    cr_expect_eq(light.at.epoch, 0);
    cr_expect_leq(requests, 20, "%u requests", requests);
    while (assay_enclave_feed_next(&feed, EPOCHS, &request))
        (void)step(world);
    cr_expect_eq(light.at.epoch, EPOCHS, "an honest answer is followed at once");
}

/* --- a host that sends wrong answers to some requests, and right ones to others */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 16) % below;
}

static void lie(uint32_t *seed)
{
    static uint8_t changed[64 * 1024];
    struct assay_slice *const parts[] = { &answer.boundary, &answer.finality, &answer.voters };
    struct assay_slice *const part = parts[draw(seed, 3)];
    const struct light_world *const by = draw(seed, 2) == 0 ? forger : other;
    const struct assay_light_epoch theirs = light_world_epoch(by, request.epoch);
    const struct assay_light_epoch older = light_world_epoch(world, draw(seed, EPOCHS));
    switch (draw(seed, 6)) {
    case 0: answer_by(by); break;
    case 1: answer.finality = theirs.finality; break;
    case 2: answer.voters = older.rows; break;
    case 3: answer.boundary = older.boundary; break;
    case 4: part->len = part->len > 0 ? draw(seed, (uint32_t)part->len) : 0; break;
    default:
        cr_assert_leq(part->len, sizeof changed);
        assay_bytes_copy(changed, sizeof changed, part->bytes, part->len);
        if (part->len > 0) changed[draw(seed, (uint32_t)part->len)] ^= 1;
        *part = assay_slice_over(changed, part->len);
    }
}

Test(services_light_feed, whatever_a_host_mixes_in_only_epochs_of_the_ledger_are_accepted)
{
    for (uint32_t seed = 1; seed <= 40; seed++) {
        uint32_t state = seed, steps = 0;
        struct assay_checkpoint genesis;
        light_world_checkpoint(world, 0, &genesis);
        assay_light_init(&light, &genesis, NULL);
        assay_enclave_feed_init(&feed, &light);
        while (assay_enclave_feed_next(&feed, EPOCHS, &request)) {
            const uint64_t at = light.at.epoch;
            answer_by(world);
            if (draw(&state, 2) == 0) lie(&state);
            const enum assay_status status = assay_enclave_feed_on_proof(&feed, EPOCHS, &answer);
            cr_assert(light.at.epoch == at || status == ASSAY_OK);
            cr_assert_geq(light.at.epoch, at);
            expect_honest();
            cr_assert_lt(steps++, 2000, "seed %u makes no progress", seed);
        }
        cr_assert_eq(light.at.epoch, EPOCHS);
    }
}
