/*
 * tests/unit/services/test_service_server_roles.c - tests of roles at the service server.
 *
 * net/services/server/service_server.h: what one program of services takes from another, and who
 * may connect (docs/services.md 4.1.1).
 */
#include "services/identity/ceremony_document.h"
#include "tests/unit/services/service_server_fixture.h"

TestSuite(service_server_roles, .init = set_up, .fini = tear_down);

/* Every place of a socket, and one more. */
static void crowd(struct assay_service_socket socket_of, struct assay_service_stream *s)
{
    const uint32_t places = assay_service_places(socket_of.role);
    for (uint32_t i = 0; i <= places; i++) {
        dial(&s[i], socket_of);
        turn();
    }
    cr_expect(is_hung_up(&s[places]), "more than it serves are sent away");
}

Test(service_server_roles, whoever_takes_all_places_of_a_socket_takes_none_of_another)
{
    static struct assay_service_stream crowded[ASSAY_SERVICE_SOCKETS_MAX][16], s;
    begin();
    for (uint32_t k = 0; k < ASSAY_SERVICE_SOCKETS_MAX; k++) {
        const struct assay_service_socket own = assay_service_socket_at(k);
        for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
            if (i != k) crowd(assay_service_socket_at(i), crowded[i]);
        dial(&s, own);
        cr_expect_not(is_hung_up(&s), "socket %u", (unsigned)k);
        assay_service_stream_close(&s);
        for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
            const uint32_t places = assay_service_places(assay_service_socket_at(i).role);
            for (uint32_t c = 0; i != k && c <= places; c++)
                assay_service_stream_close(&crowded[i][c]);
        }
        turn();
    }
}

Test(service_server_roles, a_program_is_what_its_socket_says_whatever_it_says_itself)
{
    static const struct assay_service_message claims[] = {
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_CONTINUITY, .group = 0 },
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_CONTINUITY, .group = 1 },
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_SHARES },
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_TASKS },
        { .verb = ASSAY_SERVICE_FOLLOW, .service = ASSAY_SERVICE_IDENTITY },
    };
    struct assay_service_stream s;
    begin();
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        for (size_t k = 0; k < sizeof claims / sizeof claims[0]; k++) {
            const struct assay_service_socket socket_of = assay_service_socket_at(i);
            const bool is_its = claims[k].service == assay_service_of_role(socket_of.role) &&
                                claims[k].group == socket_of.group;
            const bool is_planned = claims[k].service != ASSAY_SERVICE_SHARES &&
                                    claims[k].service != ASSAY_SERVICE_IDENTITY;
            dial(&s, socket_of);
            say(&s, &claims[k]);
            const struct assay_service_message *m = hear(&s);
            cr_assert_not_null(m, "socket %u, claim %zu", (unsigned)i, k);
            cr_expect_eq(m->verb,
                         is_its && is_planned ? ASSAY_SERVICE_BEGIN : ASSAY_SERVICE_REFUSED);
            if (m->verb == ASSAY_SERVICE_REFUSED) {
                char why[ASSAY_SERVICE_WHY_MAX + 1] = "";
                assay_bytes_copy(why, sizeof why, m->why.bytes, m->why.len);
                cr_expect_not_null(strstr(why, is_its ? "no such service yet" : "of another"), "%s",
                                   why);
                cr_expect(is_hung_up(&s));
            }
            assay_service_stream_close(&s);
            turn();
        }
}

