/*
 * apps/config/keys.c - table of keys of assayd.yaml (keys.h).
 */
#include "apps/config/keys.h"

#include "base/words.h"

#include <stdio.h>
#include <string.h>

enum { KEY_TEXT_MAX = 160 };

#define RESTART(key, usual) { key, usual, ASSAY_CONFIG_RESTART, ASSAY_CONFIG_OPEN, false }
#define LIVE(key, usual) { key, usual, ASSAY_CONFIG_LIVE, ASSAY_CONFIG_OPEN, false }
#define LIST(key, reload) { key, NULL, reload, ASSAY_CONFIG_OPEN, true }
#define TARGET(key, usual) LIVE("enforcement.targets[]." key, usual)
#define HIDDEN(key, list)                                                                          \
    { "enforcement.targets[]." key, NULL, ASSAY_CONFIG_LIVE, ASSAY_CONFIG_HIDDEN, list }

static const struct assay_config_key keys[] = {
    RESTART("config_version", NULL),
    RESTART("node.state_dir", NULL),
    RESTART("node.keys_dir", NULL),
    RESTART("node.identity_dir", NULL),
    RESTART("node.genesis", NULL),
    RESTART("node.checkpoint", NULL),
    LIST("node.recovers", ASSAY_CONFIG_RESTART),
    RESTART("node.history_epochs", "20000"),
    RESTART("node.history_events", "8192"),
    RESTART("listen.gossip", NULL),
    RESTART("listen.admin", NULL),
    RESTART("listen.http", NULL),
    RESTART("listen.services", NULL),
    LIVE("listen.advertise", NULL),
    RESTART("listen.transport", "process"),
    RESTART("http.certificate", NULL),
    RESTART("http.key", NULL),
    RESTART("http.clients", NULL),
    RESTART("http.local_role", "viewer"),
    RESTART("metrics.members", "0"),
    LIST("http.roles", ASSAY_CONFIG_RESTART),
    RESTART("http.roles[].certificate", NULL),
    RESTART("http.roles[].role", NULL),
    RESTART("evidence.kind", NULL),
    RESTART("evidence.credential", NULL),
    RESTART("evidence.tcti", NULL),
    RESTART("evidence.path", NULL),
    RESTART("evidence.devices", NULL),
    RESTART("evidence.privlevel", NULL),
    RESTART("evidence.service_provider", NULL),
    RESTART("evidence.service_guid", NULL),
    RESTART("evidence.service_manifest_version", NULL),
    RESTART("evidence.deadline_ms", "2000"),
    RESTART("evidence.close_ms", "3000"),
    RESTART("enclave.path", NULL),
    RESTART("enclave.restore_path", NULL),
    RESTART("enclave.service", NULL),
    LIST("enclave.key_users", ASSAY_CONFIG_RESTART),
    RESTART("collateral.fetch.intel", "off"),
    RESTART("collateral.fetch.amd", "off"),
    RESTART("collateral.fetch.early", "false"),
    LIST("collateral.fetch.lists", ASSAY_CONFIG_RESTART),
    RESTART("collateral.fetch.lists[].root", NULL),
    RESTART("collateral.fetch.lists[].url", NULL),
    RESTART("collateral.fetch.ca_file", NULL),
    RESTART("collateral.every_s", "21600"),
    RESTART("enforcement.journal", NULL),
    RESTART("enforcement.restarts_max", "0"),
    RESTART("enforcement.restarts_window_s", "3600"),
    LIST("enforcement.targets", ASSAY_CONFIG_LIVE),
    TARGET("name", NULL),
    TARGET("driver", NULL),
    TARGET("severity", NULL),
    TARGET("restricted", NULL),
    TARGET("suspended", NULL),
    TARGET("dry_run", NULL),
    TARGET("action_ms", NULL),
    TARGET("poll_ms", NULL),
    TARGET("restarts_max", NULL),
    TARGET("restarts_window_s", NULL),
    TARGET("path", NULL),
    HIDDEN("arguments", true),
    TARGET("socket", NULL),
    TARGET("container", NULL),
    TARGET("unit", NULL),
    TARGET("bus", NULL),
    HIDDEN("url", false),
    TARGET("secret", NULL),
    TARGET("ca_file", NULL),
    TARGET("spool", NULL),
    TARGET("spool_max", NULL),
    LIVE("limits.verify_threads", "1"),
    RESTART("limits.key_tables_mib", "4"),
    LIVE("limits.drain_ms", "2000"),
    LIVE("log.level", "info"),
    LIVE("log.format", "auto"),
    LIST("insecure", ASSAY_CONFIG_RESTART),
    LIST("peers", ASSAY_CONFIG_LIVE),
    LIVE("peers[].node", NULL),
    LIVE("peers[].address", NULL),
};

const struct assay_config_key *assay_config_keys(size_t *count)
{
    *count = sizeof keys / sizeof keys[0];
    return keys;
}

/* "peers[12].node" -> "peers[].node", "insecure[0]" -> "insecure". */
static void pattern_of(const char *key, char out[static KEY_TEXT_MAX])
{
    size_t len = 0;
    for (const char *c = key; *c != '\0' && len + 1 < KEY_TEXT_MAX; c++) {
        if (c > key && c[-1] == '[' && *c != ']') {
            c += strspn(c, "0123456789");
            if (*c == '\0') break;
        }
        out[len++] = *c;
    }
    out[len] = '\0';
    if (len > 2 && strcmp(out + len - 2, "[]") == 0) out[len - 2] = '\0';
}

const struct assay_config_key *assay_config_key_find(const char *key)
{
    char pattern[KEY_TEXT_MAX];
    pattern_of(key, pattern);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i].key, pattern) == 0) return &keys[i];
    return NULL;
}

/* A section that is right leaves the last word to be guessed; else the whole. */
const char *assay_config_key_near(const char *key)
{
    const char *best = NULL;
    unsigned apart = ASSAY_WORDS_APART_MAX;
    const char *const dot = strrchr(key, '.');
    const size_t section_len = dot != NULL ? (size_t)(dot - key) + 1 : 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *hint = NULL;
        const bool same_section = strncmp(keys[i].key, key, section_len) == 0;
        const unsigned before = apart;
        assay_words_nearest(same_section ? key + section_len : key,
                            same_section ? keys[i].key + section_len : keys[i].key, &apart, &hint);
        if (hint != NULL && apart < before) best = keys[i].key;
    }
    return best;
}
