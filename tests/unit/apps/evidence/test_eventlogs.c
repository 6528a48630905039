/*
 * tests/unit/apps/evidence/test_eventlogs.c - `--event-log` as an operator types it: exit
 * status, lines, page and JSON of the program itself, over a TPM on paper.
 */
#include "net/json/json.h"
#include "quote/eventlog/eventlog.h"
#include "tests/support/eventlog_reference.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT "2027-01-15T08:00:00Z" /* PAPER_NOW */

enum { SHA256 = 11, HASH = 32, OUTPUT_MAX = 1 << 17 };

static struct folder folder;
static struct made_log firmware, ima;
static char output[OUTPUT_MAX];

static void put(const char *name, const void *bytes, size_t len)
{
    (void)folder_put(&folder, name, bytes, len, 0644);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static void make_evidence(void)
{
    uint8_t value[64];
    struct simtpm *const p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    simtpm_make(p);
    p->bank_count = 1;
    p->banks[0] = (struct assay_tpm_bank){ SHA256, 1u << 4 | 1u << 10 };
    p->values_len = (size_t)2 * HASH;
    cr_assert_eq(reference_replay(&firmware, 4, SHA256, 99, value), HASH);
    assay_bytes_copy(p->values, HASH, value, HASH);
    cr_assert_eq(reference_replay(&ima, 10, SHA256, 99, value), HASH);
    assay_bytes_copy(p->values + HASH, HASH, value, HASH);
    simtpm_build(p);
    put("quote", p->evidence, p->len);
    put("root.der", p->registrar.root_der, p->registrar.root_der_len);
    simtpm_free(p);
    free(p);
}

static void set_up(void)
{
    static const uint16_t sha256[] = { SHA256 };
    folder = folder_make();
    firmware = log_tcg(sha256, 1);
    log_event(&firmware, 4, 4, "\0\0\0\0", 4);
    log_event(&firmware, 4, 0x80000003u, "kernel", 6);
    log_event(&firmware, 5, 0x80000006u, "partitions", 10);
    ima = log_ima(HASH, false);
    log_file(&ima, 10, "ima-ng", "boot_aggregate", "pcrs");
    log_file(&ima, 10, "ima-ng", "/usr/bin/good", "good");
    make_evidence();
    put("ccel", firmware.bytes, firmware.len);
    put("ima", ima.bytes, ima.len);
    put_text("denies.yaml", "policy_version: 1\nprofile: production\nevents:\n"
                            "  - { state: denied, register: pcr4, data: kernel }\n"
                            "  - { state: required, register: pcr4, data: another }\n");
    put_text("plain.yaml", "policy_version: 1\nprofile: production\n");
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_eventlogs, .init = set_up, .fini = tear_down);

/* Paths are relative to the folder. Out: output, both streams. Returns: the exit status */
static int run(const char *arguments)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "cd %s && %s %s 2>&1 </dev/null", folder.path,
                   ASSAY_PROGRAM, arguments);
    FILE *const out = popen(command, "r");
    cr_assert_not_null(out);
    const size_t len = fread(output, 1, sizeof output - 1, out);
    output[len] = '\0';
    const int status = pclose(out);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_said(const char *text)
{
    cr_expect(strstr(output, text) != NULL, "not said: %s\n%s", text, output);
}

static const struct assay_json *data_of(struct assay_json **document)
{
    const char *const json = strchr(output, '{'); /* after notes of stderr */
    cr_assert_not_null(json, "%s", output);
    cr_assert_eq(assay_json_parse(json, strlen(json), document), ASSAY_OK, "%s", output);
    const struct assay_json *const data = assay_json_get(*document, "data");
    cr_assert_not_null(data);
    return data;
}

static void expect_json(const struct assay_json *object, const char *name, const char *wanted)
{
    const struct assay_json *const value = assay_json_get(object, name);
    cr_assert_not_null(value, "%s is not there", name);
    char *const text = assay_json_print(value, 0);
    cr_expect_str_eq(text, wanted, "%s is %s, not %s", name, text, wanted);
    free(text);
}

Test(apps_eventlogs, logs_in_any_order_are_known_by_their_content)
{
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT
                     " --event-log ima --event-log ccel"),
                 10); /* without a revocation list, alone */
    expect_said("event log   ima: ima, 2 events, 2 of 2 that extend registers proven\n");
    expect_said("event log   ccel: firmware, 3 events, 2 of 3 that extend registers proven\n");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT), 10);
    cr_expect_null(strstr(output, "event log"));
}