/* Which of all kinds a role hands on: no kind but TASK_RELEASE has two roles. */
Test(service_server_roles, a_record_of_another_role_is_not_even_asked_about)
{
    struct assay_service_stream s;
    unsigned roles[ASSAY_SERVICE_KIND_COUNT] = { 0 };
    const struct assay_service_socket at[] = { replicas_of_0, enclaves_of_0, executors,
                                               requestors };
    begin();
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        follow(&s, at[i]);
        hear_beginning(&s);
        for (unsigned kind = 1; kind < ASSAY_SERVICE_KIND_COUNT; kind++) {
            const unsigned before = submitted;
            say(&s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_SUBMIT,
                                                     .kind = (enum assay_service_kind)kind,
                                                     .payload = { plan_bytes, 3 } });
            const struct assay_service_message *told = hear(&s);
            roles[kind] += submitted != before;
            if (submitted != before) {
                cr_expect_null(told, "kind %u", kind);
                cr_expect_eq(assay_service_of((enum assay_service_kind)kind),
                             assay_service_of_role(at[i].role));
                continue;
            }
            cr_assert_not_null(told);
            cr_expect_eq(told->verb, ASSAY_SERVICE_REFUSED);
            cr_expect_eq((unsigned)told->kind, kind);
        }
        assay_service_stream_close(&s);
        turn();
    }
    for (unsigned kind = 1; kind < ASSAY_SERVICE_KIND_COUNT; kind++) {
        const enum assay_service service = assay_service_of((enum assay_service_kind)kind);
        /* This plan has neither shares nor a group key. */
        if (service == ASSAY_SERVICE_SHARES || service == ASSAY_SERVICE_IDENTITY)
            cr_expect_eq(roles[kind], 0, "%u", kind);
        else cr_expect_eq(roles[kind], kind == ASSAY_SERVICE_TASK_RELEASE ? 2 : 1, "%u", kind);
    }
}

/* A record of shares is one role's as well; this plan has none. */
Test(service_server_roles, every_kind_has_a_role_and_only_task_release_has_two)
{
    for (unsigned kind = 1; kind < ASSAY_SERVICE_KIND_COUNT; kind++) {
        unsigned roles = 0;
        for (unsigned role = 0; role < ASSAY_SERVICE_ROLE_COUNT; role++)
            roles += assay_service_may_submit((enum assay_service_role)role,
                                              (enum assay_service_kind)kind);
        cr_expect_eq(roles, kind == ASSAY_SERVICE_TASK_RELEASE ? 2 : 1, "%u", kind);
    }
}

/* Evidence for shares is a holder's: an executor that has it could pose as one. */
Test(service_server_roles, evidence_is_asked_for_by_roles_that_need_it_and_for_their_service)
{
    static const enum assay_service_purpose purposes[] = { ASSAY_SERVICE_FOR_SHARES,
                                                           ASSAY_SERVICE_FOR_TASKS };
    const struct assay_service_socket at[] = { replicas_of_0, enclaves_of_0, executors,
                                               requestors };
    struct assay_service_stream s;
    begin();
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        for (size_t k = 0; k < 4; k++) {
            const bool quotes = k / 2 == 0;
            const struct assay_service_message m = {
                .verb = quotes ? ASSAY_SERVICE_QUOTE : ASSAY_SERVICE_VERIFY,
                .serial = 1,
                .purpose = purposes[k % 2],
                .statement = { plan_bytes, 2 },
                .evidence = { plan_bytes, quotes ? 0 : 4 },
            };
            const bool fit =
                purposes[k % 2] == ASSAY_SERVICE_FOR_TASKS &&
                at[i].role == (quotes ? ASSAY_SERVICE_ROLE_EXECUTOR : ASSAY_SERVICE_ROLE_REQUESTOR);
            follow(&s, at[i]);
            hear_beginning(&s);
            say(&s, &m);
            cr_expect_eq(is_hung_up(&s), !fit, "role %d, %zu", (int)at[i].role, k);
            assay_service_stream_close(&s);
            turn();
        }
    cr_expect_eq(quotes_asked, 1);
    cr_expect_eq(judged_asked, 1);
    cr_expect(
        assay_service_may_request(holders.role, ASSAY_SERVICE_QUOTE, ASSAY_SERVICE_FOR_SHARES));
    cr_expect_not(
        assay_service_may_request(holders.role, ASSAY_SERVICE_QUOTE, ASSAY_SERVICE_FOR_TASKS));
}

