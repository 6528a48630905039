/*
 * tests/unit/quote_source/test_kds.c - AMD's service and the Nitro root, from a server of our own
 * that hands out genuine certificates of the vectors.
 */
#include "base/system_clock.h"
#include "quote/source/fetch/kds.h"
#include "quote/source/fetch/nitro.h"

#include "quote/source/fetch/cache.h"
#include "quote/source/fetch/pcs.h"
#include "tests/support/authority.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/quote_source/server.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_2026 = 1767225600 };

static struct server *server;
static struct folder folder;
static struct assay_fetch_config config;
static struct assay_kds_request request;
static struct assay_fetched fetched;
static char message[ASSAY_FETCH_MESSAGE_LEN];
static char vcek_target[SERVER_TARGET];
static struct assay_key root;

static void set_up(void)
{
    server = server_start();
    folder = folder_make();
    config = (struct assay_fetch_config){
        .cache_dir = folder.path, .insecure_for_tests = true, .attempts_max = 2, .backoff_ms = 2
    };
    request = (struct assay_kds_request){ .product = ASSAY_KDS_MILAN,
                                          .base_url = server_url(server, ""),
                                          .at_unix_s = AT_2026 };
    fetched = (struct assay_fetched){ 0 };
}

static void tear_down(void)
{
    assay_fetched_free(&fetched);
    server_stop(server);
    folder_remove(&folder);
}

TestSuite(kds, .init = set_up, .fini = tear_down);

static enum assay_status fetch(enum assay_kds_thing thing)
{
    assay_fetched_free(&fetched);
    return assay_kds_fetch(&config, &request, thing, &fetched, message);
}

/* A file of a genuine Milan case; the test skips where there is none. */
static struct assay_slice vector(const char *name)
{
    char path[PATH_MAX];
    size_t len = 0;
    if (vectors_dir() == NULL) cr_skip_test("no vectors");
    (void)snprintf(path, sizeof path, "%s/snp/milan-v3/%s", vectors_dir(), name);
    uint8_t *const bytes = read_file(path, &len);
    cr_assert_not_null(bytes, "%s", path);
    uint8_t *const kept = server_room(server, len);
    assay_bytes_copy(kept, len, bytes, len);
    free(bytes);
    return assay_slice_over(kept, len);
}

static struct server_reply ok(struct assay_slice body)
{
    return (struct server_reply){ .status = 200, .body = body };
}

/* The chain's own root, by hand: whether the pinned one is the same is a test of its own. */
static void trust_the_vectors(void)
{
    const struct assay_slice ark = vector("ark.pem");
    cr_assert_eq(assay_x509_root(ark.bytes, ark.len, &root), ASSAY_OK);
    request.root = &root;
}

/* SEV-SNP firmware ABI (AMD 56860), ATTESTATION_REPORT: REPORTED_TCB and CHIP_ID. */
static void ask_for_report(struct assay_slice report)
{
    const uint8_t *const tcb = report.bytes + 0x180;
    trust_the_vectors();
    cr_assert_geq(report.len, 1184);
    assay_bytes_copy(request.chip_id, 64, report.bytes + 0x1a0, 64);
    request.bootloader = tcb[0];
    request.tee = tcb[1];
    request.snp = tcb[6];
    request.microcode = tcb[7];
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    cr_assert_eq(assay_kds_url(&request, ASSAY_KDS_VCEK, url), ASSAY_OK);
    (void)snprintf(vcek_target, sizeof vcek_target, "%.500s", url + strlen(server_url(server, "")));
}