Test(apps_eventlogs, a_list_that_was_read_after_the_quote)
{
    struct assay_json *document = NULL;
    log_file(&ima, 10, "ima-ng", "/usr/bin/late", "late");
    put("ima", ima.bytes, ima.len);
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ima"), 10);
    expect_said("event log   ima: ima, 3 events, 2 of 2 that extend registers proven, "
                "1 later than the quote\n");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ima --json"),
                 10);
    const struct assay_json *const told = assay_json_get(data_of(&document), "event_logs");
    expect_json(assay_json_at(assay_json_get(told, "logs"), 0), "later", "1");
    assay_json_free(&document);
}

Test(apps_eventlogs, an_altered_log_is_refused_and_named)
{
    log_event(&firmware, 4, 13, "intruder", 8);
    put("ccel", firmware.bytes, firmware.len);
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ccel"), 11);
    expect_said("event log   ccel: firmware, 4 events, 0 of 4 that extend registers proven: "
                "event-log-mismatch\n");
    expect_said("reason      event-log-mismatch");
    cr_expect_eq(run("evidence explain quote --root root.der --at " AT " --event-log ccel"), 11);
    expect_said("  pcr4   sha256  differs       3 events\n      quoted   ");
    expect_said("      replayed ");
    expect_said("  pcr5           not-quoted    1 events\n");
}

Test(apps_eventlogs, a_file_that_is_no_log_is_refused)
{
    put_text("text", "# no log\n");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log text"), 11);
    expect_said("event log   text: cannot be read: ");
    expect_said("reason      event-log-format");
    expect_said("(expected an event log, whole, observed log 1: ");
    put_text("text", "");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log text"), 11);
    expect_said("reason      event-log-format");
}

Test(apps_eventlogs, explain_says_of_each_event_what_was_expected_found_and_to_do)
{
    cr_expect_eq(run("evidence explain quote --root root.der --at " AT
                     " --policy denies.yaml --event-log ccel"),
                 11);
    expect_said("\nEvent logs\n  ccel: firmware, 3 events, 2 of 3 that extend registers proven: "
                "event-denied\n");
    expect_said("  a measured event is denied (event-denied)\n      expected not denied\n"
                "      observed pcr4 event 1 ");
    expect_said("      in       ccel, event 1 at byte ");
    expect_said(", EV_EFI_BOOT_SERVICES_APPLICATION: kernel\n      do       Replace ");
    expect_said("(event-missing)\n      expected pcr4 another\n      observed no such event\n"
                "      do       Boot ");
    /* No log, no pass. */
    cr_expect_eq(run("evidence explain quote --root root.der --at " AT " --policy denies.yaml"),
                 12);
    expect_said("event-log-missing");
    expect_said("--event-log");
}

Test(apps_eventlogs, json_tells_logs_registers_and_events)
{
    struct assay_json *document = NULL;
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT
                     " --policy denies.yaml --event-log ccel --json"),
                 11);
    const struct assay_json *const told = assay_json_get(data_of(&document), "event_logs");
    const struct assay_json *const log = assay_json_at(assay_json_get(told, "logs"), 0);
    expect_json(log, "file", "\"ccel\"");
    expect_json(log, "form", "\"firmware\"");
    expect_json(log, "status", "\"ASSAY_OK\"");
    expect_json(log, "judged", "true");
    expect_json(log, "events", "3");
    expect_json(log, "extending", "3");
    expect_json(log, "proven", "2");
    expect_json(log, "rule", "\"event-denied\"");
    const struct assay_json *const registers = assay_json_get(told, "registers");
    expect_json(assay_json_at(registers, 0), "register", "\"pcr4\"");
    expect_json(assay_json_at(registers, 0), "bank", "\"sha256\"");
    expect_json(assay_json_at(registers, 0), "state", "\"matches\"");
    expect_json(assay_json_at(registers, 1), "register", "\"pcr5\"");
    expect_json(assay_json_at(registers, 1), "quoted", "null");
    expect_json(told, "failed_count", "2");
    const struct assay_json *const failed = assay_json_at(assay_json_get(told, "failed"), 0);
    expect_json(failed, "rule", "\"event-denied\"");
    expect_json(failed, "file", "\"ccel\"");
    expect_json(assay_json_get(failed, "event"), "text", "\"kernel\"");
    expect_json(assay_json_get(failed, "event"), "index", "1");
    expect_json(assay_json_at(assay_json_get(told, "failed"), 1), "event", "null");
    assay_json_free(&document);
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --json"), 10);
    expect_json(data_of(&document), "event_logs", "null");
    assay_json_free(&document);
}

