/*
 * apps/assay/setup/setup_local.c - `assay setup local`: network of SOFT platforms on this machine.
 *
 * Exactly the files of the manual example (docs/configuration.md 2), which explains them.
 */
#include "apps/assay/setup/setup.h"

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/folder.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/result_json.h"
#include "apps/loopback.h"
#include "base/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NODES_MAX = 20,
    GROUPS_MAX = 8, /* operators, vendors */
    TEXT_MAX = 64 * 1024,
    STATUS_MS = 2000,
    SOCKET_PATH_MAX = 107,
    GROUP_SIZE = 3,    /* replicas */
    SHARE_NODES = 4,   /* the minimum for shares, and for replicas next to them */
    CLUSTER_SLOTS = 5, /* at most */
    MONEY = 1000000,   /* all that there is */
    QUOTED_MAX = 4 * PATH_MAX + 8,
    PROGRAM_PORTS = 4, /* of the services of a node, behind those of the nodes */
};

static const char *const operator_names[GROUPS_MAX] = { "alpha",   "beta", "gamma", "delta",
                                                        "epsilon", "zeta", "eta",   "theta" };

struct local {
    struct assay_setup *s; /* questions add to it */
    char dir[PATH_MAX];    /* absolute */
    unsigned long nodes, operators, vendors, epoch_ms, port, http_port;
    unsigned ports[NODES_MAX];
    bool was_there; /* the folder, empty */
    FILE *out;      /* the file that is put together */
    char *text;
    size_t text_len;
};

/* ------------------------------------------------------------ helpers */

