/*
 * tests/unit/services/service_server_fixture.h - test fixture: a service server in a folder of
 * its own, the node behind it, and programs as its clients.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_SERVICE_SERVER_FIXTURE_H
#define ASSAY_TESTS_UNIT_SERVICES_SERVICE_SERVER_FIXTURE_H

#include "base/crypto.h"
#include "net/services/server/service_server.h"
#include "tests/support/services/identity_plan.h"

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

static char folder[64], path[80], message[ASSAY_SERVICE_SERVER_MESSAGE_LEN];
static uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
static size_t plan_len;
/* What programs are. */
#define SOCKET static __attribute__((unused)) const struct assay_service_socket
SOCKET replicas_of_0 = { ASSAY_SERVICE_ROLE_REPLICA, 0 };
SOCKET replicas_of_1 = { ASSAY_SERVICE_ROLE_REPLICA, 1 };
SOCKET enclaves_of_0 = { ASSAY_SERVICE_ROLE_ENCLAVE, 0 };
SOCKET holders = { ASSAY_SERVICE_ROLE_HOLDER, 0 };
SOCKET executors = { ASSAY_SERVICE_ROLE_EXECUTOR, 0 };
SOCKET requestors = { ASSAY_SERVICE_ROLE_REQUESTOR, 0 };
SOCKET signers = { ASSAY_SERVICE_ROLE_SIGNER, 0 };
#undef SOCKET
static const uint8_t chain[32] = { 7 };
static struct assay_service_server *server;
static struct assay_registry *registry;
static struct assay_service_epoch *moment;
static uint64_t now_ms;

/* The node behind it: what it was asked, and what it says. */
static enum assay_status submit_says;
static unsigned submitted, quotes_asked, judged_asked;
static bool quote_says, judge_says;
static uint8_t quoted_for[64];
static uint64_t judging;

static inline enum assay_status submit(void *context, enum assay_service_kind kind,
                                       struct assay_slice payload)
{
    (void)context;
    (void)kind;
    cr_assert_gt(payload.len, 0);
    submitted++;
    return submit_says;
}

static inline bool quote(void *context, const uint8_t report_data[static 64])
{
    (void)context;
    quotes_asked++;
    assay_bytes_copy(quoted_for, 64, report_data, 64);
    return quote_says;
}

static inline bool judge(void *context, uint64_t ticket,
                         const struct assay_service_server_proof *proof)
{
    (void)context;
    cr_assert_gt(proof->evidence.len, 0);
    judged_asked++;
    judging = ticket;
    return judge_says;
}

/* Who dials next, by what the kernel would say; and what was told of a socket that is crowded. */
static uint32_t dials_as;
static unsigned crowds;
static struct assay_service_server_crowd crowded_last;

static inline bool user_of(void *context, int fd, uint32_t *uid)
{
    (void)context;
    cr_assert_geq(fd, 0);
    *uid = dials_as;
    return true;
}

static inline void tell_crowd(void *context, const struct assay_service_server_crowd *crowd)
{
    (void)context;
    crowds++;
    crowded_last = *crowd;
    crowded_last.socket = NULL; /* of the call */
}

/* What the node has of boundaries and lists, and for what it was read last. */
static struct assay_service_server_boundary has_boundary;
static struct assay_slice has_list;
static unsigned proofs_read;
static uint64_t proven_epoch, watched_epoch;
static bool was_watched_proven; /* since that was cleared */
static uint32_t listed_slot;

static inline struct assay_service_server_boundary prove(void *context, uint64_t era,
                                                         uint64_t epoch, bool with_voters)
{
    (void)context;
    (void)era;
    proven_epoch = epoch;
    was_watched_proven |= epoch == watched_epoch;
    proofs_read++;
    struct assay_service_server_boundary found = has_boundary;
    if (!with_voters) found.voters.len = 0;
    return found;
}

static inline struct assay_slice list_keys(void *context, uint32_t slot, const uint8_t *root)
{
    (void)context;
    (void)root;
    listed_slot = slot;
    proofs_read++;
    return has_list;
}

static struct assay_service_server_shown has_shown;

static inline struct assay_service_server_shown show_keys(void *context, uint64_t epoch,
                                                          const uint8_t *node_id)
{
    (void)context;
    (void)node_id;
    proven_epoch = epoch;
    proofs_read++;
    return has_shown;
}

static const struct assay_service_server_callbacks world = { NULL,      submit,    quote,
                                                             judge,     user_of,   prove,
                                                             list_keys, show_keys, tell_crowd };

