/*
 * tests/unit/apps/test_operate.c - tests of the pages of `assay status`, `assay explain` and
 * `assay doctor`, over documents as a daemon sends them.
 *
 * The client is replaced: it returns the documents that a test has set.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/assay/operate/doctor.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DOCUMENTS = 8, OUTPUT_MAX = 1 << 14 };

static struct {
    const char *request, *text; /* "status", or "GET /v1/collateral" */
} documents[DOCUMENTS];
static size_t document_count;
static struct folder folder;
static char output[OUTPUT_MAX];
static struct assay_doctor doctor; /* large */

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_operate, .init = set_up, .fini = tear_down, .timeout = 120);

/* ------------------------------------------------------------ a daemon of documents */

static void serve(const char *request, const char *text)
{
    for (size_t i = 0; i < document_count; i++)
        if (strcmp(documents[i].request, request) == 0) {
            documents[i].text = text;
            return;
        }
    cr_assert(document_count < DOCUMENTS);
    documents[document_count].request = request;
    documents[document_count++].text = text;
}

enum assay_status assay_client_request(const char *socket_path, const char *request,
                                       unsigned timeout_ms, struct assay_json **document)
{
    (void)socket_path;
    (void)timeout_ms;
    for (size_t i = 0; i < document_count; i++)
        if (strcmp(documents[i].request, request) == 0)
            return assay_json_parse(documents[i].text, strlen(documents[i].text), document);
    return ASSAY_E_NOT_FOUND;
}

/* All requests here are to a socket. */
const char *assay_client_context(const char *where)
{
    (void)where;
    return NULL;
}

enum assay_status assay_client_get(const char *where, const char *target, unsigned timeout_ms,
                                   struct assay_json **document)
{
    char request[256];
    (void)snprintf(request, sizeof request, "GET %s", target);
    return assay_client_request(where, request, timeout_ms, document);
}

void assay_client_fault(const char *socket_path, enum assay_status status,
                        char message[static ASSAY_CLIENT_FAULT_LEN])
{
    (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN, "%s: %d", socket_path, (int)status);
}

/* Rows are kept and not printed. */
void cli_doctor_report(struct assay_doctor *d, const char *about, enum assay_health health,
                       const char *expected, const char *advice, const char *format, ...)
{
    va_list args;
    cr_assert(d->count < ASSAY_DOCTOR_ROWS_MAX);
    struct assay_doctor_row *const row = &d->rows[d->count++];
    *row = (struct assay_doctor_row){
        .about = about, .health = health, .expected = expected, .advice = advice
    };
    va_start(args, format);
    (void)vsnprintf(row->found, sizeof row->found, format, args);
    va_end(args);
}

/* The only row about this; NULL: there is none. */
static const struct assay_doctor_row *row_of(const char *about)
{
    const struct assay_doctor_row *found = NULL;
    for (size_t i = 0; i < doctor.count; i++) {
        if (strcmp(doctor.rows[i].about, about) != 0) continue;
        cr_assert_null(found, "%s", about);
        found = &doctor.rows[i];
    }
    return found;
}

/* ------------------------------------------------------------ what is printed */

static void run(int (*command)(int argc, char **argv), const char *name, const char *word)
{
    char words[2][32];
    char *argv[] = { words[0], word != NULL ? words[1] : NULL, NULL };
    (void)snprintf(words[0], sizeof words[0], "%s", name);
    (void)snprintf(words[1], sizeof words[1], "%s", word != NULL ? word : "");
    const char *const path = folder_at(&folder, "out");
    const int kept = dup(STDOUT_FILENO);
    const int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    cr_assert(kept >= 0 && fd >= 0);
    (void)fflush(stdout);
    cr_assert(dup2(fd, STDOUT_FILENO) >= 0);
    const int argc = word != NULL ? 2 : 1;
    const int fits = cli_options_check(argc, argv);
    const int result = fits < 0 ? command(argc, argv) : fits;
    (void)fflush(stdout);
    cr_assert(dup2(kept, STDOUT_FILENO) >= 0);
    (void)close(kept);
    const ssize_t len = pread(fd, output, sizeof output - 1, 0);
    (void)close(fd);
    cr_assert(len > 0);
    output[len] = '\0';
    cr_assert_eq(result, ASSAY_EXIT_OK, "%s", output);
}

static void expect_printed(const char *text)
{
    cr_expect_not_null(strstr(output, text), "expected \"%s\":\n%s", text, output);
}

static void expect_absent(const char *text)
{
    cr_expect_null(strstr(output, text), "not expected \"%s\":\n%s", text, output);
}

static void show_status(const char *text)
{
    serve("status", text);
    run(cli_command_status, "status", NULL);
}

#define CHAIN                                                                                      \
    "\"head_age_ms\":100,\"epoch_ms\":1000,\"epoch\":42,\"weight\":10000,"                         \
    "\"seat_weight\":10000,\"certified\":true"

/* ------------------------------------------------------------ status */