Test(kds, addresses_are_as_in_the_specification)
{
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    struct assay_kds_request r = { .product = ASSAY_KDS_TURIN,
                                   .chip_id = { 1, 2, 3, 4, 5, 6, 7, 8, 9 },
                                   .fmc = 1,
                                   .bootloader = 2,
                                   .tee = 3,
                                   .snp = 4,
                                   .microcode = 215 };
    cr_assert_eq(assay_kds_url(&r, ASSAY_KDS_VCEK, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://kdsintf.amd.com/vcek/v1/Turin/0102030405060708?"
                          "fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=215");
    r.product = ASSAY_KDS_GENOA;
    cr_assert_eq(assay_kds_url(&r, ASSAY_KDS_VCEK, url), ASSAY_OK);
    cr_expect_eq(strlen(url), strlen("https://kdsintf.amd.com/vcek/v1/Genoa/?blSPL=02&teeSPL=03&"
                                     "snpSPL=04&ucodeSPL=215") +
                                  128);
    cr_expect_not_null(strstr(url, "0809000000"));
    cr_assert_eq(assay_kds_url(&r, ASSAY_KDS_CHAIN, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain");
    r.product = ASSAY_KDS_MILAN;
    r.is_vlek = true;
    cr_assert_eq(assay_kds_url(&r, ASSAY_KDS_CHAIN, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://kdsintf.amd.com/vlek/v1/Milan/cert_chain");
    cr_assert_eq(assay_kds_url(&r, ASSAY_KDS_CRL, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://kdsintf.amd.com/vlek/v1/Milan/crl");
}

Test(kds, a_vcek_is_asked_for_once_and_kept_for_ever)
{
    ask_for_report(vector("report.bin"));
    server_add(server, vcek_target, ok(vector("vek.der")));
    cr_assert_eq(fetch(ASSAY_KDS_VCEK), ASSAY_OK, "%s", message);
    cr_expect(assay_slice_equal(fetched.content.body, vector("vek.der")));
    request.at_unix_s += INT64_C(10000000000);
    cr_assert_eq(fetch(ASSAY_KDS_VCEK), ASSAY_OK, "%s", message);
    cr_expect(fetched.from_cache);
    cr_expect_eq(server->hits, 1);
}

Test(kds, a_certificate_for_another_chip_or_tcb_is_refused)
{
    const struct assay_slice report = vector("report.bin");
    for (int i = 0; i < 3; i++) {
        ask_for_report(report);
        if (i == 0) request.chip_id[63] ^= 1;
        if (i == 1) request.microcode += 1;
        char url[ASSAY_HTTP_URL_LEN_MAX + 1];
        cr_assert_eq(assay_kds_url(&request, ASSAY_KDS_VCEK, url), ASSAY_OK);
        server_add(server, url + strlen(server_url(server, "")), ok(vector("vek.der")));
        cr_expect_eq(fetch(ASSAY_KDS_VCEK), i == 2 ? ASSAY_OK : ASSAY_E_INVALID, "%s", message);
        if (i < 2) cr_expect_not_null(strstr(message, "another chip or TCB"), "%s", message);
    }
}

static struct assay_slice kept(const uint8_t *bytes, size_t len)
{
    uint8_t *const room = server_room(server, len);
    assay_bytes_copy(room, len, bytes, len);
    return assay_slice_over(room, len);
}

/* What an attacker between us and the service could hand out: a genuine-looking certificate in
 * which one fact is another's. */
Test(kds, each_fact_of_a_certificate_must_be_what_was_asked_for)
{
    enum { RIGHT, BOOTLOADER, TEE, SNP, MICROCODE, CHIP, PRODUCT, FMC, NO_FMC, NO_VEK, TURNS };
    static const char *const names[] = { "Milan-B0", "Genoa", "Turin-B1" };
    struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
    config.cache_dir = NULL;
    for (int product = ASSAY_KDS_MILAN; product <= ASSAY_KDS_TURIN; product++)
        for (int turn = RIGHT; turn < TURNS; turn++) {
            const bool is_turin = product == ASSAY_KDS_TURIN;
            char url[ASSAY_HTTP_URL_LEN_MAX + 1];
            uint8_t der[AUTHORITY_DER_MAX];
            struct assay_vek vek = { .has_fmc = is_turin && turn != NO_FMC,
                                     .fmc = turn == FMC ? 9 : 1,
                                     .bootloader = turn == BOOTLOADER ? 9 : 2,
                                     .tee = turn == TEE ? 9 : 3,
                                     .snp = turn == SNP ? 9 : 4,
                                     .microcode = turn == MICROCODE ? 9 : 5,
                                     .hwid_len = is_turin ? 8 : 64,
                                     .hwid = { turn == CHIP ? 9 : 7 } };
            const int named = turn == PRODUCT ? (product + 1) % 3 : product;
            (void)snprintf(vek.product, sizeof vek.product, "%s", names[named]);
            struct authority_certificate c =
                authority_leaf("SEV-VCEK", key, "SEV-ASK", key, ASSAY_SIGNATURE_ECDSA_SHA384);
            if (turn != NO_VEK) authority_add_vek(&c, &vek);
            request.product = (enum assay_kds_product)product;
            assay_bytes_zero(request.chip_id, sizeof request.chip_id);
            request.chip_id[0] = 7;
            request.fmc = 1;
            request.bootloader = 2;
            request.tee = 3;
            request.snp = 4;
            request.microcode = 5;
            cr_assert_eq(assay_kds_url(&request, ASSAY_KDS_VCEK, url), ASSAY_OK);
            const char *const target = url + strlen(server_url(server, ""));
            server_clear(server, target);
            server_add(server, target, ok(kept(der, authority_certificate_make(&c, der))));
            const bool fits = turn == RIGHT || (!is_turin && (turn == FMC || turn == NO_FMC));
            cr_expect_eq(fetch(ASSAY_KDS_VCEK), fits ? ASSAY_OK : ASSAY_E_INVALID,
                         "product %d, turn %d: %s", product, turn, message);
        }
    authority_key_free(&key);
}

Test(kds, a_chain_must_be_signed_and_made_of_a_root_and_another)
{
    enum { RIGHT, OTHER_SIGNER, OTHER_ISSUER, SELF_ISSUED, TURNS };
    const char *const target = "/vcek/v1/Milan/cert_chain";
    struct authority_key *ark_key = authority_key_make(ASSAY_KEY_P384);
    struct authority_key *ask_key = authority_key_make(ASSAY_KEY_P384);
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    config.cache_dir = NULL;
    authority_key_public(ark_key, &root);
    request.root = &root;
    for (int turn = RIGHT; turn < TURNS; turn++) {
        uint8_t der[AUTHORITY_DER_MAX], pem[4 * AUTHORITY_DER_MAX];
        const struct authority_certificate ark = authority_ca("ARK", ark_key, "ARK", ark_key, alg);
        struct authority_certificate ask = authority_ca(
            turn == SELF_ISSUED ? "ARK" : "ASK", ask_key, turn == OTHER_ISSUER ? "ARK-X" : "ARK",
            turn == OTHER_SIGNER ? ask_key : ark_key, alg);
        ask.has_key_ids = false; /* else that of another signer would tell */
        size_t len = authority_certificate_make(&ask, der);
        len = authority_pem("CERTIFICATE", der, len, pem, sizeof pem);
        const size_t first = len;
        len = authority_certificate_make(&ark, der);
        len = first + authority_pem("CERTIFICATE", der, len, pem + first, sizeof pem - first);
        server_clear(server, target);
        server_add(server, target, ok(kept(pem, len)));
        const enum assay_status status = fetch(ASSAY_KDS_CHAIN);
        if (turn == RIGHT) cr_expect_eq(status, ASSAY_OK, "%s", message);
        else if (turn == OTHER_SIGNER) cr_expect_eq(status, ASSAY_E_SIGNATURE, "%s", message);
        else cr_expect_eq(status, ASSAY_E_KEY, "turn %d: %s", turn, message);
    }
    authority_key_free(&ark_key);
    authority_key_free(&ask_key);
}

Test(kds, an_address_that_is_too_long_is_refused_before_anything_is_asked)
{
    static char base[ASSAY_HTTP_URL_LEN_MAX];
    for (size_t i = 0; i < sizeof base - 1; i++)
        base[i] = 'a';
    request.base_url = base;
    request.chip_id[0] = 1;
    for (int thing = ASSAY_KDS_VCEK; thing <= ASSAY_KDS_CRL; thing++) {
        cr_expect_eq(fetch((enum assay_kds_thing)thing), ASSAY_E_RANGE);
        cr_expect_not_null(strstr(message, "too long"), "%s", message);
    }
    cr_expect_eq(server->hits, 0);
}

Test(kds, a_masked_chip_cannot_be_asked_for)
{
    cr_expect_eq(fetch(ASSAY_KDS_VCEK), ASSAY_E_RANGE);
    request.chip_id[0] = 1;
    request.is_vlek = true;
    cr_expect_eq(fetch(ASSAY_KDS_VCEK), ASSAY_E_RANGE);
    cr_expect_eq(server->hits, 0);
}

Test(kds, rate_limits_are_respected)
{
    ask_for_report(vector("report.bin"));
    server_add(server, vcek_target,
               (struct server_reply){ .status = 429, .headers = "Retry-After: 1\r\n" });
    server_add(server, vcek_target, ok(vector("vek.der")));
    const uint64_t before_ms = assay_monotonic_ms();
    cr_expect_eq(fetch(ASSAY_KDS_VCEK), ASSAY_OK, "%s", message);
    cr_expect_geq(assay_monotonic_ms() - before_ms, 1000);
}

static struct assay_slice joined(struct assay_slice a, struct assay_slice b)
{
    uint8_t *const bytes = server_room(server, a.len + b.len);
    assay_bytes_copy(bytes, a.len + b.len, a.bytes, a.len);
    assay_bytes_copy(bytes + a.len, b.len, b.bytes, b.len);
    return assay_slice_over(bytes, a.len + b.len);
}

Test(kds, a_chain_ends_in_the_pinned_root_in_either_order)
{
    const struct assay_slice ask = vector("ask.pem"), ark = vector("ark.pem");
    trust_the_vectors();
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(joined(ask, ark)));
    cr_assert_eq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK, "%s", message);
    cr_expect_lt(fetched.window.to_unix_s, ASSAY_FETCH_FOR_EVER);
    server_clear(server, "/vcek/v1/Milan/cert_chain");
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(joined(ark, ask)));
    request.refresh = true;
    cr_expect_eq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK, "%s", message);
    cr_expect_str_empty(message);
}

Test(kds, a_chain_under_another_root_or_of_another_length_is_refused)
{
    const struct assay_slice ask = vector("ask.pem"), ark = vector("ark.pem");
    server_add(server, "/vcek/v1/Genoa/cert_chain", ok(joined(ask, ark)));
    trust_the_vectors();
    root.bytes[root.len / 2] ^= 1;
    request.product = ASSAY_KDS_GENOA;
    cr_expect_eq(fetch(ASSAY_KDS_CHAIN), ASSAY_E_KEY, "%s", message);
    root.bytes[root.len / 2] ^= 1;
    request.product = ASSAY_KDS_MILAN;
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(ark));
    cr_expect_neq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK);
    server_clear(server, "/vcek/v1/Milan/cert_chain");
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(joined(joined(ask, ark), ask)));
    cr_expect_neq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK);
    server_clear(server, "/vcek/v1/Milan/cert_chain");
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(joined(ark, ark)));
    cr_expect_neq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK);
}

