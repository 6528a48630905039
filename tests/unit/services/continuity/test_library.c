/*
 * tests/unit/services/continuity/test_library.c - libassay-continuity as programs use it, against
 * running replicas (include/assay/continuity.h). Goal: a program starts from the last certified
 * state of its instance or not at all, whatever the host does to its folder, and of several copies
 * one goes on.
 */
#include "net/services/continuity/enclave_files.h"
#include "tests/unit/services/continuity/library_bench.h"

#include <poll.h>
#include <sys/stat.h>

enum { TWO_RECORDS_MS = 2500 }; /* a record is submitted again after a second */

TestSuite(services_library, .init = set_up, .fini = tear_down, .timeout = 600);

Test(services_library, a_program_goes_on_where_it_was)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    struct assay_continuity_status status = { .size = sizeof status };
    expect_text(c, "", 0);
    save_text(c, "one");
    save_text(c, "two");
    expect_text(c, "two", 2);
    cr_expect_eq(count_states(folder), 1, "older states are removed");
    assay_continuity_close(&c);
    for (uint64_t i = 2; i < 5; i++) {
        c = start_folder(folder, false);
        cr_expect_eq(assay_continuity_get_status(c, &status), ASSAY_OK);
        cr_expect_eq(status.certified, i);
        cr_expect_eq(status.given, i);
        expect_text(c, i == 2 ? "two" : "more", i);
        save_text(c, "more");
        assay_continuity_close(&c);
    }
    cr_expect_eq(count_states(folder), 1);
}

/* A record that the ledger does not include in time is submitted again. The first one numbers the
 * session, the second is too late, and the next number is taken by the session itself. */
Test(services_library, a_session_that_was_submitted_twice_starts)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    c = open_folder(folder, false);
    pthread_mutex_lock(&house.lock);
    service_ledger_hold(house.ledger, true);
    pthread_mutex_unlock(&house.lock);
    expect_result(c, assay_continuity_start(c, TWO_RECORDS_MS), ASSAY_CONTINUITY_IN_DOUBT);
    pthread_mutex_lock(&house.lock);
    service_ledger_hold(house.ledger, false);
    pthread_mutex_unlock(&house.lock);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_OK);
    expect_text(c, "one", 1);
    save_text(c, "two");
    assay_continuity_close(&c);
}

Test(services_library, an_older_folder_is_refused_with_both_indices)
{
    const char *const folder = in_root("a"), *const yesterday = in_root("old");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    run_command("cp -a %s %s", folder, yesterday);
    save_text(c, "two");
    save_text(c, "three");
    assay_continuity_close(&c);
    c = open_folder(yesterday, false);
    for (int again = 0; again < 2; again++) {
        expect_result(c, start_within(c), ASSAY_CONTINUITY_ROLLBACK);
        const char *const reason = assay_continuity_reason(c);
        cr_expect_not_null(strstr(reason, "newest state has index 1 "), "%s", reason);
        cr_expect_not_null(strstr(reason, "last was index 3 "), "%s", reason);
        expect_text(c, "", 0);
        expect_result(c, assay_continuity_update(c, "x", 1, NULL), ASSAY_CONTINUITY_TOO_EARLY);
    }
    struct assay_continuity_status status = { .size = sizeof status };
    cr_expect_eq(assay_continuity_get_status(c, &status), ASSAY_OK);
    cr_expect_eq(status.given, 1);
    cr_expect_eq(status.certified, 3);
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    expect_text(c, "three", 3);
    assay_continuity_close(&c);
}

/* The host copies files of several days together. */
Test(services_library, identity_of_one_day_with_the_state_of_another_gains_nothing)
{
    const char *const folder = in_root("a"), *const mixed = in_root("mixed");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    run_command("cp -a %s %s", folder, mixed);
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    save_text(c, "two");
    assay_continuity_close(&c);
    run_command("cp %s/identity %s/identity", folder, mixed);
    expect_start(mixed, ASSAY_CONTINUITY_ROLLBACK);
    run_command("rm -f %s/state-*; true %s", mixed, mixed);
    expect_start(mixed, ASSAY_CONTINUITY_ROLLBACK);
    run_command("cp %s/state-* %s/", folder, mixed);
    c = start_folder(mixed, false);
    expect_text(c, "two", 2);
    assay_continuity_close(&c);
}

