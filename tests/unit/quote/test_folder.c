/*
 * tests/unit/quote/test_folder.c - tests of collateral folders: parts are recognised by content.
 */
#include "tests/support/depth.h"
#include "tests/unit/quote/world.h"

#include "apps/assay/evidence/collateral_dir.h"
#include "base/base64.h"
#include "net/json/json.h"
#include "quote/package.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 18 };

static char folder[64];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/assay-test-folder-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void empty(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "find %s -mindepth 1 -delete", folder);
    cr_assert_eq(system(command), 0);
}

static void tear_down(void)
{
    empty();
    (void)rmdir(folder);
}

TestSuite(quote_folder, .init = set_up, .fini = tear_down);

static void put(const char *name, struct assay_slice bytes)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(bytes.bytes, 1, bytes.len, file), bytes.len);
    cr_assert_eq(fclose(file), 0);
}

static uint64_t draw(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Every file of a folder of vectors, also those that are no collateral, under drawn names. */
static void copy_renamed(const char *name, uint64_t *state)
{
    static const char *const files[] = {
        "tcb_info.json",        "qe_identity.json", "root_crl.der",
        "pck_crl.der",          "pck_chain.pem",    "tcb_signing_chain.pem",
        "qe_signing_chain.pem", "root_ca.pem",      "quote.bin",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[PATH_MAX], drawn[32];
        size_t len = 0;
        (void)snprintf(path, sizeof path, "%s/%s/%s", vectors_dir(), name, files[i]);
        uint8_t *const bytes = read_file(path, &len);
        if (bytes == NULL) continue;
        (void)snprintf(drawn, sizeof drawn, "%016llx", (unsigned long long)draw(state));
        put(drawn, assay_slice_over(bytes, len));
        free(bytes);
    }
}

/* What the program says, for comparison as text. */
struct answer {
    int exit;
    char *text;
};

static struct answer ask(const char *name, const char *at, const char *collateral)
{
    char command[4 * PATH_MAX];
    struct answer answer = { -1, calloc(1, OUTPUT_MAX) };
    cr_assert_not_null(answer.text);
    (void)snprintf(command, sizeof command,
                   "%s evidence verify %s/%s/quote.bin --collateral %s --at %s --json 2>/dev/null",
                   ASSAY_PROGRAM, vectors_dir(), name, collateral, at);
    FILE *const out = popen(command, "r");
    cr_assert_not_null(out);
    cr_assert_gt(fread(answer.text, 1, OUTPUT_MAX - 1, out), 0, "%s: silence", name);
    const int status = pclose(out);
    cr_assert(WIFEXITED(status));
    answer.exit = WEXITSTATUS(status);
    return answer;
}

/* The folder of the test answers like the folder of the vector. */
static void expect_same(const char *name, const char *at)
{
    char own[PATH_MAX];
    (void)snprintf(own, sizeof own, "%s/%s", vectors_dir(), name);
    struct answer wanted = ask(name, at, own);
    struct answer found = ask(name, at, folder);
    cr_expect_eq(found.exit, wanted.exit, "%s: %d, not %d", name, found.exit, wanted.exit);
    cr_expect_str_eq(found.text, wanted.text, "%s", name);
    free(wanted.text);
    free(found.text);
}

static struct assay_json *need_manifest(void)
{
    char path[PATH_MAX];
    size_t len = 0;
    struct assay_json *manifest = NULL;
    if (vectors_dir() == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", vectors_dir());
    uint8_t *const text = read_file(path, &len);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &manifest), ASSAY_OK);
    free(text);
    return manifest;
}

Test(quote_folder, answers_the_same_for_every_vector_when_every_file_has_another_name)
{
    struct assay_json *manifest = need_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    uint64_t state = 1;
    size_t compared = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const file = assay_json_at(assay_json_get(item, "files"), 0);
        const char *const at = assay_json_text(item, "evaluation_time", NULL);
        char name[PATH_MAX];
        (void)snprintf(name, sizeof name, "%s", assay_json_text(file, "path", "?/"));
        *strrchr(name, '/') = '\0';
        if (strncmp(name, "sgx/", 4) != 0 && strncmp(name, "tdx/", 4) != 0) continue;
        for (size_t round = 0; round < 2 / test_every(2); round++) { /* other names and order */
            copy_renamed(name, &state);
            expect_same(name, at == NULL ? "2026-01-01T00:00:00Z" : at);
            empty();
        }
        compared += 1;
    }
    cr_assert_geq(compared, 30);
    assay_json_free(&manifest);
}

