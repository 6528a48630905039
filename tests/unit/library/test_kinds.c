/*
 * tests/unit/library/test_kinds.c - TPM, paravisor and CCA through the public interface: the
 * verdicts of the core, on genuine evidence and on that of the tests' authorities.
 */
#include "base/base64.h"
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/cose/cca_world.h"
#include "tests/unit/tpm/google_extension.h"
#include "tests/unit/tpm/simulated_tpm.h"
#include "tests/unit/tpm/vtpm_world.h"

#include <assay/assay.h>
#include <assay/policy.h>
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1767225600 /* 2026-01-01 */ };

static struct assay_trust *trust;
static struct assay_verifier *verifier;
static struct assay_verdict *verdict;
static uint8_t packed[ASSAY_EVIDENCE_BYTES_MAX];
static size_t packed_len;

static void set_up(void)
{
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_verifier_create(4, &verifier), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verifier_destroy(&verifier);
    assay_verdict_destroy(&verdict);
    assay_trust_destroy(&trust);
}

TestSuite(library_kinds, .init = set_up, .fini = tear_down);

/* Another user's trust: roots cannot be taken out of one. */
static void start_anew(void)
{
    tear_down();
    set_up();
}

/* --- genuine evidence */
static struct assay_bytes vector(const char *name)
{
    struct assay_bytes file = { NULL, 0 };
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(), name);
    file.bytes = read_file(path, &file.len);
    cr_assert_not_null(file.bytes, "%s", path);
    return file;
}

/* Of a key in PEM: the parts of evidence are binary. */
static struct assay_bytes decode_pem(struct assay_bytes pem)
{
    struct assay_slice rest = assay_slice_over(pem.bytes, pem.len), label;
    uint8_t *const der = malloc(pem.len);
    size_t len = 0;
    cr_assert_not_null(der);
    cr_assert_eq(assay_pem_next(&rest, &label, der, pem.len, &len), ASSAY_OK);
    free((void *)(uintptr_t)pem.bytes);
    return (struct assay_bytes){ der, len };
}

static void drop(struct assay_bytes *file)
{
    free((void *)(uintptr_t)file->bytes);
    *file = (struct assay_bytes){ NULL, 0 };
}

static void need_vectors(void)
{
    if (vectors_dir() == NULL) cr_skip_test("no genuine vectors here: set ASSAY_VECTORS");
}

static void add_root(struct assay_bytes root, enum assay_evidence_kind kind)
{
    cr_assert_eq(assay_trust_add_root(trust, root.bytes, root.len, ASSAY_KIND_BIT(kind)), ASSAY_OK);
}

static void expect_genuine(struct assay_verifier *memory, enum assay_evidence_kind kind,
                           enum assay_genuine wanted)
{
    cr_assert_eq(
        verify_bytes(memory, trust, NULL, ASSAY_KIND_NONE, packed, packed_len, NOW, verdict),
        ASSAY_OK);
    cr_expect_eq(assay_verdict_get_kind(verdict), kind);
    struct assay_finding why = {
        .size = sizeof why, .name = "none", .expected = "", .observed = ""
    };
    (void)assay_verdict_get_finding(verdict, 0, &why);
    cr_expect_eq(assay_verdict_get_genuine(verdict), wanted,
                 "%s: genuine %d, first reason %s: %s / %s", assay_name_of_kind(kind),
                 (int)assay_verdict_get_genuine(verdict), why.name, why.expected, why.observed);
}

static void expect_link(const char *name, enum assay_proof_state wanted)
{
    const char *found = NULL;
    enum assay_proof_state state = ASSAY_PROOF_NOT_USED;
    for (size_t i = 0; assay_verdict_get_link(verdict, i, &found, &state); i++)
        if (strcmp(found, name) == 0) {
            cr_expect_eq(state, wanted, "%s is %d", name, (int)state);
            return;
        }
    cr_expect(false, "no link %s", name);
}

static void expect_finding(const char *name)
{
    struct assay_finding why = { .size = sizeof why };
    for (size_t i = 0; assay_verdict_get_finding(verdict, i, &why); i++)
        if (strcmp(why.name, name) == 0) return;
    cr_expect(false, "no finding %s", name);
}

