/*
 * apps/executor/chain.c - configuration and payout claims of an executor on an EVM chain.
 */
#include "apps/executor/chain.h"

#include <stdio.h>

enum { ANSWER_MS = 10000 };

/* Returns: the first required key that is missing; NULL: none. */
static const char *find_missing(const struct assay_anchor_settings *s)
{
    if (s->rpc[0] == '\0') return "rpc";
    if (s->sender.chain_id == 0) return "chain";
    if (!s->has_contract) return "contract";
    if (!s->has_tasks) return "tasks";
    if (s->key[0] == '\0') return "key";
    if (s->sender.fee_limit_wei == 0) return "max_fee";
    return s->has_price ? NULL : "price";
}

static enum assay_status read_settings(struct executor_chain *c, const char *path,
                                       struct assay_secret32 *key,
                                       char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    assay_config_anchor_settings_init(&c->settings);
    ASSAY_TRY(assay_config_anchor_settings_read(&c->settings, path, message));
    const char *const missing = find_missing(&c->settings);
    if (missing != NULL) {
        (void)snprintf(message, ASSAY_ANCHOR_FAULT_MAX,
                       "%.300s: %s is missing: who is paid on a chain needs it", path, missing);
        return ASSAY_E_SYNTAX;
    }
    return assay_config_anchor_key_read(c->settings.key, key, message);
}

static struct assay_payout_claims_config config_of(const struct executor_chain *c)
{
    struct assay_payout_claims_config config = { .place = c->chain.place,
                                                 .sender = assay_config_anchor_sender(&c->settings),
                                                 .margin_s = c->settings.margin_s,
                                                 .batch = c->settings.batch };
    assay_bytes_copy(config.anchor, sizeof config.anchor, c->settings.contract,
                     sizeof c->settings.contract);
    return config;
}

static void fill_chain(struct executor_chain *c)
{
    uint64_t wei = c->settings.price_wei;
    c->chain.place.chain_id = c->settings.sender.chain_id;
    assay_bytes_copy(c->chain.place.contract, ASSAY_EVM_ADDRESS_LEN, c->settings.tasks,
                     sizeof c->settings.tasks);
    for (size_t i = ASSAY_EVM_PRICE_LEN; i-- > 0; wei >>= 8)
        c->chain.price[i] = (uint8_t)wei;
    c->chain.margin_s = c->settings.margin_s;
}

enum assay_status executor_chain_open(struct executor_chain *c, const char *path,
                                      char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    struct assay_secret32 key = { { 0 } };
    char why[ASSAY_EVM_WHY_LEN] = "";
    struct assay_evm_link link;
    ASSAY_TRY(read_settings(c, path, &key, message));
    fill_chain(c);
    const struct assay_payout_claims_config config = config_of(c);
    const char *const ca_file = c->settings.ca_file[0] != '\0' ? c->settings.ca_file : NULL;
    enum assay_status status =
        assay_eth_https_link(&c->https, c->settings.rpc, ca_file, ANSWER_MS, &link);
    if (status == ASSAY_OK)
        status = assay_payout_claims_create(&config, &key, link, &c->chain.payouts);
    assay_secret_wipe(&key, sizeof key);
    (void)snprintf(why, sizeof why, "%s", assay_status_text(status));
    if (status == ASSAY_OK) status = assay_payout_claims_check(c->chain.payouts, why);
    if (status == ASSAY_OK) status = assay_payout_claims_start(c->chain.payouts);
    const char *const https_error = assay_eth_https_get_error(&c->https);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_ANCHOR_FAULT_MAX, "%.200s: %.150s%s%.150s", c->settings.rpc,
                       why, https_error[0] != '\0' ? ": " : "", https_error);
    return status;
}

enum assay_status executor_chain_check(const char *path,
                                       char message[static ASSAY_ANCHOR_FAULT_MAX])
{
    static struct executor_chain chain; /* large */
    struct assay_secret32 key = { { 0 } };
    const enum assay_status status = read_settings(&chain, path, &key, message);
    assay_secret_wipe(&key, sizeof key);
    return status;
}

void executor_chain_close(struct executor_chain *c)
{
    assay_payout_claims_destroy(&c->chain.payouts);
}
