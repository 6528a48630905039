/*
 * tests/unit/services/shares/test_holder_node.c - tests of the opening of a holder's process: its
 * message names what failed.
 */
#include "net/services/shares/holder_node.h"
#include "net/services/shares/vault.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct assay_secret32 vault_key = { { 7, 7, 7 } };

/* Opens a holder at a store that cannot serve, or with a socket's path that is too long. */
static enum assay_status open_alone(const char *store, const char *ledger, char *message)
{
    const struct assay_holder_node_config config = { .ledger = ledger,
                                                     .listen = "127.0.0.1:0",
                                                     .client_listen = "127.0.0.1:0",
                                                     .store = store,
                                                     .key = &vault_key };
    struct assay_holder_node *node = NULL;
    const enum assay_status status = assay_holder_node_open(&config, &node, message);
    cr_expect((status == ASSAY_OK) == (node != NULL));
    assay_holder_node_close(&node);
    return status;
}

Test(services_holder_node, a_holder_that_cannot_open_names_what_failed, .timeout = 600)
{
    static const uint8_t seen_row[32] = "holder: seen", keys_row[32] = "holder: keys";
    char folder[] = "/tmp/assay-shares.XXXXXX", store[64], other[64], ledger[300], command[96];
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN];
    struct assay_vault *vault = NULL;
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(store, sizeof store, "%s/vault", folder);
    (void)snprintf(other, sizeof other, "%s/other", folder);
    (void)snprintf(ledger, sizeof ledger, "/%0250d", 0);
    cr_expect_eq(open_alone(store, "/nonexistent/ledger", message), ASSAY_OK);
    cr_expect_str_eq(message, "");
    cr_expect_eq(open_alone(store, ledger, message), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "no path of the daemon's socket"), "%s", message);

    cr_assert_eq(assay_vault_open(store, &vault_key, &vault, message), ASSAY_OK);
    cr_assert_eq(assay_vault_put(vault, ASSAY_VAULT_OWN, seen_row, assay_slice_over(store, 7)),
                 ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    assay_vault_close(&vault);
    cr_expect_eq(open_alone(store, "/nonexistent/ledger", message), ASSAY_E_VERSION);
    cr_expect_not_null(strstr(message, "the place in the ledger cannot be read"), "%s", message);
    cr_expect_not_null(strstr(message, assay_status_text(ASSAY_E_VERSION)), "%s", message);

    cr_assert_eq(assay_vault_open(other, &vault_key, &vault, message), ASSAY_OK);
    cr_assert_eq(assay_vault_put(vault, ASSAY_VAULT_OWN, keys_row, assay_slice_over(store, 7)),
                 ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    assay_vault_close(&vault);
    cr_expect_eq(open_alone(other, "/nonexistent/ledger", message), ASSAY_E_VERSION);
    cr_expect_eq(strstr(message, other), message, "%s", message);
    cr_expect_not_null(strstr(message, "the keys cannot be read"), "%s", message);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}
