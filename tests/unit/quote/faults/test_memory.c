/*
 * tests/unit/quote/faults/test_memory.c - fault injection into every allocation of the JSON
 * library: never a fault of the document.
 */
#include "tests/support/faults/fault.h"
#include "tests/unit/quote/world.h"

#include "quote/json.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static long live;

static void *take(size_t len)
{
    if (fault_now()) return NULL;
    void *const memory = malloc(len);
    if (memory != NULL) live += 1;
    return memory;
}

static void give(void *memory)
{
    if (memory != NULL) live -= 1;
    free(memory);
}

Test(quote_faults_memory, of_a_document_is_the_hosts_and_nothing_is_lost)
{
    struct world *const w = world_open();
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    struct assay_collateral *const built = malloc(sizeof *built);
    cr_assert_not_null(built);
    json_set_alloc_funcs(take, give);
    fault_arm(0);
    cr_assert_eq(assay_collateral_build(&w->bundle.files, &root, built), ASSAY_OK);
    cr_assert_eq(built->fault_count, 0);
    cr_assert_eq(live, 0);
    const size_t calls = fault_count();
    size_t told = 0;
    struct assay_collateral *const good = malloc(sizeof *good);
    cr_assert_not_null(good);
    *good = *built;
    cr_assert_gt(calls, 100);
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        const enum assay_status status = assay_collateral_build(&w->bundle.files, &root, built);
        /* jansson does without a few, and then the bundle is the same one. */
        cr_expect(status == ASSAY_E_MEMORY || built->fault_count > 0 ||
                      assay_bytes_equal(built, good, sizeof *good),
                  "allocation %zu of %zu: %s", i, calls, assay_status_symbol(status));
        if (status == ASSAY_E_MEMORY) told += 1;
        cr_expect_eq(live, 0, "allocation %zu leaks", i);
    }
    cr_expect_gt(told, calls / 4, "%zu of %zu", told, calls); /* the rest: strings (jansson.c) */
    fault_arm(0);
    cr_expect_eq(assay_collateral_build(&w->bundle.files, &root, built), ASSAY_OK);
    cr_expect_eq(built->fault_count, 0);
    json_set_alloc_funcs(malloc, free);
    free(good);
    free(built);
    world_close(w);
}

Test(quote_faults_memory, of_runtime_data_is_the_hosts)
{
    char n[343], document[512];
    for (size_t i = 0; i < sizeof n - 1; i++)
        n[i] = '_';
    n[341] = 'w'; /* 256 bytes of ones end in two bits that are zero */
    n[342] = '\0';
    const int len = snprintf(document, sizeof document,
                             "{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"RSA\",\"e\":\"AQAB\","
                             "\"n\":\"%s\"}]}",
                             n);
    cr_assert(len > 0 && (size_t)len < sizeof document);
    struct assay_key key;
    json_set_alloc_funcs(take, give);
    fault_arm(0);
    const enum assay_status good =
        assay_doc_runtime_key((const uint8_t *)document, (size_t)len, "HCLAkPub", &key);
    cr_assert_eq(good, ASSAY_OK, "%s", assay_status_symbol(good));
    const size_t calls = fault_count();
    size_t told = 0;
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        const enum assay_status status =
            assay_doc_runtime_key((const uint8_t *)document, (size_t)len, "HCLAkPub", &key);
        cr_expect(status == ASSAY_E_MEMORY || status == ASSAY_E_SYNTAX, "allocation %zu of %zu: %s",
                  i, calls, assay_status_symbol(status));
        if (status == ASSAY_E_MEMORY) told += 1;
        cr_expect_eq(live, 0);
    }
    cr_expect_gt(told, 0);
    fault_arm(0);
    json_set_alloc_funcs(malloc, free);
}
