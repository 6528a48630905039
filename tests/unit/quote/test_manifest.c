/*
 * tests/unit/quote/test_manifest.c - every case of the manifest through the program itself: the
 * contract of `assay evidence verify` (docs/command-line.md) against what independent verifiers
 * established.
 *
 * What a case expects decides the rule, not its name: a proof that the folder cannot give makes
 * genuine null; evidence that must be rejected is; claims carry every name that the manifest has.
 */
#include "tests/unit/quote/world.h"

#include "net/json/json.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 18 };

static int complaints; /* of one case; each is printed with its name */

static void complain(const char *id, const char *what, const char *expected, const char *found)
{
    (void)fprintf(stderr, "%s: %s: expected %s, found %s\n", id, what, expected, found);
    complaints += 1;
}

static struct assay_json *read_document(const char *path)
{
    size_t len = 0;
    struct assay_json *out = NULL;
    uint8_t *const text = read_file(path, &len);
    if (text == NULL) return NULL;
    if (assay_json_parse((const char *)text, len, &out) != ASSAY_OK) out = NULL;
    free(text);
    return out;
}

/* Arguments are paths and times of our own: nothing in them needs quoting. */
static struct assay_json *run_assay(const char *arguments, int *exit_status)
{
    char command[6 * PATH_MAX];
    struct assay_json *document = NULL;
    char *const text = calloc(1, OUTPUT_MAX);
    cr_assert_not_null(text);
    (void)snprintf(command, sizeof command, "%s %s 2>/dev/null", ASSAY_PROGRAM, arguments);
    FILE *const out = popen(command, "r");
    cr_assert_not_null(out);
    const size_t len = fread(text, 1, OUTPUT_MAX, out);
    const int status = pclose(out);
    cr_assert(WIFEXITED(status), "%s", command);
    *exit_status = WEXITSTATUS(status);
    if (assay_json_parse(text, len, &document) != ASSAY_OK) document = NULL;
    free(text);
    return document;
}

/* --- the same value, whatever the order of members */
static bool same(const struct assay_json *a, const struct assay_json *b, int depth)
{
    const char *name = NULL;
    const struct assay_json *member = NULL;
    size_t members = 0;
    if (a == NULL || b == NULL || depth > 8) return false;
    for (size_t i = 0; assay_json_member(a, i, &name, &member); i++, members++)
        if (!same(member, assay_json_get(b, name), depth + 1)) return false;
    if (members > 0) return !assay_json_member(b, members, &name, &member);
    char *const left = assay_json_print(a, 0), *const right = assay_json_print(b, 0);
    const bool equal = left != NULL && right != NULL && strcmp(left, right) == 0;
    free(left);
    free(right);
    return equal;
}

static void expect_same(const char *id, const char *name, const struct assay_json *expected,
                        const struct assay_json *found)
{
    if (same(expected, found, 0)) return;
    char *const left = assay_json_print(expected, 0);
    char *const right = found == NULL ? NULL : assay_json_print(found, 0);
    complain(id, name, left == NULL ? "?" : left, right == NULL ? "nothing" : right);
    free(left);
    free(right);
}

static bool is_text(const struct assay_json *object, const char *name, const char *text)
{
    return strcmp(assay_json_text(object, name, ""), text) == 0;
}

static bool is_json(const struct assay_json *object, const char *name, const char *wanted)
{
    const struct assay_json *const value = assay_json_get(object, name);
    char *const text = value == NULL ? NULL : assay_json_print(value, 0);
    const bool equal = text != NULL && strcmp(text, wanted) == 0;
    free(text);
    return equal;
}

/* --- one case */
static const char *file_of(const struct assay_json *item, const char *role)
{
    const struct assay_json *const files = assay_json_get(item, "files");
    for (size_t i = 0; i < assay_json_count(files); i++) {
        const struct assay_json *const file = assay_json_at(files, i);
        if (strncmp(assay_json_text(file, "role", ""), role, strlen(role)) == 0)
            return assay_json_text(file, "path", NULL);
    }
    return NULL;
}

