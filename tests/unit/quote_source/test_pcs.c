/*
 * tests/unit/quote_source/test_pcs.c - Intel's collateral from a PCCS of the tests' own.
 */
#include "tests/unit/quote_source/pccs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pccs *pccs;
static struct assay_pcs_bundle bundle;
static char message[ASSAY_FETCH_MESSAGE_LEN];

static void set_up(void)
{
    pccs = pccs_start();
    bundle = (struct assay_pcs_bundle){ 0 };
}

static void tear_down(void)
{
    assay_pcs_bundle_free(&bundle);
    pccs_stop(pccs);
}

TestSuite(pcs, .init = set_up, .fini = tear_down);

static enum assay_status fetch(void)
{
    assay_pcs_bundle_free(&bundle);
    return assay_pcs_fetch(&pccs->config, &pccs->request, &bundle, message);
}

static void replace(const char *target, struct server_reply reply)
{
    server_clear(pccs->server, target);
    server_add(pccs->server, target, reply);
}

/* ------------------------------------------------------------ what comes */

Test(pcs, every_part_comes_and_makes_a_sound_bundle)
{
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        cr_expect_gt(bundle.files.part[i].len, 0, "part %zu", i);
        if (i != ASSAY_PART_QE_CHAIN || pccs->world->bundle.files.part[i].len > 0)
            cr_expect(assay_slice_equal(bundle.files.part[i], pccs->world->bundle.files.part[i]),
                      "part %zu", i);
    }
    struct assay_collateral *const built = malloc(sizeof *built);
    cr_assert_eq(assay_collateral_build(&bundle.files, &pccs->root, built), ASSAY_OK);
    cr_expect(assay_collateral_sound(built));
    cr_expect(assay_collateral_current(built, WORLD_AT));
    free(built);
    cr_expect_eq(pccs->server->hits, 4);
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_eq(pccs->server->hits, 4, "from the cache");
    pccs->config.offline = true;
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
    struct assay_pcs_request slashes = r;
    slashes.base_url = "https://pccs:8081//";
    cr_assert_eq(assay_pcs_url(&slashes, ASSAY_PART_ROOT_CRL, url), ASSAY_OK);
    cr_expect_str_eq(url, "https://pccs:8081/sgx/certification/v4/rootcacrl");
    static char base[ASSAY_HTTP_URL_LEN_MAX];
    (void)memset(base, 'a', sizeof base - 1);
    pccs->request.base_url = base;
    cr_expect_eq(fetch(), ASSAY_E_RANGE);
}

Test(pcs, a_pccs_may_send_lists_in_hexadecimal)
{
    for (int i = 0; i < 2; i++) {
        const enum assay_collateral_part part = i == 0 ? ASSAY_PART_ROOT_CRL : ASSAY_PART_PCK_CRL;
        const struct assay_slice der = pccs->world->bundle.files.part[part];
        char *const text = server_room(pccs->server, 2 * der.len + 2);
        assay_hex_encode(der.bytes, der.len, text, 2 * der.len + 1);
        text[2 * der.len] = '\n'; /* and zero after it: the room was */
        replace(i == 0 ? PCCS_ROOT_CRL : PCCS_PCK_CRL,
                (struct server_reply){
                    .status = 200,
                    .headers = i == 0 ? NULL
                                      : pccs_chain_header(pccs, "SGX-PCK-CRL-Issuer-Chain",
                                                          ASSAY_PART_PCK_CHAIN),
                    .body = assay_slice_over(text, strlen(text)) });
    }
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    cr_expect(assay_slice_equal(bundle.files.part[ASSAY_PART_ROOT_CRL],
                                pccs->world->bundle.files.part[ASSAY_PART_ROOT_CRL]));
    cr_expect(assay_slice_equal(bundle.files.part[ASSAY_PART_PCK_CRL],
                                pccs->world->bundle.files.part[ASSAY_PART_PCK_CRL]));
}

Test(pcs, headers_have_older_names_and_any_case)
{
    replace(pccs->tcb_target, pccs_document(pccs, ASSAY_PART_TCB_INFO, "sgx-tcb-info-issuer-chain",
                                            ASSAY_PART_TCB_CHAIN));
    replace(PCCS_IDENTITY, pccs_document(pccs, ASSAY_PART_QE_IDENTITY,
                                         "sGX-enclave-IDENTITY-issuer-chain", ASSAY_PART_QE_CHAIN));
    cr_expect_eq(fetch(), ASSAY_OK, "%s", message);
}

Test(pcs, a_chain_that_is_missing_or_no_chain_is_refused)
{
    replace(pccs->tcb_target, pccs_document(pccs, ASSAY_PART_TCB_INFO, NULL, ASSAY_PART_TCB_CHAIN));
    cr_expect_eq(fetch(), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "TCB-Info-Issuer-Chain: is missing"), "%s", message);
    struct server_reply reply =
        pccs_document(pccs, ASSAY_PART_TCB_INFO, NULL, ASSAY_PART_TCB_CHAIN);
    reply.headers = "TCB-Info-Issuer-Chain: -----BEGIN%2\r\n";
    replace(pccs->tcb_target, reply);
    cr_expect_eq(fetch(), ASSAY_E_TRUNCATED);
    reply.headers = "TCB-Info-Issuer-Chain: -----BEGIN%20CERTIFICATE-----%0A\r\n";
    replace(pccs->tcb_target, reply);
    cr_expect_neq(fetch(), ASSAY_OK);
    cr_expect_null(bundle.documents[0].memory);
}

/* ------------------------------------------------------------ what is refused */