Test(apps_operate, a_fence_stands_before_everything_else)
{
    show_status("{\"data\":{" CHAIN ",\"fenced\":true,\"stale\":true,\"behind\":true,"
                "\"voting\":false,\"sentence\":\"FENCED, the operators have fenced this era and "
                "nothing more is signed in it; STALE, nothing has become final for 6 s\"}}");
    cr_expect_eq(strncmp(output, "FENCED, the operators have fenced this era", 42), 0, "%s",
                 output);
    expect_printed("signed in it;\nSTALE, nothing");
    expect_printed("voting         no: the operators have fenced this era\n");
    expect_absent("catching up");
    expect_absent("a third");
    show_status("{\"data\":{" CHAIN ",\"fenced\":false,\"stale\":true,\"behind\":true,"
                "\"sentence\":\"STALE, nothing has become final for 6 s\"}}");
    expect_absent("FENCED");
    expect_printed("voting         no, behind the others: catching up\n");
    expect_printed("more than a third");
}

Test(apps_operate, the_status_has_the_reason_for_no_vote)
{
    show_status("{\"data\":{" CHAIN ",\"voting\":false,\"incarnation_waiting\":true}}");
    expect_printed("voting         no: its new keys wait until a block lists them");
    show_status("{\"data\":{" CHAIN ",\"voting\":false,\"stage\":\"resting\",\"behind\":true}}");
    expect_printed("voting         no: the operators drained this node\n");
    show_status("{\"data\":{\"voting\":false,\"weight\":0,\"seat_weight\":0}}");
    expect_printed("voting         no: it has no weight (assay explain");
    show_status("{\"data\":{" CHAIN ",\"voting\":false}}");
    expect_printed("voting         no: it requests its own votes");
    show_status("{\"data\":{\"voting\":true,\"weight\":9,\"seat_weight\":0}}");
    expect_printed("voting         yes, it has no seat: it ballots alone\n");
    show_status("{\"data\":{" CHAIN ",\"voting\":true}}");
    expect_printed("voting         yes\n");
}

Test(apps_operate, drained_members_are_named)
{
    serve("nodes", "{\"data\":{\"nodes\":[{\"name\":\"node-1\",\"stage\":\"member\"},"
                   "{\"name\":\"node-3\",\"stage\":\"resting\"},"
                   "{\"name\":\"node-5\",\"stage\":\"left\"},"
                   "{\"name\":\"node-4\",\"stage\":\"resting\"}]}}");
    show_status("{\"data\":{" CHAIN ",\"sentence\":\"2 of 2 attested, 2 full\"}}");
    expect_printed("drained        node-3, node-4: ");
    expect_printed("--undrain");
    serve("nodes", "{\"data\":{\"nodes\":[{\"name\":\"node-1\",\"stage\":\"member\"}]}}");
    show_status("{\"data\":{" CHAIN "}}");
    expect_absent("drained");
}

#define VOTER(name, weight, level)                                                                 \
    "{\"name\":\"" name "\",\"weight\":" weight ",\"level\":" level "}"

Test(apps_operate, a_level_that_is_available_names_the_voters_that_it_waits_for)
{
    const char *const status = "{\"data\":{" CHAIN ",\"level\":1}}";
    serve("nodes",
          "{\"data\":{\"nodes\":[" VOTER("node-1", "9", "1") "," VOTER("node-2", "9", "1") "]}}");
    show_status(status);
    expect_printed("feature level  1\n");
    expect_absent("available");
    serve("nodes", "{\"data\":{\"nodes\":[" VOTER("node-1", "9", "2") "," VOTER(
                       "node-2", "9", "1") "," VOTER("node-3", "9", "3") "," VOTER("node-4", "0",
                                                                                   "1") "]}}");
    show_status(status);
    expect_printed("feature level  1; level 2 available: 2 of 3 voters announce it,\n"
                   "               waiting for node-2\n");
    expect_absent("--parameter level");
    serve("nodes",
          "{\"data\":{\"nodes\":[" VOTER("node-1", "9", "2") "," VOTER("node-4", "0", "1") "]}}");
    show_status(status);
    expect_printed("level 2 available: 1 of 1 voters announce it:\n"
                   "               assay change draft --parameter level=2 --out level.change\n");
    expect_absent("waiting for");
}

#define ROOT(digit) "{\"id\":\"" digit "bf7f805eb17b5f\",\"members\":[\"node-" digit "\"]}"

Test(apps_operate, vendor_roots_have_the_names_of_the_policy)
{
    serve("GET /v1/collateral", "{\"data\":{\"roots\":[{\"root\":\"1bf7f805eb17b5f\","
                                "\"name\":\"vendor-1\"},{\"root\":\"2bf7f805eb17b5f\","
                                "\"name\":\"\"}]}}");
    show_status(
        "{\"data\":{" CHAIN
        ",\"http\":\"http.sock\",\"tolerance\":{\"vendors_stop\":[" ROOT("1") "," ROOT(
            "2") "," ROOT("3") "," ROOT("4") "," ROOT("5") "],"
                                                           "\"members_stop\":1,\"any_vendors_"
                                                           "stop\":2,\"any_vendors_break\":1}}}");
    expect_printed("vendor root vendor-1 (1bf7f805eb17b5f) alone stops the network (node-1)\n");
    expect_printed("vendor root 2bf7f805eb17b5f alone stops the network (node-2)\n");
    expect_printed("(node-3)\n");
    expect_absent("(node-4)");
    expect_printed("and 2 more, each of which alone stops the network: assay status --json\n");
    expect_printed("tolerates      1 more member may fail, none may be Byzantine\n");
    expect_printed(" no operator may fail with all its members, none may be Byzantine\n");
    expect_printed(" 2 vendor roots may fail with all its members, 1 may be Byzantine\n");
    show_status("{\"data\":{" CHAIN ",\"tolerance\":{\"vendors_stop\":[" ROOT("1") "]}}}");
    expect_printed("vendor root 1bf7f805eb17b5f alone");
    expect_absent("more, each");
}

