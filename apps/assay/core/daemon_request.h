/*
 * apps/assay/core/daemon_request.h - requests of the command line to a running daemon.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_DAEMON_REQUEST_H
#define ASSAY_APPS_ASSAY_CORE_DAEMON_REQUEST_H

#include "apps/assay/core/option_values.h"
#include "apps/assay/core/text.h"
#include "apps/client.h"

/* One question, by its options. */
struct assay_daemon_request {
    const char *group; /* how errors begin: "assay GROUP: " */
    const char *socket, *class_, *node;
    uint64_t since;
    unsigned timeout_ms;
    bool json;
};

/* Rows of the options that these commands share. */
#define ASSAY_DAEMON_TARGETS(q)                                                                    \
    { "socket", .text = &(q)->socket }, { "json", .flag = &(q)->json },                            \
    {                                                                                              \
        "timeout", .ms = &(q)->timeout_ms                                                          \
    }

/* Sets what stands in the place of the default socket: "context:NAME" (remote.h), borrowed. */
void cli_daemon_set_default(const char *where);
/* What was set, else $ASSAY_SOCKET, else where packages put it. Returns: a path or a context. */
const char *cli_daemon_default_socket(void);
/* HTTP address reported by the node at the socket; "" when it serves none or does not answer.
 * Returns: whether commands at the socket cannot read there, since it demands certificates. */
bool cli_daemon_get_http(const char *socket, unsigned timeout_ms, char *http, size_t size);
/* What an operator does then, after the address. */
#define CLI_DAEMON_HTTP_TLS                                                                        \
    "demands client certificates, which a command at the admin socket does not have: give "        \
    "--context NAME of a context of this network (assay context list, assay context add), or set " \
    "listen.http to the path of a UNIX socket"
/* A question without options: to the default socket, with the default timeout. */
struct assay_daemon_request cli_daemon_request(const char *group);
/* Reads the options of a command that has no others. Returns: as cli_options_read. */
int cli_daemon_read_options(struct assay_daemon_request *q, int argc, char **argv);
/* Reports why the daemon does not answer. Returns: the exit status. */
int cli_daemon_report_unreachable(const struct assay_daemon_request *q, enum assay_status status);
/* How to find the right name, after a refusal of one that no member has. Returns: text, "" for any
 * other refusal. */
const char *cli_daemon_get_hint(const char *code, const char *detail);
/* Asks; *document is freed by the caller. Reports a refusal. Returns: an enum assay_exit. */
__attribute__((format(printf, 3, 4))) int cli_daemon_get_document(
    const struct assay_daemon_request *q, struct assay_json **document, const char *format, ...);
/* All retained events from q->since on, about q->node (NULL: about all). Out: *data: of one
 * document assay.timeline, freed by the caller. Reports errors. Returns: an enum assay_exit. */
int cli_daemon_get_timeline(const struct assay_daemon_request *q, struct assay_json **data);
/* Asks, then prints the document whole (--json) or by show. Returns: an enum assay_exit. */
__attribute__((format(printf, 3, 4))) int cli_daemon_print(
    const struct assay_daemon_request *q, void (*show)(const struct assay_json *document),
    const char *format, ...);
/* The same with a view of its data (view.h). */
__attribute__((format(printf, 3, 4))) int cli_daemon_view(const struct assay_daemon_request *q,
                                                          const char *view, const char *format,
                                                          ...);

/* Prints a document, indented. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL */
int cli_print_document(const struct assay_json *document);

#endif
