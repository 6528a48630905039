/*
 * tests/unit/apps/test_device_reports.c - the operator's program for device reports
 * (apps/enclave/device_reports.c): what it is given, what is taken from it, and that nothing of it
 * outlasts its deadline.
 */
#include "apps/enclave/device_reports.h"

#include "base/system_clock.h"
#include "quote/source/soft/soft.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/nvidia/device_samples.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

static struct folder folder;
static struct assay_attester_reports reports;
static char message[ASSAY_SOURCE_MESSAGE_LEN];
static uint8_t challenge[ASSAY_REPORT_DATA_LEN];
static uint8_t set_bytes[ASSAY_DEVICES_LEN_MAX];
static size_t set_len;

/* Two GPUs that answer the challenge, in the file "set". */
static void open_all(void)
{
    static struct assay_device_set set;
    struct assay_slice out;
    folder = folder_make();
    memset(challenge, 0x5a, sizeof challenge);
    set = (struct assay_device_set){ .count = 0 };
    assay_bytes_copy(set.challenge, sizeof set.challenge, challenge, sizeof challenge);
    device_samples_add(&set, 2, 0, 4000);
    struct assay_writer w = assay_writer_over(set_bytes, sizeof set_bytes);
    assay_device_set_encode(&set, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    set_len = out.len;
    (void)folder_put(&folder, "set", set_bytes, set_len, 0600);
    message[0] = '\0';
}

static void close_all(void)
{
    folder_remove(&folder);
}

TestSuite(device_reports, .init = open_all, .fini = close_all, .timeout = 300);

/* Runs a script in the folder. */
static enum assay_status collect(const char *script, uint64_t patience_ms)
{
    char text[1024];
    const int len =
        snprintf(text, sizeof text, "#!/bin/sh\ncd '%s' || exit 9\n%s\n", folder.path, script);
    cr_assert(len > 0 && (size_t)len < sizeof text);
    return assay_attester_collect_reports(folder_put(&folder, "program", text, (size_t)len, 0700),
                                          challenge, assay_monotonic_ms() + patience_ms, &reports,
                                          message);
}

Test(device_reports, are_what_the_program_writes)
{
    cr_assert_eq(collect("cat set; echo it says this >&2", PATIENCE_MS), ASSAY_OK, "%s", message);
    cr_expect_eq(reports.len, set_len);
    cr_expect(assay_bytes_equal(reports.bytes, set_bytes, set_len));
}

/* The nonce is what `assay evidence compose` prints, so that the program needs no arithmetic. */
Test(device_reports, its_arguments_are_challenge_and_nonce)
{
    uint8_t nonce[ASSAY_DEVICE_NONCE_LEN];
    char text[2 * sizeof nonce + 1], script[512];
    assay_device_nonce(challenge, nonce);
    assay_hex_encode(nonce, sizeof nonce, text, sizeof text);
    (void)snprintf(script, sizeof script,
                   "[ $# = 2 ] && [ \"$1\" = \"$(printf '5a%%.0s' $(seq 64))\" ] && "
                   "[ \"$2\" = %s ] && cat set",
                   text);
    cr_expect_eq(collect(script, PATIENCE_MS), ASSAY_OK, "%s", message);
}

/* Keys of the daemon are in its environment nowhere, and its descriptors are not inherited. */
Test(device_reports, the_program_inherits_nothing)
{
    cr_assert_eq(setenv("ASSAY_SECRET", "x", 1), 0);
    const int open_one = open("/dev/null", O_RDONLY); /* not closed by exec alone */
    cr_assert_geq(open_one, 3);
    /* ls has the folder open, too. */
    cr_expect_eq(collect("[ -z \"${ASSAY_SECRET+x}\" ] && ls /proc/self/fd >fds && "
                         "[ $(wc -l <fds) = 4 ] && cat set",
                         PATIENCE_MS),
                 ASSAY_OK, "%s", message);
    (void)close(open_one);
}

Test(device_reports, a_program_that_fails_is_reported_with_its_words)
{
    cr_expect_eq(collect("cat set; echo no GPU here >&2; exit 3", PATIENCE_MS), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "status 3"), "%s", message);
    cr_expect_not_null(strstr(message, "no GPU here"), "%s", message);
    cr_expect_eq(assay_attester_collect_reports(folder_at(&folder, "none"), challenge,
                                                assay_monotonic_ms() + PATIENCE_MS, &reports,
                                                message),
                 ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "No such file"), "%s", message);
    cr_expect_eq(collect("cat set; kill -9 $$", PATIENCE_MS), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "signal 9"), "%s", message);
}

/* What was recorded for another epoch or member is refused before the processor quotes it. */
Test(device_reports, of_another_challenge_are_refused)
{
    challenge[63] ^= 1;
    cr_expect_eq(collect("cat set", PATIENCE_MS), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "its first argument"), "%s", message);
}

Test(device_reports, that_are_no_set_are_refused)
{
    cr_expect_neq(collect("head -c 1000 set", PATIENCE_MS), ASSAY_OK);
    cr_expect_neq(collect("cat set; echo", PATIENCE_MS), ASSAY_OK);
    cr_expect_neq(collect(":", PATIENCE_MS), ASSAY_OK);
    cr_expect_neq(message[0], '\0');
}

Test(device_reports, without_end_are_refused)
{
    cr_expect_eq(collect("exec cat /dev/zero", PATIENCE_MS), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "expected at most 98304 bytes"), "%s", message);
}

Test(device_reports, a_program_that_takes_too_long_is_killed)
{
    cr_expect_eq(collect("exec sleep 1000", 100), ASSAY_E_TIMEOUT);
    cr_expect_not_null(strstr(message, "killed"), "%s", message);
}

