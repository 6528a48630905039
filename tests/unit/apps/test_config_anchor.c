/*
 * tests/unit/apps/test_config_anchor.c - tests of anchor.yaml.
 *
 * apps/config/anchor.h: what anchor.yaml and the command line may say.
 */
#include "apps/config/anchor.h"

#include <criterion/criterion.h>
#include <string.h>

Test(config_anchor, gwei_are_wei_to_the_last_digit)
{
    static const struct {
        const char *text;
        uint64_t wei;
    } good[] = { { "30", 30000000000 },          { "0.05", 50000000 },
                 { "0.000000001", 1 },           { "0", 0 },
                 { "1.5", 1500000000 },          { "999999999.999999999", 999999999999999999 },
                 { "007", UINT64_C(7000000000) } };
    static const char *const bad[] = {
        "",     ".5", "1.",    "1.0000000001", "-1",
        "1e3",  " 1", "1 ",    "1,5",          "0x10",
        "1..2", "1g", "1.2.3", "1234567890",   "18446744073709551616"
    };
    uint64_t wei = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert(assay_config_anchor_gwei(good[i].text, &wei), "%s", good[i].text);
        cr_assert_eq(wei, good[i].wei, "%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not(assay_config_anchor_gwei(bad[i], &wei), "%s", bad[i]);
}

Test(config_anchor, each_key_takes_what_it_says)
{
    static const char *const good[][2] = {
        { "rpc", "https://node.example/v1" },
        { "rpc", "http://127.0.0.1:8545" },
        { "rpc", "https://node.example/v1, http://127.0.0.1:8545" },
        { "chain", "1" },
        { "contract", "0x5fbdb2315678afecb367f032d93f642f64180aa3" },
        { "max_fee", "0.000000001" },
        { "tip", "0" },
        { "max_gas", "21000" },
        { "max_gas", "30000000" },
        { "confirmations", "1" },
        { "confirmations", "1024" },
        { "key", "k" },
        { "daemon", "admin.sock" },
        { "ca_file", "ca.pem" },
        { "tasks", "0x5fbdb2315678afecb367f032d93f642f64180aa3" },
        { "price", "0.5" },
        { "margin_s", "30" },
        { "margin_s", "2592000" },
        { "batch", "1" },
        { "batch", "1000000" },
    };
    static const char *const bad[][2] = {
        { "rpc", "ftp://node.example" },
        { "rpc", "" },
        { "rpc", "https://a,https://a" },
        { "rpc", "https://a," },
        { "rpc", "https://a,b" },
        { "chain", "0" },
        { "chain", "9223372036854775808" },
        { "contract", "5fbdb2315678afecb367f032d93f642f64180aa3" },
        { "contract", "0x5fbdb2315678afecb367f032d93f642f64180aa" },
        { "contract", "0x5fbdb2315678afecb367f032d93f642f64180aag" },
        { "max_fee", "0" },
        { "max_fee", "dear" },
        { "tip", "-1" },
        { "tasks", "0x5fbd" },
        { "price", "0" },
        { "price", "1 gwei" },
        { "margin_s", "29" },
        { "margin_s", "2592001" },
        { "batch", "0" },
        { "batch", "1000001" },
        { "max_gas", "20999" },
        { "max_gas", "30000001" },
        { "confirmations", "0" },
        { "confirmations", "1025" },
        { "key", "" },
    };
    struct assay_anchor_settings s;
    assay_config_anchor_settings_init(&s);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert_null(assay_config_anchor_settings_set(&s, good[i][0], good[i][1]), "%s",
                       good[i][1]);
    cr_assert(s.has_contract && s.has_tip && s.sender.fee_limit_wei == 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not_null(assay_config_anchor_settings_set(&s, bad[i][0], bad[i][1]), "%s %s",
                           bad[i][0], bad[i][1]);
    cr_assert_not(s.has_contract, "a wrong one is none");
    char url[ASSAY_EVM_URLS_LEN_MAX + 16] = "https://";
    memset(url + 8, 'a', sizeof url - 9);
    cr_assert_not_null(assay_config_anchor_settings_set(&s, "rpc", url));
}
