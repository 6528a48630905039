/* tests/unit/enforce/test_webhook.c - events to a receiver that takes them, refuses, or is away. */
#include "base/base64.h"
#include "base/crypto.h"
#include "enforce/agent.h"
#include "enforce/spool.h"
#include "enforce/webhook.h"
#include "engine/store/store_memory.h"
#include "net/json/json.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAKEN_MAX = 64 };
static const uint8_t secret[] = "0123456789abcdef";

static struct folder folder;
static struct assay_target *target;
static char message[ASSAY_DRIVER_MESSAGE_LEN];

/* The receiver. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned answers; /* what it answers with; 0: it is away; 1: it never answers */
static unsigned asked, taken_count;
static char taken[TAKEN_MAX][ASSAY_SPOOL_EVENT_MAX], heads[TAKEN_MAX][4][ASSAY_WEBHOOK_HEADER_MAX];

static enum assay_status post(const void *context, const char *url,
                              char headers[static ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX],
                              struct assay_slice body, const atomic_bool *stop, unsigned *code,
                              char why[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    (void)context;
    cr_assert_str_eq(url, "https://alerts.example/x");
    pthread_mutex_lock(&lock);
    asked++;
    const unsigned answer = answers;
    if (answer >= 200 && answer < 300 && taken_count < TAKEN_MAX) {
        snprintf(taken[taken_count], sizeof taken[0], "%.*s", (int)body.len,
                 (const char *)body.bytes);
        for (size_t i = 0; i < ASSAY_WEBHOOK_HEADERS; i++)
            snprintf(heads[taken_count][i], ASSAY_WEBHOOK_HEADER_MAX, "%s", headers[i]);
        taken_count++;
    }
    pthread_mutex_unlock(&lock);
    *code = answer;
    snprintf(why, ASSAY_WEBHOOK_MESSAGE_LEN, answer == 0 ? "nobody is there" : "");
    for (int i = 0; answer == 1 && i < 1000 && !atomic_load(stop); i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    if (answer == 1) return ASSAY_E_TIMEOUT;
    return answer == 0 ? ASSAY_E_AGAIN : ASSAY_OK;
}

static void open_it(uint32_t spool_max)
{
    const struct assay_webhook_config config = { .name = "pager",
                                                 .url = "https://alerts.example/x",
                                                 .source = "/assay/nodes/aa",
                                                 .spool = folder_at(&folder, "spool"),
                                                 .spool_max = spool_max,
                                                 .secret = secret,
                                                 .secret_len = sizeof secret - 1,
                                                 .backoff_ms = 5,
                                                 .backoff_ms_max = 20,
                                                 .post = post };
    cr_assert_eq(assay_webhook_open(&config, &target, message), ASSAY_OK, "%s", message);
}

static void set_up(void)
{
    folder = folder_make();
    answers = 204;
}

static void tear_down(void)
{
    if (target != NULL) target->ops->close(target);
    folder_remove(&folder);
}

TestSuite(webhook, .init = set_up, .fini = tear_down);

static enum assay_status tell(enum assay_order_kind kind, uint64_t epoch, bool held)
{
    static const enum assay_target_verb verbs[] = { ASSAY_TARGET_RUN, ASSAY_TARGET_RESTRICT,
                                                    ASSAY_TARGET_SUSPEND, ASSAY_TARGET_STOP,
                                                    ASSAY_TARGET_RUN };
    enum assay_target_state state;
    const struct assay_order order = { .kind = kind, .epoch = epoch, .incarnation = 1 };
    const struct assay_target_act act = { .verb = held ? ASSAY_TARGET_SUSPEND : verbs[kind],
                                          .order = &order,
                                          .held = held };
    ASSAY_TRY(target->ops->begin(target, &act, 0, message));
    return target->ops->step(target, 0, &state, message);
}

static unsigned wait_for(unsigned count)
{
    unsigned now = 0;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&lock);
        now = taken_count;
        pthread_mutex_unlock(&lock);
        if (now >= count) break;
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
    return now;
}

static void answer_with(unsigned code)
{
    pthread_mutex_lock(&lock);
    answers = code;
    pthread_mutex_unlock(&lock);
}

static void expect_type(unsigned at, const char *type, uint64_t epoch)
{
    struct assay_json *event = NULL;
    cr_assert_eq(assay_json_parse(taken[at], strlen(taken[at]), &event), ASSAY_OK, "%s", taken[at]);
    cr_assert_str_eq(assay_json_text(event, "type", ""), type);
    const struct assay_json *order = assay_json_get(assay_json_get(event, "data"), "order");
    cr_assert_eq(assay_json_uint(order, "epoch", 0), epoch);
    assay_json_free(&event);
}

Test(webhook, tells_each_order_as_a_cloud_event)
{
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK, "%s", message);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK, "the same again is no event");
    cr_assert_eq(tell(ASSAY_ORDER_RESTART, 8, false), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_NOTE, 9, false), ASSAY_OK);
    cr_assert_eq(wait_for(3), 3);
    struct assay_json *event = NULL;
    cr_assert_eq(assay_json_parse(taken[0], strlen(taken[0]), &event), ASSAY_OK);
    cr_assert_str_eq(assay_json_text(event, "specversion", ""), "1.0");
    cr_assert_str_eq(assay_json_text(event, "id", ""), "pager/0.7.0.suspend");
    cr_assert_str_eq(assay_json_text(event, "source", ""), "/assay/nodes/aa");
    cr_assert_str_eq(assay_json_text(event, "subject", ""), "pager");
    cr_assert_str_eq(assay_json_text(event, "datacontenttype", ""), "application/json");
    cr_assert_eq(strlen(assay_json_text(event, "time", "")), 24);
    assay_json_free(&event);
    expect_type(0, "org.assay.enforcement.suspend", 7);
    expect_type(1, "org.assay.enforcement.restart", 8);
    expect_type(2, "org.assay.enforcement.note", 9);
}