/* A SOFT vendor's root list stands for AMD's: the same fields under a key that tests have. */
Test(kds, a_list_is_signed_by_the_root_current_and_never_older)
{
    struct world *const w = world_open();
    root = assay_key_p256(w->ca.root_public);
    request.root = &root;
    request.at_unix_s = WORLD_AT;
    request.refresh = true;
    const char *const target = "/vcek/v1/Milan/crl";
    const struct assay_slice first =
        joined(w->bundle.files.part[ASSAY_PART_ROOT_CRL], assay_slice_over("", 0));
    server_add(server, target, ok(first));
    cr_assert_eq(fetch(ASSAY_KDS_CRL), ASSAY_OK, "%s", message);
    cr_expect_eq(fetched.window.from_unix_s, w->terms.issue_unix_s);
    w->terms.issue_unix_s -= 100;
    world_publish(w);
    server_clear(server, target);
    server_add(server, target, ok(w->bundle.files.part[ASSAY_PART_ROOT_CRL]));
    cr_assert_eq(fetch(ASSAY_KDS_CRL), ASSAY_OK);
    cr_expect(assay_slice_equal(fetched.content.body, first));
    cr_expect_not_null(strstr(message, "goes back"), "%s", message);
    request.at_unix_s = w->terms.next_unix_s + 1;
    cr_expect_eq(fetch(ASSAY_KDS_CRL), ASSAY_E_STALE);
    request.at_unix_s = WORLD_AT;
    struct world *const other = world_open();
    root = assay_key_p256(other->ca.root_public);
    config.cache_dir = NULL;
    cr_expect_eq(fetch(ASSAY_KDS_CRL), ASSAY_E_SIGNATURE, "another root: %s", message);
    world_close(other);
    world_close(w);
}