static void pack(enum assay_evidence_kind kind, const struct assay_evidence_piece_list *pieces)
{
    cr_assert_eq(assay_evidence_pack(kind, pieces, packed, sizeof packed, &packed_len), ASSAY_OK);
}

Test(library_kinds, a_genuine_tpm_quote_is_proven_up_to_the_key_that_nobody_certified)
{
    need_vectors();
    struct assay_bytes certificates[] = { vector("tpm/swtpm-p256-ak/ek-rsa2048.der"),
                                          vector("tpm/swtpm-p256-ak/ca-issuer.pem") };
    struct assay_bytes root = vector("tpm/swtpm-p256-ak/ca-root.pem");
    struct assay_evidence_piece_list pieces = {
        .size = sizeof pieces,
        .main = vector("tpm/swtpm-p256-ak/quote.msg"),
        .certificates = certificates,
        .certificate_count = 2,
        .signature = vector("tpm/swtpm-p256-ak/quote.sig"),
        .pcrs = vector("tpm/swtpm-p256-ak/quote.pcrs"),
        .key = vector("tpm/swtpm-p256-ak/ak.tpm2b_public"),
    };
    const enum assay_evidence_kind tpm = ASSAY_KIND_TPM;
    add_root(root, tpm);
    cr_assert_eq(assay_trust_set_exact(trust, true), ASSAY_OK);
    pack(tpm, &pieces);
    for (int warm = 0; warm < 3; warm++) {
        expect_genuine(warm == 0 ? NULL : verifier, tpm, ASSAY_GENUINE_UNKNOWN);
        expect_link("tpm_signature_ok", ASSAY_PROOF_TRUE);
        expect_link("pcr_digest_ok", ASSAY_PROOF_TRUE);
        expect_link("ek_chain_ok", ASSAY_PROOF_TRUE);
        expect_link("ak_bound_ok", ASSAY_PROOF_UNKNOWN);
        expect_finding("attestation-key-unproven");
    }
    struct assay_bytes challenge;
    cr_assert(assay_verdict_get_report_data(verdict, &challenge));
    cr_expect_eq(challenge.bytes[1], 0x11, "the challenge is that of the manifest");

    /* The key without what the TPM says of it: the signature is the same. */
    drop(&pieces.key);
    pieces.key = decode_pem(vector("tpm/swtpm-p256-ak/ak.pem"));
    pack(tpm, &pieces);
    expect_genuine(NULL, tpm, ASSAY_GENUINE_UNKNOWN);
    expect_link("tpm_signature_ok", ASSAY_PROOF_TRUE);

    ((uint8_t *)(uintptr_t)pieces.pcrs.bytes)[40] ^= 1;
    pack(tpm, &pieces);
    expect_genuine(NULL, tpm, ASSAY_GENUINE_FALSE);
    expect_link("pcr_digest_ok", ASSAY_PROOF_FALSE);
    drop(&pieces.main);
    drop(&pieces.signature);
    drop(&pieces.pcrs);
    drop(&pieces.key);
    drop(&certificates[0]);
    drop(&certificates[1]);
    drop(&root);
}

/* The folders of the paravisors have no intermediates: those of their products stand elsewhere. */
static const struct {
    const char *dir, *vcek, *vendor;
} paravisors[] = {
    { "tpm/paravisor-snp-milan", "vcek.der", "snp/milan-v3" },
    { "tpm/paravisor-snp-genoa", "vcek.pem", "snp/genoa-v3-paravisor" },
};

static struct assay_bytes vector_of(const char *dir, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return vector(path);
}