/* One that asks for as much as it can waits behind each other socket's first. */
Test(service_server_roles, sockets_take_turns_with_quotes)
{
    static const enum assay_service_purpose expected[] = { ASSAY_SERVICE_FOR_SHARES,
                                                           ASSAY_SERVICE_FOR_TASKS,
                                                           ASSAY_SERVICE_FOR_SHARES,
                                                           ASSAY_SERVICE_FOR_SHARES };
    struct assay_service_stream holder, executor;
    assay_service_server_close(&server);
    free(registry);
    make_plan(true);
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
    begin();
    follow(&holder, holders);
    follow(&executor, executors);
    for (uint64_t i = 0; i <= ASSAY_SERVICE_SERVER_REQUESTS_EACH; i++)
        ask_for(&holder, i, ASSAY_SERVICE_FOR_SHARES);
    ask(&executor, 1);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        uint8_t data[64];
        cr_assert_eq(quotes_asked, i + 1);
        assay_service_report_data(chain, expected[i], assay_slice_over(plan_bytes, 2), data);
        cr_expect_arr_eq(quoted_for, data, 64, "quote %zu", i);
        assay_service_server_on_quote(server, assay_slice_over("evidence", 8));
        turn();
    }
    assay_service_stream_close(&holder);
    assay_service_stream_close(&executor);
}

/* Each quote may take seconds: a program waits for one of each other program of its role, however
 * many that one has asked for. */
Test(service_server_roles, programs_of_one_role_take_turns_with_quotes)
{
    struct assay_service_stream greedy, modest;
    const struct assay_service_message *m = NULL;
    begin();
    follow(&greedy, executors);
    follow(&modest, executors);
    hear_beginning(&greedy);
    hear_beginning(&modest);
    for (uint64_t i = 0; i < 5; i++)
        ask(&greedy, i);
    ask(&modest, 77);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(quotes_asked, i + 1);
        cr_expect_null(hear(&modest));
        assay_service_server_on_quote(server, assay_slice_over("evidence", 8));
        turn();
    }
    m = hear(&modest);
    cr_assert_not_null(m, "it waits behind all that the other one asked for");
    cr_expect_eq(m->verb, ASSAY_SERVICE_EVIDENCE);
    cr_expect_eq(m->serial, 77);
    assay_service_stream_close(&greedy);
    assay_service_stream_close(&modest);
}

/* A member has 64 records in an epoch: whoever hands in as many as it can leaves others theirs. */
Test(service_server_roles, records_of_an_epoch_are_left_for_every_socket)
{
    enum {
        SOCKETS = 6,
        EACH = ASSAY_SERVICE_SERVER_RECORDS / 2 / SOCKETS
    }; /* two groups, and tasks */
    const struct assay_service_message greedy = { .verb = ASSAY_SERVICE_SUBMIT,
                                                  .kind = ASSAY_SERVICE_TASK_OPEN,
                                                  .payload = { plan_bytes, 3 } };
    struct assay_service_message m = greedy;
    struct assay_service_stream requestor, replica;
    begin();
    follow(&requestor, requestors);
    follow(&replica, replicas_of_1);
    hear_beginning(&requestor);
    hear_beginning(&replica);
    for (unsigned epoch = 0; epoch < 2; epoch++) {
        submitted = 0;
        for (unsigned i = 0; i < 2 * ASSAY_SERVICE_SERVER_RECORDS; i++)
            say(&requestor, &greedy);
        cr_expect_eq(submitted, ASSAY_SERVICE_SERVER_RECORDS - EACH * (SOCKETS - 1));
        submitted = 0;
        m.kind = ASSAY_SERVICE_REPLICA;
        for (unsigned i = 0; i < ASSAY_SERVICE_SERVER_RECORDS; i++)
            say(&replica, &m);
        cr_expect_eq(submitted, EACH);
        moment->epoch++;
        assay_service_server_on_epoch_closed(server, registry, moment);
    }
    /* What the node does not take counts for nothing. */
    submit_says = ASSAY_E_AGAIN;
    submitted = 0;
    for (unsigned i = 0; i < 2 * ASSAY_SERVICE_SERVER_RECORDS; i++) {
        say(&requestor, &greedy);
        now_ms += ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS / 8;
    }
    cr_expect_eq(submitted, 2 * ASSAY_SERVICE_SERVER_RECORDS);
    assay_service_stream_close(&requestor);
    assay_service_stream_close(&replica);
}

