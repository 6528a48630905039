/*
 * tests/unit/quote/test_cli.c - contract tests of `assay evidence` on genuine evidence: the
 * program, its JSON and its exit status.
 */
#include "tests/unit/quote/world.h"

#include "net/json/json.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 18 };

struct run {
    int exit;
    struct assay_json *document; /* NULL unless stdout held JSON */
};

/* Arguments are paths and times of our own: nothing in them needs quoting. */
static struct run run_assay(const char *arguments)
{
    char command[4 * PATH_MAX];
    struct run run = { .exit = -1 };
    char *const text = calloc(1, OUTPUT_MAX);
    cr_assert_not_null(text);
    (void)snprintf(command, sizeof command, "%s %s 2>/dev/null", ASSAY_PROGRAM, arguments);
    FILE *const out = popen(command, "r");
    cr_assert_not_null(out);
    const size_t len = fread(text, 1, OUTPUT_MAX, out);
    const int status = pclose(out);
    cr_assert(WIFEXITED(status));
    run.exit = WEXITSTATUS(status);
    if (assay_json_parse(text, len, &run.document) != ASSAY_OK) run.document = NULL;
    free(text);
    return run;
}

static const char *need_vectors(void)
{
    const char *const dir = vectors_dir();
    if (dir == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    return dir;
}

static struct run verify(const char *name, const char *at, const char *more)
{
    char arguments[3 * PATH_MAX];
    const char *const dir = need_vectors();
    (void)snprintf(arguments, sizeof arguments,
                   "evidence verify %s/%s/quote.bin --collateral %s/%s --at %s --json %s", dir,
                   name, dir, name, at, more);
    return run_assay(arguments);
}

/* JSON text of a member: "true", "null", "\"warning\"". */
static void expect_member(const struct assay_json *object, const char *name, const char *wanted)
{
    const struct assay_json *const value = assay_json_get(object, name);
    cr_assert_not_null(value, "%s is not there", name);
    char *const text = assay_json_print(value, 0);
    cr_assert_str_eq(text, wanted, "%s is %s, not %s", name, text, wanted);
    free(text);
}

static const struct {
    const char *name;
    const char *at;
    int exit;
    const char *genuine, *tcb_status, *verdict, *advisories, *rule;
} rows[] = {
    { "tdx/tdx-v4-uptodate", "2025-07-04T10:16:31Z", 0, "true", "\"UpToDate\"", "\"affirming\"",
      "[]", NULL },
    { "sgx/sgx-platform-ca-swhardening", "2025-08-30T05:09:06Z", 0, "true", "\"SWHardeningNeeded\"",
      "\"affirming\"", "[\"INTEL-SA-00615\"]", NULL },
    { "sgx/sgx-processor-ca-config-and-swhardening", "2025-07-04T10:28:44Z", 10, "true",
      "\"ConfigurationAndSWHardeningNeeded\"", "\"warning\"",
      "[\"INTEL-SA-00289\",\"INTEL-SA-00615\"]", "tcb-warning" },
    { "tdx/tdx-v4-outofdate", "2025-06-19T09:35:34Z", 10, "true", "\"OutOfDate\"", "\"warning\"",
      "[\"INTEL-SA-00960\",\"INTEL-SA-00982\",\"INTEL-SA-00986\"]", "tcb-warning" },
    { "tdx/tdx-v4-not-supported", "2025-07-04T10:16:31Z", 11, "true", "\"NotSupported\"",
      "\"contraindicated\"", "[]", "tcb-not-supported" },
    { "tdx/tdx-v4-debug-td", "2023-06-28T08:03:58Z", 11, "true", "\"UpToDate\"",
      "\"contraindicated\"", "[]", "debug" },
    { "sgx/neg-sgx-mrenclave-bit", "2025-08-30T05:09:06Z", 11, "false", "null",
      "\"contraindicated\"", "[]", "quote-signature" },
    { "sgx/neg-sgx-wrong-fmspc", "2025-06-25T12:00:00Z", 11, "false", "null", "\"contraindicated\"",
      "[]", "fmspc" },
    { "sgx/neg-sgx-collateral-expired", "2026-08-31T05:09:06Z", 12, "null", "null", "\"none\"",
      "[]", "collateral-expired" },
    { "tdx/tdx-v4-no-collateral", "2024-10-02T07:15:54Z", 12, "null", "null", "\"none\"", "[]",
      "collateral-missing" },
    { "sgx/sgx-cert-type-3-b", "2025-08-30T05:09:06Z", 12, "null", "null", "\"none\"", "[]",
      "cert-type" },
    { "tdx/tdx-v5-td15-uptodate", "2026-03-05T10:50:03Z", 0, "true", "\"UpToDate\"",
      "\"affirming\"", "[]", NULL },
    { "tdx/tdx-v5-td15-not-supported", "2026-03-05T10:50:03Z", 11, "true", "\"NotSupported\"",
      "\"contraindicated\"", "[]", "tcb-not-supported" },
    { "tdx/tdx-v5-preproduction-root", "2023-07-06T06:24:25Z", 11, "false", "null",
      "\"contraindicated\"", "[]", "chain-root" },
    { "tdx/neg-tdx-rtmr-bit", "2026-03-05T10:50:03Z", 11, "false", "null", "\"contraindicated\"",
      "[]", "quote-signature" },
    { "tdx/neg-tdx-tee-type", "2025-10-31T14:17:11Z", 13, "false", "null", "\"contraindicated\"",
      "[]", "format" },
};

Test(quote_cli, keeps_its_contract_on_genuine_evidence)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run = verify(rows[i].name, rows[i].at, "");
        cr_assert_eq(run.exit, rows[i].exit, "%s: %d", rows[i].name, run.exit);
        expect_member(run.document, "schema", "\"assay.evidence.verify\"");
        expect_member(run.document, "schema_version", "1");
        const struct assay_json *const data = assay_json_get(run.document, "data");
        expect_member(data, "genuine", rows[i].genuine);
        expect_member(data, "tcb_status", rows[i].tcb_status);
        expect_member(data, "verdict", rows[i].verdict);
        expect_member(data, "advisory_ids", rows[i].advisories);
        const struct assay_json *const reason = assay_json_at(assay_json_get(data, "reasons"), 0);
        if (rows[i].rule == NULL) cr_assert_null(reason);
        else cr_assert_str_eq(assay_json_text(reason, "rule", ""), rows[i].rule);
        assay_json_free(&run.document);
    }
}

