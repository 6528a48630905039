/*
 * apps/assay/setup/setup_local.c - `assay setup local`: network of SOFT platforms on this machine.
 *
 * Exactly the files of the manual example (docs/configuration.md 2), which explains them.
 */
#include "apps/assay/setup/setup_local.h"

#include "apps/assay/core/folder.h"
#include "apps/assay/core/json_mode.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/loopback.h"
#include "base/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    GROUPS_MAX = 8, /* operators, vendors */
    TEXT_MAX = 64 * 1024,
    SOCKET_PATH_MAX = 107,
    PROGRAM_PORTS = 5, /* of the services of a node, behind those of the nodes */
};

static const char *const operator_names[GROUPS_MAX] = { "alpha",   "beta", "gamma", "delta",
                                                        "epsilon", "zeta", "eta",   "theta" };

/* ------------------------------------------------------------ helpers */

static bool begin_file(struct cli_local *l)
{
    l->out = open_memstream(&l->text, &l->text_len);
    return l->out != NULL;
}

static int end_file(struct cli_local *l, const char *path)
{
    const bool sound = fclose(l->out) == 0;
    l->out = NULL;
    const int result = sound ? cli_setup_write(path, l->text) : ASSAY_EXIT_INTERNAL;
    free(l->text);
    l->text = NULL;
    return result;
}

/* The folder must be empty: existing files belong to the user. */
static int open_folder(struct cli_local *l)
{
    l->was_there = false;
    if (mkdir(l->s->dir, 0755) != 0) {
        if (errno != EEXIST || rmdir(l->s->dir) != 0 || mkdir(l->s->dir, 0755) != 0)
            return cli_local_report_folder(l, errno);
        l->was_there = true;
    }
    if (realpath(l->s->dir, l->dir) == NULL) return ASSAY_EXIT_INTERNAL;
    if (strlen(cli_local_path(l, "node-%lu/service.sock", l->nodes)) <= SOCKET_PATH_MAX)
        return ASSAY_EXIT_OK;
    if (!l->was_there) (void)rmdir(l->dir);
    (void)fprintf(stderr,
                  "assay setup local: %s: a path of a socket has %d bytes at most; choose "
                  "a shorter --dir\n",
                  l->dir, SOCKET_PATH_MAX);
    return ASSAY_EXIT_USAGE;
}

/* Each node has one of either range. */
static int check_ports(const struct cli_local *l)
{
    if (l->port == 0 || l->http_port == 0) return ASSAY_EXIT_OK;
    if (l->port >= l->http_port + l->nodes || l->http_port >= l->port + l->nodes)
        return ASSAY_EXIT_OK;
    return cli_misuse("--port %lu and --http-port %lu: %lu nodes need ports %lu to %lu and %lu to "
                      "%lu, which overlap",
                      l->port, l->http_port, l->nodes, l->port, l->port + l->nodes - 1,
                      l->http_port, l->http_port + l->nodes - 1);
}

static int check_free(unsigned long first, unsigned long count, const char *option)
{
    for (unsigned long port = first; first != 0 && port < first + count; port++) {
        if (demo_loopback_is_free((unsigned)port)) continue;
        (void)fprintf(
            stderr,
            "assay setup local: port %lu of 127.0.0.1 is taken; expected %lu to %lu to be "
            "free: give another --%s%s; nothing was made\n",
            port, first, first + count - 1, option,
            strcmp(option, "port") == 0 ? ", or 0 for free ones" : "");
        return ASSAY_EXIT_CONFLICT;
    }
    return ASSAY_EXIT_OK;
}

/* A network that is made to be started: its daemons would end, and leave it unfinished. */
static int check_free_ports(const struct cli_local *l)
{
    if (!l->s->start) return ASSAY_EXIT_OK;
    const int gossip = check_free(
        l->port, (l->s->services || l->s->identity ? 1 + PROGRAM_PORTS : 1) * l->nodes, "port");
    return gossip != ASSAY_EXIT_OK ? gossip : check_free(l->http_port, l->nodes, "http-port");
}