/* Each record that the node looks at costs it a signature: a socket whose programs hand in what is
 * refused, or known already, without end costs it so many of them a second, and others nothing. */
Test(service_server_roles, records_in_vain_are_looked_at_so_often_a_second)
{
    const enum assay_status vain[] = { ASSAY_E_SIGNATURE, ASSAY_E_DUPLICATE, ASSAY_E_AGAIN };
    const struct assay_service_message bad = { .verb = ASSAY_SERVICE_SUBMIT,
                                               .kind = ASSAY_SERVICE_TRANSFER,
                                               .payload = { plan_bytes, 3 } };
    const struct assay_service_message good = { .verb = ASSAY_SERVICE_SUBMIT,
                                                .kind = ASSAY_SERVICE_REPLICA,
                                                .payload = { plan_bytes, 3 } };
    struct assay_service_stream requestor, second, replica;
    begin();
    now_ms = 5 * ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS;
    follow(&requestor, requestors);
    follow(&second, requestors);
    follow(&replica, replicas_of_0);
    for (size_t i = 0; i < sizeof vain / sizeof vain[0]; i++) {
        submit_says = vain[i];
        submitted = 0;
        for (unsigned j = 0; j < 2 * ASSAY_SERVICE_SERVER_REJECTED_MAX; j++) {
            say(j % 2 == 0 ? &requestor : &second, &bad);
            now_ms += j % 4 == 0;
        }
        cr_expect_eq(submitted, ASSAY_SERVICE_SERVER_REJECTED_MAX, "%s",
                     assay_status_text(vain[i]));
        submit_says = ASSAY_OK;
        say(&requestor, &bad);
        cr_expect_eq(submitted, ASSAY_SERVICE_SERVER_REJECTED_MAX,
                     "it cannot be known without looking");
        say(&replica, &good);
        cr_expect_eq(submitted, ASSAY_SERVICE_SERVER_REJECTED_MAX + 1, "another socket");
        now_ms += ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS;
        say(&requestor, &bad);
        cr_expect_eq(submitted, ASSAY_SERVICE_SERVER_REJECTED_MAX + 2, "a second later");
    }
    assay_service_stream_close(&requestor);
    assay_service_stream_close(&second);
    assay_service_stream_close(&replica);
}

Test(service_server_roles, a_plan_that_cannot_be_read_and_a_path_in_use_are_said)
{
    struct assay_service_server *other = NULL;
    cr_assert_neq(
        assay_service_server_open(path, assay_slice_over("x", 1), chain, &world, &other, message),
        ASSAY_OK);
    cr_assert_not_null(strstr(message, "plan of services"));
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &other, message),
                 ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "services socket"));
    cr_assert_null(other);
    cr_assert_eq(assay_service_server_open(
                     "/tmp/a/folder/whose/path/is/so/long/that/sockets/below/it/have/"
                     "no/room/for/the/names/of/roles",
                     assay_slice_over(plan_bytes, plan_len), chain, &world, &other, message),
                 ASSAY_E_RANGE);
    cr_assert_not_null(strstr(message, "expected at most 90"), "%s", message);
}