static bool is_unchecked(const struct assay_json *data, const char *what)
{
    const struct assay_json *const list = assay_json_get(data, "not_checked");
    for (size_t i = 0; i < assay_json_count(list); i++)
        if (strcmp(assay_json_text(assay_json_at(list, i), "what", ""), what) == 0) return true;
    return false;
}

/* What matters: evidence that answers another challenge is never affirmed, and whoever gives none
 * is told that nobody compared it. */
Test(quote_cli, compares_the_challenge_and_lists_what_was_not_checked)
{
    static const char name[] = "tdx/tdx-v4-uptodate", at[] = "2025-07-04T10:16:31Z";
    char data_text[2 * ASSAY_REPORT_DATA_LEN + 1], more[PATH_MAX];
    struct run run = verify(name, at, "");
    const struct assay_json *data = assay_json_get(run.document, "data");
    cr_assert_eq(run.exit, 0);
    cr_expect(is_unchecked(data, "freshness"));
    cr_expect(is_unchecked(data, "policy"));
    cr_expect(is_unchecked(data, "time"));
    cr_expect_not(is_unchecked(data, "revocation"), "lists of Intel are required");
    (void)snprintf(data_text, sizeof data_text, "%s",
                   assay_json_text(assay_json_get(data, "claims"), "report_data", ""));
    cr_assert_eq(strlen(data_text), 2 * ASSAY_REPORT_DATA_LEN);
    assay_json_free(&run.document);
    (void)snprintf(more, sizeof more, "--report-data %s", data_text);
    run = verify(name, at, more);
    cr_expect_eq(run.exit, 0);
    cr_expect_not(is_unchecked(assay_json_get(run.document, "data"), "freshness"));
    assay_json_free(&run.document);
    for (size_t i = 0; i < sizeof data_text - 1; i += 17) { /* another digit, wherever it is */
        const char kept = data_text[i];
        data_text[i] = kept == '0' ? '1' : '0';
        (void)snprintf(more, sizeof more, "--report-data %s", data_text);
        run = verify(name, at, more);
        cr_expect_eq(run.exit, 11, "digit %zu", i);
        const struct assay_json *const reasons =
            assay_json_get(assay_json_get(run.document, "data"), "reasons");
        cr_expect_str_eq(assay_json_text(assay_json_at(reasons, 0), "rule", ""), "challenge");
        assay_json_free(&run.document);
        data_text[i] = kept;
    }
    static const char *const misuses[] = { "--report-data xyz", "--report-data 0", "--nonce 00",
                                           "--report-data ''" };
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        run = verify(name, at, misuses[i]);
        cr_expect_eq(run.exit, 2, "%s: %d", misuses[i], run.exit);
        assay_json_free(&run.document);
    }
}