__attribute__((format(printf, 2, 3))) static const char *in(const struct local *l,
                                                            const char *format, ...)
{
    char name[64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return cli_setup_path(l->dir, name);
}

static bool begin_file(struct local *l)
{
    l->out = open_memstream(&l->text, &l->text_len);
    return l->out != NULL;
}

static int end_file(struct local *l, const char *path)
{
    const bool sound = fclose(l->out) == 0;
    l->out = NULL;
    const int result = sound ? cli_setup_write(path, l->text) : ASSAY_EXIT_INTERNAL;
    free(l->text);
    l->text = NULL;
    return result;
}

static int report_folder(const struct local *l, int why)
{
    if (why == ENOENT) { /* it is made, its parent is not */
        (void)fprintf(stderr,
                      "assay setup local: %s: its parent folder does not exist: make that first, "
                      "or give another --dir\n",
                      l->s->dir);
        return ASSAY_EXIT_NOT_FOUND;
    }
    (void)fprintf(stderr,
                  "assay setup local: %s: %s; give --dir a folder that is not there, or is empty\n",
                  l->s->dir, strerror(why));
    return why == ENOTEMPTY || why == EEXIST || why == ENOTDIR ? ASSAY_EXIT_CONFLICT
                                                               : ASSAY_EXIT_INTERNAL;
}

/* The folder must be empty: existing files belong to the user. */
static int open_folder(struct local *l)
{
    l->was_there = false;
    if (mkdir(l->s->dir, 0755) != 0) {
        if (errno != EEXIST || rmdir(l->s->dir) != 0 || mkdir(l->s->dir, 0755) != 0)
            return report_folder(l, errno);
        l->was_there = true;
    }
    if (realpath(l->s->dir, l->dir) == NULL) return ASSAY_EXIT_INTERNAL;
    if (strlen(in(l, "node-%lu/service.sock", l->nodes)) <= SOCKET_PATH_MAX) return ASSAY_EXIT_OK;
    if (!l->was_there) (void)rmdir(l->dir);
    (void)fprintf(stderr,
                  "assay setup local: %s: a path of a socket has %d bytes at most; choose "
                  "a shorter --dir\n",
                  l->dir, SOCKET_PATH_MAX);
    return ASSAY_EXIT_USAGE;
}

/* Each node has one of either range. */
static int check_ports(const struct local *l)
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
static int check_free_ports(const struct local *l)
{
    if (!l->s->start) return ASSAY_EXIT_OK;
    const int gossip =
        check_free(l->port, (l->s->services ? 1 + PROGRAM_PORTS : 1) * l->nodes, "port");
    return gossip != ASSAY_EXIT_OK ? gossip : check_free(l->http_port, l->nodes, "http-port");
}

static void take_ports(struct local *l)
{
    int fds[NODES_MAX];
    for (unsigned long i = 0; i < l->nodes; i++) {
        fds[i] = l->port == 0 ? demo_loopback_bind(&l->ports[i]) : -1;
        if (l->port != 0) l->ports[i] = (unsigned)(l->port + i);
    }
    for (unsigned long i = 0; i < l->nodes; i++)
        if (fds[i] >= 0) (void)close(fds[i]);
}

/* ------------------------------------------------------------ vendors, operators, nodes */

static int make_groups(struct local *l)
{
    for (unsigned long v = 1; v <= l->vendors; v++) {
        char name[32], folder[PATH_MAX];
        (void)snprintf(name, sizeof name, "Vendor %lu", v);
        (void)snprintf(folder, sizeof folder, "%s", in(l, "vendor-%lu", v));
        const char *const words[] = { "soft", "ca", folder, "--name", name, NULL };
        const int made = cli_setup_run(in(l, "vendor-%lu.pub", v), words);
        if (made != ASSAY_EXIT_OK) return made;
    }
    for (unsigned long o = 0; o < l->operators; o++) {
        char key[PATH_MAX];
        (void)snprintf(key, sizeof key, "%s", in(l, "%s.key", operator_names[o]));
        const char *const words[] = { "keys", "operator", key, NULL };
        const int made = cli_setup_run(in(l, "%s.pub", operator_names[o]), words);
        if (made != ASSAY_EXIT_OK) return made;
    }
    return ASSAY_EXIT_OK;
}

static int make_node(struct local *l, unsigned long n)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000"
                                "0000000000000000000000000000000000000000000000000000000000000000";
    char folder[PATH_MAX], name[32], vendor[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", in(l, "node-%lu", n));
    (void)snprintf(name, sizeof name, "node-%lu", n);
    (void)snprintf(vendor, sizeof vendor, "%s", in(l, "vendor-%lu", (n - 1) % l->vendors + 1));
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

static bool has_replicas(const struct local *l)
{
    return l->s->services && l->nodes >= SHARE_NODES;
}

static unsigned long slots_of(const struct local *l)
{
    return l->nodes < CLUSTER_SLOTS ? l->nodes : CLUSTER_SLOTS;
}

/* More than half of five; of four, two: one holder that is silent stops no reshare
 * (docs/services.md 5.8). */
static unsigned long threshold_of(const struct local *l)
{
    const unsigned long half = slots_of(l) / 2 + 1, most = slots_of(l) - 2;
    return half < most ? half : most;
}

/* One holder may be away while a secret is put. */
static unsigned long confirmations_of(const struct local *l)
{
    const unsigned long all_but_one = slots_of(l) - 1;
    return all_but_one > threshold_of(l) ? all_but_one : threshold_of(l);
}

static int make_account(struct local *l)
{
    char key[PATH_MAX];
    (void)snprintf(key, sizeof key, "%s", in(l, "account.key"));
    const char *const words[] = { "account", "create", "--out", key, NULL };
    return l->s->services ? cli_setup_run(in(l, "account.pub"), words) : ASSAY_EXIT_OK;
}

static void put_services(const struct local *l)
{
    char account[80];
    if (!l->s->services) return;
    if (!cli_setup_value(in(l, "account.pub"), "account", account, sizeof account))
        account[0] = '\0';
    (void)fputs("services:\n", l->out);
    if (has_replicas(l)) {
        (void)fprintf(l->out, "  groups: [{ name: state, size: %d }]\n", (int)GROUP_SIZE);
        (void)fprintf(l->out,
                      "  shares: { clusters: 1, slots: %lu, threshold: %lu, confirmations: %lu }\n",
                      slots_of(l), threshold_of(l), confirmations_of(l));
    }
    (void)fprintf(l->out, "  tasks:\n    balances: [{ account: \"%s\", amount: %d }]\n", account,
                  (int)MONEY);
}

static void print_services(const struct local *l)
{
    if (!l->s->services) return;
    if (has_replicas(l))
        (void)printf("services: group state of %d replicas, shares of %lu slots of which %lu make "
                     "a secret\n",
                     (int)GROUP_SIZE, slots_of(l), threshold_of(l));
    else (void)puts("services: too few nodes for replicas and shares");
    (void)printf("money: %d, of %s\n", (int)MONEY, cli_setup_shown(in(l, "account.key")));
}

static void set_services(const struct local *l, struct assay_json *data)
{
    char account[80];
    if (!l->s->services) return;
    struct assay_json *const services = assay_json_object();
    if (has_replicas(l)) {
        assay_json_set_text(services, "group", "state");
        assay_json_set_uint(services, "slots", slots_of(l));
        assay_json_set_uint(services, "threshold", threshold_of(l));
    }
    if (cli_setup_value(in(l, "account.pub"), "account", account, sizeof account))
        assay_json_set_text(services, "account", account);
    assay_json_set_text(services, "key", in(l, "account.key"));
    assay_json_set_uint(services, "money", MONEY);
    assay_json_set(data, "services", services);
}

static int write_programs(const struct local *l, unsigned long n)
{
    const struct assay_setup_programs programs = { .dir = l->dir,
                                                   .enclave = l->s->enclave_path,
                                                   .nodes = l->nodes,
                                                   .port = l->port,
                                                   .shares = has_replicas(l) };
    return l->s->services ? cli_setup_programs(&programs, n) : ASSAY_EXIT_OK;
}

/* Text for a shell: unchanged, or quoted where it has special characters. */
static const char *quote_for_shell(const char *text, char out[static QUOTED_MAX])
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,@%";
    size_t at = 0;
    const bool is_plain = text[strspn(text, plain)] == '\0';
    if (!is_plain) out[at++] = '\'';
    for (const char *c = text; *c != '\0' && at + 8 < QUOTED_MAX; c++) {
        if (*c == '\'') at += (size_t)snprintf(out + at, QUOTED_MAX - at, "'\\''");
        else out[at++] = *c;
    }
    if (!is_plain) out[at++] = '\'';
    out[at] = '\0';
    return out;
}

/* The folder of these programs with a slash appended, if assayd is not in PATH; else "". */
static void find_programs(char folder[static PATH_MAX])
{
    char path[2 * PATH_MAX], program[PATH_MAX];
    const char *const search = getenv("PATH");
    folder[0] = '\0';
    for (const char *at = search != NULL ? search : ""; *at != '\0';) {
        const size_t len = strcspn(at, ":");
        (void)snprintf(path, sizeof path, "%.*s/assayd", (int)len, at);
        if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0) return;
        at += len + (at[len] == ':');
    }
    if (!cli_setup_find_program("assayd", program)) return;
    *strrchr(program, '/') = '\0';
    (void)snprintf(folder, PATH_MAX, "%s/", cli_setup_shown(program));
}