Test(services_library, of_two_copies_the_newer_session_goes_on)
{
    const char *const folder = in_root("a"), *const copy = in_root("copy");
    struct assay_continuity *first = start_folder(folder, true);
    save_text(first, "one");
    run_command("cp -a %s %s", folder, copy);
    struct assay_continuity *second = start_folder(copy, false);
    expect_text(second, "one", 1);
    save_text(second, "of the second");
    uint64_t index = 0;
    enum assay_continuity_result result = assay_continuity_update(first, "mine", 4, &index);
    if (result == ASSAY_CONTINUITY_OK) result = wait_within(first, index);
    expect_result(first, result, ASSAY_CONTINUITY_FENCED);
    expect_result(first, assay_continuity_confirm(first, TRY_MS), ASSAY_CONTINUITY_FENCED);
    cr_expect_not_null(strstr(assay_continuity_reason(first), "is not the newest one"));
    expect_result(second, assay_continuity_confirm(second, SOON_MS), ASSAY_CONTINUITY_OK);
    assay_continuity_close(&first);
    assay_continuity_close(&second);
    expect_start(folder, ASSAY_CONTINUITY_ROLLBACK);
}

/* Both use one folder: what the older one writes or removes is none of what the newer one needs. */
Test(services_library, an_older_session_in_the_same_folder_harms_nothing)
{
    const char *const folder = in_root("a");
    struct assay_continuity *first = start_folder(folder, true);
    save_text(first, "one");
    uint64_t index = 0;
    struct assay_continuity *second = start_folder(folder, false);
    /* In the folder, but never certified. */
    const enum assay_continuity_result given = assay_continuity_update(first, "mine", 4, &index);
    cr_assert(given == ASSAY_CONTINUITY_OK || given == ASSAY_CONTINUITY_FENCED);
    save_text(second, "two");
    save_text(second, "three");
    for (int i = 0; i < 3; i++)
        cr_expect_neq(assay_continuity_step(first, 10), ASSAY_CONTINUITY_MISUSE);
    assay_continuity_close(&first);
    assay_continuity_close(&second);
    second = start_folder(folder, false);
    expect_text(second, "three", 3);
    cr_expect_eq(count_states(folder), 1, "what was never certified is removed");
    assay_continuity_close(&second);
}

Test(services_library, without_a_quorum_a_state_is_in_doubt)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    replica_kill(1);
    replica_kill(2);
    expect_result(c, assay_continuity_save(c, "two", 3, 200), ASSAY_CONTINUITY_IN_DOUBT);
    cr_expect_str_eq(assay_continuity_reason(c),
                     "certified is index 1; 1 of 3 replicas are connected, 2 are needed");
    expect_result(c, assay_continuity_confirm(c, 200), ASSAY_CONTINUITY_IN_DOUBT);
    expect_result(c, assay_continuity_wait(c, 1, 0), ASSAY_CONTINUITY_OK);
    cr_expect_eq(count_states(folder), 2, "either may be the last certified one");
    assay_continuity_close(&c);
}

Test(services_library, states_in_flight_are_found_again)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    char text[20];
    uint64_t index = 0;
    for (int i = 2; i <= 20; i++) {
        const int len = snprintf(text, sizeof text, "number %d", i);
        expect_result(c, assay_continuity_update(c, text, (size_t)len, &index),
                      ASSAY_CONTINUITY_OK);
    }
    assay_continuity_close(&c); /* some of them are certified */
    c = start_folder(folder, false);
    size_t len = 0;
    const void *const bytes = assay_continuity_state(c, &len, &index);
    cr_assert(index >= 1 && index <= 20);
    (void)snprintf(text, sizeof text, "number %d", (int)index);
    if (index > 1) cr_expect(len == strlen(text) && assay_bytes_equal(bytes, text, len));
    cr_expect_eq(count_states(folder), 1);
    save_text(c, "after");
    expect_text(c, "after", index + 1);
    assay_continuity_close(&c);
}

/* --- files */