Test(service_server_roles, a_file_or_a_loose_folder_in_the_place_of_a_socket_is_said)
{
    struct assay_service_server *other = NULL;
    char at[96];
    assay_service_server_close(&server);
    (void)snprintf(at, sizeof at, "%s/file", folder);
    const int fd = open(at, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    cr_assert_eq(assay_service_server_open(at, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &other, message),
                 ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "expected a folder"), "%s", message);
    (void)unlink(at);
    cr_assert_eq(chmod(place_of(holders, false), 0777), 0);
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &other, message),
                 ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "others may change it"), "%s", message);
    cr_assert_null(other);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        cr_expect_neq(access(place_of(assay_service_socket_at(i), true), F_OK), 0,
                      "what was opened before is closed");
    cr_assert_eq(chmod(place_of(holders, false), 0700), 0);
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
}

static mode_t mode_of(struct assay_service_socket socket, bool whole)
{
    struct stat info;
    cr_assert_eq(stat(place_of(socket, whole), &info), 0);
    return info.st_mode & 07777;
}

/* docs/services.md 4.1: who may connect is decided by the folder of the socket, and by no other. */
Test(service_server_roles, a_folder_with_the_setgid_bit_lets_its_group_connect)
{
    char shared[ASSAY_SERVICE_SERVER_NAMES];
    assay_service_server_get_shared_names(server, shared);
    cr_expect_str_eq(shared, "");
    cr_expect_eq(mode_of(holders, true), 0600);
    assay_service_server_close(&server);
    cr_assert_eq(chmod(place_of(holders, false), 02750), 0);
    /* A folder that is made anew does not inherit the bit. */
    cr_assert_eq(rmdir(place_of(executors, false)), 0);
    cr_assert_eq(chmod(path, 02750), 0);
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct assay_service_socket socket = assay_service_socket_at(i);
        cr_expect_eq(mode_of(socket, true), socket.role == holders.role ? 0660 : 0600);
        cr_expect_eq(mode_of(socket, false), socket.role == holders.role ? 02750 : 0700);
    }
    assay_service_server_get_shared_names(server, shared);
    cr_expect_str_eq(shared, "holder", "the daemon logs it");
}

/* Without a ledger that is ready. */
static void open_bare_with_key(void)
{
    assay_service_server_close(&server);
    make_plan_with_key();
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
}

static void open_with_key(void)
{
    open_bare_with_key();
    begin();
}

/* What each close gives the fold of the group key comes with it, and to no other service. */
Test(service_server_roles, a_holder_of_the_group_key_receives_what_each_close_gives_its_fold)
{
    static struct assay_service_stream s, t;
    moment->member[2].may_hold = moment->member[2].keys_active = true;
    moment->member[2].seat_weight = 0x01020304;
    moment->member[2].incarnation = 9;
    moment->member[2].keys_root[31] = 5;
    moment->other_weight = 0x0102030405;
    open_with_key();
    follow(&s, signers);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    cr_expect(m->has_holders);
    cr_expect_eq(m->other_weight, 0x0102030405);
    cr_expect_eq(m->count, ASSAY_CA_DOCUMENTS);
    const struct assay_registry_member *one = &m->member[2];
    cr_expect(one->may_hold && one->keys_active);
    cr_expect_eq(one->seat_weight, 0x01020304);
    cr_expect_eq(one->incarnation, 9);
    cr_expect_eq(one->keys_root[31], 5);
    cr_expect_eq(one->node_id[0], 3);
    cr_expect_not(m->member[1].may_hold || m->member[1].keys_active);
    follow(&t, executors);
    m = hear(&t);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    cr_expect_not(m->has_holders);
    assay_service_stream_close(&s);
    assay_service_stream_close(&t);
}

static uint32_t submitted_of(struct assay_service_stream *s, enum assay_service_kind kind)
{
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = kind,
                                             .payload = { plan_bytes, 3 } };
    submitted = 0;
    for (unsigned i = 0; i < 2 * ASSAY_SERVICE_SERVER_RECORDS; i++)
        say(s, &m);
    return submitted;
}

/* Records of the group key have a budget of their own on the ledger (docs/protocol.md 12.2.1), so
 * neither they nor those of the other sockets have fewer places for the other's sake. */