/* ------------------------------------------------------------ policy, plan, genesis */

static int write_policy(struct local *l)
{
    uint8_t digest[32];
    char text[65], key[256];
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (assay_file_read(l->s->enclave_path, (size_t)1 << 30, &bytes, &len) != ASSAY_OK ||
        !begin_file(l)) {
        free(bytes);
        return ASSAY_EXIT_INTERNAL;
    }
    assay_sha256(bytes, len, digest);
    free(bytes);
    assay_hex_encode(digest, sizeof digest, text, sizeof text);
    (void)fputs("policy_version: 1\nprofile: development\nkinds: [soft]\nroots:\n", l->out);
    for (unsigned long v = 1; v <= l->vendors; v++) {
        if (!cli_setup_value(in(l, "vendor-%lu.pub", v), "root_key", key, sizeof key))
            key[0] = '\0';
        (void)fprintf(l->out, "  - { name: vendor-%lu, key: %s, kinds: [soft] }\n", v, key);
    }
    (void)fprintf(l->out, "references:\n  - { field: mrenclave, state: allowed, value: \"%s\" }\n",
                  text);
    return end_file(l, in(l, "policy.yaml"));
}

static int write_plan(struct local *l)
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
        if (!cli_setup_value(in(l, "%s.pub", operator_names[o]), "public_key", key, sizeof key))
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
    return end_file(l, in(l, "plan.yaml"));
}

static int make_genesis(struct local *l)
{
    char genesis[PATH_MAX], plan[PATH_MAX];
    (void)snprintf(genesis, sizeof genesis, "%s", in(l, "genesis"));
    /* Its warnings name the policy by the folder of the plan. */
    (void)snprintf(plan, sizeof plan, "%s", cli_setup_shown(in(l, "plan.yaml")));
    const char *const create[] = { "genesis", "create", plan, "--out", genesis, NULL };
    int made = cli_setup_run(NULL, create);
    for (unsigned long o = 0; made == ASSAY_EXIT_OK && o < l->operators; o++) {
        const char *const sign[] = {
            "genesis", "sign", genesis, "--key", in(l, "%s.key", operator_names[o]), NULL
        };
        made = cli_setup_run(NULL, sign);
    }
    return made;
}

