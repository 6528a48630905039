/*
 * apps/assay/setup/setup_node.c - `assay setup node`: keys and a configuration for one node.
 *
 * Keys that are there stay. The configuration is checked by the daemon that will read it, once the
 * genesis is there.
 */
#include "apps/assay/setup/setup.h"

#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/setup/genesis.h"
#include "apps/config.h"
#include "base/base64.h"
#include "quote/source/soft/issue.h"
#include "quote/source/soft/soft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_soft(const struct assay_setup *s)
{
    return strcmp(s->kind, "soft") == 0;
}

static bool is_tpm(const struct assay_setup *s)
{
    return strcmp(s->kind, "tpm") == 0;
}

/* Returns: -1 to go on, else the exit status. */
static int prompt_settings(struct assay_setup *s)
{
    static char vendor[PATH_MAX];
    const int early = s->unit ? cli_setup_unit_init(s) : -1;
    if (early >= 0) return early;
    if (!cli_setup_prompt("folder of the node", NULL, &s->dir))
        return cli_misuse("--dir DIR is missing: the folder of the node");
    if (!cli_setup_prompt("name of the node", NULL, &s->name))
        return cli_misuse("--name NAME is missing: display name of the node");
    if (!cli_setup_prompt("address that others reach it at, HOST:PORT", NULL, &s->gossip))
        return cli_misuse("--gossip HOST:PORT is missing: where others reach it");
    if (!cli_setup_prompt("genesis of its network", NULL, &s->genesis))
        return cli_misuse("--genesis FILE is missing: of its network; it may come later");
    if (!cli_setup_prompt("kind of evidence (soft, tpm, tsm, gramine, nsm)", NULL, &s->kind))
        return cli_misuse("--kind is missing: soft, tpm, tsm, gramine or nsm");
    if (!cli_setup_prompt("socket of `assay`", "admin.sock", &s->admin)) return ASSAY_EXIT_INTERNAL;
    if (is_soft(s) && s->credential == NULL &&
        !cli_setup_prompt("folder of its SOFT vendor (assay soft ca)", NULL, &s->vendor))
        return cli_misuse("a SOFT platform wants --vendor DIR, which makes it, or --credential");
    if (is_tpm(s) &&
        !cli_setup_prompt("folder of its attestation key (assay tpm enroll)", NULL, &s->credential))
        return cli_misuse("a TPM wants --credential DIR, what assay tpm enroll made");
    if (s->vendor != NULL && realpath(s->vendor, vendor) != NULL) s->vendor = vendor;
    return -1;
}

/* ------------------------------------------------------------ checks before anything is made */

/* NODE_ID=HOST:PORT. address: HOST:PORT, borrowed. */
static bool read_peer(const char *peer, uint8_t id[static 32], const char **address)
{
    const char *const sign = strchr(peer, '=');
    if (sign == NULL || strchr(sign, ':') == NULL) return false;
    *address = sign + 1;
    return assay_id_parse(peer, (size_t)(sign - peer), id) == ASSAY_OK;
}

static bool is_peer(const char *peer)
{
    uint8_t id[32];
    const char *address = NULL;
    return read_peer(peer, id, &address);
}

static int check_genesis(const struct assay_setup *s)
{
    struct assay_genesis_file file;
    struct assay_where where = { 0 };
    if (access(s->genesis, F_OK) != 0) return ASSAY_EXIT_OK; /* it may come later */
    const enum assay_status status = cli_genesis_file_load(s->genesis, &file, &where);
    cli_genesis_file_free(&file);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup node: --genesis %s: %s\n", s->genesis,
                  cli_file_fault_of(s->genesis, status, "a genesis"));
    return status == ASSAY_E_MEMORY ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

/* A platform is made with the key of its vendor. platform: its file, which stays if it is there. */
static int check_vendor(const struct assay_setup *s, const char *platform)
{
    struct assay_soft_ca ca = { 0 };
    if (!is_soft(s) || s->credential != NULL || access(platform, F_OK) == 0) return ASSAY_EXIT_OK;
    const enum assay_status status = assay_soft_ca_load(s->vendor, &ca);
    const char *const key = cli_setup_path(s->vendor, "ca.key");
    assay_soft_ca_wipe(&ca);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay setup node: --vendor: %s: %s; give a folder of assay soft ca\n",
                  key, cli_file_fault_of(key, status, "the key of a SOFT vendor"));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
}