static void change_byte(const char *path, long at)
{
    FILE *const f = fopen(path, "r+b");
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    const int c = fgetc(f);
    cr_assert_eq(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    cr_assert_neq(fputc(c ^ 1, f), EOF);
    (void)fclose(f);
}

/* Path of the only state. */
static const char *state_path(const char *folder)
{
    static char path[PATH_LEN];
    DIR *const files = opendir(folder);
    cr_assert_not_null(files);
    path[0] = '\0';
    for (const struct dirent *d; (d = readdir(files)) != NULL;)
        if (strncmp(d->d_name, "state-", 6) == 0)
            (void)snprintf(path, sizeof path, "%s/%.100s", folder, d->d_name);
    closedir(files);
    cr_assert_neq(path[0], '\0');
    return path;
}

Test(services_library, changed_truncated_and_foreign_files_are_refused_by_name)
{
    static const long places[] = { 0, 8, 32, 60, -1 };
    const char *const folder = in_root("a"), *const bad = in_root("bad"), *const b = in_root("b");
    char target[2 * PATH_LEN];
    struct assay_continuity *c = start_folder(folder, true), *other = start_folder(b, true);
    save_text(c, "one");
    save_text(other, "of another instance");
    assay_continuity_close(&other);
    assay_continuity_close(&c);
    const struct assay_continuity_options options = options_of(bad);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        run_command("rm -rf %2$s; cp -a %1$s %2$s", folder, bad);
        change_byte(in_root("bad/identity"), places[i]);
        expect_result(c, assay_continuity_open(&options, &c), ASSAY_CONTINUITY_SEALED);
        cr_expect_not_null(strstr(assay_continuity_reason(c), "bad/identity: cannot be opened"));
        expect_result(c, assay_continuity_start(c, 0), ASSAY_CONTINUITY_MISUSE);
        assay_continuity_close(&c);
        run_command("rm -rf %2$s; cp -a %1$s %2$s", folder, bad);
        change_byte(state_path(bad), places[i]);
        c = open_folder(bad, false);
        expect_result(c, start_within(c), ASSAY_CONTINUITY_SEALED);
        cr_expect_not_null(strstr(assay_continuity_reason(c), "bad/state-"));
        assay_continuity_close(&c);
    }
    run_command("rm -rf %2$s; cp -a %1$s %2$s", folder, bad);
    cr_assert_eq(truncate(state_path(bad), 50), 0);
    expect_start(bad, ASSAY_CONTINUITY_SEALED);
    const char *const place = strrchr(state_path(bad), '/');
    (void)snprintf(target, sizeof target, "%s%s", bad, place);
    run_command("cp %s \"%s\"", state_path(b), target);
    expect_start(bad, ASSAY_CONTINUITY_SEALED);
    run_command("rm -rf %2$s; cp -a %1$s %2$s", folder, bad);
    struct assay_continuity_options with = options_of(bad);
    with.key = (const uint8_t[32]){ 9 };
    expect_result(c, assay_continuity_open(&with, &c), ASSAY_CONTINUITY_SEALED);
    assay_continuity_close(&c);
}

/* A name says nothing: what is sealed decides. */
Test(services_library, garbage_and_renamed_files_beside_the_state_change_nothing)
{
    const char *const folder = in_root("a"), *const kept = in_root("kept");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    run_command("cp -a %s %s", folder, kept);
    save_text(c, "two");
    assay_continuity_close(&c);
    run_command("cp %s/state-* %s/state-00000000000000000002-ffffffffffffffff", kept, folder);
    run_command("echo x >%s/state-00000000000000000009-0000000000000001; mkdir %s/state-x", folder,
                folder);
    c = start_folder(folder, false);
    expect_text(c, "two", 2);
    assay_continuity_close(&c);
}

Test(services_library, create_and_open_are_not_confused)
{
    const char *const folder = in_root("a");
    const struct assay_continuity_options options = options_of(folder);
    struct assay_continuity *c = NULL, *twin = NULL;
    expect_result(c, assay_continuity_open(&options, &c), ASSAY_CONTINUITY_NO_INSTANCE);
    assay_continuity_close(&c);
    /* Two programs create at once: one of them wins. */
    c = open_folder(folder, true);
    twin = open_folder(folder, true);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_OK);
    expect_result(twin, start_within(twin), ASSAY_CONTINUITY_EXISTS);
    expect_result(twin, assay_continuity_update(twin, "x", 1, NULL), ASSAY_CONTINUITY_TOO_EARLY);
    assay_continuity_close(&twin);
    expect_result(twin, assay_continuity_create(&options, &twin), ASSAY_CONTINUITY_EXISTS);
    assay_continuity_close(&twin);
    save_text(c, "one");
    assay_continuity_close(&c);
}

/* Ended after the identity was durable and before a first state. */
Test(services_library, an_instance_without_a_state_starts_again)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    expect_text(c, "", 0);
    save_text(c, "one");
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    expect_text(c, "one", 1);
    assay_continuity_close(&c);
}