static void take_ports(struct cli_local *l)
{
    int fds[LOCAL_NODES_MAX];
    for (unsigned long i = 0; i < l->nodes; i++) {
        fds[i] = l->port == 0 ? demo_loopback_bind(&l->ports[i]) : -1;
        if (l->port != 0) l->ports[i] = (unsigned)(l->port + i);
    }
    for (unsigned long i = 0; i < l->nodes; i++)
        if (fds[i] >= 0) (void)close(fds[i]);
}

/* ------------------------------------------------------------ vendors, operators, nodes */

static int make_groups(struct cli_local *l)
{
    for (unsigned long v = 1; v <= l->vendors; v++) {
        char name[32], folder[PATH_MAX];
        (void)snprintf(name, sizeof name, "Vendor %lu", v);
        (void)snprintf(folder, sizeof folder, "%s", cli_local_path(l, "vendor-%lu", v));
        const char *const words[] = { "soft", "ca", folder, "--name", name, NULL };
        const int made = cli_setup_run(cli_local_path(l, "vendor-%lu.pub", v), words);
        if (made != ASSAY_EXIT_OK) return made;
    }
    for (unsigned long o = 0; o < l->operators; o++) {
        char key[PATH_MAX];
        (void)snprintf(key, sizeof key, "%s", cli_local_path(l, "%s.key", operator_names[o]));
        const char *const words[] = { "keys", "operator", key, NULL };
        const int made = cli_setup_run(cli_local_path(l, "%s.pub", operator_names[o]), words);
        if (made != ASSAY_EXIT_OK) return made;
    }
    return ASSAY_EXIT_OK;
}

static int make_node(struct cli_local *l, unsigned long n)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000"
                                "0000000000000000000000000000000000000000000000000000000000000000";
    char folder[PATH_MAX], name[32], vendor[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", cli_local_path(l, "node-%lu", n));
    (void)snprintf(name, sizeof name, "node-%lu", n);
    (void)snprintf(vendor, sizeof vendor, "%s",
                   cli_local_path(l, "vendor-%lu", (n - 1) % l->vendors + 1));
    if (mkdir(folder, 0755) != 0) return ASSAY_EXIT_INTERNAL;
    const char *const keys = cli_setup_path(folder, "keys");
    const char *const platform = cli_setup_path(folder, "platform.key");
    const char *const make_keys[] = { "keys", "generate", keys, "--name", name, NULL };
    const char *const make_platform[] = { "soft", "node", vendor, name, "--out", platform, NULL };
    const char *const sample[] = { "soft",
                                   "quote",
                                   platform,
                                   "--program",
                                   l->s->enclave_path,
                                   "--report-data",
                                   zeros,
                                   "--out",
                                   cli_setup_path(folder, "sample.quote"),
                                   NULL };
    int made = cli_setup_copy(l->s, folder);
    if (made == ASSAY_EXIT_OK) made = cli_setup_run(NULL, make_keys);
    if (made == ASSAY_EXIT_OK) made = cli_setup_run(NULL, make_platform);
    return made == ASSAY_EXIT_OK ? cli_setup_run(NULL, sample) : made;
}

/* ------------------------------------------------------------ services */

static int make_account(struct cli_local *l)
{
    char key[PATH_MAX];
    (void)snprintf(key, sizeof key, "%s", cli_local_path(l, "account.key"));
    const char *const words[] = { "account", "create", "--out", key, NULL };
    return l->s->services ? cli_setup_run(cli_local_path(l, "account.pub"), words) : ASSAY_EXIT_OK;
}

/* Eight epochs or more (docs/identity.md 3.21). */
static unsigned long validity_of(const struct cli_local *l)
{
    const unsigned long eight_s = l->epoch_ms * 8 / 1000;
    return eight_s > LOCAL_VALIDITY_S ? eight_s : LOCAL_VALIDITY_S;
}