Test(library_kinds, a_genuine_paravisor_is_proven_link_by_link_under_the_pinned_roots)
{
    static const char *const links[] = { "report_signature_ok", "tpm_signature_ok", "pcr_digest_ok",
                                         "hardware_report_data_binds_runtime_data",
                                         "runtime_data_names_ak" };
    need_vectors();
    for (size_t i = 0; i < sizeof paravisors / sizeof paravisors[0]; i++) {
        const char *const dir = paravisors[i].dir;
        struct assay_bytes certificates[] = { vector_of(dir, paravisors[i].vcek),
                                              vector_of(paravisors[i].vendor, "ask.pem") };
        struct assay_evidence_piece_list pieces = {
            .size = sizeof pieces,
            .main = vector_of(dir, "tpm_quote.msg"),
            .certificates = certificates,
            .certificate_count = 2,
            .signature = vector_of(dir, "tpm_quote.sig"),
            .pcrs = vector_of(dir, "tpm_pcrs.bin"),
            .key = decode_pem(vector_of(dir, "ak.pem")),
            .hardware = vector_of(dir, "hcl_report.bin"),
        };
        start_anew();
        cr_assert_eq(assay_trust_add_pinned(trust), ASSAY_OK);
        pack(ASSAY_KIND_VTPM_SNP, &pieces);
        for (int warm = 0; warm < 3; warm++) {
            expect_genuine(warm == 0 ? NULL : verifier, ASSAY_KIND_VTPM_SNP, ASSAY_GENUINE_TRUE);
            for (size_t k = 0; k < sizeof links / sizeof links[0]; k++)
                expect_link(links[k], ASSAY_PROOF_TRUE);
        }
        pieces.certificate_count = 1; /* the intermediate is not there: nothing is proven */
        pack(ASSAY_KIND_VTPM_SNP, &pieces);
        expect_genuine(verifier, ASSAY_KIND_VTPM_SNP, ASSAY_GENUINE_UNKNOWN);
        pieces.certificate_count = 2;
        ((uint8_t *)(uintptr_t)pieces.signature.bytes)[100] ^= 1;
        pack(ASSAY_KIND_VTPM_SNP, &pieces);
        expect_genuine(verifier, ASSAY_KIND_VTPM_SNP, ASSAY_GENUINE_FALSE);
        expect_link("tpm_signature_ok", ASSAY_PROOF_FALSE);
        drop(&pieces.main);
        drop(&pieces.signature);
        drop(&pieces.pcrs);
        drop(&pieces.key);
        drop(&pieces.hardware);
        drop(&certificates[0]);
        drop(&certificates[1]);
    }
}

Test(library_kinds, a_genuine_cca_token_is_proven_under_its_platform_key_as_json)
{
    need_vectors();
    struct assay_bytes token = vector("cca/cca-token-es384/token.cbor");
    struct assay_bytes jwk = vector("cca/cca-token-es384/cpak-pub.json");
    cr_assert_leq(token.len, sizeof packed);
    assay_bytes_copy(packed, sizeof packed, token.bytes, token.len);
    packed_len = token.len;
    /* Nobody is trusted, then somebody for another kind: a stranger's key vouches for nothing, and
     * whoever asks about this very token without a root for it has not said enough. */
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(assay_trust_set_exact(trust, false), ASSAY_OK);
        expect_genuine(NULL, ASSAY_KIND_CCA, ASSAY_GENUINE_FALSE);
        expect_finding("chain-root");
        cr_assert_eq(assay_trust_set_exact(trust, true), ASSAY_OK);
        expect_genuine(NULL, ASSAY_KIND_CCA, ASSAY_GENUINE_UNKNOWN);
        expect_finding("root-missing");
        if (i == 0) add_root(jwk, ASSAY_KIND_TPM);
    }
    start_anew();
    add_root(jwk, ASSAY_KIND_CCA);
    for (int warm = 0; warm < 3; warm++) {
        expect_genuine(warm == 0 ? NULL : verifier, ASSAY_KIND_CCA, ASSAY_GENUINE_TRUE);
        expect_link("platform_token_signature_ok", ASSAY_PROOF_TRUE);
        expect_link("realm_token_signature_ok", ASSAY_PROOF_TRUE);
        expect_link("realm_binding_ok", ASSAY_PROOF_TRUE);
    }
    packed[packed_len - 1] ^= 1;
    expect_genuine(verifier, ASSAY_KIND_CCA, ASSAY_GENUINE_FALSE);
    drop(&token);
    drop(&jwk);
}

/* --- evidence of the tests' authorities */