Test(apps_operate, the_status_has_no_lines_for_what_cannot_occur)
{
    show_status("{\"data\":{" CHAIN ",\"member_count\":1,\"cuts\":\"none\"}}");
    expect_printed("tolerates      no more member may fail");
    expect_absent("operator may fail");
    expect_absent("vendor root may fail");
    expect_absent("clock ");
    expect_absent("cuts ");
    show_status("{\"data\":{" CHAIN ",\"member_count\":4,\"cuts\":\"operators alone\"}}");
    expect_printed("no operator may fail");
    expect_printed("no vendor root may fail");
    expect_printed("clock          too few members");
    expect_printed("cuts           operators alone\n               cuts reduce weights");
}

/* Names are of operators that are not trusted, and end at a terminal. */
Test(apps_operate, nothing_of_a_name_commands_a_terminal_or_turns_its_text)
{
    static const char *const marks[] = { "\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f",
                                         "\xe2\x80\xa8", "\xe2\x80\xaa", "\xe2\x80\xae",
                                         "\xe2\x81\xa6", "\xe2\x81\xa9", "\xc2\x9b" };
    static const char *const plain[] = { "\xe2\x80\x90", "\xe2\x80\xaf", "\xe2\x81\xa5",
                                         "\xc3\xa9",     "\xd8\x9d",     "\xe2\x82\xac" };
    char text[32], wanted[32];
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        (void)snprintf(text, sizeof text, "a%sb", marks[i]);
        (void)snprintf(wanted, sizeof wanted, "a%.*sb", (int)strlen(marks[i]), "???");
        cr_expect_str_eq(cli_text_sanitized(text), wanted, "%zu", i);
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        (void)snprintf(text, sizeof text, "a%sb", plain[i]);
        cr_expect_str_eq(cli_text_sanitized(text), text, "%zu", i);
    }
    cr_expect_str_eq(cli_text_sanitized("a\x1b[2J\xe2\x80"), "a?[2J\xe2\x80", "cut within one");
}

Test(apps_operate, what_is_cut_ends_with_a_mark)
{
    char text[600];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    const char *const cut = cli_text_sanitized(text);
    cr_expect_eq(strlen(cut), 511);
    cr_expect_str_eq(cut + 507, "x...");
    text[511] = '\0';
    cr_expect_str_eq(cli_text_sanitized(text), text);
    char small[8] = "abc\xc3\xa9"
                    "de";
    cli_text_mark_cut(small, sizeof small, 7);
    cr_expect_str_eq(small,
                     "abc\xc3\xa9"
                     "de",
                     "it has room");
    cli_text_mark_cut(small, sizeof small, 8);
    cr_expect_str_eq(small, "abc...", "no half of a character");
}

/* ------------------------------------------------------------ explain, nodes */

#define FALL(code, epoch)                                                                          \
    "\"reasons\":[{\"about\":\"integrity\",\"code\":\"" code "\","                                 \
    "\"text\":\"zero: its evidence fails hard\",\"epoch\":" epoch "}]"
#define UNKNOWN "measurement-unknown: expected a reference value, observed "
#define DIGEST                                                                                     \
    "59aaa5b5973bad71f1ebcd12ad811951ef90259aaa5b5973bad71f1ebcd12ad811951ef90259aaa5b5973bad71f1" \
    "eb"

static void explain(const char *node)
{
    serve("node node-3", node);
    run(cli_command_explain, "explain", "node-3");
}

/* The outcome of today is a pass; the score is low by what failed then. */
Test(apps_operate, the_rule_that_suspended_a_node_is_named_until_it_has_recovered)
{
    serve("status", "{\"data\":{\"http\":\"http.sock\"}}");
    serve("timeline since=0 node=node-3",
          "{\"data\":{\"events\":["
          "{\"event\":\"fail_proven\",\"epoch\":900,\"name\":\"node-3\","
          "\"text\":\"node-3 proven to fail: of another fall\"},"
          "{\"event\":\"fail_proven\",\"epoch\":1515,\"name\":\"node-3\","
          "\"text\":\"node-3 proven to fail: " UNKNOWN DIGEST "\"},"
          "{\"event\":\"fail_proven\",\"epoch\":1515,\"name\":\"node-4\","
          "\"text\":\"node-4 proven to fail: of another node\"}]}}");
#define NODE "\"name\":\"node-3\",\"standing\":\"SUSPENDED\",\"own_outcome\":\"pass-up-to-date\","
    serve(
        "GET /v1/nodes/node-3/explain",
        "{\"data\":{\"node\":{" NODE "\"last_reason\":\"absent: none\"," FALL(
            "fail_hard",
            "1516") "},"
                    "\"moves\":[{\"epoch\":1516,\"standing_from\":\"SUSPENDED\",\"standing_to\":"
                    "\"SUSPENDED\"},"
                    "{\"epoch\":1515,\"standing_from\":\"FULL\",\"standing_to\":\"SUSPENDED\"},"
                    "{\"epoch\":800,\"standing_from\":\"FULL\",\"standing_to\":\"SUSPENDED\"}]}}");
    explain("{\"data\":{" NODE "\"last_reason\":\"absent: none\"," FALL("fail_hard", "1516") "}}");
    expect_printed("standing       SUSPENDED\n");
    expect_printed("integrity: zero: its evidence fails hard, in epoch 1516\n");
    expect_printed("failed rule    " UNKNOWN DIGEST ", epoch 1515\n");
    expect_absent("of another");
    expect_absent("absent: none");
    /* Without HTTP, and with a timeline that has nothing of it: the reason that the node keeps. */
    serve("status", "{\"data\":{}}");
    serve("timeline since=0 node=node-3", "{\"data\":{\"events\":[]}}");
#define FAILS "\"name\":\"node-3\",\"standing\":\"WARNING\",\"own_outcome\":\"fail-soft\","
    explain("{\"data\":{" FAILS "\"last_reason\":\"svn: too low\"," FALL("fail_soft", "1516") "}}");
    expect_printed("failed rule    svn: too low\n");
    explain("{\"data\":{" NODE "\"last_reason\":\"svn: too low\"," FALL("fail_soft", "1516") "}}");
    expect_absent("svn"); /* it may be of any later epoch */
    /* Low by something else, or not low at all. */
    explain("{\"data\":{" NODE "\"last_reason\":\"svn: too low\"," FALL("false_pass", "9") "}}");
    expect_absent("svn");
    explain("{\"data\":{" NODE "\"last_reason\":\"svn: too low\",\"reasons\":[]}}");
    expect_absent("svn");
}