/* The rule: hcl_report where there is one, else the main role of the kind. */
static const char *evidence_of(const struct assay_json *item)
{
    static const char *const roles[] = { "hcl_report",           "quote",       "report",
                                         "attestation_document", "tpms_attest", "cca_token" };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (file_of(item, roles[i]) != NULL) return file_of(item, roles[i]);
    return NULL;
}

static const char *root_of(const struct assay_json *item)
{
    static const char *const roles[] = { "trusted_root", "ark (trusted root)", "platform key" };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (file_of(item, roles[i]) != NULL) return file_of(item, roles[i]);
    return NULL;
}

/* Names of `expected` that are no claims. */
static bool is_outcome(const char *name)
{
    static const char *const outcomes[] = {
        "crypto_and_chain_valid", "must_reject", "reason",    "tcb_status", "advisory_ids",
        "measurements",           "parse_ok",    "event_log", "debug"
    };
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (strcmp(name, outcomes[i]) == 0) return true;
    return false;
}

static void check_claims(const char *id, const struct assay_json *expected,
                         const struct assay_json *claims)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(expected, i, &name, &value); i++)
        if (!is_outcome(name)) expect_same(id, name, value, assay_json_get(claims, name));
    const struct assay_json *const measurements = assay_json_get(expected, "measurements");
    for (size_t i = 0; assay_json_member(measurements, i, &name, &value); i++)
        expect_same(id, name, value, assay_json_get(claims, name));
}

static bool has_unknown_link(const struct assay_json *claims)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    const struct assay_json *const links = assay_json_get(claims, "links");
    for (size_t i = 0; assay_json_member(links, i, &name, &value); i++)
        if (is_json(links, name, "null") && strcmp(name, "chip_id_matches_vek_hwid") != 0)
            return true;
    return false;
}

static bool needs_collateral(const struct assay_json *item)
{
    const char *const kind = assay_json_text(item, "kind", "");
    return strncmp(kind, "sgx", 3) == 0 || strncmp(kind, "tdx", 3) == 0;
}

static void check_outcome(const char *id, const struct assay_json *item,
                          const struct assay_json *data, int status)
{
    const struct assay_json *const expected = assay_json_get(item, "expected");
    const struct assay_json *const claims = assay_json_get(data, "claims");
    const bool is_valid = is_json(expected, "crypto_and_chain_valid", "true");
    const bool is_rejected = status == 11 || status == 12 || status == 13;
    char number[16];
    (void)snprintf(number, sizeof number, "%d", status);
    if (assay_json_bool(expected, "must_reject", false) && !is_rejected)
        complain(id, "exit", "11, 12 or 13", number);
    if (is_valid && is_text(data, "verdict", "contraindicated") &&
        !is_json(data, "genuine", "true"))
        complain(id, "verdict", "not forged", "contraindicated");
    if (has_unknown_link(claims) ||
        (is_valid && needs_collateral(item) && file_of(item, "tcb_info") == NULL)) {
        if (!is_json(data, "genuine", "null")) complain(id, "genuine", "null", "a judgement");
        if (!is_text(data, "verdict", "none") || status != 12)
            complain(id, "verdict", "none", assay_json_text(data, "verdict", "?"));
    } else if (is_text(expected, "reason", "collateral")) { /* that was never valid at one time */
        if (!is_json(data, "genuine", "null")) complain(id, "genuine", "null", "a judgement");
    } else if (is_valid && !is_json(data, "genuine", "true")) {
        complain(id, "genuine", "true", "something else");
    }
    if (!is_valid && is_json(data, "genuine", "true") &&
        assay_json_get(expected, "crypto_and_chain_valid") != NULL)
        complain(id, "genuine", "not true", "true");
}