static inline void make_plan_of(bool with_shares, bool with_key)
{
    struct assay_registry_plan *plan = calloc(1, sizeof *plan);
    plan->group_count = 2;
    plan->group[0].name[0] = 'a';
    plan->group[1].name[0] = 'b';
    plan->group[0].size = plan->group[1].size = 3;
    plan->group[0].instances_max = plan->group[1].instances_max = 4;
    plan->has_tasks = true;
    plan->tasks.accounts_max = plan->tasks.tasks_max = 4;
    plan->has_shares = with_shares;
    if (with_key) identity_plan_set(plan, 64);
    if (with_shares) {
        plan->shares.clusters = 1;
        plan->shares.slots = plan->shares.confirmations = 3;
        plan->shares.k = 2;
        plan->shares.ids_max = 4;
    }
    struct assay_writer w = assay_writer_over(plan_bytes, sizeof plan_bytes);
    cr_assert_eq(assay_registry_plan_encode(plan, &w), ASSAY_OK);
    plan_len = w.len;
    void *memory = aligned_alloc(64, (assay_registry_size(plan) + 63) / 64 * 64);
    cr_assert_eq(assay_registry_init(memory, assay_registry_size(plan), plan, chain, &registry),
                 ASSAY_OK);
    free(plan);
}

static inline void make_plan(bool with_shares)
{
    make_plan_of(with_shares, false);
}

/* The plan of the next server, and its registry, have a group key. */
static inline void make_plan_with_key(void)
{
    free(registry);
    make_plan_of(false, true);
    assay_registry_set_standing(registry, 0, moment->member, MEMBERS);
}

static inline void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/assay-desk-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/svcs", folder);
    make_plan(false);
    moment = calloc(1, sizeof *moment);
    moment->members = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        moment->member[i].standing = ASSAY_REGISTRY_STAND_FULL;
        moment->node_id[i][0] = (uint8_t)(i + 1);
    }
    assay_registry_set_standing(registry, 0, moment->member, MEMBERS);
    submit_says = ASSAY_OK;
    quote_says = judge_says = true;
    dials_as = (uint32_t)geteuid();
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
}

/* Out: where a role's socket is; its folder when `whole` is false. */
static inline const char *place_of(struct assay_service_socket socket, bool whole)
{
    static char at[ASSAY_SERVICE_SOCKET_PATH];
    cr_assert_eq(assay_service_socket_path(path, socket, at), ASSAY_OK);
    if (!whole) *strrchr(at, '/') = '\0';
    return at;
}

static inline void tear_down(void)
{
    assay_service_server_close(&server);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct assay_service_socket socket = assay_service_socket_at(i);
        cr_expect_neq(access(place_of(socket, true), F_OK), 0, "the socket is gone");
        cr_expect_eq(rmdir(place_of(socket, false)), 0, "its folder stays, and is empty");
    }
    (void)rmdir(path);
    (void)rmdir(folder);
    free(registry);
    free(moment);
}

static inline void dial(struct assay_service_stream *s, struct assay_service_socket socket_of)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", place_of(socket_of, true));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    *s = (struct assay_service_stream){ .fd = fd };
    cr_assert_eq(assay_service_stream_open(s, fd), ASSAY_OK);
}

static inline void turn(void)
{
    for (unsigned i = 0; i < 4; i++)
        assay_service_server_step(server, now_ms);
}

static inline void say(struct assay_service_stream *s, const struct assay_service_message *m)
{
    cr_assert_eq(assay_service_send(s, m), ASSAY_OK);
    turn();
}

static inline void follow(struct assay_service_stream *s, struct assay_service_socket socket_of)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_FOLLOW,
                                       .service = assay_service_of_role(socket_of.role),
                                       .group = socket_of.group };
    dial(s, socket_of);
    say(s, &m);
}

static inline struct assay_service_message *hear(struct assay_service_stream *s)
{
    static struct assay_service_message m;
    turn();
    const enum assay_status status = assay_service_next(s, &m);
    return status == ASSAY_OK ? &m : NULL;
}

/* A record of the member in a slot. */
static inline struct assay_slice replica_record(uint32_t group, uint32_t slot,
                                                uint8_t bytes[static 1024])
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

static inline bool is_hung_up(struct assay_service_stream *s)
{
    static struct assay_service_message m;
    turn();
    enum assay_status status = ASSAY_OK;
    while (status == ASSAY_OK)
        status = assay_service_next(s, &m);
    return status == ASSAY_E_IO;
}

static inline void begin(void)
{
    assay_service_server_reset(server, registry, 2, moment);
    assay_service_server_set_ready(server);
}

static inline void hear_beginning(struct assay_service_stream *s)
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

static inline void ask_for(struct assay_service_stream *s, uint64_t serial,
                           enum assay_service_purpose purpose)
{
    say(s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_QUOTE,
                                            .serial = serial,
                                            .purpose = purpose,
                                            .statement = { plan_bytes, 2 } });
}

static inline void ask(struct assay_service_stream *s, uint64_t serial)
{
    ask_for(s, serial, ASSAY_SERVICE_FOR_TASKS);
}

static inline void show(struct assay_service_stream *s, uint64_t serial, uint8_t node)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_VERIFY,
                                       .serial = serial,
                                       .purpose = ASSAY_SERVICE_FOR_TASKS,
                                       .statement = { plan_bytes, 2 },
                                       .node_id = { node },
                                       .evidence = { plan_bytes, 4 } };
    say(s, &m);
}

#endif
