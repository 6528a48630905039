/*
 * tests/unit/net/fetch/vendors.c - fake vendor servers.
 */
#include "tests/unit/net/fetch/vendors.h"

#include "quote/collateral/offer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

void vendors_publish(struct vendors *v, int64_t days_ago, uint32_t number)
{
    struct assay_soft_terms *const terms = &v->pccs->world->terms;
    terms->issue_unix_s = v->at_unix_s - days_ago * VENDORS_DAY;
    terms->next_unix_s = terms->issue_unix_s + VENDORS_LIFE;
    terms->evaluation_number = number;
    world_publish(v->pccs->world);
    pccs_publish(v->pccs);
}

static size_t make_list(struct vendors *v, int64_t days_ago, uint64_t number, uint8_t *der)
{
    v->list.from_s = v->at_unix_s - days_ago * VENDORS_DAY;
    v->list.to_s = v->list.from_s + VENDORS_LIFE;
    v->list.number = number;
    return authority_crl_make(&v->list, der);
}

void vendors_list(struct vendors *v, int64_t days_ago, uint64_t number)
{
    const size_t len = make_list(v, days_ago, number, v->lists[1]);
    uint8_t *const copy = server_room(v->pccs->server, len);
    assay_bytes_copy(copy, len, v->lists[1], len);
    const struct server_reply reply = { .status = 200, .body = assay_slice_over(copy, len) };
    server_clear(v->pccs->server, VENDORS_LIST);
    server_clear(v->pccs->server, VENDORS_KDS);
    server_add(v->pccs->server, VENDORS_LIST, reply);
    server_add(v->pccs->server, VENDORS_KDS, reply);
}

void vendors_in_force(struct vendors *v, const uint8_t *bytes, size_t len)
{
    assay_bytes_copy(v->bytes, sizeof v->bytes, bytes, len);
    v->len = len;
    cr_assert_eq(assay_endorsements_decode(v->bytes, len, v->collateral, 2, &v->built), ASSAY_OK);
    v->set = (struct assay_collateral_set){ assay_slice_over(v->bytes, len), &v->built };
}

static void open_set(struct vendors *v)
{
    static uint8_t bytes[VENDORS_BYTES_MAX];
    const struct authority_certificate ca =
        authority_ca("root", v->root, "root", v->root, v->list.alg);
    const size_t len = authority_certificate_make(&ca, v->certificate);
    const size_t list_len = make_list(v, 10, 7, v->lists[0]);
    struct assay_endorsement_files entries[2] = {
        { .root = v->pccs->root,
          .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT),
          .files = v->pccs->world->bundle.files },
        { .root = v->root_key, .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SNP) },
    };
    entries[1].files.part[ASSAY_PART_CERTIFICATES] = assay_slice_over(v->certificate, len);
    entries[1].files.part[ASSAY_PART_CRL] = assay_slice_over(v->lists[0], list_len);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_offer_encode(entries, 2, &w), ASSAY_OK);
    vendors_in_force(v, bytes, w.len);
}

struct vendors *vendors_open(void)
{
    struct vendors *const v = calloc(1, sizeof *v);
    cr_assert_not_null(v);
    v->at_unix_s = WORLD_AT;
    v->pccs = pccs_start();
    v->root = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(v->root, &v->root_key);
    assay_key_name(&v->root_key, v->root_name);
    assay_key_name(&v->pccs->root, v->soft_name);
    v->list = (struct authority_crl){ .issuer = "root",
                                      .signer = v->root,
                                      .alg = ASSAY_SIGNATURE_ECDSA_SHA384 };
    vendors_publish(v, 10, 5);
    open_set(v);
    vendors_list(v, 10, 7);
    v->config = (struct assay_round_config){
        .intel = { .mode = ASSAY_ROUND_URL },
        .list_count = 1,
        .fetch = { .insecure_for_tests = true, .attempts_max = 2, .backoff_ms = 2 },
    };
    (void)snprintf(v->config.intel.url, sizeof v->config.intel.url, "%s", v->pccs->base_url);
    (void)snprintf(v->config.lists[0].url, sizeof v->config.lists[0].url, "%s",
                   server_url(v->pccs->server, VENDORS_LIST));
    assay_bytes_copy(v->config.lists[0].root, ASSAY_SHA256_LEN, v->root_name, ASSAY_SHA256_LEN);
    return v;
}

void vendors_close(struct vendors *v)
{
    pccs_stop(v->pccs);
    authority_key_free(&v->root);
    free(v);
}