/* The verdict is the core's own struct: every byte must be the same, cold and warm. */
static void expect_as_core(const uint8_t *bytes, size_t len, int64_t at_unix_s,
                           const struct assay_verdict *core)
{
    for (int warm = 0; warm < 3; warm++) {
        cr_assert_eq(verify_bytes(warm == 0 ? NULL : verifier, trust, NULL, ASSAY_KIND_NONE, bytes,
                                  len, at_unix_s, verdict),
                     ASSAY_OK);
        cr_expect(assay_bytes_equal(verdict, core, sizeof *core), "%s: library %s, core %s",
                  assay_name_of_kind(core->kind), assay_tier_text(verdict->tier),
                  assay_tier_text(core->tier));
    }
}

static void add_key(const struct assay_key *key, enum assay_evidence_kind kind)
{
    uint8_t der[ASSAY_KEY_BYTES_MAX + 64];
    size_t len = 0;
    cr_assert_eq(assay_key_spki(key, der, sizeof der, &len), ASSAY_OK);
    add_root((struct assay_bytes){ der, len }, kind);
}

Test(library_kinds, a_tpm_quote_has_the_verdict_of_the_core)
{
    struct simtpm *const p = calloc(1, sizeof *p);
    struct assay_verdict core;
    uint8_t der[2048];
    size_t len = 0;
    cr_assert_not_null(p);
    simtpm_make(p);
    add_key(&p->registrar.key, ASSAY_KIND_TPM);
    simtpm_appraise(p, &core);
    cr_assert_eq(core.genuine, ASSAY_GENUINE_TRUE);
    expect_as_core(p->evidence, p->len, SIMTPM_NOW, &core);

    /* With the registrar's list, and with one that names the key. */
    for (int revoked = 0; revoked < 2; revoked++) {
        uint8_t serial[1][ASSAY_SERIAL_LEN] = { { 0 } };
        assay_bytes_copy(serial[0] + ASSAY_SERIAL_LEN - 16, 16, p->certificate.serial, 16);
        simtpm_list(p, revoked != 0 ? p->certificate.serial : NULL, SIMTPM_NOW - 60,
                    SIMTPM_NOW + 60);
        cr_assert_eq(assay_tpm_registrar_crl(&p->registrar, SIMTPM_NOW - 60, SIMTPM_NOW + 60,
                                             (const uint8_t(*)[ASSAY_SERIAL_LEN])serial,
                                             revoked != 0 ? 1 : 0, der, sizeof der, &len),
                     ASSAY_OK);
        start_anew();
        add_key(&p->registrar.key, ASSAY_KIND_TPM);
        const struct assay_bytes list = { der, len };
        cr_assert_eq(assay_trust_add_collateral(trust, &list, 1), ASSAY_OK);
        simtpm_appraise(p, &core);
        cr_assert_eq(core.genuine, revoked != 0 ? ASSAY_GENUINE_FALSE : ASSAY_GENUINE_TRUE);
        expect_as_core(p->evidence, p->len, SIMTPM_NOW, &core);
    }
    p->other_digest = true;
    simtpm_appraise(p, &core);
    cr_assert_eq(core.genuine, ASSAY_GENUINE_FALSE);
    expect_as_core(p->evidence, p->len, SIMTPM_NOW, &core);
    simtpm_free(p);
    free(p);
}

static size_t make_list(const struct assay_tpm_registrar *registrar, int64_t from_s,
                        const uint8_t *revoked, uint8_t der[static 2048])
{
    uint8_t serial[1][ASSAY_SERIAL_LEN] = { { 0 } };
    size_t len = 0;
    if (revoked != NULL) assay_bytes_copy(serial[0] + ASSAY_SERIAL_LEN - 16, 16, revoked, 16);
    cr_assert_eq(assay_tpm_registrar_crl(registrar, from_s, SIMTPM_NOW + 60,
                                         (const uint8_t(*)[ASSAY_SERIAL_LEN])serial,
                                         revoked != NULL ? 1 : 0, der, 2048, &len),
                 ASSAY_OK);
    return len;
}