static void put_services(const struct cli_local *l)
{
    char account[80];
    if (l->s->services || l->s->identity) (void)fputs("services:\n", l->out);
    if (l->s->identity)
        (void)fprintf(l->out,
                      "  identity:\n    trust_domain: %s\n    issuer: \"https://id.%s\"\n"
                      "    validity: %lu\n    names:\n"
                      "      - { name: %s, references: [{ field: mrenclave, value: \"%s\" }] }\n",
                      LOCAL_TRUST_DOMAIN, LOCAL_TRUST_DOMAIN, validity_of(l), LOCAL_SERVICE,
                      l->measurement);
    if (!l->s->services) return;
    if (!cli_setup_value(cli_local_path(l, "account.pub"), "account", account, sizeof account))
        account[0] = '\0';
    if (cli_local_has_replicas(l)) {
        (void)fprintf(l->out, "  groups: [{ name: state, size: %d }]\n", (int)LOCAL_GROUP_SIZE);
        (void)fprintf(l->out,
                      "  shares: { clusters: 1, slots: %lu, threshold: %lu, confirmations: %lu }\n",
                      cli_local_slots(l), cli_local_threshold(l), cli_local_confirmations(l));
    }
    (void)fprintf(l->out, "  tasks:\n    balances: [{ account: \"%s\", amount: %d }]\n", account,
                  (int)LOCAL_MONEY);
}