static const char *platform_path(const struct assay_setup *s)
{
    return cli_setup_path(s->unit ? "/etc/assay" : s->dir, "platform.key");
}

static int check_settings(struct assay_setup *s)
{
    if (!assay_name_is_fit(assay_slice_over(s->name, strlen(s->name))))
        return cli_misuse("--name wants 1 to %d of A-Z a-z 0-9 . _ -, not \"%s\"", ASSAY_NAME_MAX,
                          s->name);
    if (is_soft(s) && assay_issue_name_fits(s->name, ASSAY_SOFT_NAME_MAX) != ASSAY_OK)
        return cli_misuse("--name: of a SOFT platform at most %d characters, not \"%s\"",
                          ASSAY_SOFT_NAME_MAX - 1, s->name);
    for (size_t i = 0; i < s->peer_count; i++)
        if (!is_peer(s->peers[i]))
            return cli_misuse("--peer wants NODE_ID=HOST:PORT, not \"%s\"", s->peers[i]);
    const int genesis = check_genesis(s);
    const int vendor = genesis == ASSAY_EXIT_OK ? check_vendor(s, platform_path(s)) : genesis;
    return vendor == ASSAY_EXIT_OK ? cli_setup_enclave(s) : vendor;
}

/* ------------------------------------------------------------ files */

static int make_keys(const struct assay_setup *s)
{
    const char *const keys = cli_setup_path(s->dir, "keys");
    const char *const words[] = { "keys", "generate", keys, "--name", s->name, NULL };
    if (access(cli_setup_path(keys, "identity.key"), F_OK) == 0) return ASSAY_EXIT_OK;
    return cli_setup_run(NULL, words);
}

static int make_platform(struct assay_setup *s)
{
    const char *const path = platform_path(s);
    const char *const words[] = { "soft", "node", s->vendor, s->name, "--out", path, NULL };
    if (!is_soft(s) || s->credential != NULL) return ASSAY_EXIT_OK;
    s->credential = "platform.key";
    int made = access(path, F_OK) == 0 ? ASSAY_EXIT_OK : cli_setup_run(NULL, words);
    if (made == ASSAY_EXIT_OK && s->unit) made = cli_setup_unit_chown(path);
    return made;
}

/* The enclave, and keys; what is for a unit is made by the user that owns it. */
static int make_node(struct assay_setup *s, const struct passwd *user)
{
    int made = cli_setup_copy(s, s->dir);
    cli_setup_set_user(user);
    if (made == ASSAY_EXIT_OK) made = make_keys(s);
    cli_setup_set_user(NULL);
    return made == ASSAY_EXIT_OK ? make_platform(s) : made;
}

/* A path as it was typed is from here; in the file it would be from the file's folder. */
static const char *make_absolute(const char *path)
{
    static char buffers[4][PATH_MAX];
    static unsigned turn;
    char *const out = buffers[turn++ % 4];
    char here[PATH_MAX];
    if (path[0] == '/' || getcwd(here, sizeof here) == NULL) return path;
    return snprintf(out, PATH_MAX, "%s/%s", here, path) < PATH_MAX ? out : path;
}

/* Each was checked before. */
static void put_peers(const struct assay_setup *s, FILE *out)
{
    (void)fputs(s->peer_count > 0 ? "peers:\n" : "peers: []\n", out);
    for (size_t i = 0; i < s->peer_count; i++) {
        uint8_t id[32];
        char hex[65];
        const char *address = NULL;
        if (!read_peer(s->peers[i], id, &address)) continue;
        assay_hex_encode(id, sizeof id, hex, sizeof hex);
        (void)fprintf(out, "  - { node: \"%s\", address: \"%s\" }\n", hex, address);
    }
}

/* Path in the node's folder as written to the configuration: that of a unit is elsewhere. */
static const char *format_own_path(const struct assay_setup *s, const char *name)
{
    return s->unit ? cli_setup_path(s->dir, name) : name;
}

static void put_config(const struct assay_setup *s, FILE *out)
{
    (void)fprintf(
        out,
        "# Written by `assay setup node`; docs/configuration.md, section 3, has every key.\n"
        "config_version: 1\n"
        "node:\n  state_dir: %s\n  keys_dir: %s\n  genesis: %s\n"
        "listen:\n  gossip: \"%s\"\n  admin: %s\n",
        format_own_path(s, "state"), format_own_path(s, "keys"), make_absolute(s->genesis),
        s->gossip, s->admin);
    if (s->http != NULL) (void)fprintf(out, "  http: \"%s\"\n", s->http);
    if (s->unit) (void)fprintf(out, "  services: /run/assay-services\n");
    (void)fprintf(out, "evidence:\n  kind: %s\n", s->kind);
    if (s->credential != NULL)
        (void)fprintf(out, "  credential: %s\n",
                      strcmp(s->credential, "platform.key") == 0 ? s->credential
                                                                 : make_absolute(s->credential));
    (void)fprintf(out, "enclave:\n  path: %s\n  restore_path: %s\n  service: %s\n",
                  format_own_path(s, "enclave"), s->enclave_path,
                  s->socket != NULL ? s->socket : "service.sock");
}

