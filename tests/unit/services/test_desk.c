/*
 * net/services/desk.h, spoken to as programs do (docs/services.md 4.1).
 */
#include "net/services/desk.h"
#include "net/services/wire.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MEMBERS = 4 };

static char folder[64], path[96], message[ASSAY_DESK_MESSAGE];
static uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
static size_t plan_len;
static const uint8_t chain[32] = { 7 };
static struct assay_desk *desk;
static struct assay_registry *registry;
static struct assay_desk_moment *moment;
static uint64_t now_ms;

/* The node behind it: what it was asked, and what it says. */
static enum assay_status submit_says;
static unsigned submitted, quotes_asked, judged_asked;
static bool quote_says, judge_says;
static uint8_t quoted_for[64];
static uint64_t judging;

static enum assay_status submit(void *context, enum assay_service_kind kind,
                                struct assay_slice payload)
{
    (void)context;
    (void)kind;
    cr_assert_gt(payload.len, 0);
    submitted++;
    return submit_says;
}

static bool quote(void *context, const uint8_t report_data[static 64])
{
    (void)context;
    quotes_asked++;
    assay_bytes_copy(quoted_for, 64, report_data, 64);
    return quote_says;
}

static bool judge(void *context, uint64_t ticket, const struct assay_desk_proof *proof)
{
    (void)context;
    cr_assert_gt(proof->evidence.len, 0);
    judged_asked++;
    judging = ticket;
    return judge_says;
}

static const struct assay_desk_world world = { NULL, submit, quote, judge };

static void make_plan(void)
{
    struct assay_registry_plan *plan = calloc(1, sizeof *plan);
    plan->group_count = 2;
    plan->group[0].name[0] = 'a';
    plan->group[1].name[0] = 'b';
    plan->group[0].size = plan->group[1].size = 3;
    plan->group[0].instances_max = plan->group[1].instances_max = 4;
    plan->has_tasks = true;
    plan->tasks.accounts_max = plan->tasks.tasks_max = 4;
    struct assay_writer w = assay_writer_over(plan_bytes, sizeof plan_bytes);
    cr_assert_eq(assay_registry_plan_encode(plan, &w), ASSAY_OK);
    plan_len = w.len;
    void *memory = aligned_alloc(64, (assay_registry_size(plan) + 63) / 64 * 64);
    cr_assert_eq(assay_registry_init(memory, assay_registry_size(plan), plan, chain, &registry),
                 ASSAY_OK);
    free(plan);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/assay-desk-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/svcs", folder);
    make_plan();
    moment = calloc(1, sizeof *moment);
    moment->members = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        moment->member[i].standing = ASSAY_REGISTRY_STAND_FULL;
        moment->node_id[i][0] = (uint8_t)(i + 1);
    }
    assay_registry_stand(registry, 0, moment->member, MEMBERS);
    submit_says = ASSAY_OK;
    quote_says = judge_says = true;
    cr_assert_eq(assay_desk_open(path, assay_slice_over(plan_bytes, plan_len), chain, &world, &desk,
                                 message),
                 ASSAY_OK, "%s", message);
}

static void tear_down(void)
{
    assay_desk_close(&desk);
    cr_expect_neq(access(path, F_OK), 0, "the socket is gone");
    (void)rmdir(folder);
    free(registry);
    free(moment);
}

TestSuite(desk, .init = set_up, .fini = tear_down);

static void dial(struct assay_service_stream *s)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    *s = (struct assay_service_stream){ .fd = fd };
    cr_assert_eq(assay_service_stream_open(s, fd), ASSAY_OK);
}

static void turn(void)
{
    for (unsigned i = 0; i < 4; i++)
        assay_desk_step(desk, now_ms);
}

static void say(struct assay_service_stream *s, const struct assay_service_message *m)
{
    cr_assert_eq(assay_service_send(s, m), ASSAY_OK);
    turn();
}

static void follow(struct assay_service_stream *s, enum assay_service service, uint32_t group)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_FOLLOW,
                                       .service = service,
                                       .group = group };
    dial(s);
    say(s, &m);
}

