/*
 * apps/assay/core/remote.h - commands over HTTPS: contexts, their endpoints, and the commands that
 * work without the admin socket.
 *
 * A request line of the admin socket becomes a path of the HTTP API (net/http/paths.h); everything
 * behind it in a command is the same. Before the first answer of an endpoint is used, its chain is
 * compared with the one that the context pins.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_REMOTE_H
#define ASSAY_APPS_ASSAY_CORE_REMOTE_H

#include "apps/client.h"
#include "apps/config/contexts.h"

/*
 * cli_remote_begin - chooses where the command of this line gets its answers.
 * In:      option: value of --context, NULL: absent; the line that cli_options_check let through
 * Returns: -1 to go on, else the exit status, after printing what is wrong
 */
int cli_remote_begin(const char *option, int argc, char **argv);
/* Reads the file of contexts. Reports errors, but not an absent file: that has no contexts.
 * Returns: it; NULL after an error. */
struct assay_contexts *cli_remote_contexts(const char *group);
/* Reports that no context has this name. Returns: ASSAY_EXIT_NOT_FOUND */
int cli_remote_unknown(const char *name);
/* Answers requests to "context:NAME" from now on. */
void cli_remote_enable(void);
/* Returns: whether the last request to a context failed because a node of another chain answered.
 */
bool cli_remote_is_other_chain(void);
enum { CLI_REMOTE_ROLE_LEN = 32 };
/*
 * cli_remote_test - the status of one endpoint of a context, whose chain is compared, and the role
 * that the node gives this client.
 * Out:     *document, freed by the caller, and role, "" of a node that does not report it; fault
 *          otherwise
 * Returns: ASSAY_OK | as assay_client_request
 */
ASSAY_CHECKED enum assay_status cli_remote_test(const struct assay_network_context *context,
                                                size_t endpoint, unsigned timeout_ms,
                                                struct assay_json **document,
                                                char role[static CLI_REMOTE_ROLE_LEN],
                                                char fault[static ASSAY_CLIENT_FAULT_LEN]);

#endif
