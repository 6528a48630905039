/*
 * apps/config/anchor.h - settings for advancing an anchor on an EVM chain: anchor.yaml, and the
 * same keys on the command line (docs/services.md 8.8: advancing an anchor).
 */
#ifndef ASSAY_APPS_CONFIG_ANCHOR_H
#define ASSAY_APPS_CONFIG_ANCHOR_H

#include "net/evm/http.h"
#include "net/evm/sender.h"

#include <limits.h>

/* apps/config.h and net/evm/anchor.h are never included by one file: two things are called
 * certificate. */
enum { ASSAY_ANCHOR_FAULT_MAX = 512 };

struct assay_anchor_settings {
    char rpc[ASSAY_EVM_URLS_LEN_MAX]; /* one URL, or several that must agree */
    char ca_file[PATH_MAX]; /* "": the system's */
    char key[PATH_MAX];     /* "": none was named */
    char daemon[PATH_MAX];  /* admin socket; "": none was named */
    bool has_contract, has_tip, has_tasks, has_price;
    uint8_t contract[ASSAY_EVM_ADDRESS_LEN];
    /* Of tasks (docs/services.md 8.9): their contract, what an executor asks for a step, and when
     * it claims. */
    uint8_t tasks[ASSAY_EVM_ADDRESS_LEN];
    uint64_t price_wei, margin_s;
    uint32_t batch;
    struct assay_evm_config sender; /* zero where not configured */
};

/* Defaults. */
void assay_config_anchor_settings_init(struct assay_anchor_settings *settings);
/*
 * assay_config_anchor_settings_set - one key, as the file and the command line name it.
 * Returns: NULL, or what was expected instead; unknown keys are the caller's bug
 */
const char *assay_config_anchor_settings_set(struct assay_anchor_settings *settings,
                                             const char *key, const char *text);
/* Every key of a file. Returns: ASSAY_OK | ASSAY_E_INVALID (others may change it) |
 * ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_SYNTAX | ASSAY_E_RANGE | ASSAY_E_VERSION |
 * ASSAY_E_MEMORY, each with a message */
ASSAY_CHECKED enum assay_status assay_config_anchor_settings_read(
    struct assay_anchor_settings *settings, const char *path,
    char message[static ASSAY_ANCHOR_FAULT_MAX]);
/* Settings for a sender, with a missing tip set to a tenth of the limit. Returns: them. */
struct assay_evm_config assay_config_anchor_sender(const struct assay_anchor_settings *settings);
/* The key of an account: a file of 32 bytes or of 64 hexadecimal digits, readable only by its
 * owner; the caller wipes *key. Returns: ASSAY_OK | as assay_file_read_secret | ASSAY_E_SYNTAX;
 * message has the expected form */
ASSAY_CHECKED enum assay_status assay_config_anchor_key_read(
    const char *path, struct assay_secret32 *key, char message[static ASSAY_ANCHOR_FAULT_MAX]);
/* Gwei with up to nine places behind a point, "0.05", as wei. Returns: whether it is that */
bool assay_config_anchor_gwei(const char *text, uint64_t *wei);

#endif