/* Of a TPM the nonce; a quote of years ago answers no challenge of today. */
Test(quote_cli, compares_the_nonce_of_a_tpm)
{
    static const char nonce[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    static const struct {
        const char *given;
        int exit;
    } table[] = {
        { "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 12 }, /* no CA */
        { "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefe", 11 },
        { "00112233445566778899aabbccddeeff", 11 },
    };
    char arguments[3 * PATH_MAX];
    const char *const dir = need_vectors();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void)snprintf(arguments, sizeof arguments,
                       "evidence verify %s/tpm/swtpm-p256-ak/quote.msg --collateral "
                       "%s/tpm/swtpm-p256-ak --at 2026-11-21T00:00:00Z --json --nonce %s",
                       dir, dir, table[i].given);
        struct run run = run_assay(arguments);
        cr_expect_eq(run.exit, table[i].exit, "%s: %d", table[i].given, run.exit);
        cr_expect_not(is_unchecked(assay_json_get(run.document, "data"), "freshness"));
        if (i == 0) {
            const struct assay_json *const claims =
                assay_json_get(assay_json_get(run.document, "data"), "claims");
            cr_expect_str_eq(assay_json_text(claims, "nonce", ""), nonce);
        }
        assay_json_free(&run.document);
    }
}

Test(quote_cli, takes_root_kind_and_policy_from_its_options)
{
    static const char name[] = "tdx/tdx-v4-uptodate";
    static const char at[] = "2025-07-04T10:16:31Z";
    char more[PATH_MAX];
    (void)snprintf(more, sizeof more, "--kind tdx-v4 --root %s/%s/root_ca.pem", need_vectors(),
                   name);
    struct run run = verify(name, at, more);
    cr_assert_eq(run.exit, 0);
    assay_json_free(&run.document);
    run = verify(name, at, "--kind sgx-v3");
    cr_assert_eq(run.exit, 13);
    assay_json_free(&run.document);
    run = verify(name, at, "--kind unheard-of");
    cr_assert_eq(run.exit, 2);
    assay_json_free(&run.document);
    run = verify(name, at, "--policy /nonexistent");
    cr_assert_eq(run.exit, 5);
    assay_json_free(&run.document);
    run = verify(name, "yesterday", "");
    cr_assert_eq(run.exit, 2);
    assay_json_free(&run.document);
    run = verify(name, at, "--root /dev/null");
    cr_assert_eq(run.exit, 2);
    assay_json_free(&run.document);
}

Test(quote_cli, answers_misuse_with_2_and_malformed_files_with_13)
{
    static const struct {
        const char *arguments;
        int exit;
    } misuses[] = {
        { "", 2 },
        { "evidence", 2 },
        { "evidence verify", 2 },
        { "evidence verify /dev/null", 13 }, /* of no kind: no collateral would help */
        { "evidence verify /dev/null --collateral /nonexistent", 5 },
        { "evidence verify /nonexistent --collateral /usr", 5 },
        { "evidence verify /dev/null --collateral /usr", 13 },
        { "evidence verify /dev/zero --collateral /usr", 2 }, /* no file */
        { "evidence verify /dev/null --collateral /usr --speed", 2 },
        { "evidence decode /dev/null", 13 },
        { "evidence decode /dev/null --at 2025-01-01T00:00:00Z", 2 },
        { "evidence --help", 0 },
        { "soft", 2 },
        { "soft ca", 2 },
        { "soft node /nonexistent a", 5 },
        { "soft --help", 0 },
        { "nonsense", 2 },
        { "--help", 0 },
    };
    for (size_t i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        struct run run = run_assay(misuses[i].arguments);
        cr_assert_eq(run.exit, misuses[i].exit, "assay %s: %d", misuses[i].arguments, run.exit);
        assay_json_free(&run.document);
    }
}

/* With --json stdout holds one document whatever happens: a verdict, or the reason why there is
 * none. */