static struct assay_service_message *hear(struct assay_service_stream *s)
{
    static struct assay_service_message m;
    turn();
    const enum assay_status status = assay_service_next(s, &m);
    return status == ASSAY_OK ? &m : NULL;
}

static bool is_hung_up(struct assay_service_stream *s)
{
    static struct assay_service_message m;
    turn();
    enum assay_status status = ASSAY_OK;
    while (status == ASSAY_OK)
        status = assay_service_next(s, &m);
    return status == ASSAY_E_IO;
}

static void begin(void)
{
    assay_desk_begin(desk, registry, 2, moment);
    assay_desk_ready(desk);
}

static void hear_beginning(struct assay_service_stream *s)
{
    const struct assay_service_message *m = hear(s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    const uint32_t count = m->count;
    for (uint32_t i = 0; i < count; i++) {
        m = hear(s);
        cr_assert_not_null(m);
        cr_assert_eq(m->verb, ASSAY_SERVICE_DOCUMENT);
        cr_assert_eq(m->index, i);
    }
}

/* Of the member in a slot. */
static struct assay_slice replica_record(uint32_t group, uint32_t slot, uint8_t bytes[static 1024])
{
    struct assay_cont_replica_record r = { .group = group };
    struct assay_cont_home home = { .group = group };
    struct assay_p256_signer *signer = NULL;
    uint8_t digest[32];
    struct assay_secret32 secret = { .bytes = { [31] = 5 } };
    struct assay_slice out;
    cr_assert_eq(assay_p256_public(&secret, r.key), ASSAY_OK);
    r.contact.address[0] = 'x';
    r.contact.address_len = 1;
    assay_cont_link_name(&secret, &r.link, &r.contact);
    assay_bytes_copy(home.chain_id, 32, chain, 32);
    assay_cont_replica_statement(&home, moment->node_id[slot], &r, digest);
    assay_sodium_link_sign(&secret, digest, r.link.signature);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, r.signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    cr_assert_eq(assay_cont_replica_record_encode(&r, bytes, 1024, &out), ASSAY_OK);
    return out;
}

Test(desk, a_program_is_told_where_the_ledger_is_and_goes_on_with_it)
{
    struct assay_service_stream s;
    uint8_t bytes[1024];
    follow(&s, ASSAY_SERVICE_CONTINUITY, 1);
    cr_assert_null(hear(&s), "the ledger has not begun");
    begin();
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    cr_assert_arr_eq(m->chain_id, chain, 32);
    cr_assert_eq(m->slot, 2);
    cr_assert_eq(m->members, MEMBERS);
    cr_assert_eq(m->member[3].standing, ASSAY_REGISTRY_STAND_FULL);
    cr_assert_eq(m->node[3][0], 4);
    cr_assert_eq(m->count, 2, "every group's: a service is followed as a whole");
    cr_assert_eq(m->plan.len, plan_len);
    cr_assert_not_null(hear(&s));
    m = hear(&s);
    cr_assert_not_null(m);
    struct assay_writer w = assay_writer_over(plan_bytes, sizeof plan_bytes);
    cr_assert_eq(assay_registry_encode(registry, 1, &w), ASSAY_OK);
    cr_assert_eq(m->document.len, w.len);
    cr_assert(assay_bytes_equal(m->document.bytes, w.bytes, w.len));
    cr_assert_null(hear(&s));
    const struct assay_slice payload = replica_record(1, 3, bytes);
    assay_desk_record(desk, 3, ASSAY_SERVICE_REPLICA, payload);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_RECORD);
    cr_assert_eq(m->slot, 3);
    cr_assert_eq(m->node_id[0], 4);
    cr_assert_eq(m->payload.len, payload.len);
    cr_assert(assay_registry_group(assay_desk_registry(desk), 1)->member[3].listed);
    moment->epoch = 1;
    moment->member[1].standing = ASSAY_REGISTRY_STAND_SUSPENDED;
    assay_desk_closed(desk, registry, moment);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_CLOSE);
    cr_assert_eq(m->epoch, 1);
    cr_assert_eq(m->member[1].standing, ASSAY_REGISTRY_STAND_SUSPENDED);
    cr_assert_not(assay_registry_group(assay_desk_registry(desk), 1)->member[3].listed,
                  "after a close it is the ledger's own");
    assay_service_stream_close(&s);
}