Test(services_library, a_full_disk_loses_nothing)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    run_command("mv %s %s.away", folder, folder);
    expect_result(c, assay_continuity_update(c, "two", 3, NULL), ASSAY_CONTINUITY_STORAGE);
    cr_expect_not_null(strstr(assay_continuity_reason(c), "No such file"));
    expect_text(c, "one", 1);
    run_command("mv %s.away %s", folder, folder);
    save_text(c, "two");
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    expect_text(c, "two", 2);
    assay_continuity_close(&c);
}

Test(services_library, large_and_empty_states)
{
    const char *const folder = in_root("a");
    const size_t len = 2 << 20;
    uint8_t *const bytes = malloc(len + 1);
    uint64_t index = 0;
    size_t found = 0;
    cr_assert_not_null(bytes);
    for (size_t i = 0; i <= len; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 11));
    struct assay_continuity *c = start_folder(folder, true);
    expect_result(c, assay_continuity_update(c, bytes, len + 1, NULL), ASSAY_CONTINUITY_TOO_LARGE);
    expect_result(c, assay_continuity_update(c, bytes, len, &index), ASSAY_CONTINUITY_OK);
    expect_result(c, wait_within(c, index), ASSAY_CONTINUITY_OK);
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    const void *const state = assay_continuity_state(c, &found, NULL);
    cr_assert_eq(found, len);
    cr_expect_arr_eq(state, bytes, len);
    save_text(c, "");
    assay_continuity_close(&c);
    c = start_folder(folder, false);
    expect_text(c, "", 2);
    assay_continuity_close(&c);
    free(bytes);
}

/* --- the rest of the interface */

Test(services_library, a_receipt_answers_the_nonce_of_its_relying_party)
{
    const char *const folder = in_root("a");
    const uint8_t nonce[32] = { 5, 5 };
    uint8_t bytes[ASSAY_CONTINUITY_RECEIPT_MAX];
    size_t len = 0;
    struct assay_cont_receipt receipt;
    struct assay_continuity *c = start_folder(folder, true);
    expect_result(c, assay_continuity_receipt(c, nonce, bytes, sizeof bytes, &len, TRY_MS),
                  ASSAY_CONTINUITY_TOO_EARLY);
    save_text(c, "one");
    expect_result(c, assay_continuity_receipt(c, nonce, bytes, sizeof bytes, &len, SOON_MS),
                  ASSAY_CONTINUITY_OK);
    cr_assert_eq(assay_cont_receipt_decode(assay_slice_over(bytes, len), &receipt), ASSAY_OK);
    pthread_mutex_lock(&house.lock);
    const struct assay_cont_roster roster = service_ledger_group(house.ledger)->now.roster;
    pthread_mutex_unlock(&house.lock);
    cr_expect_eq(receipt.entry.index, 1);
    cr_expect(assay_cont_receipt_verify(&receipt, &receipt.home, &roster, nonce));
    expect_result(c, assay_continuity_receipt(c, nonce, bytes, 10, &len, SOON_MS),
                  ASSAY_CONTINUITY_MISUSE);
    assay_continuity_close(&c);
}

Test(services_library, an_event_loop_needs_no_call_that_waits)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = open_folder(folder, true);
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    cr_assert_geq(assay_continuity_fd(c), 0);
    for (int i = 0; i < SOON_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        struct pollfd ready = { .fd = assay_continuity_fd(c), .events = POLLIN };
        const int due = assay_continuity_timeout_ms(c);
        if (i % 20 == 0) close_epochs(1);
        (void)poll(&ready, 1, due < 10 ? due : 10);
        expect_result(c, assay_continuity_step(c, 0), ASSAY_CONTINUITY_OK);
        result = assay_continuity_start(c, 0);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    assay_continuity_close(&c);
}

Test(services_library, retired_instances_start_no_more)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / TRY_MS && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        result = assay_continuity_retire(c, TRY_MS);
        close_epochs(1);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    assay_continuity_close(&c);
    expect_start(folder, ASSAY_CONTINUITY_RETIRED);
}