Test(quote_cli, answers_in_json_when_asked_to_also_when_it_fails)
{
    static const struct {
        const char *arguments;
        int exit;
        const char *code, *detail;
    } errors[] = {
        { "evidence decode /dev/null --json", 13, "malformed", "/dev/null: " },
        { "evidence decode /dev/zero --json", 2, "usage", "/dev/zero: is a device" },
        { "evidence decode /bin/sh --json", 13, "unsupported", "/bin/sh: " },
        { "evidence decode /nonexistent --json", 5, "not_found", "/nonexistent: no such file" },
        { "evidence decode /tmp --json", 2, "usage", "/tmp: is a directory" },
        { "evidence decode /dev/null --kind x --json", 2, "usage",
          "--kind: expected one of auto, sgx-v3" },
        { "evidence verify /nonexistent --collateral /usr --json", 5, "not_found", "/nonexistent" },
        { "evidence verify /dev/null --collateral /nonexistent --json", 5, "not_found",
          "--collateral /nonexistent" },
        { "evidence verify /dev/null --collateral /dev/null --json", 2, "usage",
          "expected a folder" },
        { "evidence verify /dev/null --collateral /usr --at now --json", 2, "usage", "--at: " },
        { "evidence verify /dev/null --collateral /usr --root /dev/null --json", 2, "usage",
          "--root /dev/null" },
        { "evidence verify /dev/null --collateral /usr --policy /dev/null --json", 2, "usage",
          "/dev/null:1:1: the file is empty" },
        { "evidence verify /dev/null --collateral /usr --policy /nonexistent --json", 5,
          "not_found", "/nonexistent" },
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct run run = run_assay(errors[i].arguments);
        cr_expect_eq(run.exit, errors[i].exit, "assay %s: %d", errors[i].arguments, run.exit);
        cr_assert_not_null(run.document, "assay %s: no JSON", errors[i].arguments);
        expect_member(run.document, "schema", "\"assay.error\"");
        expect_member(run.document, "schema_version", "1");
        const struct assay_json *const data = assay_json_get(run.document, "data");
        cr_expect_str_eq(assay_json_text(data, "code", "?"), errors[i].code, "assay %s",
                         errors[i].arguments);
        cr_expect_not_null(strstr(assay_json_text(data, "detail", ""), errors[i].detail),
                           "assay %s: %s", errors[i].arguments,
                           assay_json_text(data, "detail", "?"));
        assay_json_free(&run.document);
    }
    /* Malformed evidence has a verdict, too. */
    struct run run = run_assay("evidence verify /dev/null --collateral /usr --json");
    cr_expect_eq(run.exit, 13);
    expect_member(run.document, "schema", "\"assay.evidence.verify\"");
    expect_member(assay_json_get(run.document, "data"), "claims", "null");
    assay_json_free(&run.document);
}

Test(quote_cli, decodes_genuine_evidence_and_nothing_but_the_error_of_cut_evidence)
{
    char arguments[2 * PATH_MAX], cut[] = "/tmp/assay-test-cut-XXXXXX";
    (void)snprintf(arguments, sizeof arguments,
                   "evidence decode %s/tdx/tdx-v4-uptodate/quote.bin "
                   "--json",
                   need_vectors());
    struct run run = run_assay(arguments);
    cr_expect_eq(run.exit, 0);
    expect_member(run.document, "schema", "\"assay.evidence.decode\"");
    expect_member(assay_json_get(run.document, "data"), "kind", "\"tdx-v4\"");
    assay_json_free(&run.document);

    (void)snprintf(arguments, sizeof arguments, "%s/tdx/tdx-v4-uptodate/quote.bin", need_vectors());
    size_t len = 0;
    uint8_t *const quote = read_file(arguments, &len);
    cr_assert_not_null(quote);
    const int fd = mkstemp(cut);
    cr_assert(fd >= 0 && write(fd, quote, 3000) == 3000);
    (void)close(fd);
    free(quote);
    (void)snprintf(arguments, sizeof arguments, "evidence decode %s --json", cut);
    run = run_assay(arguments);
    (void)unlink(cut);
    cr_expect_eq(run.exit, 13);
    expect_member(run.document, "schema", "\"assay.error\"");
    cr_expect_not_null(strstr(assay_json_text(assay_json_get(run.document, "data"), "detail", ""),
                              "ASSAY_E_TRUNCATED"));
    assay_json_free(&run.document);
}

