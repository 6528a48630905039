/*
 * apps/assay/identity/identity_keys.h - `assay identity list` and `assay identity withdraw`.
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_KEYS_H
#define ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_KEYS_H

#include <stdbool.h>

struct cli_identity_keys {
    const char *enclave;               /* socket of the enclave program */
    const char *key_name, *token_name; /* of withdraw: one of them, or is_holder */
    bool is_holder;                    /* the key of assay-signer */
    unsigned timeout_ms;
    bool json;
};

/* Prints the keys that are registered, or withdraws one. Returns: ASSAY_EXIT_OK |
 * ASSAY_EXIT_USAGE | ASSAY_EXIT_UNREACHABLE | ASSAY_EXIT_NOT_FOUND (no such key) |
 * ASSAY_EXIT_DENIED (another user registered it) */
int cli_identity_keys_list(const struct cli_identity_keys *k);
int cli_identity_keys_withdraw(const struct cli_identity_keys *k);

#endif