Test(kds, contents_of_another_kind_are_refused)
{
    static const uint8_t point[ASSAY_P256_PUBLIC_LEN] = { 1 };
    root = assay_key_p256(point); /* never asked */
    request.root = &root;
    server_add(server, "/vcek/v1/Milan/crl", server_text("<html>"));
    server_add(server, "/vcek/v1/Milan/cert_chain", server_text("<html>"));
    cr_expect_neq(fetch(ASSAY_KDS_CRL), ASSAY_OK);
    cr_expect_not_null(strstr(message, "revocation list"), "%s", message);
    cr_expect_neq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK);
    cr_expect_not_null(strstr(message, "chain of two"), "%s", message);
    request.chip_id[0] = 1;
    cr_expect_eq(fetch(ASSAY_KDS_VCEK), ASSAY_E_NOT_FOUND, "no such path");
}

Test(kds, the_pinned_root_of_milan_is_the_genuine_one)
{
    const struct assay_slice ask = vector("ask.pem"), ark = vector("ark.pem");
    server_add(server, "/vcek/v1/Milan/cert_chain", ok(joined(ask, ark)));
    cr_expect_eq(fetch(ASSAY_KDS_CHAIN), ASSAY_OK, "%s", message);
}

/* ------------------------------------------------------------ Nitro */