static void check_tcb(const char *id, const struct assay_json *expected,
                      const struct assay_json *data)
{
    const char *const status = assay_json_text(expected, "tcb_status", NULL);
    if (status == NULL) return;
    const bool none = strncmp(status, "NotSupported", 12) == 0;
    if (!is_text(data, "tcb_status", none ? "NotSupported" : status))
        complain(id, "tcb_status", status, assay_json_text(data, "tcb_status", "nothing"));
    expect_same(id, "advisory_ids", assay_json_get(expected, "advisory_ids"),
                assay_json_get(data, "advisory_ids"));
}

/* The first log: everything that extends a register is proven by what the evidence quotes. */
static void check_log(const char *id, const struct assay_json *expected,
                      const struct assay_json *data)
{
    const struct assay_json *const logs =
        assay_json_get(assay_json_get(data, "event_logs"), "logs");
    const struct assay_json *const log = assay_json_at(logs, 0);
    const char *const wanted = assay_json_text(expected, "event_log", NULL);
    if (wanted == NULL) return;
    const uint64_t extending = assay_json_uint(log, "extending", 0);
    const uint64_t proven = assay_json_uint(log, "proven", 0);
    const bool is_proven = extending > 0 && proven == extending;
    if (strcmp(wanted, "proven") == 0 ? !is_proven : proven == extending)
        complain(id, "event_log", wanted, is_proven ? "proven" : "not proven");
}

/* Every file of a folder again, in another order and under names that say nothing. */
static void copy_renamed(const char *from, const char *to)
{
    char path[PATH_MAX];
    unsigned number = 50;
    DIR *const stream = opendir(from);
    cr_assert_not_null(stream, "%s", from);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        size_t len = 0;
        if (snprintf(path, sizeof path, "%s/%s", from, entry->d_name) >= (int)sizeof path) continue;
        uint8_t *const bytes = entry->d_name[0] == '.' ? NULL : read_file(path, &len);
        if (bytes == NULL) continue;
        number = number * 7 % 101;
        (void)snprintf(path, sizeof path, "%s/%03u", to, number);
        FILE *const out = fopen(path, "wxb");
        cr_assert_not_null(out, "%s", path);
        cr_assert_eq(fwrite(bytes, 1, len, out), len);
        cr_assert_eq(fclose(out), 0);
        free(bytes);
    }
    (void)closedir(stream);
}

static void remove_folder(const char *folder)
{
    char path[PATH_MAX];
    for (unsigned number = 0; number <= 101; number++) {
        (void)snprintf(path, sizeof path, "%s/%03u", folder, number);
        (void)unlink(path);
    }
    cr_assert_eq(rmdir(folder), 0);
}

static void check_case(const char *root, const struct assay_json *item, bool renamed)
{
    char folder[PATH_MAX], root_option[PATH_MAX + 16] = "", at_option[64] = "";
    char other[] = "/tmp/assay-manifest-XXXXXX";
    char arguments[5 * PATH_MAX], log_option[PATH_MAX + 16] = "";
    int status = -1;
    const char *const id = assay_json_text(item, "id", "?");
    const struct assay_json *const expected = assay_json_get(item, "expected");
    const char *const file = evidence_of(item), *const trusted = root_of(item);
    const char *const at = assay_json_text(item, "evaluation_time", NULL);
    cr_assert_not_null(file, "%s", id);
    (void)snprintf(folder, sizeof folder, "%s/%s", root, file);
    *strrchr(folder, '/') = '\0';
    if (renamed) {
        cr_assert_not_null(mkdtemp(other));
        copy_renamed(folder, other);
    }
    if (trusted != NULL)
        (void)snprintf(root_option, sizeof root_option, "--root %s/%s", root, trusted);
    if (at != NULL) (void)snprintf(at_option, sizeof at_option, "--at %s", at);
    if (file_of(item, "event_log") != NULL)
        (void)snprintf(log_option, sizeof log_option, "--event-log %s/%s", root,
                       file_of(item, "event_log"));
    (void)snprintf(arguments, sizeof arguments,
                   "evidence verify %s/%s --collateral %s %s %s %s --json", root, file,
                   renamed ? other : folder, root_option, at_option, log_option);
    struct assay_json *document = run_assay(arguments, &status);
    const struct assay_json *const data = assay_json_get(document, "data");
    const bool must_parse = !assay_json_bool(expected, "must_reject", false);
    if (must_parse || status != 13) check_claims(id, expected, assay_json_get(data, "claims"));
    check_outcome(id, item, data, status);
    if (must_parse && strstr(assay_json_text(item, "kind", ""), "negative") == NULL)
        expect_same(id, "kind", assay_json_get(item, "kind"), assay_json_get(data, "kind"));
    check_tcb(id, expected, data);
    check_log(id, expected, data);
    if (assay_json_get(expected, "debug") != NULL && must_parse)
        expect_same(id, "debug", assay_json_get(expected, "debug"), assay_json_get(data, "debug"));
    assay_json_free(&document);
    if (renamed) remove_folder(other);
}