/* A device that fails is named with its reason; a member without devices has no word of them. */
Test(apps_operate, the_devices_of_a_node_are_explained)
{
#define GPU(n, rest)                                                                               \
    "{\"name\":\"gpu " n " (GH100)\",\"driver\":\"550.90.07\",\"firmware\":\"96.00\"," rest "}"
    serve("status", "{\"data\":{}}");
    serve(
        "evidence ab",
        "{\"data\":{\"verdict\":{\"devices\":[" GPU(
            "0",
            "\"tier\":\"affirming\",\"rule\":null") "," GPU("1",
                                                            "\"tier\":\"contraindicated\",\"rule\":"
                                                            "\"gpu-driver\"") "],"
                                                                              "\"reasons\":[{"
                                                                              "\"text\":\"too "
                                                                              "old\",\"observed\":"
                                                                              "\"gpu 1 (GH100): "
                                                                              "535\",\"expected\":"
                                                                              "\"550\"},"
                                                                              "{\"text\":\"of the "
                                                                              "processor\","
                                                                              "\"observed\":\"svn "
                                                                              "1\",\"expected\":"
                                                                              "\"\"}"
                                                                              "]}}}");
    explain("{\"data\":{\"name\":\"node-3\",\"node_id\":\"ab\",\"standing\":\"FULL\"}}");
    expect_printed("\nIts devices\ngpu 0 (GH100)");
    expect_printed("driver 550.90.07, firmware 96.00: affirming\n");
    expect_printed("driver 550.90.07, firmware 96.00: contraindicated, gpu-driver\n");
    expect_printed("  too old: gpu 1 (GH100): 535, expected 550\n");
    expect_absent("of the processor");
    serve("evidence ab", "{\"data\":{\"verdict\":{\"devices\":[]}}}");
    explain("{\"data\":{\"name\":\"node-3\",\"node_id\":\"ab\",\"standing\":\"FULL\"}}");
    expect_absent("devices");
}

#define LAST_FALL(first, last)                                                                     \
    "\"reasons\":[],\"last_fall\":{\"since_epoch\":" first ",\"since_unix_ms\":1700000000000,"     \
    "\"epoch\":" last ",\"epoch_unix_ms\":1700000120000,\"from\":\"FULL\",\"to\":\"SUSPENDED\"}"

/* docs/protocol.md 7.16: of the ledger, so it is there after any number of epochs, without HTTP. */
Test(apps_operate, the_last_fall_has_its_epoch_and_time)
{
    serve("status", "{\"data\":{}}");
    explain(
        "{\"data\":{\"name\":\"node-3\",\"standing\":\"SUSPENDED\"," LAST_FALL("33", "33") "}}");
    expect_printed("fell           from FULL to SUSPENDED in epoch 33 (2023-11-14 22:13 UTC)\n");
    explain(
        "{\"data\":{\"name\":\"node-3\",\"standing\":\"RESTRICTED\"," LAST_FALL("33", "35") "}}");
    /* Two ends and what the last one led to; how it stood between them the ledger does not have. */
    expect_printed("fell           FULL until epoch 32\n"
                   "               worse since epoch 33 (2023-11-14 22:13 UTC)\n"
                   "               SUSPENDED by epoch 35 (2023-11-14 22:15 UTC)\n");
    explain("{\"data\":{\"name\":\"node-3\",\"standing\":\"FULL\"," LAST_FALL("33", "35") "}}");
    expect_absent("fell");
    explain("{\"data\":{\"name\":\"node-3\",\"standing\":\"SUSPENDED\",\"stage\":"
            "\"resting\"," LAST_FALL("33", "35") "}}");
    expect_absent("fell");
    explain("{\"data\":{\"name\":\"node-3\",\"standing\":\"WARNING\",\"last_fall\":null}}");
    expect_absent("fell");
}