Test(kds, the_nitro_root_is_taken_by_its_digest)
{
    struct world *const w = world_open();
    uint8_t digest[32];
    struct assay_nitro_request nitro = { .url = server_url(server, "/root.der"),
                                         .at_unix_s = WORLD_AT };
    server_add(server, "/root.der", ok(assay_slice_over(w->ca.root_der, w->ca.root_der_len)));
    cr_expect_eq(assay_nitro_fetch(&config, &nitro, &fetched, message), ASSAY_E_KEY);
    cr_expect_not_null(strstr(message, "not the pinned one"), "%s", message);
    assay_sha256(w->ca.root_der, w->ca.root_der_len, digest);
    nitro.digest = digest;
    cr_assert_eq(assay_nitro_fetch(&config, &nitro, &fetched, message), ASSAY_OK, "%s", message);
    cr_expect_eq(fetched.content.body.len, w->ca.root_der_len);
    nitro.url = server_url(server, "/two.der");
    const struct assay_slice one = assay_slice_over(w->ca.root_der, w->ca.root_der_len);
    server_add(server, "/two.der", ok(joined(one, one)));
    struct assay_fetched second = { 0 };
    cr_expect_neq(assay_nitro_fetch(&config, &nitro, &second, message), ASSAY_OK);
    world_close(w);
}