Test(desk, records_of_other_services_are_not_told)
{
    struct assay_service_stream tasks, replicas;
    uint8_t bytes[1024];
    begin();
    follow(&tasks, ASSAY_SERVICE_TASKS, 0);
    follow(&replicas, ASSAY_SERVICE_CONTINUITY, 0);
    hear_beginning(&tasks);
    hear_beginning(&replicas);
    assay_desk_record(desk, 1, ASSAY_SERVICE_REPLICA, replica_record(0, 1, bytes));
    cr_assert_null(hear(&tasks));
    cr_assert_not_null(hear(&replicas));
    struct assay_desk_snapshot look;
    assay_desk_look(desk, &look);
    cr_assert_eq(look.clients, 2);
    cr_assert_eq(look.following, 2);
    cr_assert_eq(look.applied[ASSAY_SERVICE_REPLICA], 1);
    assay_desk_record(desk, 1, ASSAY_SERVICE_REPLICA, replica_record(0, 1, bytes));
    assay_desk_look(desk, &look);
    cr_assert_eq(look.idle[ASSAY_SERVICE_REPLICA], 1, "the same again changes nothing");
    assay_service_stream_close(&tasks);
    assay_service_stream_close(&replicas);
}

Test(desk, who_followed_the_ledger_of_before_dials_again)
{
    struct assay_service_stream s;
    begin();
    follow(&s, ASSAY_SERVICE_CONTINUITY, 0);
    hear_beginning(&s);
    begin();
    cr_assert(is_hung_up(&s));
    assay_service_stream_close(&s);
}

Test(desk, what_no_program_says_ends_the_connection)
{
    static const struct assay_service_message wrong[] = {
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_CONTINUITY, .group = 5 },
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_SHARES },
        { .verb = ASSAY_SERVICE_SUBMIT,
          .kind = ASSAY_SERVICE_REPLICA,
          .payload = { plan_bytes, 1 } },
        { .verb = ASSAY_SERVICE_EVIDENCE, .serial = 1 },
    };
    struct assay_service_stream s;
    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dial(&s);
        say(&s, &wrong[i]);
        cr_assert(is_hung_up(&s), "%zu", i);
        assay_service_stream_close(&s);
    }
    follow(&s, ASSAY_SERVICE_CONTINUITY, 0);
    hear_beginning(&s);
    say(&s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_FOLLOW,
                                             .service = ASSAY_SERVICE_CONTINUITY });
    cr_assert(is_hung_up(&s), "it follows already");
    assay_service_stream_close(&s);
    dial(&s);
    cr_assert_eq(write(s.fd, "\xff\xff\xff\xff", 4), 4);
    cr_assert(is_hung_up(&s), "no message is so long");
    assay_service_stream_close(&s);
}

Test(desk, a_record_is_handed_on_and_what_can_never_be_is_said)
{
    struct assay_service_stream s;
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = ASSAY_SERVICE_REPLICA,
                                             .payload = { plan_bytes, 3 } };
    static const enum assay_status later[] = { ASSAY_OK, ASSAY_E_DUPLICATE, ASSAY_E_AGAIN,
                                               ASSAY_E_FULL };
    begin();
    follow(&s, ASSAY_SERVICE_CONTINUITY, 0);
    hear_beginning(&s);
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        submit_says = later[i];
        say(&s, &m);
        cr_assert_eq(submitted, i + 1);
        cr_assert_null(hear(&s), "it may be said again");
    }
    submit_says = ASSAY_E_SIGNATURE;
    say(&s, &m);
    const struct assay_service_message *told = hear(&s);
    cr_assert_not_null(told);
    cr_assert_eq(told->verb, ASSAY_SERVICE_REFUSED);
    cr_assert_eq(told->kind, ASSAY_SERVICE_REPLICA);
    cr_assert_gt(told->why.len, 0);
    /* A record of another service than it follows is not even asked about. */
    struct assay_service_message other = m;
    other.kind = ASSAY_SERVICE_TASK_OPEN;
    say(&s, &other);
    cr_assert_eq(submitted, 5);
    told = hear(&s);
    cr_assert_not_null(told);
    cr_assert_eq(told->verb, ASSAY_SERVICE_REFUSED);
    assay_service_stream_close(&s);
}