#define STEPS                                                                                      \
    "\"name\":\"node-3\",\"standing\":\"SUSPENDED\",\"last_fall\":{\"since_epoch\":199,"           \
    "\"since_unix_ms\":1700000000000,\"since_cause\":{\"about\":\"availability\",\"text\":"        \
    "\"half of the weight did not see it\"},\"epoch\":202,\"epoch_unix_ms\":1700000180000,"        \
    "\"cause\":{\"about\":\"integrity\",\"text\":\"its evidence fails hard\"},"                    \
    "\"from\":\"FULL\",\"to\":\"SUSPENDED\"}"
#define MOVED(epoch, from, to, integrity)                                                          \
    "{\"epoch\":" epoch ",\"at_unix_ms\":1700000060000,\"standing_from\":\"" from                  \
    "\",\"standing_to\":\"" to "\",\"integrity_from_bp\":10000,\"integrity_to_bp\":" integrity     \
    ",\"integrity_text\":\"a vote was false\",\"availability_text\":\"absent\"}"

/* An operator sees since when each standing was, and what each step fell by. */
Test(apps_operate, a_fall_in_steps_has_each_of_them)
{
    serve("status", "{\"data\":{\"http\":\"http.sock\"}}");
    serve("GET /v1/nodes/node-3/explain",
          "{\"data\":{\"node\":{" STEPS
          "},\"moves\":[" MOVED("202", "RESTRICTED", "SUSPENDED", "0") "," MOVED(
              "200", "WARNING", "RESTRICTED",
              "7000") "," MOVED("199", "FULL", "WARNING",
                                "10000") "," MOVED("120", "WARNING", "FULL", "10000") "]}}");
    explain("{\"data\":{" STEPS "}}");
    expect_printed("fell           FULL until epoch 198\n"
                   "               WARNING since epoch 199 (2023-11-14 22:14 UTC): availability: "
                   "half of the weight did not see it\n"
                   "               RESTRICTED since epoch 200 (2023-11-14 22:14 UTC): integrity: "
                   "a vote was false\n"
                   "               SUSPENDED since epoch 202 (2023-11-14 22:14 UTC): integrity: "
                   "its evidence fails hard\n");
    expect_absent("since epoch 120");
    /* A last failure that left the standing as it was. */
    serve("GET /v1/nodes/node-3/explain", "{\"data\":{\"node\":{" STEPS "},\"moves\":[" MOVED(
                                              "199", "FULL", "SUSPENDED", "10000") "]}}");
    explain("{\"data\":{" STEPS "}}");
    expect_printed("               SUSPENDED since epoch 199 (2023-11-14 22:14 UTC): availability: "
                   "half of the weight did not see it\n"
                   "               SUSPENDED again in epoch 202 (2023-11-14 22:16 UTC): integrity: "
                   "its evidence fails hard\n");
    /* A history that begins within the fall, and none. */
    serve("GET /v1/nodes/node-3/explain", "{\"data\":{\"node\":{" STEPS "},\"moves\":[" MOVED(
                                              "202", "RESTRICTED", "SUSPENDED", "0") "]}}");
    explain("{\"data\":{" STEPS "}}");
    expect_printed(
        "               worse since epoch 199 (2023-11-14 22:13 UTC): availability: half "
        "of the weight did not see it\n"
        "               SUSPENDED since epoch 202 (2023-11-14 22:14 UTC): integrity: "
        "its evidence fails hard\n");
}

/* Mutual TLS is for other machines: a command at the socket has no certificate to show. */
Test(apps_operate, a_page_beside_mutual_tls_names_the_context)
{
    serve("status", "{\"data\":{\"http\":\"0.0.0.0:8443\",\"http_tls\":true}}");
    serve("GET /v1/nodes/node-3/explain", "{\"data\":{\"node\":{\"name\":\"no answer\"}}}");
    explain("{\"data\":{\"name\":\"node-3\"}}");
    expect_printed("0.0.0.0:8443 (listen.http) demands client certificates");
    expect_printed("--context NAME of a context of this network (assay context list");
    expect_absent("no answer");
    serve("status", "{\"data\":{\"http\":\"127.0.0.1:8443\",\"http_tls\":false}}");
    explain("{\"data\":{\"name\":\"node-3\"}}");
    expect_absent("demands");
}

#define LOW(code, epoch)                                                                           \
    "\"reasons\":[{\"about\":\"availability\",\"code\":\"" code "\","                              \
    "\"text\":\"a reason\",\"epoch\":" epoch "}]"

Test(apps_operate, a_low_score_by_a_drain_has_that_reason)
{
    serve("status", "{\"data\":{}}");
    explain("{\"data\":{\"name\":\"node-3\",\"stage\":\"resting\"," LOW("drained", "30") "}}");
    expect_printed("because        availability: a reason, since epoch 30\n");
    explain("{\"data\":{\"name\":\"node-3\",\"stage\":\"member\"," LOW("fall", "30") "}}");
    expect_printed("because        availability: a reason, in epoch 30\n");
    explain("{\"data\":{\"name\":\"node-3\",\"stage\":\"member\"," LOW("joined", "null") "}}");
    expect_printed("because        availability: a reason\n");
    serve("nodes", "{\"data\":{\"nodes\":[{\"name\":\"node-3\",\"stage\":\"resting\"," LOW(
                       "drained",
                       "30") "},"
                             "{\"name\":\"node-4\",\"stage\":\"left\"," LOW("rise", "null") "}]}}");
    run(cli_command_nodes, "nodes", NULL);
    expect_printed(" DRAINED ");
    expect_printed("-  by the operators since epoch 30\n");
    expect_printed(" LEFT ");
    expect_printed("-  a reason\n");
}