/* ------------------------------------------------------------ configurations */

static int write_config(struct local *l, unsigned long n)
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
        if (!cli_setup_value(in(l, "node-%lu/keys/node.yaml", k), "node_id", id, sizeof id))
            id[0] = '\0';
        (void)fprintf(l->out, "  - { node: \"%s\", address: 127.0.0.1:%u }\n", id, l->ports[k - 1]);
    }
    (void)snprintf(path, sizeof path, "%s", in(l, "node-%lu/assayd.yaml", n));
    const int written = end_file(l, path);
    return written == ASSAY_EXIT_OK ? cli_setup_check(path) : written;
}

/* docs/protocol.md 7.2: a certified PASS needs votes of other members. */
static void warn_of_size(const struct local *l)
{
    if (l->nodes > 1) return;
    (void)fputs("assay setup local: warning: a network of one node is never attested: no other "
                "member verifies it, and assay permit denies everything; give --nodes 4\n",
                stderr);
}

/* As the first node reports it: its configuration may have been changed since it was made. */
static void print_page_address(const struct local *l)
{
    char http[128] = "";
    const bool is_tls =
        cli_daemon_get_http(in(l, "node-1/admin.sock"), STATUS_MS, http, sizeof http);
    if (is_tls)
        (void)printf("  the page: https://%s/, with a client certificate of the authority in "
                     "http.clients:\n"
                     "    openssl pkcs12 -export -in me.pem -inkey me.key -out me.p12, and import "
                     "me.p12 into the browser\n",
                     cli_text_sanitized(http));
    else if (http[0] != '\0' && strchr(http, '/') == NULL)
        (void)printf("  the page: http://%s/\n", cli_text_sanitized(http));
}

static void print_commands(const struct local *l, bool runs)
{
    char folder[PATH_MAX], dir_room[QUOTED_MAX], programs_room[QUOTED_MAX];
    find_programs(folder);
    const char *const dir = quote_for_shell(cli_setup_shown(l->dir), dir_room);
    const char *const p = quote_for_shell(folder, programs_room);
    (void)puts("next:");
    if (!runs) (void)printf("  %sassay setup local %s --start\n", p, dir);
    (void)printf("  %sassay status --socket %s/node-1/admin.sock\n"
                 "  %sassay top --socket %s/node-1/admin.sock\n"
                 "  %sassay doctor --config %s/node-1/assayd.yaml\n",
                 p, dir, p, dir, p, dir);
    if (l->s->services)
        (void)printf("  %sassay services status --socket %s/node-1/admin.sock\n", p, dir);
    (void)printf("  %sassay setup local %s --stop\n", p, dir);
    if (runs) print_page_address(l);
    else if (l->http_port != 0) (void)printf("  the page: http://127.0.0.1:%lu/\n", l->http_port);
}

static void print_summary(const struct local *l)
{
    (void)printf("%s: %lu node%s of %lu operator%s on %lu vendor%s of SOFT platforms, INSECURE\n",
                 cli_setup_shown(l->dir), l->nodes, l->nodes == 1 ? "" : "s", l->operators,
                 l->operators == 1 ? "" : "s", l->vendors, l->vendors == 1 ? "" : "s");
    print_services(l);
}

static int print_made(const struct local *l)
{
    struct assay_json *const data =
        cli_result_json("setup local", (const char *const[]){ l->dir, NULL });
    struct assay_json *const nodes = assay_json_array();
    for (unsigned long n = 1; n <= l->nodes; n++) {
        struct assay_json *const node = assay_json_append_object(nodes);
        char text[64];
        (void)snprintf(text, sizeof text, "node-%lu", n);
        assay_json_set_text(node, "name", text);
        assay_json_set_text(node, "config", in(l, "node-%lu/assayd.yaml", n));
        assay_json_set_text(node, "admin", in(l, "node-%lu/admin.sock", n));
        (void)snprintf(text, sizeof text, "http://127.0.0.1:%lu/", l->http_port + n - 1);
        if (l->http_port != 0) assay_json_set_text(node, "page", text);
    }
    assay_json_set_text(data, "genesis", in(l, "genesis"));
    assay_json_set_uint(data, "operators", l->operators);
    assay_json_set_uint(data, "vendors", l->vendors);
    assay_json_set_bool(data, "insecure", true); /* SOFT proves nothing about hardware */
    assay_json_set(data, "nodes", nodes);
    set_services(l, data);
    return cli_result_json_print(data);
}