static void ask(struct assay_service_stream *s, uint64_t serial)
{
    say(s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_QUOTE,
                                            .serial = serial,
                                            .purpose = ASSAY_SERVICE_FOR_TASKS,
                                            .statement = { plan_bytes, 2 } });
}

Test(desk, quotes_are_asked_for_one_after_the_other)
{
    struct assay_service_stream s;
    uint8_t expected[64];
    begin();
    follow(&s, ASSAY_SERVICE_TASKS, 0);
    hear_beginning(&s);
    ask(&s, 5);
    ask(&s, 6);
    cr_assert_eq(quotes_asked, 1);
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_TASKS, assay_slice_over(plan_bytes, 2),
                              expected);
    cr_assert_arr_eq(quoted_for, expected, 64);
    assay_desk_quoted(desk, assay_slice_over("evidence", 8));
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_EVIDENCE);
    cr_assert_eq(m->serial, 5);
    cr_assert_eq(m->evidence.len, 8);
    cr_assert_eq(quotes_asked, 2);
    assay_desk_quoted(desk, assay_slice_over("", 0));
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->serial, 6);
    cr_assert_eq(m->evidence.len, 0, "there is none");
    assay_service_stream_close(&s);
}

Test(desk, a_quote_that_cannot_be_asked_for_now_is_asked_for_again)
{
    struct assay_service_stream s;
    begin();
    follow(&s, ASSAY_SERVICE_TASKS, 0);
    hear_beginning(&s);
    quote_says = false;
    ask(&s, 5);
    cr_assert_gt(quotes_asked, 1);
    quote_says = true;
    const unsigned before = quotes_asked;
    turn();
    cr_assert_eq(quotes_asked, before + 1);
    turn();
    cr_assert_eq(quotes_asked, before + 1, "it is on its way");
    cr_assert_eq(assay_desk_wake_at(desk), ASSAY_DESK_PATIENCE_MS);
    now_ms = ASSAY_DESK_PATIENCE_MS;
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m, "nobody waits for ever");
    cr_assert_eq(m->evidence.len, 0);
    assay_service_stream_close(&s);
}

static void show(struct assay_service_stream *s, uint64_t serial, uint8_t node)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_VERIFY,
                                       .serial = serial,
                                       .purpose = ASSAY_SERVICE_FOR_SHARES,
                                       .statement = { plan_bytes, 2 },
                                       .node_id = { node },
                                       .evidence = { plan_bytes, 4 } };
    say(s, &m);
}

Test(desk, a_verdict_has_the_standing_of_the_node)
{
    struct assay_service_stream s;
    moment->member[2].standing = ASSAY_REGISTRY_STAND_WARNING;
    begin();
    follow(&s, ASSAY_SERVICE_TASKS, 0);
    hear_beginning(&s);
    show(&s, 8, 3);
    cr_assert_eq(judged_asked, 1);
    cr_assert_null(hear(&s));
    assay_desk_judged(desk, judging + 1, true); /* another's */
    assay_desk_judged(desk, judging, true);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_VERDICT);
    cr_assert_eq(m->serial, 8);
    cr_assert(m->good);
    cr_assert_eq(m->standing, ASSAY_REGISTRY_STAND_WARNING);
    judge_says = false;
    show(&s, 9, 99);
    m = hear(&s);
    cr_assert_not_null(m, "nobody will judge it");
    cr_assert_not(m->good);
    cr_assert_eq(m->standing, ASSAY_REGISTRY_STAND_NONE);
    assay_service_stream_close(&s);
}