#define RECOVERY                                                                                   \
    "\"recovery\":{\"blocked\":null,\"text\":\"RESTRICTED in 29 epochs, FULL in 73, about 18:40 "  \
    "UTC\",\"assumes\":\"every verification of its evidence is good\",\"steps\":[{\"standing\":"   \
    "\"RESTRICTED\",\"epochs\":29,\"epoch\":70,\"at_unix_ms\":1751624924007},{\"standing\":"       \
    "\"FULL\",\"epochs\":73,\"epoch\":114,\"at_unix_ms\":1751627564007}]}"

/* A standing says what the ledger grants; the condition why. */
Test(apps_operate, a_node_that_is_away_is_not_shown_as_suspended)
{
    serve("status", "{\"data\":{}}");
#define AWAY "\"name\":\"node-3\",\"standing\":\"SUSPENDED\",\"condition\":\"OFFLINE\""
    serve("nodes", "{\"data\":{\"nodes\":[{" AWAY "}]}}");
    run(cli_command_nodes, "nodes", NULL);
    expect_printed("CONDITION");
    expect_printed(" OFFLINE ");
    expect_absent("SUSPENDED");
    explain("{\"data\":{" AWAY ",\"recovery\":{\"blocked\":\"offline\",\"text\":\"not while it is "
            "offline\",\"assumes\":\"all is good\",\"steps\":[]}}}");
    expect_printed("node-3 OFFLINE\n");
    expect_printed("condition      OFFLINE\nstanding       SUSPENDED\n");
    expect_printed("recovers       not while it is offline\n");
    expect_absent("all is good");
}

Test(apps_operate, a_node_that_recovers_has_the_way_back_and_its_times)
{
    serve("status", "{\"data\":{}}");
#define BACK "\"name\":\"node-3\",\"standing\":\"SUSPENDED\",\"condition\":\"SUSPENDED\"," RECOVERY
    serve("nodes", "{\"data\":{\"nodes\":[{" BACK ",\"reasons\":[{\"about\":\"integrity\","
                   "\"code\":\"fail_hard\",\"text\":\"a fall\",\"epoch\":33,"
                   "\"at_unix_ms\":1751624924007}]}]}}");
    run(cli_command_nodes, "nodes", NULL);
    expect_printed("-  a fall, in epoch 33 (2025-07-04 10:28 UTC); full in 73 epochs "
                   "(2025-07-04 11:12 UTC)\n");
    explain("{\"data\":{" BACK ",\"last_fall\":{\"since_epoch\":33,\"epoch\":35,\"from\":\"FULL\","
            "\"to\":\"SUSPENDED\",\"cause\":\"its evidence fails hard\","
            "\"since_unix_ms\":1751624924007}}}");
    expect_printed("fell           FULL until epoch 32\n"
                   "               worse since epoch 33 (2025-07-04 10:28 UTC)\n"
                   "               SUSPENDED by epoch 35\n");
    expect_printed("recovers       RESTRICTED in 29 epochs, FULL in 73, about 18:40 UTC\n"
                   "               if every verification of its evidence is good\n");
    explain("{\"data\":{\"name\":\"node-3\",\"standing\":\"FULL\",\"recovery\":null,\"last_fall\":"
            "null}}");
    expect_absent("recovers");
    expect_absent("fell ");
}

Test(apps_operate, epochs_have_times)
{
#define TIMES "\"epoch\":42,\"epoch_t0_ms\":1751624924007,\"epoch_ms\":60000"
    serve("status", "{\"data\":{\"http\":\"http.sock\"}}");
    serve("GET /v1/nodes/node-3/explain",
          "{\"data\":{" TIMES ",\"node\":{\"name\":\"node-3\",\"standing\":\"SUSPENDED\","
          "\"last_attempt_epoch\":42,\"last_success_epoch\":40},"
          "\"votes\":[{\"slot\":9,\"name\":\"node-9\"}],\"tally\":{\"epoch\":41},"
          "\"moves\":[{\"epoch\":41,\"at_unix_ms\":1751624924007,\"standing_from\":\"FULL\","
          "\"standing_to\":\"SUSPENDED\"}]}}");
    explain("{\"data\":{\"name\":\"node-3\"}}");
    expect_printed("standing       SUSPENDED\n");
    expect_printed("  epoch 41      (2025-07-04 10:28 UTC)");
    expect_printed("Votes, epoch 41 (2025-07-04 10:27 UTC)\n");
    expect_printed("requested      in epoch 42 (2025-07-04 10:28 UTC), last passed in epoch 40 "
                   "(2025-07-04 10:26 UTC)\n");
    show_status("{\"data\":{" TIMES ",\"changes\":{\"pending\":1,\"next_activation\":45}}}");
    expect_printed("chain          epoch 42 (2025-07-04 10:28 UTC), height");
    expect_printed("the next in epoch 45 (2025-07-04 10:31 UTC): assay change list\n");
    show_status("{\"data\":{" CHAIN "}}");
    expect_printed("chain          epoch 42, height");
}