Test(webhook, signs_what_it_sends)
{
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK);
    cr_assert_eq(wait_for(1), 1);
    char whole[ASSAY_SPOOL_EVENT_MAX], text[64], expected[128];
    uint8_t mac[32];
    size_t len = 0;
    cr_assert_str_eq(heads[0][1], "webhook-id: pager/0.7.0.suspend");
    cr_assert_eq(strncmp(heads[0][2], "webhook-timestamp: ", 19), 0);
    const int whole_len =
        snprintf(whole, sizeof whole, "pager/0.7.0.suspend.%s.%s", heads[0][2] + 19, taken[0]);
    assay_hmac_sha256(secret, sizeof secret - 1, whole, (size_t)whole_len, mac);
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, mac, 32, text, sizeof text, &len),
                 ASSAY_OK);
    snprintf(expected, sizeof expected, "webhook-signature: v1,%s", text);
    cr_assert_str_eq(heads[0][3], expected);
    cr_assert_str_eq(heads[0][0], "content-type: application/cloudevents+json; charset=utf-8");
}

Test(webhook, keeps_events_until_they_are_taken_and_in_their_order)
{
    answer_with(500);
    open_it(10);
    for (uint64_t epoch = 1; epoch <= 5; epoch++)
        cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, epoch, false), ASSAY_OK);
    nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    struct assay_webhook_get_status look;
    assay_webhook_get_status(target, &look);
    cr_assert_eq(look.waiting, 5);
    cr_assert_geq(look.failed, 2);
    cr_assert_str_eq(look.trouble, "the receiver answered 500");
    target->ops->close(target); /* the daemon ends; it was told while nobody was there */
    answer_with(0);
    open_it(10);
    nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    assay_webhook_get_status(target, &look);
    cr_assert_eq(look.waiting, 5);
    cr_assert_str_eq(look.trouble, "nobody is there");
    answer_with(200);
    cr_assert_eq(wait_for(5), 5);
    for (unsigned i = 0; i < 5; i++)
        expect_type(i, "org.assay.enforcement.suspend", i + 1);
}

Test(webhook, a_spool_that_is_full_refuses_and_loses_nothing)
{
    answer_with(429);
    open_it(3);
    for (uint64_t epoch = 1; epoch <= 3; epoch++)
        cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, epoch, false), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_RELEASE, 4, false), ASSAY_E_FULL);
    cr_assert_not_null(strstr(message, "3 events wait"), "%s", message);
    answer_with(204);
    cr_assert_eq(wait_for(3), 3);
    cr_assert_eq(tell(ASSAY_ORDER_RELEASE, 4, false), ASSAY_OK, "asked again: there is room");
    cr_assert_eq(wait_for(4), 4);
    expect_type(3, "org.assay.enforcement.release", 4);
}