Test(pcs, nothing_that_the_root_did_not_sign_is_kept)
{
    static const struct {
        enum assay_collateral_part part, chain;
        const char *header;
    } documents[] = {
        { ASSAY_PART_TCB_INFO, ASSAY_PART_TCB_CHAIN, "TCB-Info-Issuer-Chain" },
        { ASSAY_PART_QE_IDENTITY, ASSAY_PART_QE_CHAIN, "SGX-Enclave-Identity-Issuer-Chain" },
        { ASSAY_PART_PCK_CRL, ASSAY_PART_PCK_CHAIN, "SGX-PCK-CRL-Issuer-Chain" },
        { ASSAY_PART_ROOT_CRL, ASSAY_PART_TCB_CHAIN, NULL },
    };
    const char *const targets[] = { pccs->tcb_target, PCCS_IDENTITY, PCCS_PCK_CRL, PCCS_ROOT_CRL };
    struct world *const honest = pccs->world;
    struct world *const forger = world_open(); /* another authority of the same names */
    pccs->config.cache_dir = NULL;             /* each is asked for */
    for (size_t i = 0; i < 4; i++) {
        pccs_publish(pccs);
        pccs->world = forger;
        replace(targets[i],
                pccs_document(pccs, documents[i].part, documents[i].header, documents[i].chain));
        pccs->world = honest;
        cr_expect_neq(fetch(), ASSAY_OK, "%s", targets[i]);
        cr_expect_not_null(strstr(message, "from the server"), "%s", message);
    }
    world_close(forger);
    pccs->config.cache_dir = pccs->folder.path;
    pccs_publish(pccs);
    cr_expect_eq(fetch(), ASSAY_OK, "and the honest one is not hindered: %s", message);
}

Test(pcs, a_changed_document_is_refused)
{
    struct server_reply reply =
        pccs_document(pccs, ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN);
    uint8_t *const body = (uint8_t *)(uintptr_t)reply.body.bytes;
    char *const date = strstr((char *)body, "\"pcesvn\":");
    cr_assert_not_null(date);
    date[strlen("\"pcesvn\":")] ^= 2;
    replace(pccs->tcb_target, reply);
    cr_expect_eq(fetch(), ASSAY_E_SIGNATURE, "%s", message);
}

Test(pcs, documents_for_somebody_else_are_refused)
{
    char other[128];
    pccs->request.fmspc[0] ^= 1;
    char fmspc[13];
    assay_hex_encode(pccs->request.fmspc, 6, fmspc, sizeof fmspc);
    (void)snprintf(other, sizeof other, PCCS_TCB, fmspc);
    server_add(
        pccs->server, other,
        pccs_document(pccs, ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN));
    cr_expect_eq(fetch(), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "another TEE or FMSPC"), "%s", message);
}

Test(pcs, stale_documents_are_refused)
{
    pccs->request.at_unix_s = WORLD_TO + 1;
    cr_expect_eq(fetch(), ASSAY_E_STALE);
    cr_expect_not_null(strstr(message, "valid from"), "%s", message);
    pccs->request.at_unix_s = WORLD_FROM - 1;
    cr_expect_eq(fetch(), ASSAY_E_STALE);
}

Test(pcs, a_lower_evaluation_number_never_replaces_a_higher_one)
{
    pccs->request.refresh = true;
    pccs->world->terms.evaluation_number = 17;
    world_publish(pccs->world);
    pccs_publish(pccs);
    cr_assert_eq(fetch(), ASSAY_OK, "%s", message);
    pccs->world->terms.evaluation_number = 16;
    pccs->world->terms.issue_unix_s += 1000;
    world_publish(pccs->world);
    pccs_publish(pccs);
    cr_assert_eq(fetch(), ASSAY_OK, "the cache serves");
    cr_expect_not_null(strstr(message, "tcbEvaluationDataNumber goes back (16 after 17)"), "%s",
                       message);
    cr_expect(bundle.documents[0].from_cache);
    pccs->world->terms.evaluation_number = 18;
    world_publish(pccs->world);
    pccs_publish(pccs);
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_str_empty(message);
    cr_expect_not(bundle.documents[0].from_cache);
}

Test(pcs, an_older_list_never_replaces_a_newer_one)
{
    pccs->request.refresh = true;
    cr_assert_eq(fetch(), ASSAY_OK);
    pccs->world->terms.issue_unix_s -= 500;
    world_publish(pccs->world);
    pccs_publish(pccs);
    cr_assert_eq(fetch(), ASSAY_OK);
    cr_expect_not_null(strstr(message, "goes back"), "%s", message);
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++)
        cr_expect(bundle.documents[i].from_cache, "document %zu", i);
}

Test(pcs, a_document_that_cannot_be_had_fails_the_bundle_and_frees_it)
{
    replace(PCCS_ROOT_CRL, (struct server_reply){ .status = 404 });
    cr_expect_eq(fetch(), ASSAY_E_NOT_FOUND);
    for (size_t i = 0; i < ASSAY_PCS_DOCUMENTS; i++)
        cr_expect_null(bundle.documents[i].memory);
}

Test(pcs, the_pinned_root_is_the_default_and_refuses_a_soft_vendor)
{
    pccs->request.root = NULL;
    cr_expect_neq(fetch(), ASSAY_OK);
    enum assay_pcs_ca ca = ASSAY_PCS_CA_PROCESSOR;
    cr_expect(assay_pcs_ca_parse("platform", &ca));
    cr_expect_eq(ca, ASSAY_PCS_CA_PLATFORM);
    cr_expect_not(assay_pcs_ca_parse("both", &ca));
}