/* ------------------------------------------------------------ doctor */

static void diagnose(const char *status, const char *nodes)
{
    memset(&doctor, 0, sizeof doctor);
    serve("status", status);
    serve("nodes", nodes);
    cli_doctor_daemon(&doctor);
    cr_assert_not_null(row_of("quorum"));
}

static void expect_row(const char *about, const char *found, const char *advice)
{
    const struct assay_doctor_row *const row = row_of(about);
    cr_assert_not_null(row, "%s", about);
    cr_expect_not_null(strstr(row->found, found), "expected \"%s\": %s", found, row->found);
    cr_expect_not_null(strstr(row->advice, advice), "expected \"%s\": %s", advice, row->advice);
}

#define ALL_THERE                                                                                  \
    CHAIN ",\"total_weight\":30000,\"voting\":true,\"closing\":{\"progress\":true,"                \
          "\"present_weight\":30000,\"missing\":[]}"
#define WEIGHTY "{\"name\":\"node-1\",\"stage\":\"member\",\"weight\":10000}"

Test(apps_operate, the_doctor_of_a_quorum_knows_who_has_no_weight)
{
    diagnose("{\"data\":{" ALL_THERE ",\"tolerance\":{\"members_stop\":0}}}",
             "{\"data\":{\"nodes\":[" WEIGHTY ",{\"name\":\"node-3\",\"weight\":0},"
             "{\"name\":\"node-9\",\"stage\":\"left\",\"weight\":0}]}}");
    expect_row("quorum",
               "100 % of the weight is reachable, no more member may fail; without weight: node-3",
               "assay explain NODE");
    cr_expect_null(strstr(row_of("quorum")->advice, "add members"));
    diagnose("{\"data\":{" ALL_THERE ",\"tolerance\":{\"members_stop\":0}}}",
             "{\"data\":{\"nodes\":[" WEIGHTY
             ",{\"name\":\"node-3\",\"stage\":\"resting\",\"weight\":0}]}}");
    expect_row("quorum", "may fail; drained: node-3", "--undrain");
    diagnose("{\"data\":{" ALL_THERE ",\"tolerance\":{\"members_stop\":0}}}",
             "{\"data\":{\"nodes\":[" WEIGHTY "]}}");
    expect_row("quorum", "no more member may fail", "add members");
    diagnose("{\"data\":{" ALL_THERE ",\"tolerance\":{\"members_stop\":2}}}", "{}");
    expect_row("quorum", "any 2 more may fail", "");
    cr_expect_eq(row_of("quorum")->health, ASSAY_HEALTH_OK);
}

#define SELF(condition)                                                                            \
    "{\"data\":{" ALL_THERE ",\"score_bp\":0,\"standing\":\"SUSPENDED\","                          \
    "\"condition\":\"" condition "\"}}"

/* The standing of a member that its operators drained is SUSPENDED, too. */
Test(apps_operate, the_doctor_has_the_condition_of_the_node)
{
    diagnose(SELF("SUSPENDED"), "{}");
    expect_row("standing", "SUSPENDED, score 0.00 %", "assay explain NODE");
    diagnose(SELF("DRAINED"), "{}");
    expect_row("standing", "DRAINED, by the operators", "--undrain NODE");
    cr_expect_eq(row_of("standing")->health, ASSAY_HEALTH_WARN);
    diagnose(SELF("LEFT"), "{}");
    expect_row("standing", "LEFT, by the operators", "assay change list");
    diagnose(SELF("MAINTENANCE"), "{}");
    expect_row("standing", "MAINTENANCE, by the operators", "");
    cr_expect_eq(row_of("standing")->health, ASSAY_HEALTH_OK, "it was announced");
    diagnose(SELF("FULL"), "{}");
    cr_expect_eq(row_of("standing")->health, ASSAY_HEALTH_OK);
}

Test(apps_operate, the_doctor_starts_nothing_under_a_fence)
{
    diagnose("{\"data\":{\"fenced\":true,\"stale\":true,\"behind\":true,\"sentence\":\"FENCED\"}}",
             "{}");
    expect_row("era", "fenced this era", "assay recover status");
    expect_row("quorum", "0 % of the weight", "assay recover status");
    expect_row("daemon", "FENCED", "era");
    expect_row("voting", "the era is fenced", "assay status");
    cr_expect_null(row_of("finality"), "no block is due");
    diagnose("{\"data\":{\"stale\":true,\"incarnation_waiting\":true}}", "{}");
    expect_row("quorum", "", "start the heaviest first");
    expect_row("finality", "", "assay timeline");
    expect_row("voting", "its new keys wait until a block lists them", "");
    cr_expect_null(row_of("era"));
}

/* docs/protocol.md 9.6.8: a start of members helps nothing, and no remedy is left out. */
Test(apps_operate, the_doctor_names_the_way_into_an_era_that_is_not_confirmed)
{
    diagnose("{\"data\":{\"stale\":true,\"sentence\":\"ERA UNCONFIRMED\","
             "\"advice\":[{\"code\":\"clock\"},{\"code\":\"recover_unconfirmed\"}]}}",
             "{}");
    expect_row("era", "a RECOVER waits", "assay recover accept FILE");
    expect_row("era", "a RECOVER waits", "a checkpoint of the new era");
    expect_row("era", "a RECOVER waits", "compare the id");
    expect_row("quorum", "0 % of the weight", "assay recover accept FILE");
    cr_expect_null(row_of("finality"), "no block of this era is due");
}