Test(webhook, tells_what_is_done_by_hand_each_time)
{
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_NOTE, 7, false), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(tell(ASSAY_ORDER_NOTE, 7, true), ASSAY_OK);
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
        cr_assert_eq(tell(ASSAY_ORDER_NOTE, 7, false), ASSAY_OK);
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    cr_assert_eq(wait_for(5), 5);
    expect_type(1, "org.assay.enforcement.hold", 7);
    expect_type(2, "org.assay.enforcement.hold_released", 7);
    cr_assert_str_neq(heads[1][1], heads[3][1], "twice, and not the same event");
}

Test(webhook, sends_an_order_that_arrives_during_a_hold_and_the_end_of_the_hold)
{
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_NOTE, 7, false), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_NOTE, 7, true), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_RESTART, 8, true), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_RESTART, 8, true), ASSAY_OK);
    cr_assert_eq(tell(ASSAY_ORDER_RELEASE, 9, false), ASSAY_OK);
    cr_assert_eq(wait_for(5), 5);
    expect_type(1, "org.assay.enforcement.hold", 7);
    expect_type(2, "org.assay.enforcement.restart", 8);
    cr_assert_str_eq(heads[2][1], "webhook-id: pager/0.8.0.stop");
    expect_type(3, "org.assay.enforcement.hold_released", 9);
    expect_type(4, "org.assay.enforcement.release", 9);
    cr_assert_str_eq(heads[4][1], "webhook-id: pager/0.9.0.run");
}

/* Through agent and driver, as in the daemon: SUSPEND and RESTART of one close. */
Test(webhook, sends_a_restart_with_its_order_and_an_id_of_its_own)
{
    struct assay_store *store = NULL;
    struct assay_driver *driver = NULL;
    struct assay_agent *agent = NULL;
    open_it(10);
    const struct assay_target_config settings = { .target = target };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_target_open(&settings, &driver), ASSAY_OK);
    const struct assay_agent_config config = {
        .store = store, .driver = driver, .name = "pager", .every_kind = true
    };
    cr_assert_eq(assay_agent_open(&config, &agent), ASSAY_OK);
    const struct assay_order orders[] = {
        { .kind = ASSAY_ORDER_RELEASE, .incarnation = 1 },
        { .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .incarnation = 1 },
        { .kind = ASSAY_ORDER_RESTART, .epoch = 7, .seq = 1, .incarnation = 1 },
    };
    uint64_t now_ms = 1000;
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(assay_agent_order(agent, &orders[i], now_ms), ASSAY_OK);
        for (int turn = 0; turn < 50 && i != 1; turn++, now_ms += 10)
            assay_agent_step(agent, now_ms);
    }
    cr_assert_eq(wait_for(2), 2);
    expect_type(0, "org.assay.enforcement.release", 0);
    expect_type(1, "org.assay.enforcement.restart", 7);
    cr_assert_str_eq(heads[1][1], "webhook-id: pager/0.7.1.stop");
    /* Suspended still, with new keys: what follows has its events too. */
    const struct assay_order again = { .kind = ASSAY_ORDER_SUSPEND, .epoch = 9, .incarnation = 2 };
    cr_assert_eq(assay_agent_order(agent, &again, now_ms), ASSAY_OK);
    for (int turn = 0; turn < 100; turn++, now_ms += 10) {
        if (turn == 50) assay_agent_hold(agent, true, now_ms);
        assay_agent_step(agent, now_ms);
    }
    cr_assert_eq(wait_for(4), 4);
    expect_type(2, "org.assay.enforcement.suspend", 9);
    expect_type(3, "org.assay.enforcement.hold", 9);
    assay_agent_close(&agent);
    assay_target_close(&driver);
    target = NULL; /* the driver closed it */
    assay_store_close(&store);
}

Test(webhook, nothing_is_told_before_there_is_an_order)
{
    open_it(10);
    const struct assay_target_act act = { .verb = ASSAY_TARGET_START };
    cr_assert_eq(target->ops->begin(target, &act, 0, message), ASSAY_OK);
    nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    cr_assert_eq(asked, 0);
}

Test(webhook, a_receiver_that_never_answers_does_not_keep_the_daemon, .timeout = 120)
{
    answer_with(1);
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK, "told at once");
    nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    target->ops->close(target);
    clock_gettime(CLOCK_MONOTONIC, &after);
    target = NULL;
    cr_assert_leq(after.tv_sec - before.tv_sec, 2);
}

