/*
 * apps/assay/setup/setup_local_print.c - output of `assay setup local`: the network that it made,
 * and commands to go on with.
 */
#include "apps/assay/setup/setup_local.h"

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/result_json.h"
#include "base/assert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_MS = 2000, QUOTED_MAX = 4 * PATH_MAX + 8 };

/* ------------------------------------------------------------ its shape */

const char *cli_local_path(const struct cli_local *l, const char *format, ...)
{
    char name[64];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(name, sizeof name, format, args);
    va_end(args);
    ASSAY_ASSERT(len > 0 && (size_t)len < sizeof name);
    return cli_setup_path(l->dir, name);
}

bool cli_local_has_replicas(const struct cli_local *l)
{
    return l->s->services && l->nodes >= LOCAL_SHARE_NODES;
}

unsigned long cli_local_slots(const struct cli_local *l)
{
    return l->nodes < LOCAL_SLOTS_MAX ? l->nodes : LOCAL_SLOTS_MAX;
}

/* More than half of five; of four, two: one holder that is silent stops no reshare
 * (docs/services.md 5.8). */
unsigned long cli_local_threshold(const struct cli_local *l)
{
    const unsigned long half = cli_local_slots(l) / 2 + 1, most = cli_local_slots(l) - 2;
    return half < most ? half : most;
}

/* One holder may be away while a secret is put. */
unsigned long cli_local_confirmations(const struct cli_local *l)
{
    const unsigned long all_but_one = cli_local_slots(l) - 1;
    return all_but_one > cli_local_threshold(l) ? all_but_one : cli_local_threshold(l);
}

/* ------------------------------------------------------------ services */

static void print_services(const struct cli_local *l)
{
    if (l->s->identity)
        (void)printf("identity: trust domain %s; the group key is made within about a dozen epochs "
                     "of the start, and node-N/signer/ca-1.pem is its certificate\n",
                     LOCAL_TRUST_DOMAIN);
    if (!l->s->services) return;
    if (cli_local_has_replicas(l))
        (void)printf("services: group state of %d replicas, shares of %lu slots of which %lu make "
                     "a secret\n",
                     (int)LOCAL_GROUP_SIZE, cli_local_slots(l), cli_local_threshold(l));
    else (void)puts("services: too few nodes for replicas and shares");
    (void)printf("money: %d, of %s\n", (int)LOCAL_MONEY,
                 cli_setup_shown(cli_local_path(l, "account.key")));
}

static void set_services(const struct cli_local *l, struct assay_json *data)
{
    char account[80];
    if (l->s->identity) assay_json_set_text(data, "trust_domain", LOCAL_TRUST_DOMAIN);
    if (!l->s->services) return;
    struct assay_json *const services = assay_json_object();
    if (cli_local_has_replicas(l)) {
        assay_json_set_text(services, "group", "state");
        assay_json_set_uint(services, "slots", cli_local_slots(l));
        assay_json_set_uint(services, "threshold", cli_local_threshold(l));
    }
    if (cli_setup_value(cli_local_path(l, "account.pub"), "account", account, sizeof account))
        assay_json_set_text(services, "account", account);
    assay_json_set_text(services, "key", cli_local_path(l, "account.key"));
    assay_json_set_uint(services, "money", LOCAL_MONEY);
    assay_json_set(data, "services", services);
}

int cli_local_report_folder(const struct cli_local *l, int why)
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

/* ------------------------------------------------------------ commands */

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

void cli_local_warn_of_size(const struct cli_local *l)
{
    if (l->nodes > 1) return;
    (void)fputs("assay setup local: warning: a network of one node is never attested: no other "
                "member verifies it, and assay permit denies everything; give --nodes 4\n",
                stderr);
}

/* As the first node reports it: its configuration may have been changed since it was made. */
static void print_page_address(const struct cli_local *l)
{
    char http[128] = "";
    const bool is_tls =
        cli_daemon_get_http(cli_local_path(l, "node-1/admin.sock"), STATUS_MS, http, sizeof http);
    if (is_tls)
        (void)printf("  the page: https://%s/, with a client certificate of the authority in "
                     "http.clients:\n"
                     "    openssl pkcs12 -export -in me.pem -inkey me.key -out me.p12, and import "
                     "me.p12 into the browser\n",
                     cli_text_sanitized(http));
    else if (http[0] != '\0' && strchr(http, '/') == NULL)
        (void)printf("  the page: http://%s/\n", cli_text_sanitized(http));
}

void cli_local_print_commands(const struct cli_local *l, bool runs)
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

void cli_local_print_summary(const struct cli_local *l)
{
    (void)printf("%s: %lu node%s of %lu operator%s on %lu vendor%s of SOFT platforms, INSECURE\n",
                 cli_setup_shown(l->dir), l->nodes, l->nodes == 1 ? "" : "s", l->operators,
                 l->operators == 1 ? "" : "s", l->vendors, l->vendors == 1 ? "" : "s");
    print_services(l);
}

int cli_local_print_made(const struct cli_local *l)
{
    struct assay_json *const data =
        cli_result_json("setup local", (const char *const[]){ l->dir, NULL });
    struct assay_json *const nodes = assay_json_array();
    for (unsigned long n = 1; n <= l->nodes; n++) {
        struct assay_json *const node = assay_json_append_object(nodes);
        char text[64];
        (void)snprintf(text, sizeof text, "node-%lu", n);
        assay_json_set_text(node, "name", text);
        assay_json_set_text(node, "config", cli_local_path(l, "node-%lu/assayd.yaml", n));
        assay_json_set_text(node, "admin", cli_local_path(l, "node-%lu/admin.sock", n));
        (void)snprintf(text, sizeof text, "http://127.0.0.1:%lu/", l->http_port + n - 1);
        if (l->http_port != 0) assay_json_set_text(node, "page", text);
    }
    assay_json_set_text(data, "genesis", cli_local_path(l, "genesis"));
    assay_json_set_uint(data, "operators", l->operators);
    assay_json_set_uint(data, "vendors", l->vendors);
    assay_json_set_bool(data, "insecure", true); /* SOFT proves nothing about hardware */
    assay_json_set(data, "nodes", nodes);
    set_services(l, data);
    return cli_result_json_print(data);
}