Test(service_server_roles, records_of_ceremonies_are_not_counted_with_those_of_other_sockets)
{
    static struct assay_service_stream signer, requestor, executor;
    uint32_t others[2];
    open_with_key();
    follow(&signer, signers);
    follow(&requestor, requestors);
    cr_expect_not_null(hear(&signer));
    cr_expect_not_null(hear(&requestor));
    others[0] = submitted_of(&requestor, ASSAY_SERVICE_TASK_OPEN);
    cr_expect_gt(others[0], ASSAY_SERVICE_SERVER_RECORDS / 2);
    cr_expect_eq(submitted_of(&signer, ASSAY_SERVICE_CA_HAVE), ASSAY_SERVICE_SERVER_RECORDS);
    moment->epoch++;
    assay_service_server_on_epoch_closed(server, registry, moment);
    cr_expect_eq(submitted_of(&signer, ASSAY_SERVICE_CA_HAVE), ASSAY_SERVICE_SERVER_RECORDS);
    others[1] = submitted_of(&requestor, ASSAY_SERVICE_TASK_OPEN);
    cr_expect_eq(others[1], others[0]);
    follow(&executor, executors);
    cr_expect_not_null(hear(&executor));
    cr_expect_gt(submitted_of(&executor, ASSAY_SERVICE_TASK_CLAIM), 0);
    assay_service_stream_close(&signer);
    assay_service_stream_close(&requestor);
    assay_service_stream_close(&executor);
}

/* An instance verifies the ledger by itself (docs/services.md 9.9); nothing else is for it. */
Test(service_server_roles, boundaries_are_for_instances_too_and_lists_of_keys_are_not)
{
    const enum assay_service_role enclave = ASSAY_SERVICE_ROLE_ENCLAVE;
    const enum assay_service_purpose none = (enum assay_service_purpose)0;
    cr_expect(assay_service_may_request(enclave, ASSAY_SERVICE_PROVE, none));
    cr_expect(assay_service_may_request(enclave, ASSAY_SERVICE_ROW, none));
    cr_expect_not(assay_service_may_request(enclave, ASSAY_SERVICE_LIST, none));
    cr_expect_not(assay_service_may_request(ASSAY_SERVICE_ROLE_REPLICA, ASSAY_SERVICE_ROW, none));
    cr_expect_not(assay_service_may_request(ASSAY_SERVICE_ROLE_SIGNER, ASSAY_SERVICE_ROW, none));
    cr_expect_not(assay_service_may_request(enclave, ASSAY_SERVICE_SHOW, none));
    cr_expect_not(assay_service_may_request(ASSAY_SERVICE_ROLE_REPLICA, ASSAY_SERVICE_PROVE, none));
    cr_expect_not(
        assay_service_may_request(ASSAY_SERVICE_ROLE_REQUESTOR, ASSAY_SERVICE_PROVE, none));
}