Test(services_library, misuse_is_a_result_with_a_reason)
{
    const char *const folder = in_root("a");
    struct assay_continuity_options o = options_of(folder), bad;
    struct assay_continuity *c = NULL;
    uint8_t longer[sizeof o + 8] = { 0 };
    const uint8_t zeros[32] = { 0 };
    cr_expect_eq(assay_continuity_create(&o, NULL), ASSAY_CONTINUITY_MISUSE);
    expect_result(c, assay_continuity_create(NULL, &c), ASSAY_CONTINUITY_MISUSE);
    assay_continuity_close(&c);
#define REFUSES(change, word)                                                                      \
    do {                                                                                           \
        bad = o;                                                                                   \
        change;                                                                                    \
        expect_result(c, assay_continuity_create(&bad, &c), ASSAY_CONTINUITY_MISUSE);              \
        cr_expect_not_null(strstr(assay_continuity_reason(c), word), "%s",                         \
                           assay_continuity_reason(c));                                            \
        assay_continuity_close(&c);                                                                \
    } while (0)
    REFUSES(bad.size = 8, "size:");
    REFUSES(bad.daemon = NULL, "expected daemon");
    REFUSES(bad.folder = "", "folder:");
    REFUSES(bad.key = zeros, "key:");
    REFUSES(bad.state_max = (size_t)2 << 30, "state_max:");
    REFUSES(bad.checkpoint_len = 5, "checkpoint:");
    REFUSES(bad.later = zeros, "later:");
    assay_bytes_copy(longer, sizeof longer, &o, sizeof o);
    struct assay_continuity_options *const of_later = (void *)longer;
    of_later->size = sizeof longer;
    longer[sizeof longer - 1] = 1;
    expect_result(c, assay_continuity_create(of_later, &c), ASSAY_CONTINUITY_MISUSE);
    cr_expect_not_null(strstr(assay_continuity_reason(c), "later version"));
    assay_continuity_close(&c);
    c = start_folder(folder, true);
    expect_result(c, assay_continuity_wait(c, 7, 0), ASSAY_CONTINUITY_MISUSE);
    expect_result(c, assay_continuity_wait(c, 0, 90000000), ASSAY_CONTINUITY_MISUSE);
    expect_result(c, assay_continuity_update(c, NULL, 1, NULL), ASSAY_CONTINUITY_MISUSE);
    assay_continuity_close(&c);
    assay_continuity_close(NULL);
    cr_expect_str_eq(assay_continuity_reason(NULL), "");
    cr_expect_eq(assay_continuity_fd(NULL), -1);
}

Test(services_library, a_checkpoint_of_another_chain_is_refused_before_anything_is_sent)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    struct assay_continuity_options o = options_of(folder);
    struct assay_checkpoint checkpoint;
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(
        assay_checkpoint_decode(assay_slice_over(o.checkpoint, o.checkpoint_len), &checkpoint),
        ASSAY_OK);
    checkpoint.chain_id[3] ^= 1;
    cr_assert_eq(assay_checkpoint_encode(&checkpoint, &w), ASSAY_OK);
    o.checkpoint = bytes;
    o.checkpoint_len = w.len;
    expect_result(c, assay_continuity_open(&o, &c), ASSAY_CONTINUITY_OTHER_CHAIN);
    assay_continuity_close(&c);
    o = options_of(folder);
    o.group = GROUP + 1;
    expect_result(c, assay_continuity_open(&o, &c), ASSAY_CONTINUITY_OTHER_CHAIN);
    cr_expect_not_null(strstr(assay_continuity_reason(c), "names group 4"));
    assay_continuity_close(&c);
}

Test(services_library, a_socket_without_a_daemon_is_the_reason_of_a_doubt)
{
    const char *const folder = in_root("a");
    struct assay_continuity_options o = options_of(folder);
    struct assay_continuity *c = NULL;
    o.daemon = in_root("nothing");
    expect_result(c, assay_continuity_create(&o, &c), ASSAY_CONTINUITY_OK);
    expect_result(c, assay_continuity_start(c, 50), ASSAY_CONTINUITY_IN_DOUBT);
    cr_expect_not_null(strstr(assay_continuity_reason(c), "no daemon listens"), "%s",
                       assay_continuity_reason(c));
    assay_continuity_close(&c);
}

Test(services_library, each_result_has_a_name_and_a_text)
{
    for (int i = ASSAY_CONTINUITY_OK; i <= ASSAY_CONTINUITY_SYSTEM; i++) {
        const enum assay_continuity_result result = (enum assay_continuity_result)i;
        cr_expect_str_neq(assay_continuity_name(result), "UNKNOWN", "%d", i);
        for (int j = 0; j < i; j++)
            cr_expect_str_neq(assay_continuity_name(result),
                              assay_continuity_name((enum assay_continuity_result)j));
        cr_expect_gt(strlen(assay_continuity_describe(result)), 6);
    }
    cr_expect_str_eq(assay_continuity_name((enum assay_continuity_result)99), "UNKNOWN");
}