/* First line that begins with "kind", of an answer for people. */
static void read_kind(const char *arguments, char kind[static 32])
{
    char command[4 * PATH_MAX], line[256];
    (void)snprintf(command, sizeof command, "%s %s 2>/dev/null", ASSAY_PROGRAM, arguments);
    FILE *const out = popen(command, "r");
    cr_assert_not_null(out);
    kind[0] = '\0';
    while (fgets(line, sizeof line, out) != NULL)
        if (kind[0] == '\0') (void)sscanf(line, "kind %31s", kind);
    (void)pclose(out);
}

/* docs/evidence.md 1: a report of SNP says its version in the kind, whichever command answers. */
Test(quote_cli, decode_and_verify_give_one_kind_one_name)
{
    static const struct {
        const char *dir, *file, *kind;
    } cases[] = {
        { "snp/milan-v2-a", "report.bin", "snp-v2" },
        { "snp/milan-v3", "report.bin", "snp-v3" },
        { "tdx/tdx-v4-uptodate", "quote.bin", "tdx-v4" },
        { "nitro/release-enclave", "document.bin", "nitro" },
    };
    const char *const dir = need_vectors();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int judges = 0; judges < 2; judges++) {
            char arguments[3 * PATH_MAX], more[2 * PATH_MAX] = "", text[32], quoted[40];
            if (judges != 0)
                (void)snprintf(more, sizeof more, "--at 2025-07-04T10:16:31Z --collateral %s/%s",
                               dir, cases[i].dir);
            (void)snprintf(arguments, sizeof arguments, "evidence %s %s/%s/%s %s",
                           judges != 0 ? "verify" : "decode", dir, cases[i].dir, cases[i].file,
                           more);
            read_kind(arguments, text);
            cr_expect_str_eq(text, cases[i].kind, "assay %s: %s", arguments, text);
            (void)snprintf(quoted, sizeof quoted, "\"%s\"", cases[i].kind);
            const size_t used = strlen(arguments);
            (void)snprintf(arguments + used, sizeof arguments - used, " --json");
            struct run run = run_assay(arguments);
            expect_member(assay_json_get(run.document, "data"), "kind", quoted);
            assay_json_free(&run.document);
        }
}

/* From nothing to a verdict with our own vendor; profile production refuses it all the same. */
Test(quote_cli, makes_and_verifies_soft_evidence)
{
    char dir[] = "/tmp/assay-test-cli-XXXXXX";
    char arguments[4 * PATH_MAX];
    char zeros[129];
    cr_assert_not_null(mkdtemp(dir));
    memset(zeros, '0', sizeof zeros - 1);
    zeros[128] = '\0';
    (void)snprintf(arguments, sizeof arguments, "soft ca %s --name test", dir);
    cr_assert_eq(run_assay(arguments).exit, 0);
    cr_assert_eq(run_assay(arguments).exit, 6); /* keys are never overwritten */
    (void)snprintf(arguments, sizeof arguments, "soft node %s one", dir);
    cr_assert_eq(run_assay(arguments).exit, 0);
    (void)snprintf(arguments, sizeof arguments,
                   "soft quote %s/nodes/one.key --program /bin/sh --report-data %s --out %s/q", dir,
                   zeros, dir);
    cr_assert_eq(run_assay(arguments).exit, 0);

    (void)snprintf(arguments, sizeof arguments, "%s/policy.yaml", dir);
    FILE *const policy = fopen(arguments, "w");
    cr_assert_not_null(policy);
    (void)fputs("policy_version: 1\nprofile: development\n", policy);
    (void)fclose(policy);
    static const char verify_with[] =
        "evidence verify %s/q --collateral %s --root %s/root_ca.pem --json %s%s%s";
    (void)snprintf(arguments, sizeof arguments, verify_with, dir, dir, dir, "--policy ", dir,
                   "/policy.yaml");
    struct run run = run_assay(arguments);
    cr_assert_eq(run.exit, 0);
    expect_member(assay_json_get(run.document, "data"), "insecure", "true");
    expect_member(assay_json_get(run.document, "data"), "kind", "\"soft\"");
    assay_json_free(&run.document);
    (void)snprintf(arguments, sizeof arguments, verify_with, dir, dir, dir, "", "", "");
    run = run_assay(arguments);
    cr_assert_eq(run.exit, 11);
    expect_member(assay_json_get(run.document, "data"), "insecure", "false");
    assay_json_free(&run.document);

    char command[PATH_MAX];
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    cr_assert_eq(system(command), 0);
}