Test(apps_eventlogs, of_evidence_that_cannot_be_read_no_log_is_looked_at)
{
    struct assay_json *document = NULL;
    cr_expect_eq(run("evidence verify ima --root root.der --at " AT " --event-log ccel"), 13);
    expect_said("event log   ccel: not looked at, the evidence cannot be read\n");
    cr_expect_eq(run("evidence verify ima --root root.der --at " AT " --event-log ccel --json"),
                 13);
    const struct assay_json *const told = assay_json_get(data_of(&document), "event_logs");
    expect_json(assay_json_at(assay_json_get(told, "logs"), 0), "status", "null");
    assay_json_free(&document);
}

Test(apps_eventlogs, a_policy_is_tried_with_logs)
{
    cr_expect_eq(run("policy try denies.yaml quote --collateral . --root root.der --at " AT
                     " --event-log ccel"),
                 11);
    expect_said("decided by  event-denied event-missing\n");
    expect_said("event log   ccel: ");
    cr_expect_eq(run("policy try denies.yaml quote --collateral . --root root.der --at " AT), 12);
    cr_expect_eq(run("policy try denies.yaml quote --collateral . --root root.der --at " AT
                     " --event-log ccel --against plain.yaml"),
                 11);
    expect_said("first only    event-denied");
}

Test(apps_eventlogs, misuse_says_what_was_expected_and_found)
{
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log none"), 5);
    expect_said("--event-log none: no such file");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log none --json"),
                 5);
    expect_said("\"code\": \"not_found\"");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT
                     " --event-log ima --event-log ima --event-log ima --event-log ima"
                     " --event-log ima"),
                 2);
    expect_said("--event-log can be given 4 times");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log /dev/zero"), 2);
    expect_said("--event-log /dev/zero: is a device, expected a regular file");
    put("long", "", 0);
    cr_assert_eq(truncate(folder_at(&folder, "long"), 16777217), 0);
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log long"), 2);
    expect_said("--event-log long: expected at most 16777216 bytes, found more");
    cr_expect_eq(run("evidence decode quote --event-log ima"), 2);
}

/* The list of IMA as the kernel prints it. */
static void put_list_as_text(const char *name)
{
    static char text[2 * LOG_MAX];
    struct assay_eventlog log;
    struct assay_boot_event e;
    size_t used = 0;
    cr_assert_eq(assay_eventlog_open(ima.bytes, ima.len, &log), ASSAY_OK);
    while (assay_eventlog_next(&log, &e) == ASSAY_OK) {
        char digest[2 * HASH + 1], file[2 * HASH + 1];
        assay_hex_encode(e.digests[0].bytes.bytes, HASH, digest, sizeof digest);
        assay_hex_encode(e.file_digest.bytes, HASH, file, sizeof file);
        const int len = snprintf(text + used, sizeof text - used, "%2u %s ima-ng sha256:%s %.*s\n",
                                 (unsigned)e.reg, digest, file, (int)e.file_name.len,
                                 (const char *)e.file_name.bytes);
        cr_assert(len > 0 && used + (size_t)len < sizeof text);
        used += (size_t)len;
    }
    put(name, text, used);
}

Test(apps_eventlogs, a_list_as_text_counts_like_the_binary_one)
{
    put_list_as_text("ascii");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ascii"), 10);
    expect_said("event log   ascii: ima, 2 events, 2 of 2 that extend registers proven\n");
    log_file(&ima, 10, "ima-ng", "/usr/bin/late", "late");
    put_list_as_text("ascii");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ascii"), 10);
    expect_said("1 later than the quote");
    put_text("ascii", "10 1d8d532d463c9f8c205d0df7787669a85f93e260 ima-modsig sha1:00 /x\n");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log ascii"), 2);
    expect_said("give binary_runtime_measurements");
}