/* A folder of years: lists of the registrar, one of somebody else, and what is no list at all. */
/* The leave stands in the policy, whoever gave the roots. */
Test(library_kinds, a_clouds_tpm_is_affirmed_by_the_policys_leave_and_names_its_instance)
{
    static struct assay_der extensions;
    struct google_extension gce;
    struct assay_cloud_instance instance = { .size = sizeof instance };
    struct simtpm *const p = calloc(1, sizeof *p);
    cr_assert_not_null(p);
    simtpm_make(p);
    google_extension_good(&gce);
    assay_der_init(&extensions);
    google_extension_put(&extensions, &gce);
    p->certificate.role = ASSAY_TPM_ROLE_PLAIN;
    p->certificate.ek_name = NULL;
    p->certificate.extensions = assay_der_finish(&extensions);
    simtpm_build(p);
    add_key(&p->registrar.key, ASSAY_KIND_TPM);
    for (int leave = 0; leave < 2; leave++) {
        struct assay_policy *policy = NULL;
        char text[512], key[2 * ASSAY_P256_PUBLIC_LEN + 1];
        assay_hex_encode(p->registrar.key.bytes, ASSAY_P256_PUBLIC_LEN, key, sizeof key);
        (void)snprintf(text, sizeof text,
                       "policy_version: 1\nprofile: production\nroots:\n"
                       "  - { name: a, kinds: [tpm2], attestation_keys: %s, key: \"%s\" }\n",
                       leave == 0 ? "tcg" : "google", key);
        cr_assert_eq(assay_policy_create_yaml(text, strlen(text), &policy, NULL, 0), ASSAY_OK);
        cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_TPM, p->evidence, p->len,
                                  SIMTPM_NOW, verdict),
                     ASSAY_OK);
        assay_policy_destroy(&policy);
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
        cr_expect_eq(assay_verdict_get_tier(verdict) == ASSAY_TIER_CONTRAINDICATED, leave == 0);
        cr_expect(assay_verdict_get_instance(verdict, &instance));
    }
    cr_expect_str_eq(instance.id, "11744722211572649027");
    cr_expect_str_eq(instance.name, "an-instance-name");
    cr_expect_str_eq(instance.project, "a-project-name");
    cr_expect_str_eq(instance.zone, "us-central1-c");
    cr_expect_eq(instance.project_number, 603434606775);
    cr_expect_not(assay_verdict_get_instance(NULL, &instance));
    cr_expect_not(assay_verdict_get_instance(verdict, NULL));
    simtpm_free(p);
    free(p);
}

Test(library_kinds, of_several_lists_the_newest_of_the_root_counts_in_any_order)
{
    static const unsigned orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                          { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const char broken[] = "-----BEGIN X509 CRL-----\nMII=\n-----END X509 CRL-----\n";
    static const uint8_t cut[] = { 0x30, 0x82, 0x40, 0x00, 0x30 }, odd[] = { 0x30, 0x83, 0, 0, 1 };
    struct simtpm *const p = calloc(1, sizeof *p);
    struct assay_tpm_registrar *const other = calloc(1, sizeof *other);
    uint8_t lists[3][2048];
    cr_assert(p != NULL && other != NULL);
    simtpm_make(p);
    simtpm_build(p);
    cr_assert_eq(assay_tpm_registrar_create("other", SIMTPM_NOW - SIMTPM_DAY,
                                            SIMTPM_NOW + SIMTPM_DAY, other),
                 ASSAY_OK);
    const uint8_t *const serial = p->certificate.serial;
    const struct assay_bytes all[] = {
        { lists[0], make_list(&p->registrar, SIMTPM_NOW - 50, NULL, lists[0]) },
        { lists[1], make_list(&p->registrar, SIMTPM_NOW - 40, serial, lists[1]) },
        { lists[2], make_list(other, SIMTPM_NOW - 30, NULL, lists[2]) },
    };
    for (size_t o = 0; o < 6; o++) {
        const struct assay_bytes files[] = {
            { (const uint8_t *)broken, sizeof broken - 1 },
            { cut, sizeof cut },
            all[orders[o][0]],
            all[orders[o][1]],
            { NULL, 0 },
            { odd, sizeof odd },
            all[orders[o][2]],
            { p->registrar.root_der, p->registrar.root_der_len },
        };
        start_anew();
        add_key(&p->registrar.key, ASSAY_KIND_TPM);
        cr_assert_eq(assay_trust_add_collateral(trust, files, sizeof files / sizeof files[0]),
                     ASSAY_OK);
        cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, p->evidence, p->len,
                                  SIMTPM_NOW, verdict),
                     ASSAY_OK);
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE, "order %zu", o);
        expect_finding("certificate-revoked");
    }
    simtpm_free(p);
    free(p);
    free(other);
}