/* In: s->nodes, as given or answered. A group of three replicas has each seat from another operator
 * (docs/services.md 1.9.3). */
static const char *operators_preset(const struct assay_setup *s)
{
    const unsigned long nodes = strtoul(s->nodes, NULL, 10);
    if (nodes < 2) return "1"; /* each operator has a node */
    return s->services && nodes >= SHARE_NODES ? "3" : "2";
}

static int read_numbers(struct local *l, struct assay_setup *s)
{
    const struct {
        const char *option, *question, *preset;
        const char **given;
        unsigned long low, high, *number;
    } rows[] = {
        { "nodes", "how many nodes", "4", &s->nodes, 1, NODES_MAX, &l->nodes },
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

static int fill_folder(struct local *l)
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
static void remove_unfinished(const struct local *l)
{
    cli_folder_remove(l->dir);
    if (l->was_there) (void)mkdir(l->dir, 0755);
    (void)fprintf(stderr, "assay setup local: %s: not complete, so all of it is removed again\n",
                  l->s->dir);
}

static int make_network(struct local *l)
{
    int made = read_numbers(l, l->s);
    if (made != ASSAY_EXIT_OK) return made;
    if (l->operators > l->nodes)
        return cli_misuse("--operators: each has a node, so at most %lu", l->nodes);
    if (has_replicas(l) && l->operators < GROUP_SIZE)
        return cli_misuse("--operators: a group of %d replicas needs as many operators",
                          (int)GROUP_SIZE);
    made = check_ports(l);
    if (made == ASSAY_EXIT_OK) made = check_free_ports(l);
    if (made == ASSAY_EXIT_OK) made = cli_setup_enclave(l->s);
    if (made == ASSAY_EXIT_OK) made = open_folder(l);
    if (made != ASSAY_EXIT_OK) return made;
    take_ports(l);
    made = fill_folder(l);
    if (made != ASSAY_EXIT_OK) remove_unfinished(l);
    else warn_of_size(l);
    return made;
}

/* ------------------------------------------------------------ a network that is there */

/* Whether a value is given that a network has when it is made. */
static bool has_values(const struct assay_setup *s)
{
    return s->nodes != NULL || s->operators != NULL || s->vendors != NULL || s->epoch_ms != NULL ||
           s->port != NULL || s->http_port != NULL || s->enclave != NULL || s->services;
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
static void read_made(struct local *l)
{
    char http[64];
    l->s->services = access(in(l, "node-1/executor.yaml"), F_OK) == 0;
    if (!cli_setup_value(in(l, "node-1/assayd.yaml"), "  http", http, sizeof http)) return;
    const char *const colon = strrchr(http, ':');
    if (colon != NULL) l->http_port = strtoul(colon + 1, NULL, 10);
}

static int start_network(struct local *l, bool made)
{
    const int started = cli_setup_start(l->dir, made);
    if (started == ASSAY_EXIT_OK && !cli_json_mode_is_on()) print_commands(l, true);
    return started;
}

/* Out: *is_done: all that is asked for, else a network is to be made. */
static int use_network(struct local *l, bool *is_done)
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
    static struct local l;
    bool is_done = false;
    l.s = s;
    if (s->services && assay_verbs_services_count == 0)
        return cli_misuse("--services: this build has no services (ASSAY_WITH_SERVICES=OFF)");
    if (!cli_setup_prompt("folder of the network", NULL, &s->dir))
        return cli_misuse("DIR is missing: the folder of the network");
    if (s->dir[0] == '\0') return cli_misuse("DIR is empty: expected the folder of the network");
    int result = use_network(&l, &is_done);
    if (is_done) return result;
    result = make_network(&l);
    if (result != ASSAY_EXIT_OK) return result;
    if (cli_json_mode_is_on() && !s->start) return print_made(&l);
    if (!cli_json_mode_is_on()) print_summary(&l);
    if (s->start) return start_network(&l, true);
    print_commands(&l, false);
    return ASSAY_EXIT_OK;
}
