/*
 * tests/unit/quote_source/test_pcs.c - Intel's collateral from a PCCS of the tests' own: a SOFT
 * vendor stands for Intel, with the same documents.
 */
#include "quote/source/fetch/pcs.h"

#include "quote/source/fetch/cache.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/quote_source/server.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TCB      "/sgx/certification/v4/tcb?fmspc=%s&update=standard"
#define IDENTITY "/sgx/certification/v4/qe/identity?update=standard"
#define PCK_CRL  "/sgx/certification/v4/pckcrl?ca=platform&encoding=der"
#define ROOT_CRL "/sgx/certification/v4/rootcacrl"

static struct world *w;
static struct server *server;
static struct folder folder;
static struct assay_fetch_config config;
static struct assay_pcs_request request;
static struct assay_key root;
static struct assay_pcs_bundle bundle;
static char message[ASSAY_FETCH_MESSAGE_LEN];
static char tcb_target[128];

/* ------------------------------------------------------------ the server's documents */

/* A header with a chain, escaped as Intel does. */
static char *chain_header(const char *name, enum assay_collateral_part part)
{
    const struct assay_slice pem = w->bundle.files.part[part];
    char *const header = server_room(server, 3 * pem.len + 128);
    int used = sprintf(header, "%s: ", name);
    for (size_t i = 0; i < pem.len; i++) {
        const uint8_t c = pem.bytes[i];
        const bool is_plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
        used += sprintf(header + used, is_plain ? "%c" : "%%%02X", c);
    }
    (void)sprintf(header + used, "\r\n");
    return header;
}

static struct server_reply document(enum assay_collateral_part part, const char *name,
                                    enum assay_collateral_part chain)
{
    const struct assay_slice body = w->bundle.files.part[part];
    uint8_t *const copy = server_room(server, body.len);
    assay_bytes_copy(copy, body.len, body.bytes, body.len);
    return (struct server_reply){ .status = 200,
                                  .headers = name == NULL ? NULL : chain_header(name, chain),
                                  .body = assay_slice_over(copy, body.len) };
}