static void judge_paravisor(struct vtpm *v, enum assay_genuine wanted)
{
    vtpm_build(v);
    cr_assert_eq(vtpm_verify(v), ASSAY_OK);
    cr_assert_eq(v->verdict.genuine, wanted);
    expect_as_core(v->evidence, v->len, v->is_tdx ? v->td->world->at_unix_s : v->snp->at_unix_s,
                   &v->verdict);
}

Test(library_kinds, a_paravisor_on_either_hardware_has_the_verdict_of_the_core)
{
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        struct vtpm *const v = vtpm_open(is_tdx != 0);
        const enum assay_evidence_kind kind =
            is_tdx != 0 ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP;
        start_anew();
        add_key(&v->endorsements.entries[0].root, kind);
        if (is_tdx != 0) {
            struct assay_bytes files[ASSAY_PARTS];
            size_t count = 0;
            for (size_t i = 0; i < ASSAY_PARTS; i++) {
                const struct assay_slice part = v->td->world->bundle.files.part[i];
                if (part.len > 0) files[count++] = (struct assay_bytes){ part.bytes, part.len };
            }
            cr_assert_eq(assay_trust_add_collateral(trust, files, count), ASSAY_OK);
        }
        judge_paravisor(v, ASSAY_GENUINE_TRUE);
        v->unbound = true;
        judge_paravisor(v, ASSAY_GENUINE_FALSE);
        v->unbound = false;
        v->signer = v->other;
        judge_paravisor(v, ASSAY_GENUINE_FALSE);
        vtpm_close(v);
    }
}

/* Returns: the key as its platform would publish it. */
static size_t write_jwk(const struct assay_key *key, char *text, size_t capacity)
{
    const size_t half = key->len / 2;
    char x[128], y[128];
    size_t len = 0;
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_URL, key->bytes, half, x, sizeof x, &len),
                 ASSAY_OK);
    cr_assert_eq(assay_base64_encode(ASSAY_BASE64_URL, key->bytes + half, half, y, sizeof y, &len),
                 ASSAY_OK);
    return (size_t)snprintf(text, capacity,
                            "\n{\"kty\":\"EC\",\"crv\":\"P-%s\",\"x\":\"%s\",\"y\":\"%s\"}",
                            key->type == ASSAY_KEY_P256 ? "256" : "384", x, y);
}