Test(quote_folder, finds_each_platform_its_own_among_several)
{
    static const struct {
        const char *name, *at;
    } rows[] = {
        { "sgx/sgx-platform-ca-swhardening", "2025-08-30T05:09:06Z" },
        { "sgx/sgx-processor-ca-config-and-swhardening", "2025-07-04T10:28:44Z" },
        { "tdx/tdx-v4-uptodate", "2025-07-04T10:16:31Z" },
        { "tdx/tdx-v4-debug-td", "2023-06-28T08:03:58Z" },
    };
    if (vectors_dir() == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    for (uint64_t seed = 1; seed <= 3; seed++) {
        uint64_t state = seed;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            copy_renamed(rows[i].name, &state);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            expect_same(rows[i].name, rows[i].at);
        empty();
    }
}

/* ------------------------------------------------------------ the rule of choice, on SOFT */

static struct assay_collateral_wanted wanted_by(const struct world *w)
{
    struct assay_collateral_wanted wanted;
    cr_assert_eq(
        assay_collateral_wanted(ASSAY_KIND_SOFT, w->quote, w->quote_len, w->at_unix_s, &wanted),
        ASSAY_OK);
    cr_assert(wanted.has_chain);
    return wanted;
}

static struct assay_collateral_dir read_wanted(const struct assay_collateral_wanted *wanted)
{
    struct assay_collateral_dir dir;
    const char *where = NULL;
    cr_assert_eq(cli_collateral_dir_read(folder, wanted, &dir, &where), ASSAY_OK);
    return dir;
}

static struct assay_collateral_dir read_folder(const struct world *w)
{
    const struct assay_collateral_wanted wanted = wanted_by(w);
    return read_wanted(&wanted);
}

/* What the evidence is found to be with the folder, as any caller of the choice builds it. */
static const struct assay_verdict *judge_with_folder(struct world *w)
{
    struct assay_collateral_dir dir = read_folder(w);
    cr_assert_eq(
        assay_collateral_build(&dir.files, &w->endorsements.entries[0].root, &w->collateral),
        ASSAY_OK);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cli_collateral_dir_close(&dir);
    return &w->verdict;
}

static void put_all(const struct world *w, const char *prefix)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%zu", prefix, i);
        put(name, w->bundle.files.part[i]);
    }
}

static void expect_parts(const struct world *w, const char *what)
{
    struct assay_collateral_dir dir = read_folder(w);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        cr_expect(assay_slice_equal(dir.files.part[i], w->bundle.files.part[i]), "%s: %s", what,
                  assay_collateral_part_name((enum assay_collateral_part)i));
    cli_collateral_dir_close(&dir);
}

/* Another vendor's collateral, older editions, editions of tomorrow: before and after by name. */
Test(quote_folder, takes_what_fits_then_has_begun_then_the_highest_number_then_the_latest)
{
    struct world *w = world_open();
    struct world *other = world_open();
    put_all(w, "m");
    put_all(other, "a");
    put_all(other, "z");
    expect_parts(w, "two vendors");
    empty();

    /* Every edition is worse than the one before it: of a lower number, out of its time, older; of
     * a time to come last. One whose time is over keeps lower ones out (evidence-rules.md 1.6). */
    static const struct {
        const char *prefix;
        int64_t issue_s, next_s;
        uint32_t number;
    } editions[] = {
        { "a", WORLD_AT - 9, WORLD_AT - 1, 31 }, { "m", WORLD_AT - 10, WORLD_TO, 20 },
        { "b", WORLD_AT - 20, WORLD_TO, 20 },    { "c", WORLD_AT - 5, WORLD_AT - 1, 20 },
        { "x", WORLD_AT - 5, WORLD_TO, 19 },     { "y", WORLD_AT + 1, WORLD_TO, 32 },
    };
    for (size_t i = sizeof editions / sizeof editions[0]; i-- > 0;) {
        w->terms.issue_unix_s = editions[i].issue_s;
        w->terms.next_unix_s = editions[i].next_s;
        w->terms.evaluation_number = editions[i].number;
        world_publish(w);
        put_all(w, editions[i].prefix);
        struct assay_collateral_dir dir = read_folder(w);
        static const int documents[] = { ASSAY_PART_TCB_INFO, ASSAY_PART_QE_IDENTITY };
        for (size_t k = 0; k < 2; k++)
            cr_expect(
                assay_slice_equal(dir.files.part[documents[k]], w->bundle.files.part[documents[k]]),
                "edition %s, part %d", editions[i].prefix, documents[k]);
        cli_collateral_dir_close(&dir);
    }
    world_close(other);
    world_close(w);
}