/* Nothing of a node is for the role that did not request it. */
Test(service_server_roles, boundaries_and_lists_of_keys_are_for_holders_of_the_group_key)
{
    static struct assay_service_stream s;
    const struct assay_service_message asks[] = {
        { .verb = ASSAY_SERVICE_PROVE, .era = 1, .epoch = 8, .with_voters = true },
        { .verb = ASSAY_SERVICE_PROVE, .era = 1, .epoch = 9 },
        { .verb = ASSAY_SERVICE_LIST, .slot = 3, .root = { 4 } },
        { .verb = ASSAY_SERVICE_SHOW, .epoch = 11 },
    };
    static uint8_t bytes[] = "what is stored";
    has_boundary =
        (struct assay_service_server_boundary){ .voters = { bytes, 3 }, .boundary = { bytes, 5 } };
    has_list = assay_slice_over(bytes, 7);
    has_shown = (struct assay_service_server_shown){ .standing = { bytes, 6 },
                                                     .keys = { bytes, 4 },
                                                     .declared = { bytes, 2 } };
    open_with_key();
    follow(&s, signers);
    hear_beginning(&s);
    say(&s, &asks[0]);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_PROOF);
    cr_expect_eq(m->epoch, 8);
    cr_expect_eq(m->voters.len, 3);
    cr_expect_eq(m->boundary.len, 5);
    say(&s, &asks[1]);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_expect_eq(m->epoch, 9);
    cr_expect_eq(m->voters.len, 0);
    cr_expect_eq(proven_epoch, 9);
    say(&s, &asks[2]);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_KEYS);
    cr_expect_eq(m->root[0], 4);
    cr_expect_eq(m->keys.len, 7);
    cr_expect_eq(listed_slot, 3);
    say(&s, &asks[3]);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_SHOWN);
    cr_expect(m->epoch == 11 && proven_epoch == 11);
    cr_expect(m->proven.len == 6 && m->keys.len == 4 && m->declared.len == 2);
    assay_service_stream_close(&s);
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        follow(&s, executors);
        hear_beginning(&s);
        say(&s, &asks[i]);
        cr_expect_null(hear(&s));
        cr_expect(is_hung_up(&s), "request %zu", i);
        assay_service_stream_close(&s);
        turn();
    }
}

static void expect_fence(struct assay_service_stream *s, bool is_fenced)
{
    const struct assay_service_message *m = hear(s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_FENCE);
    cr_expect_eq(m->is_fenced, is_fenced);
}

/* docs/identity.md 3.16: at once, and before they receive what they would act on. */
Test(service_server_roles, holders_of_the_group_key_are_notified_of_a_fence)
{
    static struct assay_service_stream s, late, t;
    open_with_key();
    follow(&s, signers);
    follow(&t, executors);
    hear_beginning(&s);
    hear_beginning(&t);
    assay_service_server_set_fenced(server, true);
    assay_service_server_set_fenced(server, true);
    expect_fence(&s, true);
    cr_expect_null(hear(&s), "once");
    follow(&late, signers);
    expect_fence(&late, true);
    hear_beginning(&late);
    assay_service_server_set_fenced(server, false);
    expect_fence(&s, false);
    expect_fence(&late, false);
    cr_expect_null(hear(&t), "programs of other services go on");
    assay_service_stream_close(&s);
    assay_service_stream_close(&late);
    assay_service_stream_close(&t);
}

/* A daemon that catches up has nothing to show yet, and its fence ends signatures all the same. */
Test(service_server_roles, a_fence_is_reported_before_the_ledger_is_ready)
{
    static struct assay_service_stream s, late;
    open_bare_with_key();
    follow(&s, signers);
    turn();
    assay_service_server_set_fenced(server, true);
    expect_fence(&s, true);
    follow(&late, signers);
    expect_fence(&late, true);
    cr_expect_null(hear(&late), "once");
    begin();
    expect_fence(&late, true);
    hear_beginning(&late);
    assay_service_stream_close(&s);
    assay_service_stream_close(&late);
}

/* docs/services.md 1.9.2: the replicas of that group alone, and no instance of it. */
Test(service_server_roles, replicas_of_one_group_are_told_to_drain)
{
    static struct assay_service_stream s, other, t;
    begin();
    follow(&s, replicas_of_0);
    follow(&other, enclaves_of_0);
    follow(&t, executors);
    hear_beginning(&s);
    hear_beginning(&other);
    hear_beginning(&t);
    cr_expect_eq(assay_service_server_drain(server, 1), 0, "another group");
    cr_expect_null(hear(&s));
    cr_expect_eq(assay_service_server_drain(server, 0), 1);
    const struct assay_service_message *told = hear(&s);
    cr_assert_not_null(told);
    cr_expect_eq(told->verb, ASSAY_SERVICE_DRAIN);
    cr_expect_null(hear(&other));
    cr_expect_null(hear(&t));
    assay_service_stream_close(&s);
    assay_service_stream_close(&other);
    assay_service_stream_close(&t);
}