static int write_config(const struct assay_setup *s, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *const out = open_memstream(&text, &len);
    if (out == NULL) return ASSAY_EXIT_INTERNAL;
    put_config(s, out);
    put_peers(s, out);
    const int result = fclose(out) == 0 ? cli_setup_write(path, text) : ASSAY_EXIT_INTERNAL;
    free(text);
    return result;
}

/* docs/protocol.md 5.30.1: old voting keys can sign another history. */
static void print_trust(void)
{
    (void)puts("checkpoint     none: the node starts from genesis, by voting keys that may be old "
               "and stolen.\n               If the network has run for 14 days or more, or after "
               "14 days away, run `assay store\n               restore --checkpoint FILE` before "
               "the start, with a checkpoint of an operator that\n               you trust");
}

static void print_next(const struct assay_setup *s, const char *config)
{
    (void)printf("%s: written\n", config);
    print_trust();
    (void)puts("next:");
    if (s->unit) {
        cli_setup_unit_print_next(s);
        return;
    }
    (void)printf("  assay node request --config %s --out %s.request    for the operators, to add "
                 "it to a network\n",
                 config, s->name);
    if (s->peer_count == 0)
        (void)fprintf(
            stderr,
            "assay setup node: warning: no --peer was given, and %s has no peers: the node is "
            "connected only when others dial it; add peers (NODE_ID=HOST:PORT, of "
            "three members or more) before it starts\n",
            config);
    (void)printf("  assay doctor --config %s\n  assayd --config %s\n", config, config);
}

/* By the daemon that will read it. A configuration that it does not accept is removed again: the
 * corrected command writes another one, and uses the keys that are there. */
static int check_config(const struct assay_setup *s, const char *config, const struct passwd *user)
{
    if (access(s->genesis, F_OK) != 0) {
        (void)fprintf(stderr, "assay setup node: note: %s is not there yet\n", s->genesis);
        return ASSAY_EXIT_OK;
    }
    cli_setup_set_user(user);
    const int result = cli_setup_check(config);
    cli_setup_set_user(NULL);
    if (result == ASSAY_EXIT_OK) return result;
    (void)unlink(config);
    (void)fprintf(stderr,
                  "assay setup node: assayd does not accept this configuration, so %s was removed; "
                  "the keys stay: fix the cause and repeat the command\n",
                  config);
    return result;
}

int cli_setup_node(struct assay_setup *s)
{
    const int early = prompt_settings(s);
    if (early >= 0) return early;
    const struct passwd *const user = s->unit ? getpwnam("assay") : NULL;
    const char *const config = s->unit ? s->config : cli_setup_path(s->dir, "assayd.yaml");
    if (access(config, F_OK) == 0) return cli_setup_write(config, "");
    const int checked = check_settings(s);
    if (checked != ASSAY_EXIT_OK) return checked;
    if (mkdir(s->dir, 0755) != 0 && access(s->dir, W_OK) != 0) {
        (void)fprintf(stderr, "assay setup node: %s: not a folder that can be written to\n",
                      s->dir);
        return ASSAY_EXIT_INTERNAL;
    }
    int made = s->unit ? cli_setup_unit_genesis(s) : ASSAY_EXIT_OK;
    if (made == ASSAY_EXIT_OK) made = make_node(s, user);
    if (made == ASSAY_EXIT_OK) made = write_config(s, config);
    if (made == ASSAY_EXIT_OK) made = check_config(s, config, user);
    if (made != ASSAY_EXIT_OK) return made;
    if (cli_json_mode_is_on()) {
        struct assay_json *const data =
            cli_result_json("setup node", (const char *const[]){ s->dir, NULL });
        assay_json_set_text(data, "name", s->name);
        assay_json_set_text(data, "config", config);
        return cli_result_json_print(data);
    }
    print_next(s, config);
    return ASSAY_EXIT_OK;
}