Test(desk, more_than_is_waited_for_is_answered_at_once)
{
    struct assay_service_stream s;
    begin();
    follow(&s, ASSAY_SERVICE_TASKS, 0);
    hear_beginning(&s);
    for (uint64_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++)
        show(&s, i, 1);
    cr_assert_null(hear(&s));
    show(&s, 77, 1);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->serial, 77);
    cr_assert_not(m->good);
    cr_assert_eq(judged_asked, ASSAY_DESK_ASKS_MAX);
    assay_service_stream_close(&s);
}

Test(desk, a_node_that_takes_over_owes_nothing_that_was_asked_before)
{
    struct assay_service_stream s;
    begin();
    follow(&s, ASSAY_SERVICE_TASKS, 0);
    hear_beginning(&s);
    show(&s, 1, 1);
    ask(&s, 2);
    cr_assert_eq(assay_desk_hand_over(desk, &world, assay_slice_over(plan_bytes, plan_len)),
                 ASSAY_OK);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_VERDICT);
    cr_assert_not(m->good);
    cr_assert_eq(quotes_asked, 2, "asked again of who is there now");
    assay_service_stream_close(&s);
}

Test(desk, who_does_not_read_is_dropped_and_the_others_go_on)
{
    struct assay_service_stream slow, quick;
    uint8_t bytes[1024];
    const struct assay_slice payload = replica_record(0, 1, bytes);
    begin();
    follow(&slow, ASSAY_SERVICE_CONTINUITY, 0);
    follow(&quick, ASSAY_SERVICE_CONTINUITY, 0);
    hear_beginning(&quick);
    struct assay_desk_snapshot look = { .clients = 2 };
    for (unsigned i = 0; look.clients == 2; i++) {
        assay_desk_record(desk, 1, ASSAY_SERVICE_REPLICA, payload);
        cr_assert_not_null(hear(&quick));
        cr_assert_lt(i, 200000);
        assay_desk_look(desk, &look);
    }
    assay_desk_record(desk, 1, ASSAY_SERVICE_REPLICA, payload);
    cr_assert_not_null(hear(&quick));
    assay_service_stream_close(&slow);
    assay_service_stream_close(&quick);
}

Test(desk, more_programs_than_it_serves_are_sent_away)
{
    static struct assay_service_stream s[ASSAY_DESK_CLIENTS_MAX + 1];
    begin();
    for (size_t i = 0; i <= ASSAY_DESK_CLIENTS_MAX; i++) {
        dial(&s[i]);
        turn();
    }
    cr_assert(is_hung_up(&s[ASSAY_DESK_CLIENTS_MAX]));
    for (size_t i = 0; i <= ASSAY_DESK_CLIENTS_MAX; i++)
        assay_service_stream_close(&s[i]);
}

Test(desk, a_plan_that_cannot_be_read_and_a_path_in_use_are_said)
{
    struct assay_desk *other = NULL;
    cr_assert_neq(assay_desk_open(path, assay_slice_over("x", 1), chain, &world, &other, message),
                  ASSAY_OK);
    cr_assert_not_null(strstr(message, "plan of services"));
    cr_assert_eq(assay_desk_open(path, assay_slice_over(plan_bytes, plan_len), chain, &world,
                                 &other, message),
                 ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "services socket"));
    cr_assert_null(other);
}

/* docs/services.md 4.1: who may connect is decided by the folder. */
Test(desk, a_folder_with_the_setgid_bit_lets_its_group_connect)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600);
    cr_expect_not(assay_desk_is_shared(desk));
    assay_desk_close(&desk);
    cr_assert_eq(chmod(folder, 02750), 0);
    cr_assert_eq(assay_desk_open(path, assay_slice_over(plan_bytes, plan_len), chain, &world, &desk,
                                 message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0660);
    cr_expect(assay_desk_is_shared(desk), "the daemon logs it");
}