Test(webhook, what_others_put_into_the_spool_is_not_sent)
{
    cr_assert_eq(mkdir(folder_at(&folder, "spool"), 0700), 0);
    folder_put(&folder, "spool/000000000000000001", "no json", 7, 0600);
    folder_put(&folder, "spool/000000000000000002", "{\"id\":\"a\\r\\nX: y\"}", 17, 0600);
    folder_put(&folder, "spool/readme", "x", 1, 0600);
    folder_put(&folder, "spool/000000000000000004", "", 0, 0600);
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK);
    cr_assert_eq(wait_for(1), 1);
    cr_assert_eq(asked, 1);
    cr_assert_eq(access(folder_at(&folder, "spool/readme"), F_OK), 0);
}

Test(webhook, an_event_that_cannot_be_read_now_stays_in_the_spool)
{
    static uint8_t event[ASSAY_SPOOL_EVENT_MAX];
    struct assay_spool spool;
    struct rlimit before;
    size_t len = 0;
    cr_assert_eq(assay_spool_open(folder_at(&folder, "spool"), 10, &spool, message), ASSAY_OK);
    for (uint8_t i = 1; i <= 3; i++)
        cr_assert_eq(assay_spool_append(&spool, assay_slice_over(&i, 1)), ASSAY_OK);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = { .rlim_cur = 0, .rlim_max = before.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    const enum assay_status status = assay_spool_peek(&spool, event, &len);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_assert_eq(status, ASSAY_E_IO);
    cr_assert_eq(assay_spool_count(&spool), 3);
    cr_assert_eq(assay_spool_peek(&spool, event, &len), ASSAY_OK);
    cr_assert(len == 1 && event[0] == 1, "the oldest is first");
}

static void wait_for_trouble(const char *expected)
{
    struct assay_webhook_get_status look = { 0 };
    for (int i = 0; i < 400 && strstr(look.trouble, expected) == NULL; i++) {
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        assay_webhook_get_status(target, &look);
    }
    cr_assert_not_null(strstr(look.trouble, expected), "%s", look.trouble);
}

Test(webhook, reports_a_spool_that_cannot_be_read_and_sends_when_it_can)
{
    struct rlimit before;
    answers = 0;
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK);
    wait_for_trouble("nobody is there");
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = { .rlim_cur = 0, .rlim_max = before.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    wait_for_trouble("spool ");
    pthread_mutex_lock(&lock);
    answers = 204;
    pthread_mutex_unlock(&lock);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    cr_assert_eq(wait_for(1), 1);
    expect_type(0, "org.assay.enforcement.suspend", 7);
}

Test(webhook, what_can_never_be_read_is_set_aside_and_delays_no_event)
{
    struct assay_webhook_get_status look = { 0 };
    cr_assert_eq(mkdir(folder_at(&folder, "spool"), 0700), 0);
    cr_assert_eq(mkdir(folder_at(&folder, "spool/000000000000000001"), 0700), 0);
    cr_assert_eq(mkfifo(folder_at(&folder, "spool/000000000000000002"), 0600), 0);
    open_it(10);
    cr_assert_eq(tell(ASSAY_ORDER_SUSPEND, 7, false), ASSAY_OK);
    cr_assert_eq(wait_for(1), 1);
    expect_type(0, "org.assay.enforcement.suspend", 7);
    wait_for_trouble("2 events cannot be read");
    assay_webhook_get_status(target, &look);
    cr_assert_eq(look.waiting, 0);
    cr_assert_eq(look.delivered, 1);
    cr_assert_eq(access(folder_at(&folder, "spool/000000000000000001.unreadable"), F_OK), 0);
    cr_assert_eq(access(folder_at(&folder, "spool/000000000000000002.unreadable"), F_OK), 0);
    cr_assert_eq(rmdir(folder_at(&folder, "spool/000000000000000001.unreadable")), 0);
}

Test(webhook, keys_that_are_too_short_are_refused)
{
    struct assay_target *none = NULL;
    const struct assay_webhook_config config = { .name = "pager",
                                                 .url = "https://x",
                                                 .source = "/",
                                                 .spool = folder_at(&folder, "spool"),
                                                 .spool_max = 1,
                                                 .secret = secret,
                                                 .secret_len = 15,
                                                 .post = post };
    cr_assert_eq(assay_webhook_open(&config, &none, message), ASSAY_E_RANGE);
}