/* A port of this machine with a listener, at an address as the configuration has it. */
static int listen_here(char address[static 32])
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)snprintf(address, 32, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    return fd;
}

Test(apps_operate, the_doctor_checks_the_port_of_http)
{
    char address[32];
    const int fd = listen_here(address);
    doctor = (struct assay_doctor){ .has_config = true };
    (void)snprintf(doctor.config.admin, sizeof doctor.config.admin, "%s",
                   folder_at(&folder, "admin"));
    (void)snprintf(doctor.config.http.address, sizeof doctor.config.http.address, "%s", address);
    cli_doctor_machine(&doctor);
    expect_row("listen.http", "in use", "another port");
    cr_expect_eq(row_of("listen.http")->health, ASSAY_HEALTH_FAIL, "another process has it");
    doctor.count = 0;
    doctor.is_held = true; /* the daemon runs */
    cli_doctor_machine(&doctor);
    cr_expect_eq(row_of("listen.http")->health, ASSAY_HEALTH_OK);
    (void)close(fd);
    doctor.count = 0;
    cli_doctor_machine(&doctor);
    cr_expect_eq(row_of("listen.http")->health, ASSAY_HEALTH_FAIL, "it does not listen there");
}

/* 64 digits of a kind. */
#define VALUE_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define VALUE_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define VALUE_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* By the policy that the daemon has in force. */
static bool is_accepted(const char *references, uint8_t value)
{
    static struct assay_policy policy;
    char text[1024];
    uint8_t digest[32];
    memset(digest, value, sizeof digest);
    (void)snprintf(text, sizeof text, "{\"data\":{\"profile\":\"production\",\"references\":[%s]}}",
                   references);
    serve("policy", text);
    doctor = (struct assay_doctor){ .at_unix_s = 1000000000 }; /* in 2001 */
    cr_assert(cli_doctor_policy_of_daemon(&doctor, &policy), "%s", text);
    cr_expect_eq(policy.profile, ASSAY_PROFILE_PRODUCTION);
    return cli_doctor_policy_accepts(&policy, digest, doctor.at_unix_s);
}

Test(apps_operate, the_doctor_accepts_what_the_policy_in_force_accepts)
{
    static const char all[] =
        "{\"field\":\"mrenclave\",\"state\":\"allowed\",\"value\":\"" VALUE_A "\"},"
        "{\"field\":\"mrenclave\",\"state\":\"denied\",\"value\":\"" VALUE_B "\"},"
        "{\"field\":\"mrenclave\",\"state\":\"retiring\",\"value\":\"" VALUE_C "\"}";
    static const char denied[] =
        "{\"field\":\"mrenclave\",\"state\":\"denied\",\"value\":\"" VALUE_B "\"}";
    static const char over[] = "{\"field\":\"mrenclave\",\"state\":\"allowed\",\"value\":\"" VALUE_A
                               "\",\"not_after\":\"2000-01-01T00:00:00Z\"}";
    static const char later[] =
        "{\"field\":\"mrenclave\",\"state\":\"allowed\",\"value\":\"" VALUE_A
        "\",\"isvsvn_min\":2}";
    cr_expect(is_accepted(all, 0xaa));
    cr_expect_not(is_accepted(later, 0xaa), "of a security version that a program has not");
    cr_expect_not(is_accepted(all, 0xbb), "it is denied");
    cr_expect(is_accepted(all, 0xcc), "retiring is still accepted");
    cr_expect_not(is_accepted(all, 0xdd), "it is not listed");
    cr_expect_not(is_accepted(denied, 0xbb), "no other is listed, and this one is denied");
    cr_expect(is_accepted(denied, 0xdd));
    cr_expect_not(is_accepted(over, 0xaa), "its time is over");
}

Test(apps_operate, the_doctor_takes_no_other_document_for_a_policy)
{
    static struct assay_policy policy;
    static const char *const wrong[] = {
        "{}",
        "{\"data\":{\"profile\":\"production\"}}",
        "{\"data\":{\"references\":[{}]}}",
        "{\"data\":{\"references\":[{\"field\":\"mrenclave\",\"state\":\"new\",\"value\":\"" VALUE_A
        "\"}]}}",
        "{\"data\":{\"references\":[{\"field\":\"other\",\"state\":\"denied\",\"value\":\"" VALUE_A
        "\"}]}}",
        "{\"data\":{\"references\":[{\"field\":\"mrenclave\",\"state\":\"denied\",\"value\":"
        "\"" VALUE_A VALUE_A "00\"}]}}",
        "{\"data\":{\"references\":[{\"field\":\"mrenclave\",\"state\":\"denied\",\"value\":"
        "\"" VALUE_A "\",\"not_after\":\"soon\"}]}}",
        "{\"data\":{\"references\":[{\"field\":\"mrenclave\",\"state\":\"denied\",\"value\":"
        "\"" VALUE_A "\",\"isvsvn_min\":65536}]}}",
    };
    doctor = (struct assay_doctor){ .at_unix_s = 1000000000 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        serve("policy", wrong[i]);
        cr_expect_not(cli_doctor_policy_of_daemon(&doctor, &policy), "%s", wrong[i]);
    }
}