static int write_programs(const struct cli_local *l, unsigned long n)
{
    const struct assay_setup_programs programs = { .dir = l->dir,
                                                   .enclave = l->s->enclave_path,
                                                   .nodes = l->nodes,
                                                   .port = l->port,
                                                   .services = l->s->services,
                                                   .shares = cli_local_has_replicas(l),
                                                   .identity = l->s->identity };
    return l->s->services || l->s->identity ? cli_setup_programs(&programs, n) : ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ policy, plan, genesis */

static int write_policy(struct cli_local *l)
{
    uint8_t digest[32];
    char key[256];
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (assay_file_read(l->s->enclave_path, (size_t)1 << 30, &bytes, &len) != ASSAY_OK ||
        !begin_file(l)) {
        free(bytes);
        return ASSAY_EXIT_INTERNAL;
    }
    assay_sha256(bytes, len, digest);
    free(bytes);
    assay_hex_encode(digest, sizeof digest, l->measurement, sizeof l->measurement);
    (void)fputs("policy_version: 1\nprofile: development\nkinds: [soft]\nroots:\n", l->out);
    for (unsigned long v = 1; v <= l->vendors; v++) {
        if (!cli_setup_value(cli_local_path(l, "vendor-%lu.pub", v), "root_key", key, sizeof key))
            key[0] = '\0';
        (void)fprintf(l->out, "  - { name: vendor-%lu, key: %s, kinds: [soft] }\n", v, key);
    }
    (void)fprintf(l->out, "references:\n  - { field: mrenclave, state: allowed, value: \"%s\" }\n",
                  l->measurement);
    return end_file(l, cli_local_path(l, "policy.yaml"));
}

static int write_plan(struct cli_local *l)
{
    char key[256];
    if (!begin_file(l)) return ASSAY_EXIT_INTERNAL;
    (void)fprintf(l->out,
                  "plan_version: 1\nepoch_ms: %lu\nthreshold: %lu\npolicy: policy.yaml\n"
                  "collateral: [",
                  l->epoch_ms, l->operators);
    for (unsigned long v = 1; v <= l->vendors; v++)
        (void)fprintf(l->out, "%svendor-%lu", v > 1 ? ", " : "", v);
    (void)fputs("]\noperators:\n", l->out);
    for (unsigned long o = 0; o < l->operators; o++) {
        if (!cli_setup_value(cli_local_path(l, "%s.pub", operator_names[o]), "public_key", key,
                             sizeof key))
            key[0] = '\0';
        (void)fprintf(l->out, "  - { name: %s, public_key: \"%s\" }\n", operator_names[o], key);
    }
    (void)fputs("members:\n", l->out);
    for (unsigned long n = 1; n <= l->nodes; n++)
        (void)fprintf(l->out,
                      "  - { operator: %s, card: node-%lu/keys/node.yaml, "
                      "sample: node-%lu/sample.quote }\n",
                      operator_names[(n - 1) * l->operators / l->nodes], n, n);
    put_services(l);
    return end_file(l, cli_local_path(l, "plan.yaml"));
}

static int make_genesis(struct cli_local *l)
{
    char genesis[PATH_MAX], plan[PATH_MAX];
    (void)snprintf(genesis, sizeof genesis, "%s", cli_local_path(l, "genesis"));
    /* Its warnings name the policy by the folder of the plan. */
    (void)snprintf(plan, sizeof plan, "%s", cli_setup_shown(cli_local_path(l, "plan.yaml")));
    const char *const create[] = { "genesis", "create", plan, "--out", genesis, NULL };
    int made = cli_setup_run(NULL, create);
    for (unsigned long o = 0; made == ASSAY_EXIT_OK && o < l->operators; o++) {
        const char *const sign[] = {
            "genesis", "sign", genesis, "--key", cli_local_path(l, "%s.key", operator_names[o]),
            NULL
        };
        made = cli_setup_run(NULL, sign);
    }
    return made;
}

/* ------------------------------------------------------------ configurations */

static int write_config(struct cli_local *l, unsigned long n)
{
    char id[80], path[PATH_MAX];
    if (!begin_file(l)) return ASSAY_EXIT_INTERNAL;
    (void)fprintf(l->out,
                  "config_version: 1\n"
                  "node: { state_dir: state, keys_dir: keys, genesis: ../genesis }\n"
                  "listen:\n  gossip: 127.0.0.1:%u\n  admin: admin.sock\n",
                  l->ports[n - 1]);
    if (l->http_port != 0) (void)fprintf(l->out, "  http: 127.0.0.1:%lu\n", l->http_port + n - 1);
    (void)fprintf(
        l->out,
        "evidence: { kind: soft, credential: platform.key }\n"
        "enclave:\n  path: enclave\n  restore_path: %s\n  service: service.sock\npeers:\n",
        l->s->enclave_path);
    for (unsigned long k = 1; k <= l->nodes; k++) {
        if (!cli_setup_value(cli_local_path(l, "node-%lu/keys/node.yaml", k), "node_id", id,
                             sizeof id))
            id[0] = '\0';
        (void)fprintf(l->out, "  - { node: \"%s\", address: 127.0.0.1:%u }\n", id, l->ports[k - 1]);
    }
    (void)snprintf(path, sizeof path, "%s", cli_local_path(l, "node-%lu/assayd.yaml", n));
    const int written = end_file(l, path);
    return written == ASSAY_EXIT_OK ? cli_setup_check(path) : written;
}

/* docs/protocol.md 7.2: a certified PASS needs votes of other members. */
/* In: s->nodes, as given or answered. A group of three replicas has each seat from another operator
 * (docs/services.md 1.9.3). */
static const char *operators_preset(const struct assay_setup *s)
{
    const unsigned long nodes = strtoul(s->nodes, NULL, 10);
    if (nodes < 2) return "1"; /* each operator has a node */
    return s->services && nodes >= LOCAL_SHARE_NODES ? "3" : "2";
}

static int read_numbers(struct cli_local *l, struct assay_setup *s)
{
    const struct {
        const char *option, *question, *preset;
        const char **given;
        unsigned long low, high, *number;
    } rows[] = {
        { "nodes", "how many nodes", "4", &s->nodes, 1, LOCAL_NODES_MAX, &l->nodes },
        { "operators", "of how many operators", NULL, &s->operators, 1, GROUPS_MAX, &l->operators },
        { "vendors", "on platforms of how many vendors", "2", &s->vendors, 1, GROUPS_MAX,
          &l->vendors },
        { "epoch-ms", "length of an epoch in ms", "1000", &s->epoch_ms, 100, 3600000,
          &l->epoch_ms },
        { "port", "first port (0: free ones)", "7101", &s->port, 0, 65000, &l->port },
        { "http-port", "first port of the page (0: none)", "0", &s->http_port, 0, 65000,
          &l->http_port },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const preset = rows[i].preset != NULL ? rows[i].preset : operators_preset(s);
        uint64_t number = 0;
        if (!cli_setup_prompt(rows[i].question, preset, rows[i].given)) continue;
        const int bad = cli_option_number(rows[i].option, *rows[i].given, rows[i].low, rows[i].high,
                                          NULL, &number);
        if (bad >= 0) return bad;
        *rows[i].number = (unsigned long)number;
    }
    return ASSAY_EXIT_OK;
}

static int fill_folder(struct cli_local *l)
{
    int made = make_groups(l);
    for (unsigned long n = 1; made == ASSAY_EXIT_OK && n <= l->nodes; n++)
        made = make_node(l, n);
    if (made == ASSAY_EXIT_OK) made = make_account(l);
    if (made == ASSAY_EXIT_OK) made = write_policy(l);
    if (made == ASSAY_EXIT_OK) made = write_plan(l);
    if (made == ASSAY_EXIT_OK) made = make_genesis(l);
    for (unsigned long n = 1; made == ASSAY_EXIT_OK && n <= l->nodes; n++) {
        made = write_config(l, n);
        if (made == ASSAY_EXIT_OK) made = write_programs(l, n);
    }
    return made;
}

/* Half a network could neither be started nor made in that place again. */
static void remove_unfinished(const struct cli_local *l)
{
    cli_folder_remove(l->dir);
    if (l->was_there) (void)mkdir(l->dir, 0755);
    (void)fprintf(stderr, "assay setup local: %s: not complete, so all of it is removed again\n",
                  l->s->dir);
}

static int make_network(struct cli_local *l)
{
    int made = read_numbers(l, l->s);
    if (made != ASSAY_EXIT_OK) return made;
    if (l->operators > l->nodes)
        return cli_misuse("--operators: each has a node, so at most %lu", l->nodes);
    if (cli_local_has_replicas(l) && l->operators < LOCAL_GROUP_SIZE)
        return cli_misuse("--operators: a group of %d replicas needs as many operators",
                          (int)LOCAL_GROUP_SIZE);
    made = check_ports(l);
    if (made == ASSAY_EXIT_OK) made = check_free_ports(l);
    if (made == ASSAY_EXIT_OK) made = cli_setup_enclave(l->s);
    if (made == ASSAY_EXIT_OK) made = open_folder(l);
    if (made != ASSAY_EXIT_OK) return made;
    take_ports(l);
    made = fill_folder(l);
    if (made != ASSAY_EXIT_OK) remove_unfinished(l);
    else cli_local_warn_of_size(l);
    return made;
}

/* ------------------------------------------------------------ a network that is there */

/* Whether a value is given that a network has when it is made. */
static bool has_values(const struct assay_setup *s)
{
    return s->nodes != NULL || s->operators != NULL || s->vendors != NULL || s->epoch_ms != NULL ||
           s->port != NULL || s->http_port != NULL || s->enclave != NULL || s->services ||
           s->identity;
}

/* Returns: whether the folder is there and is not empty. */
static bool is_occupied(const char *dir)
{
    const struct dirent *entry = NULL;
    DIR *const folder = opendir(dir);
    size_t count = 0;
    if (folder == NULL) return errno != ENOENT;
    while ((entry = readdir(folder)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(folder);
    return count > 0;
}

static int report_stranger(const struct assay_setup *s)
{
    (void)fprintf(stderr, "assay setup local: %s: no network of `assay setup local` is there\n",
                  s->dir);
    return access(s->dir, F_OK) == 0 ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_NOT_FOUND;
}

/* Its ports and services are in its configurations. */
static void read_made(struct cli_local *l)
{
    char http[64];
    l->s->services = access(cli_local_path(l, "node-1/executor.yaml"), F_OK) == 0;
    l->s->identity = access(cli_local_path(l, "node-1/signer.yaml"), F_OK) == 0;
    if (!cli_setup_value(cli_local_path(l, "node-1/assayd.yaml"), "  http", http, sizeof http))
        return;
    const char *const colon = strrchr(http, ':');
    if (colon != NULL) l->http_port = strtoul(colon + 1, NULL, 10);
}

static int start_network(struct cli_local *l, bool made)
{
    const int started = cli_setup_start(l->dir, made);
    if (started == ASSAY_EXIT_OK && !cli_json_mode_is_on()) cli_local_print_commands(l, true);
    return started;
}

/* Out: *is_done: all that is asked for, else a network is to be made. */
static int use_network(struct cli_local *l, bool *is_done)
{
    struct assay_setup *const s = l->s;
    *is_done = true;
    if (s->start && s->stop) return cli_misuse("--start or --stop, not both");
    if (s->stop && has_values(s)) return cli_misuse("--stop wants the folder, and nothing else");
    unsigned long missing = 0;
    const bool is_local =
        realpath(s->dir, l->dir) != NULL && cli_setup_find_local(l->dir, &missing) > 0;
    if (s->stop) return is_local ? cli_setup_stop(l->dir) : report_stranger(s);
    if (s->start && missing > 0) {
        (void)fprintf(stderr,
                      "assay setup local: %s/node-%lu/assayd.yaml is missing: put it back, or end "
                      "what runs by --stop\n",
                      s->dir, missing);
        return ASSAY_EXIT_CONFLICT;
    }
    if (s->start && !is_local && is_occupied(s->dir)) return report_stranger(s);
    if (s->start && is_local && has_values(s)) {
        (void)fprintf(
            stderr, "assay setup local: %s: it is set up; give --start and nothing else\n", s->dir);
        return ASSAY_EXIT_CONFLICT;
    }
    if (s->start && is_local) {
        read_made(l);
        return start_network(l, false);
    }
    if (is_local) {
        (void)fprintf(stderr,
                      "assay setup local: %s: it is set up already: `assay setup local %s --start` "
                      "starts it; for another network give --dir a folder that is not there, or "
                      "is empty\n",
                      s->dir, s->dir);
        return ASSAY_EXIT_CONFLICT;
    }
    *is_done = false;
    return ASSAY_EXIT_OK;
}

int cli_setup_local(struct assay_setup *s)
{
    static struct cli_local l;
    bool is_done = false;
    l.s = s;
    if ((s->services || s->identity) && assay_verbs_services_count == 0)
        return cli_misuse("--%s: this build has no services (ASSAY_WITH_SERVICES=OFF)",
                          s->services ? "services" : "identity");
    if (!cli_setup_prompt("folder of the network", NULL, &s->dir))
        return cli_misuse("DIR is missing: the folder of the network");
    if (s->dir[0] == '\0') return cli_misuse("DIR is empty: expected the folder of the network");
    int result = use_network(&l, &is_done);
    if (is_done) return result;
    result = make_network(&l);
    if (result != ASSAY_EXIT_OK) return result;
    if (cli_json_mode_is_on() && !s->start) return cli_local_print_made(&l);
    if (!cli_json_mode_is_on()) cli_local_print_summary(&l);
    if (s->start) return start_network(&l, true);
    cli_local_print_commands(&l, false);
    return ASSAY_EXIT_OK;
}