/* Its child, whose group it joins, ends when it does. */
Test(device_reports, a_program_that_leaves_its_group_is_killed_at_its_deadline)
{
    cr_expect_eq(collect("exec python3 -c 'import os, time\n"
                         "r, w = os.pipe()\n"
                         "c = os.fork()\n"
                         "if c == 0: os.close(w); os.read(r, 1); os._exit(0)\n"
                         "os.setpgid(c, c)\n"
                         "os.setpgid(0, c)\n"
                         "time.sleep(1000)'",
                         5000),
                 ASSAY_E_TIMEOUT, "%s", message);
    cr_expect_eq(reports.left, 0, "it was reaped");
}

/* One that cannot be killed, as this process of another stands for: nothing else is executed. */
Test(device_reports, nothing_is_executed_beside_a_program_that_runs_on)
{
    const pid_t left = fork();
    if (left == 0) {
        (void)pause();
        _exit(0);
    }
    cr_assert_gt(left, 0);
    reports.left = left;
    cr_expect_eq(collect("cat set", PATIENCE_MS), ASSAY_E_TIMEOUT);
    cr_expect_not_null(strstr(message, "runs on"), "%s", message);
    /* It was killed once more, and ends some time. */
    enum assay_status status = ASSAY_E_TIMEOUT;
    for (int i = 0; i < 6000 && status == ASSAY_E_TIMEOUT; i++) {
        status = collect("cat set", PATIENCE_MS);
        (void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    }
    cr_expect_eq(status, ASSAY_OK, "%s", message);
    cr_expect_eq(reports.left, 0);
}

/* Returns: whether a process runs, and is none that ended and was not reaped. */
static bool is_running(long pid)
{
    char path[64], line[128] = "";
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *const stat = fopen(path, "r");
    if (stat == NULL) return false;
    (void)!fgets(line, sizeof line, stat);
    (void)fclose(stat);
    const char *const end = strrchr(line, ')');
    return end != NULL && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

/* Its children are killed, also when it ended well itself. */
Test(device_reports, nothing_outlasts_the_program)
{
    cr_assert_eq(collect("sleep 1000 >/dev/null 2>&1 & echo $! >child; cat set", PATIENCE_MS),
                 ASSAY_OK, "%s", message);
    FILE *const file = fopen(folder_at(&folder, "child"), "r");
    long child = 0;
    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%ld", &child), 1);
    cr_assert_eq(fclose(file), 0);
    for (int i = 0; i < 6000 && is_running(child); i++)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
    cr_expect_not(is_running(child), "the child runs on");
    if (is_running(child)) (void)kill((pid_t)child, SIGKILL);
}

/* --- with the processor */
static struct assay_slice soft_quote(void)
{
    static uint8_t quote[ASSAY_EVIDENCE_LEN_MAX];
    static struct assay_soft_ca ca;
    static struct assay_soft_node node;
    struct assay_soft_request request = { 0 };
    size_t len = 0;
    cr_assert_eq(assay_soft_ca_create("Vendor", 1700000000, 2000000000, &ca), ASSAY_OK);
    cr_assert_eq(assay_soft_node_create(&ca, "node", NULL, &node), ASSAY_OK);
    assay_device_report_data(challenge, assay_slice_over(set_bytes, set_len), request.report_data);
    cr_assert_eq(assay_soft_quote(&node, &request, quote, sizeof quote, &len), ASSAY_OK);
    return assay_slice_over(quote, len);
}

Test(device_reports, go_with_the_quote_as_one_piece_of_evidence)
{
    static uint8_t whole[ASSAY_COMPOSITE_LEN_MAX];
    size_t len = 0;
    struct assay_package package;
    const struct assay_slice plain = soft_quote();
    cr_assert_eq(collect("cat set", PATIENCE_MS), ASSAY_OK, "%s", message);
    cr_assert_eq(
        assay_attester_pack_reports(&reports, plain, false, whole, sizeof whole, &len, message),
        ASSAY_OK, "%s", message);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SOFT, whole, len, &package), ASSAY_OK);
    cr_expect(assay_slice_equal(package.main, plain));
    cr_expect(assay_slice_equal(package.devices, assay_slice_over(set_bytes, set_len)));
    /* One byte short: nothing is cut off. */
    cr_expect_eq(assay_attester_pack_reports(&reports, plain, false, whole, len - 1, &len, message),
                 ASSAY_E_FULL);
    cr_expect_not_null(strstr(message, "a network carries"), "%s", message);
    const struct assay_slice strange = assay_slice_over((const uint8_t *)"x", 1);
    cr_expect_neq(
        assay_attester_pack_reports(&reports, strange, false, whole, sizeof whole, &len, message),
        ASSAY_OK);
}

/* Packed where the policy accepts it, over the same bytes, which the processor quoted. */
Test(device_reports, are_packed_on_request)
{
    static uint8_t whole[ASSAY_EVIDENCE_LEN_MAX], buffer[ASSAY_DEVICES_LEN_MAX];
    size_t len = 0;
    struct assay_package package;
    struct assay_slice unpacked;
    cr_assert_eq(collect("cat set", PATIENCE_MS), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_attester_pack_reports(&reports, soft_quote(), true, whole, sizeof whole,
                                             &len, message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SOFT, whole, len, &package), ASSAY_OK);
    cr_expect_eq(package.devices.len, 0);
    cr_expect_lt(package.packed.len, set_len / 4);
    cr_assert_eq(assay_device_set_bytes(&package, buffer, &unpacked), ASSAY_OK);
    cr_expect(assay_slice_equal(unpacked, assay_slice_over(set_bytes, set_len)));
}