static void put_without(const struct world *w, size_t without)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "own-%zu", i);
        if (i != without) put(name, w->bundle.files.part[i]);
    }
}

/* Goal: nobody is accused because a file is wrong. A piece of another authority of the same names,
 * newer and of a higher number than the platform's own: in the place of the own one the part is
 * missing, next to it nothing changes. */
Test(quote_folder, a_piece_of_another_authority_never_makes_evidence_forged)
{
    struct world *w = world_open();
    struct world *other = world_open(); /* same names, other keys */
    other->terms.evaluation_number = w->terms.evaluation_number + 9;
    other->terms.issue_unix_s = WORLD_AT - 1;
    assay_bytes_copy(other->ca.fmspc, sizeof other->ca.fmspc, w->ca.fmspc, sizeof w->ca.fmspc);
    world_publish(other);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        const bool is_needed = i != ASSAY_PART_PCK_CHAIN && i != ASSAY_PART_QE_CHAIN;
        put_without(w, i);
        put("other", other->bundle.files.part[i]);
        if (i == ASSAY_PART_TCB_CHAIN) /* or it serves both documents */
            put("own-6", other->bundle.files.part[ASSAY_PART_QE_CHAIN]);
        const struct assay_verdict *v = judge_with_folder(w);
        cr_expect_eq(v->tier, is_needed ? ASSAY_TIER_NONE : ASSAY_TIER_AFFIRMING, "part %zu: %s", i,
                     v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
        cr_expect_neq(v->genuine, ASSAY_GENUINE_FALSE, "part %zu", i);
        cr_expect_eq(assay_verdict_has(v, ASSAY_RULE_COLLATERAL_MISSING), is_needed, "part %zu", i);
        empty();
        put_without(w, ASSAY_PARTS_INTEL);
        put("other", other->bundle.files.part[i]);
        v = judge_with_folder(w);
        cr_expect_eq(v->tier, ASSAY_TIER_AFFIRMING, "next to the own one, part %zu: %s", i,
                     v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
        empty();
    }
    put_all(other, "all");
    cr_expect_eq(judge_with_folder(w)->genuine, ASSAY_GENUINE_UNKNOWN, "all of another authority");
    put_all(w, "own");
    cr_expect_eq(judge_with_folder(w)->tier, ASSAY_TIER_AFFIRMING, "all of two authorities");
    world_close(other);
    world_close(w);
}

/* --- one file of certificates beside the collateral */
struct der {
    size_t len;
    uint8_t bytes[ASSAY_CERT_DER_MAX];
};

static struct der der_of(const uint8_t *bytes, size_t len)
{
    struct der d = { .len = len };
    assay_bytes_copy(d.bytes, sizeof d.bytes, bytes, len);
    return d;
}

/* The quote carries it. */
static struct der pck_of(const struct world *w)
{
    const uint8_t *const at = memmem(w->quote, w->quote_len, "-----BEGIN", 10);
    cr_assert_not_null(at);
    struct assay_slice text = assay_slice_over(at, w->quote_len - (size_t)(at - w->quote)), label;
    struct assay_certificate c = { 0 };
    struct der d = { 0 };
    while (!c.has_pck) {
        cr_assert_eq(assay_pem_next(&text, &label, d.bytes, sizeof d.bytes, &d.len), ASSAY_OK);
        cr_assert_eq(assay_x509_certificate(d.bytes, d.len, &c), ASSAY_OK);
    }
    return d;
}

/* A copy with one bit of the signature flipped. */
static struct der with_another_signature(struct der d)
{
    d.bytes[d.len - 1] ^= 1;
    return d;
}

/* A copy that ends when it begins. */
static struct der expired(struct der d)
{
    enum { GENERALIZED = 0x18, UTC = 0x17 };
    for (size_t i = 0; i + 34 < d.len; i++) {
        const uint8_t tag = d.bytes[i];
        const size_t len = 2u + d.bytes[i + 1];
        if ((tag != UTC || len != 15) && (tag != GENERALIZED || len != 17)) continue;
        cr_assert_eq(d.bytes[i + len], tag);
        assay_bytes_copy(d.bytes + i + len, sizeof d.bytes - i - len, d.bytes + i, len);
        return d;
    }
    cr_assert_fail("no validity");
    return d;
}

/* A self-issued copy of another name. */
static struct der renamed(struct der d)
{
    struct assay_certificate c;
    size_t found = 0;
    cr_assert_eq(assay_x509_certificate(d.bytes, d.len, &c), ASSAY_OK);
    for (size_t i = 0; i + c.subject.len <= d.len; i++) {
        if (!assay_bytes_equal(d.bytes + i, c.subject.der, c.subject.len)) continue;
        d.bytes[i + c.subject.len - 1] ^= 1;
        found += 1;
    }
    cr_assert_eq(found, 2);
    return d;
}

static struct assay_slice chain_of(const struct der *const *certificates)
{
    static uint8_t text[ASSAY_PEM_MAX];
    size_t len = 0;
    for (size_t i = 0; i < 3 && certificates[i] != NULL; i++)
        cr_assert_eq(assay_pem_put("CERTIFICATE", certificates[i]->bytes, certificates[i]->len,
                                   text, sizeof text, &len),
                     ASSAY_OK);
    return assay_slice_over(text, len);
}

static bool is_taken(const struct world *w, const struct der *d)
{
    struct assay_certificate c;
    bool found = false;
    cr_assert_eq(assay_x509_certificate(d->bytes, d->len, &c), ASSAY_OK);
    for (size_t i = 0; i < w->collateral.certificate_count; i++)
        found = found || assay_bytes_equal(w->collateral.certificates[i].digest, c.digest, 32);
    return found;
}

/* Goal: nobody is accused because a file is wrong (evidence-rules.md 1.15.6): certificates that the
 * root did not sign, in one file with genuine ones, change nothing, neither beside the chains nor
 * where the genuine certificates stand alone. */
Test(quote_folder, a_chain_with_a_copied_certificate_never_makes_evidence_forged)
{
    struct world *w = world_open();
    const struct der root = der_of(w->ca.root_der, w->ca.root_der_len);
    const struct der ca = der_of(w->ca.platform_der, w->ca.platform_der_len);
    const struct der signer = der_of(w->ca.signing_der, w->ca.signing_der_len);
    const struct der leaf = pck_of(w);
    const struct der false_ca = with_another_signature(ca), old_root = expired(root);
    const struct der false_root = renamed(root), false_signer = with_another_signature(signer);
    const struct {
        const char *what;
        const struct der *certificates[3];
    } cases[] = {
        { "a false CA first", { &false_ca, &ca, &root } },
        { "a false CA last", { &ca, &false_ca, &root } },
        { "a root of another name", { &signer, &false_root } },
        { "an expired root", { &signer, &old_root } },
        { "an expired root of the CA", { &ca, &old_root } },
        { "two roots", { &signer, &root, &root } },
        { "an expired root and the root", { &signer, &old_root, &root } },
        { "a PCK certificate", { &signer, &leaf } },
        { "a false signer first", { &false_signer, &signer } },
        { "a false signer last", { &signer, &false_signer } },
        { "a false signer alone", { &false_signer, &root } },
    };
    for (int alone = 0; alone <= 1; alone++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            for (size_t k = 0; k < (alone == 1 ? ASSAY_PART_PCK_CHAIN : ASSAY_PARTS_INTEL); k++) {
                char name[32];
                (void)snprintf(name, sizeof name, "own-%zu", k);
                put(name, w->bundle.files.part[k]);
            }
            put("ca", assay_slice_over(ca.bytes, ca.len));
            put("signer", assay_slice_over(signer.bytes, signer.len));
            put("beside", chain_of(cases[i].certificates));
            const struct assay_verdict *const v = judge_with_folder(w);
            cr_expect_eq(v->tier, ASSAY_TIER_AFFIRMING, "%s (%d): %s", cases[i].what, alone,
                         v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
            cr_expect(is_taken(w, &ca), "%s (%d)", cases[i].what, alone);
            cr_expect_not(is_taken(w, &false_ca), "%s (%d)", cases[i].what, alone);
            empty();
        }
    /* A bundle as it is: the genuine CA stands behind its copy. */
    struct assay_collateral_files files = w->bundle.files;
    files.part[ASSAY_PART_PCK_CHAIN] = chain_of(cases[0].certificates);
    cr_assert_eq(assay_collateral_build(&files, &w->endorsements.entries[0].root, &w->collateral),
                 ASSAY_OK);
    cr_expect(assay_collateral_sound(&w->collateral) && w->collateral.has_pck_issuer);
    world_close(w);
}

/* The same bytes but for the key id of the authority: the name of the other, by every rule. */
static void claim_key_id(uint8_t *der, size_t len, const uint8_t *issuer_der, size_t issuer_len,
                         const uint8_t *claimed_der, size_t claimed_len)
{
    struct assay_certificate issuer, claimed;
    cr_assert_eq(assay_x509_certificate(issuer_der, issuer_len, &issuer), ASSAY_OK);
    cr_assert_eq(assay_x509_certificate(claimed_der, claimed_len, &claimed), ASSAY_OK);
    size_t found = 0;
    for (size_t i = 0; i + ASSAY_KEY_ID_LEN <= len; i++) {
        if (!assay_bytes_equal(der + i, issuer.subject_key_id, ASSAY_KEY_ID_LEN)) continue;
        assay_bytes_copy(der + i, len - i, claimed.subject_key_id, ASSAY_KEY_ID_LEN);
        found += 1;
    }
    cr_assert_eq(found, 1);
}

/* A certificate that claims the root's name and key id vouches for nothing. */
Test(quote_folder, a_signer_that_the_root_did_not_sign_vouches_for_no_document)
{
    struct world *w = world_open();
    struct world *other = world_open();
    put_all(w, "own");
    other->terms.evaluation_number = w->terms.evaluation_number + 9;
    world_publish(other);
    put("tcb", other->bundle.files.part[ASSAY_PART_TCB_INFO]);
    put("qe", other->bundle.files.part[ASSAY_PART_QE_IDENTITY]);
    uint8_t *const signer = other->ca.signing_der;
    claim_key_id(signer, other->ca.signing_der_len, other->ca.root_der, other->ca.root_der_len,
                 w->ca.root_der, w->ca.root_der_len);
    put("signer", assay_slice_over(signer, other->ca.signing_der_len));
    const struct assay_verdict *const v = judge_with_folder(w);
    cr_expect_eq(v->tier, ASSAY_TIER_AFFIRMING, "%s",
                 v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
    cr_expect_eq(w->collateral.tcb_info.evaluation_number, w->terms.evaluation_number);
    world_close(other);
    world_close(w);
}

/* Goal: a list in the authority's name that its key did not sign neither accuses nor serves. */
Test(quote_folder, a_list_that_its_authority_did_not_sign_is_as_if_it_were_not_there)
{
    static const enum assay_collateral_part lists[] = { ASSAY_PART_ROOT_CRL, ASSAY_PART_PCK_CRL };
    struct world *w = world_open();
    for (size_t i = 0; i < 2; i++) {
        uint8_t changed[4096];
        w->terms.issue_unix_s = WORLD_AT - 1; /* newer than the own one */
        world_publish(w);
        const struct assay_slice list = w->bundle.files.part[lists[i]];
        cr_assert_leq(list.len, sizeof changed);
        assay_bytes_copy(changed, sizeof changed, list.bytes, list.len);
        changed[list.len - 1] ^= 1;
        put("changed", assay_slice_over(changed, list.len));
        w->terms.issue_unix_s = WORLD_AT - 10;
        world_publish(w);
        put_without(w, lists[i]);
        const struct assay_verdict *v = judge_with_folder(w);
        cr_expect_eq(v->genuine, ASSAY_GENUINE_UNKNOWN, "alone, list %zu", i);
        cr_expect(assay_verdict_has(v, ASSAY_RULE_COLLATERAL_MISSING), "alone, list %zu", i);
        put("own", w->bundle.files.part[lists[i]]);
        v = judge_with_folder(w);
        cr_expect_eq(v->tier, ASSAY_TIER_AFFIRMING, "next to the own one, list %zu: %s", i,
                     v->reason_count == 0 ? "-" : assay_rule_name(v->reasons[0].rule));
        empty();
    }
    world_close(w);
}

/* Goal: no piece of another authority hides a revocation, whichever is newer. */
Test(quote_folder, a_list_of_another_authority_hides_no_revocation)
{
    struct world *w = world_open();
    struct world *other = world_open();
    other->terms.issue_unix_s = WORLD_AT - 1;
    world_publish(other);
    assay_bytes_copy(w->terms.revoked[0], 20, w->node.pck_serial, 20);
    w->terms.revoked_count = 1;
    world_publish(w);
    put_all(w, "own");
    put("a-root", other->bundle.files.part[ASSAY_PART_ROOT_CRL]);
    put("a-pck", other->bundle.files.part[ASSAY_PART_PCK_CRL]);
    const struct assay_verdict *v = judge_with_folder(w);
    cr_expect(assay_verdict_has(v, ASSAY_RULE_CERT_REVOKED));
    cr_expect_eq(v->genuine, ASSAY_GENUINE_FALSE);
    world_close(other);
    world_close(w);
}

Test(quote_folder, takes_revocation_lists_by_issuer_then_time_then_date)
{
    struct world *w = world_open();
    static const struct {
        const char *root, *pck;
        int64_t issue_s, next_s;
    } editions[] = {
        { "m1", "m2", WORLD_AT - 10, WORLD_TO },
        { "a1", "a2", WORLD_AT - 20, WORLD_TO },
        { "z1", "z2", WORLD_AT - 5, WORLD_AT - 1 },
    };
    for (size_t i = sizeof editions / sizeof editions[0]; i-- > 0;) {
        w->terms.issue_unix_s = editions[i].issue_s;
        w->terms.next_unix_s = editions[i].next_s;
        world_publish(w);
        put(editions[i].root, w->bundle.files.part[ASSAY_PART_ROOT_CRL]);
        put(editions[i].pck, w->bundle.files.part[ASSAY_PART_PCK_CRL]);
        struct assay_collateral_dir dir = read_folder(w);
        cr_expect(assay_slice_equal(dir.files.part[ASSAY_PART_ROOT_CRL],
                                    w->bundle.files.part[ASSAY_PART_ROOT_CRL]));
        cr_expect(assay_slice_equal(dir.files.part[ASSAY_PART_PCK_CRL],
                                    w->bundle.files.part[ASSAY_PART_PCK_CRL]));
        cli_collateral_dir_close(&dir);
    }
    world_close(w);
}

static void expect_pair(const struct world *w, const char *what)
{
    const struct assay_collateral_wanted wanted = { .at_unix_s = WORLD_AT }; /* no evidence */
    struct assay_collateral_dir dir = read_wanted(&wanted);
    for (size_t i = ASSAY_PART_PCK_CRL; i <= ASSAY_PART_PCK_CHAIN; i++)
        cr_expect(assay_slice_equal(dir.files.part[i], w->bundle.files.part[i]), "%s", what);
    cli_collateral_dir_close(&dir);
    empty();
}

Test(quote_folder, takes_list_and_chain_of_one_ca_without_evidence)
{
    struct world *worlds[2] = { world_open(), world_open() }; /* same names, other keys */
    for (int newest = 0; newest < 2; newest++) {
        struct world *const w = worlds[newest], *const other = worlds[1 - newest];
        w->terms.issue_unix_s = WORLD_AT - 1;
        other->terms.issue_unix_s = WORLD_AT - 9;
        world_publish(w);
        world_publish(other);
        put_all(w, "a");
        put_all(other, "m");
        expect_pair(w, "two CAs: the newest list");
        put_all(other, "m");
        put("a", w->bundle.files.part[ASSAY_PART_PCK_CRL]);
        expect_pair(other, "a newer list of a CA that is not here");
    }
    world_close(worlds[0]);
    world_close(worlds[1]);
}

static const struct assay_recognised *piece_of(const struct assay_input_files *g, const char *name)
{
    for (size_t i = 0; i < g->found.count; i++)
        if (strcmp(g->names[g->found.pieces[i].file], name) == 0) return &g->found.pieces[i];
    return NULL;
}

/* The library is given no names: what a file is, its contents say, and what it is not, a status. */
Test(quote_folder, a_name_says_nothing_and_what_is_passed_over_is_said)
{
    struct world *w = world_open();
    put_all(w, "f");
    put("tcb_info.json", assay_slice_over("{}", 2));
    put("pck_crl.der", assay_slice_over("", 0));
    put("qe_identity.json", w->bundle.files.part[ASSAY_PART_TCB_INFO]);
    struct assay_collateral_dir dir = read_folder(w);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        cr_expect(assay_slice_equal(dir.files.part[i], w->bundle.files.part[i]), "part %zu", i);
    const struct assay_recognised *const odd = piece_of(dir.given, "tcb_info.json");
    cr_assert_not_null(odd);
    cr_expect_eq(odd->shape, ASSAY_SHAPE_OTHER);
    cr_expect_eq(odd->status, ASSAY_E_UNSUPPORTED);
    cr_assert_eq(dir.given->skipped_count, 1);
    cr_expect_str_eq(dir.given->skipped[0].name, "pck_crl.der");
    cli_collateral_dir_close(&dir);
    world_close(w);
}

/* Certificates may stand in DER, alone, or all of them in one text. */
Test(quote_folder, finds_chains_in_whatever_form_they_come)
{
    struct world *w = world_open();
    static const enum assay_collateral_part chains[] = { ASSAY_PART_PCK_CHAIN, ASSAY_PART_TCB_CHAIN,
                                                         ASSAY_PART_QE_CHAIN };
    for (int form = 0; form < 2; form++) {
        static uint8_t all[3 * ASSAY_PEM_MAX];
        size_t used = 0, number = 0;
        for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
            const struct assay_slice part = w->bundle.files.part[i];
            char name[32];
            (void)snprintf(name, sizeof name, "p%zu", i);
            if (i < ASSAY_PART_PCK_CHAIN) put(name, part);
        }
        for (size_t i = 0; i < 3; i++) {
            struct assay_slice text = w->bundle.files.part[chains[i]], label;
            uint8_t der[ASSAY_CERT_DER_MAX];
            size_t len = 0;
            assay_bytes_copy(all + used, sizeof all - used, text.bytes, text.len);
            used += text.len;
            while (form == 0 && assay_pem_next(&text, &label, der, sizeof der, &len) == ASSAY_OK) {
                char name[32];
                (void)snprintf(name, sizeof name, "c%zu", number++);
                put(name, assay_slice_over(der, len));
            }
        }
        if (form == 1) put("all", assay_slice_over(all, used));
        struct assay_collateral_dir dir = read_folder(w);
        struct assay_collateral *const built = calloc(1, sizeof *built);
        cr_assert_not_null(built);
        cr_assert_eq(assay_collateral_build(&dir.files, &w->endorsements.entries[0].root, built),
                     ASSAY_OK);
        cr_expect(assay_collateral_sound(built), "form %d", form);
        cr_expect(built->has_pck_issuer, "form %d: the PCK CA is found", form);
        free(built);
        cli_collateral_dir_close(&dir);
        empty();
    }
    world_close(w);
}

Test(quote_folder, recognises_a_document_that_cannot_be_read_by_what_it_wants_to_be)
{
    static const char text[] = " \n{\"tcbInfo\":{},\"signature\":\"\",\"enclaveIdentity\":1}";
    struct world *w = world_open();
    put("x", assay_slice_over(text, sizeof text - 1));
    struct assay_collateral_dir dir = read_folder(w);
    cr_expect_eq(dir.files.part[ASSAY_PART_TCB_INFO].len, sizeof text - 1);
    cr_expect_eq(dir.files.part[ASSAY_PART_QE_IDENTITY].len, 0);
    cli_collateral_dir_close(&dir);
    put("y", w->bundle.files.part[ASSAY_PART_TCB_INFO]);
    put("z", w->bundle.files.part[ASSAY_PART_TCB_CHAIN]); /* whose it is */
    dir = read_folder(w);
    cr_expect(assay_slice_equal(dir.files.part[ASSAY_PART_TCB_INFO],
                                w->bundle.files.part[ASSAY_PART_TCB_INFO]));
    cli_collateral_dir_close(&dir);
    world_close(w);
}

Test(quote_folder, ignores_whatever_else_is_there)
{
    static uint8_t large[ASSAY_PART_LEN_MAX + 1];
    struct world *w = world_open();
    char path[PATH_MAX];
    put_all(w, "m");
    put("a-root.pem", w->bundle.files.part[ASSAY_PART_PCK_CHAIN]); /* ties go to the first */
    put("b-empty", assay_slice_over("", 0));
    put("c-text", assay_slice_over("hello\n", 6));
    put("d-json", assay_slice_over("{\"a\":1}", 7));
    put("e-der", assay_slice_over("\x30\x03\x02\x01\x05", 5));
    put("f-pem", assay_slice_over("-----BEGIN CERTIFICATE-----\nAAAA\n", 33));
    put("g-blank", assay_slice_over(" \n\t", 3));
    put("h-nul", assay_slice_over("\0{\"tcbInfo\"", 11));
    memset(large, '{', sizeof large);
    put("i-large", assay_slice_over(large, sizeof large));
    put("j-quote", assay_slice_over(w->quote, w->quote_len));
    (void)snprintf(path, sizeof path, "%s/k-folder", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/l-pipe", folder);
    cr_assert_eq(mkfifo(path, 0600), 0); /* nobody writes: reading would wait for ever */
    (void)snprintf(path, sizeof path, "%s/m-link", folder);
    cr_assert_eq(symlink("/nonexistent", path), 0);
    expect_parts(w, "among others");
    world_close(w);
}

Test(quote_folder, says_what_is_wrong_with_the_folder)
{
    struct world *w = world_open();
    const struct assay_collateral_wanted wanted = wanted_by(w);
    struct assay_collateral_dir dir;
    const char *where = "";
    char name[PATH_MAX];
    cr_expect_eq(cli_collateral_dir_read("/nonexistent", &wanted, &dir, &where), ASSAY_E_NOT_FOUND);
    cli_collateral_dir_close(&dir);
    cr_expect_eq(cli_collateral_dir_read("/dev/null", &wanted, &dir, &where), ASSAY_E_NOT_FOUND);
    cli_collateral_dir_close(&dir);
    cr_expect_null(where);

    for (int i = 0; i <= ASSAY_RECOGNISED_FILES_MAX; i++) { /* one more than there is room for */
        if (i % 64 == 0) {
            struct assay_collateral_dir one = read_wanted(&wanted);
            cli_collateral_dir_close(&one);
        }
        (void)snprintf(name, sizeof name, "crl-%03d", i);
        put(name, w->bundle.files.part[ASSAY_PART_ROOT_CRL]);
    }
    cr_expect_eq(cli_collateral_dir_read(folder, &wanted, &dir, &where), ASSAY_E_FULL);
    cr_expect_str_eq(where, "crl-256");
    cli_collateral_dir_close(&dir);
    empty();

    /* What is no plain file is said, and stops nothing. */
    (void)snprintf(name, sizeof name, "%s/tcb_info.json", folder);
    cr_assert_eq(mkdir(name, 0700), 0);
    cr_expect_eq(cli_collateral_dir_read(folder, &wanted, &dir, &where), ASSAY_OK);
    cr_assert_eq(dir.given->skipped_count, 1);
    cr_expect_str_eq(dir.given->skipped[0].name, "tcb_info.json");
    cli_collateral_dir_close(&dir);
    world_close(w);
}

/* With devices it is the evidence of the same platform. */
Test(quote_folder, wants_the_same_for_a_quote_with_devices)
{
    static uint8_t bytes[ASSAY_COMPOSITE_LEN_MAX];
    static const uint8_t devices[] = { 0x83 }; /* of no use here */
    struct world *w = world_open();
    const struct assay_collateral_wanted wanted = wanted_by(w);
    const struct assay_package p = { .kind = ASSAY_KIND_SOFT,
                                     .main = assay_slice_over(w->quote, w->quote_len),
                                     .devices = assay_slice_over(devices, sizeof devices) };
    struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
    struct assay_collateral_wanted same;
    struct assay_slice out;
    assay_package_encode(&p, &writer);
    cr_assert_eq(assay_writer_finish(&writer, &out), ASSAY_OK);
    cr_assert_eq(assay_collateral_wanted(ASSAY_KIND_SOFT, out.bytes, out.len, w->at_unix_s, &same),
                 ASSAY_OK);
    cr_assert(same.has_chain);
    cr_expect_arr_eq(same.fmspc, wanted.fmspc, sizeof same.fmspc);
    world_close(w);
}

/* Evidence without a chain wants nothing in particular, and still finds what there is. */
Test(quote_folder, serves_evidence_that_names_no_platform)
{
    struct world *w = world_open();
    struct assay_collateral_wanted wanted;
    cr_assert_eq(assay_collateral_wanted(ASSAY_KIND_NONE, NULL, 0, WORLD_AT, &wanted), ASSAY_OK);
    cr_expect_not(wanted.has_chain);
    for (size_t cut = 0; cut < w->quote_len; cut += 97) {
        cr_assert_eq(assay_collateral_wanted(ASSAY_KIND_SOFT, w->quote, cut, WORLD_AT, &wanted),
                     ASSAY_OK);
        cr_expect_not(wanted.has_chain, "%zu bytes", cut);
    }
    put_all(w, "m");
    struct assay_collateral_dir dir = read_wanted(&wanted);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        cr_expect(assay_slice_equal(dir.files.part[i], w->bundle.files.part[i]), "part %zu", i);
    cli_collateral_dir_close(&dir);
    world_close(w);
}