Test(library_kinds, a_cca_token_has_the_verdict_of_the_core_under_a_json_web_key)
{
    struct cca_world *const w = cca_open();
    const struct maker_key other = maker_key_make(ASSAY_KEY_P384);
    char text[512];
    const size_t len = write_jwk(&w->cpak.public, text, sizeof text);
    add_root((struct assay_bytes){ (const uint8_t *)text, len }, ASSAY_KIND_CCA);
    cr_assert_eq(cca_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    expect_as_core(w->bytes, w->len, 1800000000, &w->verdict);

    w->bind_other = true;
    cca_make(w);
    cr_assert_eq(cca_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    expect_as_core(w->bytes, w->len, 1800000000, &w->verdict);

    /* Signed by a platform key that nobody pinned. */
    w->bind_other = false;
    w->platform_sign1.key = &other;
    cca_make(w);
    cr_assert_eq(cca_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    expect_as_core(w->bytes, w->len, 1800000000, &w->verdict);
    struct maker_key gone = other;
    maker_key_free(&gone);
    cca_close(w);
}

/* Evidence with one certificate more, at every place among its own. */
static void expect_indifferent(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                               int64_t at_unix_s, struct assay_slice stranger)
{
    struct assay_package good;
    cr_assert_eq(verify_bytes(NULL, trust, NULL, kind, bytes, len, at_unix_s, verdict), ASSAY_OK);
    const struct assay_verdict wanted = *verdict;
    cr_assert_eq(wanted.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(assay_package_read(kind, bytes, len, &good), ASSAY_OK);
    for (size_t place = 0; place <= good.certificate_count; place++) {
        struct assay_package more = good;
        more.certificate_count = 0;
        for (size_t i = 0; i <= good.certificate_count; i++) {
            if (i == place) more.certificates[more.certificate_count++] = stranger;
            if (i < good.certificate_count)
                more.certificates[more.certificate_count++] = good.certificates[i];
        }
        struct assay_writer w = assay_writer_over(packed, sizeof packed);
        assay_package_encode(&more, &w);
        cr_assert(!w.full && w.len > len);
        cr_assert_eq(verify_bytes(verifier, trust, NULL, kind, packed, w.len, at_unix_s, verdict),
                     ASSAY_OK);
        cr_expect(assay_bytes_equal(verdict, &wanted, sizeof wanted), "%s, place %zu: %s, %s",
                  assay_kind_text(kind), place, assay_tier_text(verdict->tier),
                  verdict->reason_count > 0 ? verdict->reasons[0].observed : "no reason");
    }
}

Test(library_kinds, a_certificate_that_nothing_needs_changes_no_verdict)
{
    uint8_t der[AUTHORITY_DER_MAX];
    struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
    struct authority_certificate foreign =
        authority_ca("somebody", key, "somebody", key, ASSAY_SIGNATURE_ECDSA_SHA256);
    const struct assay_slice stranger =
        assay_slice_over(der, authority_certificate_make(&foreign, der));

    /* A stranger, and a registrar of the same name with another key. */
    struct simtpm *const p = calloc(1, sizeof *p);
    struct assay_tpm_registrar *const twin = calloc(1, sizeof *twin);
    cr_assert(p != NULL && twin != NULL);
    simtpm_make(p);
    simtpm_build(p);
    cr_assert_eq(
        assay_tpm_registrar_create("paper", SIMTPM_NOW - SIMTPM_DAY, SIMTPM_NOW + SIMTPM_DAY, twin),
        ASSAY_OK);
    add_key(&p->registrar.key, ASSAY_KIND_TPM);
    expect_indifferent(ASSAY_KIND_TPM, p->evidence, p->len, SIMTPM_NOW, stranger);
    expect_indifferent(ASSAY_KIND_TPM, p->evidence, p->len, SIMTPM_NOW,
                       assay_slice_over(twin->root_der, twin->root_der_len));
    simtpm_free(p);
    free(p);
    free(twin);

    /* A stranger, and the endorsement key and the authority of another vendor's chip. */
    struct vtpm *const v = vtpm_open(false);
    struct snp_world *const other = snp_world_open(ASSAY_SNP_MILAN);
    start_anew();
    vtpm_build(v);
    snp_world_certify(other);
    add_key(&v->endorsements.entries[0].root, ASSAY_KIND_VTPM_SNP);
    const struct assay_slice strangers[] = { stranger,
                                             assay_slice_over(other->ask_der, other->ask_len),
                                             assay_slice_over(other->ark_der, other->ark_len) };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        expect_indifferent(ASSAY_KIND_VTPM_SNP, v->evidence, v->len, v->snp->at_unix_s,
                           strangers[i]);
    snp_world_close(other);
    vtpm_close(v);
    authority_key_free(&key);
}

Test(library_kinds, json_web_keys_that_are_no_roots_are_refused_with_a_reason)
{
    static const struct {
        const char *text;
        enum assay_status status;
    } rows[] = {
        { "{\"kty\":\"EC\",\"crv\":\"P-384\",\"d\":\"AA\"}", ASSAY_E_INVALID },
        { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}", ASSAY_E_UNSUPPORTED },
        { "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AA\",\"y\":\"AA\"}", ASSAY_E_RANGE },
        { "{\"kty\":\"EC\",\"kty\":\"EC\"}", ASSAY_E_DUPLICATE },
        { "{\"kty\":1}", ASSAY_E_TYPE },
        { "{\"keys\":[]}", ASSAY_E_SYNTAX },
        { "{", ASSAY_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(assay_trust_add_root(trust, (const uint8_t *)rows[i].text,
                                          strlen(rows[i].text), ASSAY_KINDS_ALL),
                     rows[i].status, "%s", rows[i].text);
}