/* What the listing says a register becomes is what the verifier compares with the quote. */
Test(apps_eventlogs, events_of_a_log_are_listed_with_their_registers)
{
    struct assay_json *document = NULL;
    uint8_t value[64];
    char wanted[2 * HASH + 1], line[256];
    cr_assert_eq(reference_replay(&firmware, 4, SHA256, 99, value), HASH);
    assay_hex_encode(value, HASH, wanted, sizeof wanted);
    cr_expect_eq(run("evidence eventlog ccel"), 0);
    expect_said("    1  4       EV_EFI_BOOT_SERVICES_APPLICATION");
    expect_said("  kernel\n");
    (void)snprintf(line, sizeof line, "4       sha256    2 events  %s\n", wanted);
    expect_said(line);
    cr_expect_eq(run("evidence eventlog ccel --td"), 0);
    (void)snprintf(line, sizeof line, "rtmr3   sha256    2 events  %s\n", wanted);
    expect_said(line);
    cr_expect_eq(run("evidence eventlog ima --json"), 0);
    const struct assay_json *const data = data_of(&document);
    expect_json(data, "form", "\"ima\"");
    expect_json(assay_json_at(assay_json_get(data, "events"), 1), "text", "\"/usr/bin/good\"");
    cr_assert_eq(reference_replay(&ima, 10, SHA256, 99, value), HASH);
    assay_hex_encode(value, HASH, wanted, sizeof wanted);
    (void)snprintf(line, sizeof line, "\"%s\"", wanted);
    expect_json(assay_json_at(assay_json_get(data, "registers"), 0), "value", line);
    assay_json_free(&document);
}

/* A list of 30,000 files: printed event by event, not first made into one tree of 200 MB. */
Test(apps_eventlogs, a_long_list_takes_little_memory_as_json)
{
    enum { FILES = 30000, LINE = 128, MEMORY_KB_MAX = 120 * 1024 };
    struct rusage children;
    char *const text = malloc((size_t)FILES * LINE);
    size_t len = 0;
    cr_assert_not_null(text);
    for (int i = 0; i < FILES; i++)
        len += (size_t)snprintf(text + len, LINE, "10 %040d ima-ng sha1:%040d /x\n", i, i);
    put("long", text, len);
    free(text);
    /* Freed memory that a sanitizer holds back is none that the program needs. */
    cr_assert_eq(setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1), 0);
    cr_expect_eq(run("evidence eventlog long --json >out && tail -c 9 out"), 0);
    expect_said("]\n  }\n}\n");
    cr_assert_eq(getrusage(RUSAGE_CHILDREN, &children), 0);
    cr_expect_lt(children.ru_maxrss, MEMORY_KB_MAX, "%ld KB", children.ru_maxrss);
}

/* The name of a UEFI variable, whatever its data. */
Test(apps_eventlogs, a_variable_is_listed_by_its_name)
{
    static const uint8_t variable[] = "GUIDGUIDGUIDGUID" /* and two lengths */
                                      "\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"
                                      "P\0K\0\1";
    static const uint8_t cut[] = "GUIDGUIDGUIDGUID"
                                 "\xff\xff\xff\xff\xff\xff\xff\x7f\1\0\0\0\0\0\0\0P\0";
    log_event(&firmware, 7, 0x80000001u, variable, sizeof variable - 1);
    log_event(&firmware, 7, 0x80000001u, cut, sizeof cut - 1);
    put("ccel", firmware.bytes, firmware.len);
    cr_expect_eq(run("evidence eventlog ccel"), 0);
    expect_said("  PK\n");
    expect_said("  GUIDGUIDGUIDGUID\n");
}

Test(apps_eventlogs, what_is_no_whole_log_is_said_with_its_place)
{
    put("cut", firmware.bytes, firmware.len - 3);
    cr_expect_eq(run("evidence eventlog cut"), 13);
    expect_said("cut: event 2 at byte ");
    expect_said("input ends inside a field: the log was cut or changed");
    put_text("table", "CCEL................................");
    cr_expect_eq(run("evidence eventlog table"), 2);
    expect_said("is the ACPI table CCEL");
    cr_expect_eq(run("evidence verify quote --root root.der --at " AT " --event-log table"), 2);
    expect_said("give /sys/firmware/acpi/tables/data/CCEL");
    cr_expect_eq(run("evidence eventlog quote"), 13);
    expect_said("expected an event log");
}