static void check_all(const char *dir, bool renamed)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", dir);
    struct assay_json *manifest = read_document(path);
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    const size_t count = assay_json_count(cases);
    cr_assert_gt(count, 0);
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        complaints = 0;
        check_case(dir, assay_json_at(cases, i), renamed);
        if (complaints > 0) failed += 1;
    }
    assay_json_free(&manifest);
    cr_assert_eq(failed, 0, "%zu of %zu cases", failed, count);
}

Test(quote_manifest, every_case_gives_what_was_established, .timeout = 600)
{
    if (vectors_dir() == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    check_all(vectors_dir(), false);
}

/* The parts of a folder are recognised by content, not by name. */
Test(quote_manifest, every_case_does_so_with_every_file_renamed, .timeout = 600)
{
    if (vectors_dir() == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    check_all(vectors_dir(), true);
}

/* Genuine evidence that was misjudged once: logs of UEFI firmware, chains of Azure, lists in
 * hexadecimal. */
static const char *attacks_dir(void)
{
    static char path[PATH_MAX];
    const char *const named = getenv("ASSAY_ATTACK_VECTORS");
    (void)snprintf(path, sizeof path, "%s",
                   named != NULL ? named
                                 : ASSAY_SOURCE_DIR "/../shared/findings/verifier-attacks/vectors");
    return access(path, R_OK) == 0 ? path : NULL;
}

Test(quote_manifest, what_was_misjudged_once_is_judged_rightly, .timeout = 600)
{
    if (attacks_dir() == NULL) cr_skip_test("no vectors: set ASSAY_ATTACK_VECTORS");
    check_all(attacks_dir(), false);
    check_all(attacks_dir(), true);
}

/* The checks above can fail: a document that says the opposite is seen. */
Test(quote_manifest, notices_wrong_answers)
{
    static const char item_text[] =
        "{\"kind\":\"nitro\",\"expected\":{\"crypto_and_chain_valid\":true,\"nonce\":\"aa\"}}";
    static const char data_text[] = "{\"genuine\":false,\"verdict\":\"contraindicated\","
                                    "\"claims\":{\"nonce\":\"ab\",\"links\":{}}}";
    struct assay_json *item = NULL, *data = NULL;
    cr_assert_eq(assay_json_parse(item_text, sizeof item_text - 1, &item), ASSAY_OK);
    cr_assert_eq(assay_json_parse(data_text, sizeof data_text - 1, &data), ASSAY_OK);
    check_claims("planted", assay_json_get(item, "expected"), assay_json_get(data, "claims"));
    cr_assert_eq(complaints, 1);
    check_outcome("planted", item, data, 11);
    cr_assert_eq(complaints, 3);
    assay_json_free(&item);
    assay_json_free(&data);
}