static void publish(void)
{
    server_clear(server, tcb_target);
    server_clear(server, IDENTITY);
    server_clear(server, PCK_CRL);
    server_clear(server, ROOT_CRL);
    server_add(server, tcb_target,
               document(ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN));
    server_add(
        server, IDENTITY,
        document(ASSAY_PART_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain", ASSAY_PART_QE_CHAIN));
    server_add(server, PCK_CRL,
               document(ASSAY_PART_PCK_CRL, "SGX-PCK-CRL-Issuer-Chain", ASSAY_PART_PCK_CHAIN));
    server_add(server, ROOT_CRL, document(ASSAY_PART_ROOT_CRL, NULL, ASSAY_PART_TCB_CHAIN));
}

static void set_up(void)
{
    char fmspc[13];
    w = world_open();
    server = server_start();
    folder = folder_make();
    root = assay_key_p256(w->ca.root_public);
    assay_hex_encode(w->ca.fmspc, 6, fmspc, sizeof fmspc);
    (void)snprintf(tcb_target, sizeof tcb_target, TCB, fmspc);
    config = (struct assay_fetch_config){
        .cache_dir = folder.path, .insecure_for_tests = true, .attempts_max = 2, .backoff_ms = 2
    };
    request = (struct assay_pcs_request){ .tee = ASSAY_TEE_SGX,
                                          .ca = ASSAY_PCS_CA_PLATFORM,
                                          .base_url = server_url(server, ""),
                                          .root = &root,
                                          .at_unix_s = WORLD_AT };
    assay_bytes_copy(request.fmspc, 6, w->ca.fmspc, 6);
    bundle = (struct assay_pcs_bundle){ 0 };
    publish();
}

static void tear_down(void)
{
    assay_pcs_bundle_free(&bundle);
    server_stop(server);
    folder_remove(&folder);
    world_close(w);
}

TestSuite(pcs, .init = set_up, .fini = tear_down);

static enum assay_status fetch(void)
{
    assay_pcs_bundle_free(&bundle);
    return assay_pcs_fetch(&config, &request, &bundle, message);
}

static void replace(const char *target, struct server_reply reply)
{
    server_clear(server, target);
    server_add(server, target, reply);
}

/* ------------------------------------------------------------ what comes */

Test(pcs, every_part_comes_and_makes_a_sound_bundle)
{
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        cr_expect_gt(bundle.files.part[i].len, 0, "part %zu", i);
        if (i != ASSAY_PART_QE_CHAIN || w->bundle.files.part[i].len > 0)
            cr_expect(assay_slice_equal(bundle.files.part[i], w->bundle.files.part[i]), "part %zu",
                      i);
    }
    struct assay_collateral *const built = malloc(sizeof *built);
    cr_assert_eq(assay_collateral_build(&bundle.files, &root, built), ASSAY_OK);
    cr_expect(assay_collateral_sound(built));
    cr_expect(assay_collateral_current(built, WORLD_AT));
    free(built);
    cr_expect_eq(server->hits, 4);
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_eq(server->hits, 4, "from the cache");
    config.offline = true;
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
}

Test(pcs, a_tdx_platform_has_paths_of_its_own)
{
    char url[ASSAY_HTTP_URL_LEN_MAX + 1];
    const struct assay_pcs_request r = { .tee = ASSAY_TEE_TDX,
                                         .fmspc = { 0x00, 0x80, 0x6f, 0x05, 0, 0 },
                                         .ca = ASSAY_PCS_CA_PROCESSOR,
                                         .early = true };
    cr_assert_eq(assay_pcs_url(&r, ASSAY_PART_TCB_INFO, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://api.trustedservices.intel.com/tdx/certification/v4/"
                          "tcb?fmspc=00806f050000&update=early");
    cr_assert_eq(assay_pcs_url(&r, ASSAY_PART_QE_IDENTITY, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://api.trustedservices.intel.com/tdx/certification/v4/"
                          "qe/identity?update=early");
    cr_assert_eq(assay_pcs_url(&r, ASSAY_PART_PCK_CRL, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://api.trustedservices.intel.com/sgx/certification/v4/"
                          "pckcrl?ca=processor&encoding=der");
    cr_assert_eq(assay_pcs_url(&r, ASSAY_PART_ROOT_CRL, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");
    cr_expect_eq(assay_pcs_url(&r, ASSAY_PART_TCB_CHAIN, url), ASSAY_E_NOT_FOUND);
    static char base[ASSAY_HTTP_URL_LEN_MAX];
    (void)memset(base, 'a', sizeof base - 1);
    request.base_url = base;
    cr_expect_eq(fetch(), ASSAY_E_RANGE);
}

Test(pcs, a_pccs_may_send_lists_in_hexadecimal)
{
    for (int i = 0; i < 2; i++) {
        const enum assay_collateral_part part = i == 0 ? ASSAY_PART_ROOT_CRL : ASSAY_PART_PCK_CRL;
        const struct assay_slice der = w->bundle.files.part[part];
        char *const text = server_room(server, 2 * der.len + 2);
        assay_hex_encode(der.bytes, der.len, text, 2 * der.len + 1);
        (void)strcat(text, "\n");
        replace(i == 0 ? ROOT_CRL : PCK_CRL,
                (struct server_reply){ .status = 200,
                                       .headers = i == 0 ? NULL
                                                         : chain_header("SGX-PCK-CRL-Issuer-Chain",
                                                                        ASSAY_PART_PCK_CHAIN),
                                       .body = assay_slice_over(text, strlen(text)) });
    }
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    cr_expect(assay_slice_equal(bundle.files.part[ASSAY_PART_ROOT_CRL],
                                w->bundle.files.part[ASSAY_PART_ROOT_CRL]));
    cr_expect(assay_slice_equal(bundle.files.part[ASSAY_PART_PCK_CRL],
                                w->bundle.files.part[ASSAY_PART_PCK_CRL]));
}

Test(pcs, headers_have_older_names_and_any_case)
{
    replace(tcb_target,
            document(ASSAY_PART_TCB_INFO, "sgx-tcb-info-issuer-chain", ASSAY_PART_TCB_CHAIN));
    replace(IDENTITY, document(ASSAY_PART_QE_IDENTITY, "sGX-enclave-IDENTITY-issuer-chain",
                               ASSAY_PART_QE_CHAIN));
    cr_expect_eq(fetch(), ASSAY_OK, "%s", message);
}

Test(pcs, a_chain_that_is_missing_or_no_chain_is_refused)
{
    replace(tcb_target, document(ASSAY_PART_TCB_INFO, NULL, ASSAY_PART_TCB_CHAIN));
    cr_expect_eq(fetch(), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "TCB-Info-Issuer-Chain: is missing"), "%s", message);
    struct server_reply reply = document(ASSAY_PART_TCB_INFO, NULL, ASSAY_PART_TCB_CHAIN);
    reply.headers = "TCB-Info-Issuer-Chain: -----BEGIN%2\r\n";
    replace(tcb_target, reply);
    cr_expect_eq(fetch(), ASSAY_E_TRUNCATED);
    reply.headers = "TCB-Info-Issuer-Chain: -----BEGIN%20CERTIFICATE-----%0A\r\n";
    replace(tcb_target, reply);
    cr_expect_neq(fetch(), ASSAY_OK);
    cr_expect_null(bundle.documents[0].memory);
}

/* ------------------------------------------------------------ what is refused */

Test(pcs, nothing_that_the_root_did_not_sign_is_kept)
{
    struct world *const honest = w;
    static const char *const targets[] = { tcb_target, IDENTITY, PCK_CRL, ROOT_CRL };
    w = world_open();        /* another authority of the same names */
    config.cache_dir = NULL; /* each is asked for */
    for (size_t i = 0; i < 4; i++) {
        struct world *const forger = w;
        w = honest;
        publish();
        w = forger;
        struct server_reply reply;
        if (i == 0)
            reply = document(ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN);
        else if (i == 1)
            reply = document(ASSAY_PART_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain",
                             ASSAY_PART_QE_CHAIN);
        else if (i == 2)
            reply = document(ASSAY_PART_PCK_CRL, "SGX-PCK-CRL-Issuer-Chain", ASSAY_PART_PCK_CHAIN);
        else reply = document(ASSAY_PART_ROOT_CRL, NULL, ASSAY_PART_TCB_CHAIN);
        replace(targets[i], reply);
        cr_expect_neq(fetch(), ASSAY_OK, "%s", targets[i]);
        cr_expect_not_null(strstr(message, "from the server"), "%s", message);
    }
    world_close(w);
    w = honest;
    config.cache_dir = folder.path;
    publish();
    cr_expect_eq(fetch(), ASSAY_OK, "and the honest one is not hindered: %s", message);
}

Test(pcs, a_changed_document_is_refused)
{
    struct server_reply reply =
        document(ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN);
    uint8_t *const body = (uint8_t *)(uintptr_t)reply.body.bytes;
    char *const date = strstr((char *)body, "\"pcesvn\":");
    cr_assert_not_null(date);
    date[strlen("\"pcesvn\":")] ^= 2;
    replace(tcb_target, reply);
    cr_expect_eq(fetch(), ASSAY_E_SIGNATURE, "%s", message);
}

Test(pcs, documents_for_somebody_else_are_refused)
{
    char other[128];
    request.fmspc[0] ^= 1;
    char fmspc[13];
    assay_hex_encode(request.fmspc, 6, fmspc, sizeof fmspc);
    (void)snprintf(other, sizeof other, TCB, fmspc);
    server_add(server, other,
               document(ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN));
    cr_expect_eq(fetch(), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "another TEE or FMSPC"), "%s", message);
}

Test(pcs, stale_documents_are_refused)
{
    request.at_unix_s = WORLD_TO + 1;
    cr_expect_eq(fetch(), ASSAY_E_STALE);
    cr_expect_not_null(strstr(message, "valid from"), "%s", message);
    request.at_unix_s = WORLD_FROM - 1;
    cr_expect_eq(fetch(), ASSAY_E_STALE);
}

Test(pcs, a_lower_evaluation_number_never_replaces_a_higher_one)
{
    request.refresh = true;
    w->terms.evaluation_number = 17;
    world_publish(w);
    publish();
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    w->terms.evaluation_number = 16;
    w->terms.issue_unix_s += 1000;
    world_publish(w);
    publish();
    cr_assert_eq(fetch(), ASSAY_OK, "the cache serves");
    cr_expect_not_null(strstr(message, "tcbEvaluationDataNumber goes back (16 after 17)"), "%s",
                       message);
    cr_expect(bundle.documents[0].from_cache);
    w->terms.evaluation_number = 18;
    world_publish(w);
    publish();
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_str_empty(message);
    cr_expect_not(bundle.documents[0].from_cache);
}

Test(pcs, an_older_list_never_replaces_a_newer_one)
{
    request.refresh = true;
    cr_assert_eq(fetch(), ASSAY_OK);
    w->terms.issue_unix_s -= 500;
    world_publish(w);
    publish();
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_not_null(strstr(message, "goes back"), "%s", message);
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++)
        cr_expect(bundle.documents[i].from_cache, "document %zu", i);
}

Test(pcs, a_document_that_cannot_be_had_fails_the_bundle_and_frees_it)
{
    replace(ROOT_CRL, (struct server_reply){ .status = 404 });
    cr_expect_eq(fetch(), ASSAY_E_NOT_FOUND);
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++)
        cr_expect_null(bundle.documents[i].memory);
}

Test(pcs, the_pinned_root_is_the_default_and_refuses_a_soft_vendor)
{
    request.root = NULL;
    cr_expect_neq(fetch(), ASSAY_OK);
    enum assay_pcs_ca ca = ASSAY_PCS_CA_PROCESSOR;
    cr_expect(assay_pcs_ca_parse("platform", &ca));
    cr_expect_eq(ca, ASSAY_PCS_CA_PLATFORM);
    cr_expect_not(assay_pcs_ca_parse("both", &ca));
}
